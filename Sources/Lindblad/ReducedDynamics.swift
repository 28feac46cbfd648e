import LinearAlgebra
import Numbers

/// The slow part of a master equation in one window: functionals α_a = W_aᵀρ of all sectors together, their closed equation
/// dα/dt = Λα + s in double-double, and the density matrices x + Σ α_a V_a on which everything fast has died out.
struct ReducedDynamics {
    let liouvillian: TruncatedLiouvillian
    let coefficients: [Double]
    let spinCount: Int
    let frame: Frame
    let trace: Double
    /// Sectors in use: those of slow modes, and that of the trace.
    private(set) var parts: [Part] = []
    /// Λ by columns, and s.
    private(set) var generator: [[DoubleDouble]] = []
    private(set) var drive: [DoubleDouble] = []
    /// V_a and W_a on the whole window, in double precision.
    private(set) var right: [[Double]] = []
    private(set) var left: [[Double]] = []
    /// What of the state no slow mode carries: Wᵀx = 0, with the trace.
    private(set) var rest: [Double] = []
    /// ‖AᵀW − WΘ‖/‖W‖ of each functional.
    private(set) var defects: [Double] = []
    /// |λ| of the slowest mode left out.
    let separation: Double

    struct Part {
        let sector: Sector
        let matrix: ExtendedMatrix
        /// x₀₀ b, empty in sectors without the trace.
        let source: [DoubleDouble]
        /// nil: nothing slow in it.
        let subspace: SlowLeftSubspace?
        /// Number of the first of its functionals.
        let first: Int
        /// Indices in the window of the members.
        let members: [Int]
    }

    /// Number of functionals.
    var count: Int { right.count }
    var leftNorms: [Double] { left.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() } }

    /// - Parameters:
    ///   - modes: approximate slow right modes on this window, by sector.
    ///   - separation: |λ| of the slowest mode left out.
    /// - Returns: nil where the functionals do not settle.
    init?(_ liouvillian: TruncatedLiouvillian, coefficients: [Double], spinCount: Int, frame: Frame, modes: [Int: [[Double]]],
          separation: Double) throws {
        self.liouvillian = liouvillian
        self.coefficients = coefficients
        self.spinCount = spinCount
        self.frame = frame
        self.separation = separation
        let exactTrace = DoubleDouble.one / DoubleDouble(Double(spinCount + 1)).squareRoot()
        trace = exactTrace.high
        var members = [[Int]](repeating: [], count: liouvillian.sectors.count)
        for (index, place) in liouvillian.home.enumerated() where index > 0 && place.sector >= 0 { members[place.sector].append(index) }
        for number in members.indices { members[number].sort { liouvillian.home[$0].place < liouvillian.home[$1].place } }
        rest = [Double](repeating: 0, count: liouvillian.basis.count)
        rest[0] = trace
        var blocks: [(generator: [[DoubleDouble]], first: Int)] = []
        for number in Set(modes.keys).union([0]).sorted() where liouvillian.sectors[number].size > 0 {
            let sector = liouvillian.sectors[number], own = members[number]
            let (matrix, source) = liouvillian.extended(number).combined(coefficients)
            var subspace: SlowLeftSubspace?
            if let start = modes[number] {
                guard let orthonormal = SlowSubspace.orthonormal(start.map { vector in own.map { vector[$0] } }),
                      let made = try SlowLeftSubspace(sector: sector, matrix: matrix, source: number == 0 ? source : [], coefficients: coefficients,
                                                      start: orthonormal, separation: separation, trace: exactTrace) else { return nil }
                subspace = made
            }
            let part = Part(sector: sector, matrix: matrix, source: number == 0 ? source.map { trace * $0 } : [], subspace: subspace,
                            first: right.count, members: own)
            parts.append(part)
            if number == 0 { for (index, x) in zip(own, try Self.rest(part, coefficients, separation)) { rest[index] = x } }
            guard let subspace else { continue }
            blocks.append((subspace.generator, right.count))
            drive += subspace.drive
            defects += subspace.defects
            for (v, w) in zip(subspace.right, subspace.left) {
                right.append(Self.spread(v, own, liouvillian.basis.count))
                left.append(Self.spread(w.map(\.high), own, liouvillian.basis.count))
            }
        }
        generator = (0..<right.count).map { _ in [DoubleDouble](repeating: .zero, count: right.count) }
        for (block, first) in blocks {
            for c in block.indices { for r in block.indices { generator[first + c][first + r] = block[c][r] } }
        }
    }

    private static func spread(_ values: [Double], _ indices: [Int], _ count: Int) -> [Double] {
        var all = [Double](repeating: 0, count: count)
        for (index, value) in zip(indices, values) { all[index] = value }
        return all
    }

    /// x with A x + x₀₀ b in the span of V and Wᵀx = 0.
    private static func rest(_ part: Part, _ coefficients: [Double], _ separation: Double) throws -> [Double] {
        let sector = part.sector, size = sector.size, values = sector.values(coefficients), source = part.source.map(\.high)
        let right = part.subspace?.right ?? [], left = part.subspace?.left.map { $0.map(\.high) } ?? []
        let lu = try sector.factorization(coefficients, shift: SlowLeftSubspace.shift(separation))
        func withoutSlow(_ x: [Double]) -> [Double] {
            var x = x
            for (v, w) in zip(right, left) {
                let overlap = zip(w, x).reduce(0) { $0 + $1.0 * $1.1 }
                for i in 0..<size { x[i] -= overlap * v[i] }
            }
            return x
        }
        var x = [Double](repeating: 0, count: size)
        for _ in 0..<5 {
            let defect = withoutSlow(zip(sector.pattern.multiply(values, x), source).map { $0 + $1 })
            let step = withoutSlow(try lu.solve(defect))
            for i in 0..<size { x[i] -= step[i] }
        }
        return withoutSlow(x)
    }

    // MARK: States

    /// x + Σ α_a V_a.
    func state(_ alpha: [Double]) -> MultipoleState {
        var all = rest
        for (a, v) in zip(alpha, right) { for i in all.indices { all[i] += a * v[i] } }
        return MultipoleState(spinCount: spinCount, frame: frame, window: liouvillian.window, coefficients: all)
    }

    /// α of a state, in double precision.
    func functionals(_ state: [Double]) -> [Double] { left.map { w in zip(w, state).reduce(0) { $0 + $1.0 * $1.1 } } }

    /// α of a state whose multipoles are given on the whole window.
    func functionals(_ state: [DoubleDouble]) -> [DoubleDouble] {
        parts.flatMap { part in
            (part.subspace?.left ?? []).map { w in
                var sum = DoubleDouble.zero
                for (place, index) in part.members.enumerated() where w[place].high != 0 { sum += w[place] * state[index] }
                return sum
            }
        }
    }

    /// Σ |w_k o_k| of each functional: what the sum in `functionals` is made of.
    func functionalMagnitudes(_ state: [DoubleDouble]) -> [Double] {
        left.map { w in zip(w, state).reduce(0) { $0 + abs($1.0 * $1.1.high) } }
    }

    /// The |q| that members of the functionals' sectors have.
    var orders: Set<Int> { Set(parts.filter { $0.subspace != nil }.flatMap { $0.sector.multipoles.map(\.q) }) }

    // MARK: What a rate may be wrong by

    /// Estimated error of Tr(C L ρ) from rounding of entries and sums, for an observable C of the given weights on the
    /// functionals and a slow state.
    func rounding(_ weights: [Double], _ alpha: [Double]) -> Double {
        var sum = 0.0
        for part in parts {
            guard let subspace = part.subspace else { continue }
            let images = magnitudes(part, alpha)
            for i in 0..<part.sector.size {
                var c = 0.0
                for (k, w) in subspace.left.enumerated() { c += weights[part.first + k] * w[i].high }
                sum += c * c * images[i] * images[i]
            }
        }
        return 8 * DoubleDouble.ulpOfOne * (1 + Double(spinCount) / 40) * sum.squareRoot()
    }

    /// |A||ρ| + |x₀₀ b| on a sector's members.
    private func magnitudes(_ part: Part, _ alpha: [Double]) -> [Double] {
        let state = state(alpha).coefficients
        var image = part.matrix.multiplyMagnitudes(part.members.map { abs(state[$0]) })
        for i in part.source.indices { image[i] += abs(part.source[i].high) }
        return image
    }

    /// What of a slow state leaves the window and is seen by an observable when it comes back, each multipole outside damped
    /// at its own rate; magnitudes summed up. With the direction in which it left.
    func truncation(_ weights: [Double], _ alpha: [Double]) -> (total: Double, leak: Sector.Leak) {
        let state = state(alpha).coefficients
        var total = 0.0, leak = Sector.Leak()
        for part in parts {
            guard let inward = inward(part, weights) else { continue }
            let outward = part.sector.outgoing(part.members.map { Complex(state[$0]) }, trace: part.source.isEmpty ? 0 : trace, coefficients)
            let own = zip(inward, outward).map { Complex($0 * $1.magnitude) }
            total += own.reduce(0) { $0 + $1.re }
            let guilty = part.sector.leak(own)
            leak = Sector.Leak(beyondL: max(leak.beyondL, guilty.beyondL), beyondQ: max(leak.beyondQ, guilty.beyondQ))
        }
        return (total, leak)
    }

    /// What an observable's multipoles outside the window may add to its value in a state whose multipoles fall off towards the
    /// window's edge.
    func outerValue(_ weights: [Double], _ state: [DoubleDouble]) -> (total: Double, leak: Sector.Leak) {
        let window = liouvillian.window
        var edgeL = 0.0, edgeQ = 0.0
        for (multipole, x) in zip(liouvillian.multipoles, state) {
            if multipole.l >= window.lMax - 1 { edgeL = max(edgeL, abs(x.high)) }
            if multipole.q >= window.qMax - 1 { edgeQ = max(edgeQ, abs(x.high)) }
        }
        var total = 0.0, leak = Sector.Leak()
        for part in parts {
            guard let inward = inward(part, weights) else { continue }
            let own = zip(inward, part.sector.outer).map { Complex($0 * ($1.isBeyondLMax ? edgeL : edgeQ)) }
            total += own.reduce(0) { $0 + $1.re }
            let guilty = part.sector.leak(own)
            leak = Sector.Leak(beyondL: max(leak.beyondL, guilty.beyondL), beyondQ: max(leak.beyondQ, guilty.beyondQ))
        }
        return (total, leak)
    }

    /// |wᵀR_in|/|L_oo| of each multipole just outside.
    private func inward(_ part: Part, _ weights: [Double]) -> [Double]? {
        guard let subspace = part.subspace, !part.sector.outer.isEmpty else { return nil }
        var w = [Complex](repeating: .zero, count: part.sector.size)
        for (k, column) in subspace.left.enumerated() {
            for i in w.indices { w[i].re += weights[part.first + k] * column[i].high }
        }
        let damping = part.sector.outerDamping(coefficients)
        return zip(part.sector.incoming(w, coefficients), damping).map { $0.magnitude / max($1, .leastNormalMagnitude) }
    }
}
