import LinearAlgebra
import Numbers

/// The invariant subspace of the slow modes of one sector, in double-double precision, and with it the steady state.
///
/// Only the inside of the subspace is nearly degenerate; the subspace itself is as well conditioned as the fast modes are
/// far. With W ≈ its left twin, fixed, X = [V, x] solves
/// ```
/// A V = V Λ,     A x + b x_00 = V s,     Wᵀ V = 1,     Wᵀ x = 0
/// ```
/// by Newton steps: Λ and s are Wᵀ of the left-hand sides, the defect is formed in double-double and corrected with the
/// double-precision LU of A − σ on the complement of V. The shift σ > 0 keeps that LU away from singular and costs a
/// factor (σ/λ_fast)² of convergence a step. The state is x + V c with Λ c = −s. See `docs/multipoles.md`.
struct ExtendedSubspace {
    let sector: Sector
    let coefficients: [Double]
    /// Members of the steady state (empty in sectors without the trace).
    private(set) var state: [DoubleDouble] = []
    private(set) var eigenvalues: [ExtendedEigenvalue] = []
    /// Right vectors as columns of the eigenbasis (real and imaginary part for a pair) and their left twins, Wᵀ V = 1.
    private(set) var right: [[DoubleDouble]] = []
    private(set) var left: [[Double]] = []
    /// Estimated absolute error of each eigenvalue from the arithmetic: entries, sums and what is left of the defect.
    private(set) var roundingErrors: [Double] = []
    /// ‖A v − v Λ‖/‖v‖ of each column.
    private(set) var defects: [Double] = []
    /// Estimated error of each weight c.
    private(set) var weightErrors: [Double] = []
    /// ‖L ρ‖ of the state, in rate units.
    private(set) var residual = 0.0
    /// |λ| of the slowest mode left out.
    let separation: Double
    private let trace: Double

    /// - Returns: nil where the slowest modes are not set apart from the rest.
    init?(sector: Sector, extended: ExtendedSector, coefficients: [Double], spinCount: Int) throws {
        guard let start = try SlowSubspace(sector: sector, coefficients: coefficients) else { return nil }
        self.sector = sector
        self.coefficients = coefficients
        trace = sector.number == 0 ? 1 / Double(spinCount + 1).squareRoot() : 0
        separation = start.separation
        let guide = start.left, count = start.right.count, size = sector.size
        let (matrix, source) = extended.combined(coefficients)
        let lu = try sector.factorization(coefficients, shift: start.shift)
        let sources = sector.number == 0 ? source.map { trace * $0 } : []

        var vectors = start.right.map { $0.map { DoubleDouble($0) } }
        vectors = Extended.combine(vectors, Extended.inverse(Extended.products(guide, vectors)))
        if !sources.isEmpty { vectors.append([DoubleDouble](repeating: .zero, count: size)) }
        var images: [[DoubleDouble]] = [], block: [[DoubleDouble]] = [], remainders: [[DoubleDouble]] = []
        var best = Double.infinity, accepted = vectors
        for _ in 0..<30 {
            images = matrix.multiply(vectors)
            if !sources.isEmpty { for i in 0..<size { images[count][i] += sources[i] } }
            let newBlock = Extended.products(guide, images)              // [Λ | s], by columns
            let newDefects = zip(images, Extended.combine(Array(vectors[0..<count]), newBlock)).map { Extended.subtract($0, $1) }
            let worst = newDefects.map(Extended.norm).reduce(0) { max($0, $1) }
            // A step that gains next to nothing is the last.
            let isLast = worst.isNaN || worst >= 0.5 * best
            if worst < best {
                best = worst
                (accepted, block, remainders) = (vectors, newBlock, newDefects)
            }
            if isLast { break }
            let slow = Array(vectors[0..<count])
            func corrected(_ columns: [[Double]]) throws -> [[DoubleDouble]] {
                let solved = try lu.solve(columns.flatMap { $0 })
                let lifted = columns.indices.map { c in solved[c * size..<(c + 1) * size].map { DoubleDouble($0) } }
                let along = Extended.combine(slow, Extended.products(guide, lifted))
                return zip(lifted, along).map { Extended.subtract($0, $1) }
            }
            let first = try corrected(newDefects.map { $0.map(\.high) })
            let second = try corrected(first.map { $0.map(\.high) })
            for c in vectors.indices {
                for i in 0..<size { vectors[c][i] -= first[c][i] - start.shift * second[c][i] }
            }
        }
        vectors = accepted
        // Where the steps did not converge, nothing below would be worth its estimate.
        guard best <= 1e-20 * matrix.high.reduce(0, { max($0, abs($1)) }), block.count == vectors.count else { return nil }

        let slow = Array(vectors[0..<count]), lambda = Array(block[0..<count])
        guard let basis = try ExtendedEigenbasis(lambda) else { return nil }
        eigenvalues = basis.eigenvalues
        right = Extended.combine(slow, basis.vectors)
        let inverse = Extended.inverse(basis.vectors)
        left = (0..<count).map { k in
            var row = [Double](repeating: 0, count: size)
            for c in 0..<count { for i in 0..<size { row[i] += inverse[c][k].high * guide[c][i] } }
            return row
        }
        // Defects couple into Λ only through what W misses of the true left vectors.
        let leftDefect = start.leftDefect / max(separation, .leastNormalMagnitude)
        let absolute = zip(matrix.high, matrix.columns).map { (abs($0), $1) }
        let noise = 4 * DoubleDouble.ulpOfOne * (1 + Double(spinCount) / 40)
        func projectedNoise(_ vector: [DoubleDouble], _ w: [Double], adding extra: [DoubleDouble]) -> Double {
            var sum = 0.0
            for i in 0..<size {
                var row = extra.isEmpty ? 0 : abs(extra[i].high)
                for p in Int(matrix.rowStarts[i])..<Int(matrix.rowStarts[i + 1]) { row += absolute[p].0 * abs(vector[Int(absolute[p].1)].high) }
                sum += w[i] * w[i] * row * row
            }
            return sum.squareRoot()
        }
        let slowDefect = Extended.combine(Array(remainders[0..<count]), basis.vectors).map(Extended.norm)
        defects = zip(slowDefect, right).map { $0 / Extended.norm($1) }
        var leftNorms: [Double] = []
        for w in left { leftNorms.append(w.reduce(0) { $0 + $1 * $1 }.squareRoot()) }
        for k in 0..<count {
            // Parameters are doubles: λ of an activated process follows them with relative weight of order N.
            let inherited = 2 * Double.ulpOfOne * Double(spinCount) * eigenvalues[k].magnitude
            roundingErrors.append(noise * projectedNoise(right[k], left[k], adding: []) + leftDefect * slowDefect[k] * leftNorms[k] + inherited)
        }
        guard !sources.isEmpty else { return }
        // Λ c = −s by elimination: next to a fast rate the eigenbasis would spoil the slow one's weight.
        guard let solved = Extended.solve(lambda, [block[count].map { -$0 }]) else { return nil }
        let weights = Extended.combine(inverse, solved)[0]
        state = vectors[count]
        for k in 0..<count { for i in 0..<size { state[i] += solved[0][k] * slow[k][i] } }
        var balance = matrix.multiply([state])[0]
        for i in 0..<size { balance[i] += sources[i] }
        let squared = state.reduce(trace * trace) { $0 + $1.high * $1.high }
        residual = Extended.norm(balance) / squared.squareRoot()
        let stateDefect = Extended.norm(remainders[count])
        for k in 0..<count {
            let pushed = noise * projectedNoise(state, left[k], adding: sources) + leftDefect * (stateDefect + abs(weights[k].high) * slowDefect[k]) * leftNorms[k]
            let rate = eigenvalues[k].magnitude
            // Between two phases |c| is at most of order of their distance: its own size bounds the inherited part.
            weightErrors.append(pushed / rate + 2 * Double.ulpOfOne * Double(spinCount) * abs(weights[k].high))
        }
    }

    /// What leaves the window (`outward`) and would come back to a mode through the multipoles just outside, each damped at
    /// its own rate: magnitudes summed up, so that nothing is taken to cancel; and in which direction it left.
    ///
    /// With the mode's own outflow this is the error of its eigenvalue; with the state's, the drive −λc of its weight.
    func returned(_ mode: Mode, _ outward: [Complex]) -> (total: Double, leak: Sector.Leak) {
        let damping = sector.outerDamping(coefficients), inward = sector.incoming(mode.left, coefficients)
        var parts: [Complex] = []
        for k in damping.indices {
            let size = (inward[k] * outward[k]).magnitude * mode.condition
            parts.append(Complex(size / max(damping[k], .leastNormalMagnitude)))
        }
        return (parts.reduce(0) { $0 + $1.re }, sector.leak(parts))
    }

    /// What of the state leaves the window.
    var outward: [Complex] { sector.outgoing(state.map { Complex($0.high) }, trace: trace, coefficients) }

    /// The slow modes with their certificates, in the eigenbasis' order; of a pair the upper member.
    func modes() -> [Mode] {
        let context = ModeContext(sector: sector, coefficients: coefficients)
        var modes: [Mode] = []
        for (k, value) in eigenvalues.enumerated() where value.im.high >= 0 {
            let isPair = value.im.high > 0
            func vector(_ re: [Double], _ im: [Double]?) -> [Complex] { re.indices.map { Complex(re[$0], im?[$0] ?? 0) }.unit }
            // A u = a u − b v and A v = b u + a v make u + iv the vector of a + ib; its left twin is w_u − i w_v.
            let v = vector(right[k].map(\.high), isPair ? right[k + 1].map(\.high) : nil)
            let w = vector(left[k], isPair ? left[k + 1].map { -$0 } : nil)
            let plain = context.mode(Complex(value.re.high, value.im.high), right: v, left: w, polish: false)
            modes.append(Mode(eigenvalue: plain.eigenvalue, right: v, left: w, sector: plain.sector, kind: plain.kind, residual: defects[k],
                              condition: plain.condition, truncationError: plain.truncationError, roundingError: roundingErrors[k], leak: plain.leak))
        }
        return modes
    }
}
