import LinearAlgebra
import Numbers

/// The Liouvillian on those symmetry sectors of a window that a calculation moves in, as one sparse matrix by rows, the trace included
/// (its row vanishes: it is conserved exactly).
final class EvolutionMatrix {
    let liouvillian: TruncatedLiouvillian
    let sectors: [Sector]
    /// Index in the window's basis of each unknown.
    let members: [Int]
    private let rows: CompressedRows
    /// [term][entry] in the order of `rows`.
    private let termValues: [[Double]]
    private let hasTrace: Bool

    var size: Int { members.count }

    /// - Parameter wanted: whether unknowns of the window are needed; the sectors of those that are belong to it as a whole.
    init(_ liouvillian: TruncatedLiouvillian, where wanted: (Int) -> Bool) {
        self.liouvillian = liouvillian
        var isUsed = [Bool](repeating: false, count: liouvillian.sectors.count)
        for index in 0..<liouvillian.basis.count where wanted(index) { isUsed[liouvillian.home[index].sector] = true }
        let sectors = liouvillian.sectors.filter { isUsed[$0.number] }
        self.sectors = sectors
        hasTrace = isUsed[0]
        let termCount = liouvillian.sectors[0].termValues.count
        var members: [Int] = hasTrace ? [0] : [], offsets = [Int](repeating: -1, count: liouvillian.sectors.count)
        // The trace first, then sector by sector in the order of their places.
        for sector in sectors {
            offsets[sector.number] = members.count
            members += [Int](repeating: 0, count: sector.size)
        }
        for index in 1..<max(1, liouvillian.basis.count) {
            let (sector, place) = liouvillian.home[index]
            if sector >= 0, isUsed[sector] { members[offsets[sector] + place] = index }
        }
        var entryRows: [Int32] = [], entryColumns: [Int32] = [], values = [[Double]](repeating: [], count: termCount)
        for sector in sectors {
            let offset = Int32(offsets[sector.number]), pattern = sector.pattern
            for k in 0..<pattern.entryCount {
                entryRows.append(offset + pattern.rows[k])
                entryColumns.append(offset + pattern.columns[k])
            }
            for term in 0..<termCount { values[term] += sector.termValues[term] }
        }
        if hasTrace {
            for place in 0..<sectors[0].size where (0..<termCount).contains(where: { sectors[0].sourceTerms[$0][place] != 0 }) {
                entryRows.append(Int32(offsets[0] + place))
                entryColumns.append(0)
                for term in 0..<termCount { values[term].append(sectors[0].sourceTerms[term][place]) }
            }
        }
        let (rows, places) = CompressedRows.make(size: members.count, rows: entryRows, columns: entryColumns)
        self.rows = rows
        self.members = members
        termValues = values.map { term in
            var ordered = [Double](repeating: 0, count: term.count)
            for (value, place) in zip(term, places) { ordered[place] = value }
            return ordered
        }
    }

    /// Entries of Σ_k c_k M_k.
    func values(_ coefficients: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: rows.entryCount)
        for (term, coefficient) in zip(termValues, coefficients) where coefficient != 0 {
            for k in sum.indices { sum[k] += coefficient * term[k] }
        }
        return sum
    }

    func exponential(_ coefficients: [Double], dimension: Int) -> KrylovExponential { KrylovExponential(rows, values: values(coefficients), dimension: dimension) }

    func exponential(_ other: consuming KrylovExponential, _ coefficients: [Double]) -> KrylovExponential { KrylovExponential(other, values: values(coefficients)) }

    // MARK: Between the window's basis and the unknowns

    func restrict(_ all: [Double]) -> [Double] { members.map { all[$0] } }

    func extend(_ unknowns: [Double]) -> [Double] {
        var all = [Double](repeating: 0, count: liouvillian.basis.count)
        for (index, x) in zip(members, unknowns) { all[index] = x }
        return all
    }

    // MARK: Truncation

    /// Norms of what leaves the window in unit time.
    func leak(_ unknowns: [Double], _ coefficients: [Double]) -> Sector.Leak {
        var beyondL = 0.0, beyondQ = 0.0, offset = hasTrace ? 1 : 0
        for sector in sectors {
            let x = unknowns[offset..<offset + sector.size].map { Complex($0) }
            let leak = sector.leak(sector.outgoing(x, trace: sector.number == 0 ? unknowns[0] : 0, coefficients))
            beyondL += leak.beyondL * leak.beyondL
            beyondQ += leak.beyondQ * leak.beyondQ
            offset += sector.size
        }
        return Sector.Leak(beyondL: beyondL.squareRoot(), beyondQ: beyondQ.squareRoot())
    }

    /// The slowest rate at which multipoles outside forget.
    func outerDamping(_ coefficients: [Double]) -> Double {
        sectors.flatMap { $0.outerDamping(coefficients) }.min() ?? 0
    }
}
