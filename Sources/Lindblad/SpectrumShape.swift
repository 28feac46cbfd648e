import Foundation
import LinearAlgebra
import SpinAlgebra

/// Sizes of the matrices whose eigenvalues make a full spectrum, and what finding them takes.
public struct SpectrumShape: Sendable {
    public struct Block: Sendable {
        /// Rows of the sector's matrix, without the trace.
        public let size: Int
        /// Entries of its sparse matrix.
        public let entries: Double
        public let kind: SectorKind
    }
    public let spinCount: Int
    /// The trace's first, then those of most unknowns first.
    public let sectors: [Block]
    /// Affine terms of the Liouvillian.
    public let terms: Int

    public var greatest: Int { sectors.map(\.size).max() ?? 0 }

    /// Reduction to Hessenberg form 10/3 n³, QR with T 20/3 n³ (as measured, 5 to 8), vectors of T 2/3 n³.
    public var flops: Double { sectors.reduce(0) { $0 + Self.flops($1.size) } }
    public static func flops(_ size: Int) -> Double { (10 + 20 + 2) / 3 * pow(Double(size), 3) }

    /// On one core of 2026, certificates and vectors of T included.
    public var seconds: Double { sectors.reduce(1e-3) { $0 + Self.seconds($1.size) } }
    private static func seconds(_ size: Int) -> Double {
        let n = Double(size)
        return 1e-5 * n + 1.5e-7 * n * n + 1.15e-9 * n * n * n
    }

    /// On so many ranks with a core each: ScaLAPACK's QR leaves most of them waiting (`Benchmarks/groups`).
    public func seconds(ranks: Int) -> Double { ranks == 1 ? seconds : Self.overhead * seconds / Double(ranks) }
    private static let overhead = 3.0

    /// Bytes of the rank of a group that takes most: the dense matrix of the greatest sector, alone or shared, with the scratch of
    /// LAPACK or ScaLAPACK, and what the first rank has of all sectors and levels.
    public func bytes(ranks: Int) -> Double {
        let n = Double(greatest), levels = sectors.reduce(1.0) { $0 + Double($1.size) }, entries = sectors.reduce(0) { $0 + $1.entries }
        let dense = ranks == 1 ? 8 * n * n + 2 * 8 * 65 * n + 16 * 64 * n : ProcessGroup.spectrumBytes(size: greatest, ranks: ranks)
        // The matrix as assembled, terms apart (most while it is being sorted); factors of a certificate's sparse LU.
        return dense + entries * Double(31 + 16 * terms) + 400 * entries / levels.squareRoot() * log2(levels + 2) + 200 * levels
    }
}

/// Shapes of spectra of one model at any N, found at small N where symmetries alone decide; cheap to ask again.
public final class SpectrumForecast: @unchecked Sendable {
    private let model: Model
    private let lock = NSLock()
    private var solver: LindbladSolver?
    private var shapes: [Int: SpectrumShape] = [:]
    /// Up to this N a shape is what assembling says.
    private static let greatestAssembled = 16
    /// Three spins for each parity of N: entries of a sector are a quadratic polynomial in N.
    private static func anchors(_ spinCount: Int) -> [Int] { spinCount % 2 == 0 ? [10, 12, 14] : [11, 13, 15] }

    public init(model: Model) { self.model = model }

    /// - Throws: `EvaluationError`.
    public func shape(spinCount: Int) throws -> SpectrumShape {
        try lock.withLock {
            if let known = shapes[spinCount] { return known }
            let solver = try self.solver ?? LindbladSolver(model: model)
            self.solver = solver
            let counted = spinCount > Self.greatestAssembled ? try Self.extrapolated(solver, spinCount) : nil
            let made = try counted ?? Self.assembled(solver, spinCount)
            shapes[spinCount] = made
            return made
        }
    }

    private static func assembled(_ solver: LindbladSolver, _ spinCount: Int) throws -> SpectrumShape {
        let frame = solver.axes(spinCount, along: nil).frame
        let (liouvillian, affine) = try solver.assemble(spinCount: spinCount, frame, MultipoleWindow(lMax: spinCount, qMax: spinCount))
        let blocks = liouvillian.sectors.map { SpectrumShape.Block(size: $0.size, entries: Double($0.pattern.entryCount), kind: $0.kindWithTrace) }
        return SpectrumShape(spinCount: spinCount, sectors: sorted(blocks), terms: affine.terms.count)
    }

    private static func sorted(_ blocks: [SpectrumShape.Block]) -> [SpectrumShape.Block] {
        Array(blocks.prefix(1) + blocks.dropFirst().sorted { $0.size > $1.size })
    }

    /// Where each sector is all multipoles of its kind, whatever N, these can be counted; nil where sectors split further.
    private static func extrapolated(_ solver: LindbladSolver, _ spinCount: Int) throws -> SpectrumShape? {
        let nodes = anchors(spinCount), shapes = try nodes.map { try assembled(solver, $0) }
        var parts: [[SectorKind: SpectrumShape.Block]] = []
        for (node, shape) in zip(nodes, shapes) {
            guard Set(shape.sectors.map(\.kind)).count == shape.sectors.count, zip(shape.sectors.indices, shape.sectors).allSatisfy({ index, block in
                block.size == count(block.kind, node) - (index == 0 ? 1 : 0)
            }) else { return nil }
            parts.append(Dictionary(uniqueKeysWithValues: shape.sectors.map { ($0.kind, $0) }))
        }
        let last = parts[2], terms = shapes[2].terms, first = shapes[2].sectors[0].kind
        let kinds: [SectorKind]
        if last.keys.allSatisfy({ $0.q == nil }) {
            guard Set(parts[0].keys) == Set(last.keys), Set(parts[1].keys) == Set(last.keys) else { return nil }
            kinds = [first] + shapes[2].sectors.dropFirst().map(\.kind)
        } else {
            // Every |q| by itself, with the same parts at each q > 0.
            guard last.keys.allSatisfy({ $0.q != nil }), first.q == 0 else { return nil }
            let twins = Set(last.keys.filter { $0.q == 1 }.map(\.part))
            guard (1...nodes[2]).allSatisfy({ q in Set(last.keys.filter { $0.q == q }.map(\.part)) == twins }) else { return nil }
            kinds = [first] + (1...spinCount).flatMap { q in twins.map { SectorKind(q: q, parity: q % 2, part: $0) } }
        }
        let blocks = kinds.enumerated().map { index, kind -> SpectrumShape.Block in
            let size = count(kind, spinCount) - (index == 0 ? 1 : 0)
            if let q = kind.q {
                // A band along l: as many entries a row as the like sector of the greatest anchor has.
                let like = last[SectorKind(q: min(q, 1), parity: min(q, 1), part: kind.part)]!
                return .init(size: size, entries: like.entries / Double(max(like.size, 1)) * Double(size), kind: kind)
            }
            return .init(size: size, entries: lagrange(nodes, parts.map { $0[kind]!.entries }, at: spinCount), kind: kind)
        }
        return SpectrumShape(spinCount: spinCount, sectors: sorted(blocks), terms: terms)
    }

    /// Multipoles of a kind in the complete window, that of the trace included.
    private static func count(_ kind: SectorKind, _ spinCount: Int) -> Int {
        (0...spinCount).reduce(0) { sum, q in
            if let one = kind.q, one != q { return sum }
            if let parity = kind.parity, parity != q % 2 { return sum }
            // q = 0 has no sine.
            let parts = q == 0 ? (kind.part == .sine ? 0 : 1) : (kind.part == nil ? 2 : 1)
            return sum + parts * (spinCount - q + 1)
        }
    }

    private static func lagrange(_ nodes: [Int], _ values: [Double], at place: Int) -> Double {
        var sum = 0.0
        for a in nodes.indices {
            var weight = 1.0
            for b in nodes.indices where b != a { weight *= Double(place - nodes[b]) / Double(nodes[a] - nodes[b]) }
            sum += weight * values[a]
        }
        return sum
    }
}
