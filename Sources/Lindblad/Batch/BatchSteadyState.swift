import LinearAlgebra

/// Steady states of eight points of one N, frame and window at a time, each with its certificates.
///
/// Every lane undergoes the same operations whatever stands in the others: what a point's bits are does not depend on
/// its neighbours.
final class BatchSteadyState {
    private let liouvillian: TruncatedLiouvillian
    private let lu: BatchLU
    private let size: Int
    /// [A b]: the last column is the trace's.
    private let matrix: BatchProduct
    private let outgoing: BatchProduct
    private let incoming: BatchProduct
    private let damping: BatchProduct
    /// Which outer multipoles lie beyond l_max (the others only beyond q_max).
    private let isBeyondLMax: [Bool]
    /// Index in the whole basis of each member, in the order of elimination.
    private let members: [Int]
    /// Members that carry ⟨J_z′⟩, ⟨J_x′⟩, ⟨J_y′⟩, in the order of elimination.
    private let dipoles: [Int]
    private let trace: Double
    private let dipoleScale: Double
    private let entryNoise: Double

    /// What one lane found.
    struct Lane {
        /// On the whole window, trace first.
        let coefficients: [Double]
        let residual: Double
        let leak: Sector.Leak
        /// Estimated error of |⟨J⟩|/j from rounding, and from the multipoles left out.
        let rounding: Double
        let truncation: Double
        /// Whether elimination without pivoting stood its test.
        let isSound: Bool
    }

    /// - Throws: `SparseLUError` from the ordering.
    init(_ liouvillian: TruncatedLiouvillian, spinCount: Int, workspace: BatchLU.Workspace) throws {
        self.liouvillian = liouvillian
        let sector = liouvillian.steadySector, pattern = sector.pattern
        size = sector.size
        let plan = try Self.plan(pattern)
        let place = plan.place
        lu = BatchLU(plan: plan, terms: sector.termValues, workspace: workspace)
        var rows = pattern.rows.map { place[Int($0)] }, columns = pattern.columns.map { place[Int($0)] }
        var terms = sector.termValues
        for member in 0..<size where sector.sourceTerms.contains(where: { $0[member] != 0 }) {
            rows.append(place[member])
            columns.append(Int32(size))
            for k in terms.indices { terms[k].append(sector.sourceTerms[k][member]) }
        }
        let n = size
        func position(_ member: Int32) -> Int32 { member < 0 ? Int32(n) : place[Int(member)] }
        matrix = BatchProduct(rowCount: size, rows: rows, columns: columns, terms: terms)
        outgoing = BatchProduct(rowCount: sector.outer.count, rows: sector.outgoing.outers, columns: sector.outgoing.members.map(position), terms: sector.outgoing.values)
        incoming = BatchProduct(rowCount: sector.outer.count, rows: sector.incoming.outers, columns: sector.incoming.members.map(position), terms: sector.incoming.values)
        let diagonals = sector.outer.map { $0.diagonal.isEmpty ? [Double](repeating: 0, count: terms.count) : $0.diagonal }
        damping = BatchProduct(rowCount: sector.outer.count, rows: (0..<Int32(sector.outer.count)).map { $0 }, columns: sector.outer.map { _ in 0 },
                               terms: terms.indices.map { k in diagonals.map { $0[k] } })
        isBeyondLMax = sector.outer.map(\.isBeyondLMax)

        var members = [Int](repeating: 0, count: size), dipoles: [Int] = []
        for index in 1..<max(1, liouvillian.basis.count) where liouvillian.home[index].sector == 0 {
            let position = Int(place[liouvillian.home[index].place])
            members[position] = index
            if liouvillian.multipoles[index].l == 1 { dipoles.append(position) }
        }
        self.members = members
        self.dipoles = dipoles
        let count = Double(spinCount)
        trace = 1 / (count + 1).squareRoot()
        // ⟨J_z⟩ = ν x_10 and so on, ν² = N(N+1)(N+2)/12; over j.
        dipoleScale = (count * (count + 1) * (count + 2) / 12).squareRoot() / (count / 2)
        entryNoise = sector.entryNoise
    }

    static func plan(_ pattern: SparsePattern) throws -> FrontalPlan {
        FrontalPlan(pattern: pattern, ordering: try SparseLU<Double>(analyzing: pattern).ordering)
    }

    /// - Parameter points: affine coefficients of up to eight points.
    func solve(_ points: [[Double]]) -> [Lane] {
        precondition(!points.isEmpty && points.count <= LaneBuffer.lanes)
        let coefficients = LaneBuffer(points)
        let x = LaneBuffer(count: size + 1), defect = LaneBuffer(count: size), magnitudes = LaneBuffer(count: size)
        let traces = SIMD8<Double>(repeating: trace)
        x[size] = traces
        lu.factor(coefficients)
        // x = −A⁻¹ b x_00, refined once; the first defect tells how good the factors are.
        matrix.apply(coefficients, x, into: defect)
        x.assignNegative(defect)
        lu.solve(x)
        matrix.apply(coefficients, x, into: defect, magnitudes: magnitudes)
        let first = (defect.squares(), magnitudes.squares())
        lu.solve(defect)
        x.subtract(defect)
        matrix.apply(coefficients, x, into: defect, magnitudes: magnitudes)
        let last = (defect.squares(), magnitudes.squares())
        let norms = x.squares()

        let (leakL, leakQ, rounding, truncation) = certify(coefficients, x, magnitudes)
        return points.indices.map { lane in
            var all = [Double](repeating: 0, count: liouvillian.basis.count)
            all[0] = trace
            for k in 0..<size { all[members[k]] = x[k, lane] }
            let isSound = first.0[lane] <= 1e-16 * first.1[lane] && last.0[lane] <= 1e-28 * last.1[lane] && norms[lane].isFinite
            return Lane(coefficients: all, residual: (last.0[lane] / norms[lane]).squareRoot(),
                        leak: Sector.Leak(beyondL: leakL[lane], beyondQ: leakQ[lane]), rounding: rounding[lane], truncation: truncation[lane],
                        isSound: isSound)
        }
    }

    /// Leak of the state, and by the adjoint equation Aᵀy = o for o = ⟨J_a⟩/j what rounding and truncation do to it:
    /// a defect r of the equations changes ⟨J_a⟩/j by y·r.
    private func certify(_ coefficients: LaneBuffer, _ x: LaneBuffer, _ magnitudes: LaneBuffer)
        -> (leakL: SIMD8<Double>, leakQ: SIMD8<Double>, rounding: SIMD8<Double>, truncation: SIMD8<Double>) {
        let outerCount = isBeyondLMax.count
        let outward = LaneBuffer(count: outerCount), damped = LaneBuffer(count: outerCount), inward = LaneBuffer(count: outerCount)
        var beyondL = SIMD8<Double>.zero, beyondQ = SIMD8<Double>.zero
        if outerCount > 0 {
            let one = LaneBuffer(count: 1)
            one[0] = SIMD8(repeating: 1)
            outgoing.apply(coefficients, x, into: outward)
            damping.apply(coefficients, one, into: damped)
            for lane in 0..<LaneBuffer.lanes {
                for (k, rate) in Sector.floored((0..<outerCount).map { abs(damped[$0, lane]) }).enumerated() { damped[k, lane] = rate }
            }
            var slowest = SIMD8<Double>(repeating: .infinity)
            for k in 0..<outerCount {
                let rate = damped[k].clamped(lowerBound: SIMD8(repeating: .leastNormalMagnitude), upperBound: SIMD8(repeating: .infinity))
                damped[k] = rate
                slowest = pointwiseMin(slowest, rate)
                if isBeyondLMax[k] { beyondL += outward[k] * outward[k] } else { beyondQ += outward[k] * outward[k] }
            }
            let norm = x.squares().squareRoot()
            beyondL = beyondL.squareRoot() / norm / slowest
            beyondQ = beyondQ.squareRoot() / norm / slowest
        }
        let sides = dipoles.count == 3 ? 4 : dipoles.count
        var rounding = SIMD8<Double>.zero, truncation = SIMD8<Double>.zero
        guard sides > 0 else { return (beyondL, beyondQ, rounding, truncation) }
        let y = LaneBuffer(count: size * sides), column = LaneBuffer(count: size)
        for (a, dipole) in dipoles.enumerated() { y[dipole * sides + a] = SIMD8(repeating: dipoleScale) }
        lu.solve(y, sides: sides, transposed: true)
        for a in dipoles.indices {
            column.take(y, offset: a, stride: sides)
            rounding += column.squares(times: magnitudes)
            guard outerCount > 0 else { continue }
            incoming.apply(coefficients, column, into: inward)
            var returned = SIMD8<Double>.zero
            for k in 0..<outerCount { returned += inward[k] * outward[k] / damped[k] }
            truncation += returned * returned
        }
        return (beyondL, beyondQ, 2 * entryNoise * rounding.squareRoot(), truncation.squareRoot())
    }
}

extension LaneBuffer {
    /// One column of numbers a lane; lanes to spare repeat the last.
    convenience init(_ columns: [[Double]]) {
        self.init(count: columns[0].count)
        for lane in 0..<Self.lanes {
            for (k, value) in columns[min(lane, columns.count - 1)].enumerated() { self[k, lane] = value }
        }
    }
}
