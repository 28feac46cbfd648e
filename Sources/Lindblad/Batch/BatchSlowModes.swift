import LinearAlgebra
import Numbers

/// The slowest mode of one symmetry sector for eight points at a time.
///
/// From shift zero a first Krylov space shows how the slowest modes lie. A mode far slower than the rest is had at once,
/// right and left; another is taken up again from a shift close by, where it converges in a few blocks. A lane that
/// asks for more than that (modes that coincide, a slower one turning up late) is left to the single path.
final class BatchSlowModes {
    private let sector: Sector
    private let lu: BatchLU
    private let place: [Int32]
    /// Blocks of a space at first, and at most.
    private static let firstBlocks = 6, mostBlocks = 16

    init(_ sector: Sector, workspace: BatchLU.Workspace) throws {
        self.sector = sector
        let plan = try BatchSteadyState.plan(sector.pattern)
        place = plan.place
        // One more term for the shift.
        let identity = sector.pattern.rows.indices.map { sector.pattern.rows[$0] == sector.pattern.columns[$0] ? 1.0 : 0 }
        lu = BatchLU(plan: plan, terms: sector.termValues + [identity], workspace: workspace)
    }

    /// What one lane found, and the radius about zero within which no other mode was overlooked.
    struct Lane {
        let mode: Mode
        let radius: Double
    }

    /// - Returns: nil for a lane that the single path must take.
    func solve(_ points: [[Double]]) throws -> [Lane?] {
        let lanes = points.indices, none = lanes.map { _ in 0.0 }
        factor(points, shifts: none)
        let look = BatchKrylov(size: sector.size, seed: 11)
        let sketches = try settle(lanes.map { $0 }, from: Self.firstBlocks, look, transposed: false) { try self.sketch(look, $0, blocks: $1) }
        // The slow mode that stands apart: its left twin from the same factors.
        var pairs = [Pair?](repeating: nil, count: points.count)
        let apart = lanes.map { lane in sketches[lane].flatMap { $0.isSeparated ? Complex.one / $0.first : nil } }
        if apart.contains(where: { $0 != nil }) { pairs = try self.pairs(none, apart, right: look, tolerance: 1e-11) }
        // The others from a shift just beyond them.
        let close = lanes.map { lane in sketches[lane].flatMap { $0.isSeparated ? nil : Complex.one / $0.first } }
        if close.contains(where: { $0 != nil }) {
            let shifts = close.map { value in value.map { $0.re - 1e-3 * $0.magnitude } ?? 0 }
            factor(points, shifts: shifts)
            let found = try self.pairs(shifts, close, right: BatchKrylov(size: sector.size, seed: 23), tolerance: 1e-9)
            for lane in lanes where close[lane] != nil { pairs[lane] = found[lane] }
        }
        return lanes.map { lane in
            guard let pair = pairs[lane], let sketch = sketches[lane] else { return nil }
            return certified(points[lane], pair, sketch)
        }
    }

    private func factor(_ points: [[Double]], shifts: [Double]) {
        lu.factor(LaneBuffer(zip(points, shifts).map { $0 + [-$1] }))
    }

    /// Grows a space until `answer(lane, blocks)` is there for each lane, or the space is as large as it may be. Each lane
    /// stops at its own size.
    private func settle<Answer>(_ wanted: [Int], from start: Int, _ space: BatchKrylov, transposed: Bool,
                                _ answer: (Int, Int) throws -> Answer?) throws -> [Answer?] {
        var result = [Answer?](repeating: nil, count: LaneBuffer.lanes), open = wanted
        let most = min(Self.mostBlocks, sector.size / BatchKrylov.block)
        var blocks = min(start, most)
        while !open.isEmpty && blocks > 0 {
            if blocks > space.blockCount { space.extend(by: blocks - space.blockCount) { lu.solve($0, sides: 4, transposed: transposed) } }
            for lane in open { result[lane] = try answer(lane, blocks) }
            open.removeAll { result[$0] != nil }
            if blocks == most { break }
            blocks = min(blocks + 2, most)
        }
        return result
    }

    /// A first look at the spectrum nearest to zero.
    private struct Sketch {
        /// Eigenvalues of A⁻¹ of greatest magnitude.
        let first: Complex
        let next: Complex
        /// Whether the first mode is far slower than the rest.
        var isSeparated: Bool { first.im == 0 && first.magnitude >= 5 * next.magnitude }
    }

    /// nil until the first has settled to two digits: a shift needs no more.
    private func sketch(_ space: BatchKrylov, _ lane: Int, blocks: Int) throws -> Sketch? {
        guard let values = try space.ritzValues(lane, blocks: blocks), values.count > 1,
              let pair = space.ritzPair(lane, near: values[0], blocks: blocks), pair.residual <= 0.02 * values[0].magnitude else { return nil }
        let sketch = Sketch(first: values[0], next: values[1])
        // The next one is the radius within which nothing was overlooked.
        if sketch.isSeparated {
            guard let next = space.ritzPair(lane, near: values[1], blocks: blocks), next.residual <= 0.2 * values[1].magnitude else { return nil }
        }
        return sketch
    }

    /// Right and left vectors of one eigenvalue, in the members' order.
    private struct Pair {
        let value: Complex
        let right: [Complex]
        let left: [Complex]
    }

    /// Eigenpairs of A about the shifts for which the factors stand.
    /// - Parameter targets: an approximate eigenvalue of A for each lane that is to have one.
    /// - Returns: nil for a lane where it did not converge.
    private func pairs(_ shifts: [Double], _ targets: [Complex?], right: BatchKrylov, tolerance: Double) throws -> [Pair?] {
        func nearest(_ space: BatchKrylov, _ lane: Int, _ blocks: Int, to target: Complex) throws -> BatchKrylov.RitzPair? {
            // Nearest as eigenvalues of A: where the shift lies close by, inverses of near neighbours lie far apart.
            func value(_ theta: Complex) -> Complex { Complex(shifts[lane]) + .one / theta }
            func distance(_ theta: Complex) -> Double { min((value(theta) - target).magnitude, (value(theta).conjugate - target).magnitude) }
            guard let values = try space.ritzValues(lane, blocks: blocks), let theta = values.min(by: { distance($0) < distance($1) }),
                  let pair = space.ritzPair(lane, near: theta, blocks: blocks), pair.residual <= tolerance * pair.value.magnitude else { return nil }
            // A slower mode that the first look did not show: not a case for us. (Values that have not settled say nothing.)
            let limit = value(pair.value).magnitude * (1 - 1e-6)
            for other in values where other.magnitude > 1e-2 * values[0].magnitude && value(other).magnitude < limit && value(other).re < 0 {
                guard let rival = space.ritzPair(lane, near: other, blocks: blocks), rival.residual > 1e-2 * other.magnitude else { return nil }
            }
            return pair
        }
        let wanted = targets.indices.filter { targets[$0] != nil }
        let rights = try settle(wanted, from: 4, right, transposed: false) { try nearest(right, $0, $1, to: targets[$0]!) }
        let left = BatchKrylov(size: sector.size, seed: 37)
        let lefts = try settle(wanted.filter { rights[$0] != nil }, from: 4, left, transposed: true) { lane, blocks in
            try nearest(left, lane, blocks, to: Complex(shifts[lane]) + .one / rights[lane]!.value)
        }
        let rightVectors = right.vectors(lefts.indices.map { lefts[$0] == nil ? nil : rights[$0]!.coordinates })
        let leftVectors = left.vectors(lefts.map { $0?.coordinates })
        return targets.indices.map { lane in
            guard lefts[lane] != nil else { return nil }
            var value = Complex(shifts[lane]) + .one / rights[lane]!.value
            var v = place.map { rightVectors[lane][Int($0)] }, w = place.map { leftVectors[lane][Int($0)] }
            if value.im < 0 {                              // inverting turned the pair's upper member into the lower
                value = value.conjugate
                v = v.map(\.conjugate)
                w = w.map(\.conjugate)
            }
            return Pair(value: value, right: v.normalizedEigenvector(), left: w.normalizedEigenvector())
        }
    }

    private func certified(_ coefficients: [Double], _ pair: Pair, _ sketch: Sketch) -> Lane? {
        let context = ModeContext(sector: sector, coefficients: coefficients)
        let mode = context.mode(pair.value, right: pair.right, left: pair.left, polish: true)
        guard mode.residual <= 1e-7 * max(mode.eigenvalue.magnitude, 1e-6 * context.scale) else { return nil }
        return Lane(mode: mode, radius: sketch.isSeparated ? 1 / sketch.next.magnitude : mode.eigenvalue.magnitude)
    }
}
