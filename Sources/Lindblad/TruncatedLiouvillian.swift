import LinearAlgebra
import Numbers

/// The Liouvillian at fixed N, frame and window, assembled once for all parameters and split into symmetry sectors.
///
/// Truncation is an orthogonal Galerkin projection on the window's multipoles; what leaves the window (`outgoing`) and
/// what would come back (`incoming`) is kept for the certificates.
final class TruncatedLiouvillian {
    let window: MultipoleWindow
    let basis: MultipoleBasis
    let multipoles: [Multipole]
    let sectors: [Sector]
    /// Sector and place therein of each multipole; the trace (index 0) has no place.
    let home: [(sector: Int, place: Int)]
    private let affine: AffineLiouvillian
    private var extendedSectors: [Int: ExtendedSector] = [:]

    private var steadyBatch: BatchSteadyState?
    /// Windows with more unknowns do not go eight at a time: their factors would take a gigabyte.
    private static let batchLimit = 40_000

    /// The solver for eight points at a time, made on first use; nil where the window is too large for that, or empty.
    func batch(spinCount: Int, workspace: BatchLU.Workspace) throws -> BatchSteadyState? {
        guard steadySector.size > 0, steadySector.size <= Self.batchLimit else { return nil }
        if let steadyBatch { return steadyBatch }
        let made = try BatchSteadyState(self, spinCount: spinCount, workspace: workspace)
        steadyBatch = made
        return made
    }

    private var slowModeBatches: [Int: BatchSlowModes] = [:]

    /// The search for the slowest mode of a sector for eight points at a time; nil where that would not pay.
    func batchSlowModes(_ number: Int, workspace: BatchLU.Workspace) throws -> BatchSlowModes? {
        let size = sectors[number].size
        guard size > SlowModes.denseLimit, size <= Self.batchLimit else { return nil }
        if let known = slowModeBatches[number] { return known }
        let made = try BatchSlowModes(sectors[number], workspace: workspace)
        slowModeBatches[number] = made
        return made
    }

    /// The sector that carries the steady state.
    var steadySector: Sector { sectors[0] }

    init(_ affine: AffineLiouvillian, window: MultipoleWindow) throws {
        self.window = window
        self.affine = affine
        let spinCount = affine.spinCount
        let inner = MultipoleBasis(window)
        basis = inner
        multipoles = inner.multipoles
        let reach = affine.reach
        let outerWindow = MultipoleWindow(lMax: min(window.lMax + reach, spinCount), qMax: window.qMax + reach)
        let entries = Assembly.entries(of: affine, inner: inner, outer: MultipoleBasis(outerWindow))

        // Sectors are the connected components of the union pattern of all terms: symmetries need no declaration.
        var components = DisjointSets(count: inner.count)
        for entry in 0..<entries.rows.count where !entries.rowIsOuter[entry] && !entries.columnIsOuter[entry] {
            components.unite(Int(entries.rows[entry]), Int(entries.columns[entry]))
        }
        var members: [Int: [Int]] = [:], order: [Int] = []
        for index in 0..<inner.count {
            let root = components.find(index)
            if members[root] == nil { order.append(root) }      // index 0 comes first: its component is sector 0
            members[root, default: []].append(index)
        }
        var home = [(sector: Int, place: Int)](repeating: (0, -1), count: inner.count)
        var lists: [[Int]] = []
        for (number, root) in order.enumerated() {
            let list = members[root]!.filter { $0 != 0 }
            for (place, index) in list.enumerated() { home[index] = (number, place) }
            if number == 0 { home[0] = (0, -1) }
            lists.append(list)
        }
        self.home = home

        var builders = lists.map { Sector.Builder(members: $0, termCount: affine.terms.count) }
        for k in 0..<entries.rows.count {
            let row = Int(entries.rows[k]), column = Int(entries.columns[k])
            let values = entries.values[(k * affine.terms.count)..<((k + 1) * affine.terms.count)]
            switch (entries.rowIsOuter[k], entries.columnIsOuter[k]) {
            case (false, false):
                if row == 0 { continue }                        // the trace's own row vanishes identically
                if column == 0 { builders[home[row].sector].addSource(row: home[row].place, values) }
                else { builders[home[column].sector].add(row: home[row].place, column: home[column].place, values) }
            case (true, false):
                if column == 0 { builders[0].addOutgoing(outer: row, column: -1, values) }
                else { builders[home[column].sector].addOutgoing(outer: row, column: home[column].place, values) }
            case (false, true):
                if row != 0 { builders[home[row].sector].addIncoming(row: home[row].place, outer: column, values) }
            case (true, true):
                break
            }
        }
        let all = multipoles
        sectors = builders.enumerated().map { number, builder in
            builder.finish(number: number, spinCount: spinCount, multipoles: lists[number].map { all[$0] }, outer: entries.outerDiagonals)
        }
    }
}

extension TruncatedLiouvillian {
    /// A sector in double-double precision, assembled when first asked for (at about the price of the whole in double).
    func extended(_ number: Int) -> ExtendedSector {
        if let known = extendedSectors[number] { return known }
        let made = ExtendedSector(affine, self, sector: number)
        extendedSectors[number] = made
        return made
    }
}

/// Union–find with path halving.
struct DisjointSets {
    private var parent: [Int]
    init(count: Int) { parent = Array(0..<count) }
    mutating func find(_ x: Int) -> Int {
        var x = x
        while parent[x] != x {
            parent[x] = parent[parent[x]]
            x = parent[x]
        }
        return x
    }
    mutating func unite(_ a: Int, _ b: Int) {
        let (a, b) = (find(a), find(b))
        if a != b { parent[max(a, b)] = min(a, b) }
    }
}
