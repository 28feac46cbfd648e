import LinearAlgebra
import Numbers

/// Eigenmodes of one sector at one set of parameters.
struct SlowModes {
    let sector: Sector
    let coefficients: [Double]
    /// Up to this size all eigenvalues come from LAPACK, and the slowest is the slowest beyond doubt.
    static let denseLimit = 150

    /// The modes of least |λ − shift| and the radius about `shift` within which none is missing (infinite: all found).
    /// - Parameter shift: a point on the real axis at or right of zero; non-zero where A itself is singular.
    func nearest(_ count: Int, shift: Double = 0) throws -> (modes: [Mode], radius: Double) {
        let size = sector.size
        guard size > 0 else { return ([], .infinity) }
        if size <= Self.denseLimit || size <= count + 4 {
            let (right, left) = try DenseEigen.eigenpairs(sector.dense(coefficients), size: size)
            let context = ModeContext(sector: sector, coefficients: coefficients)
            let modes = zip(right, left).map { context.mode($0.value, right: $0.vector, left: $1.vector.map(\.conjugate), polish: false) }
            return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, .infinity)
        }
        // The slowest mode is far from the others where it matters, and a factorisation at the shift finds it at once…
        let (first, next) = try around(shift, count: 1, tolerance: 1e-12)
        guard count > 1, let slowest = first.first, next > 0 else { return (first, 1 / max(next, .leastNormalMagnitude)) }
        // …the others crowd together: seen from half way to the second they differ more.
        let distance = 1 / next
        var second = shift - 0.5 * distance
        if abs(second - slowest.eigenvalue.re) < 0.15 * distance, abs(slowest.eigenvalue.im) < 0.15 * distance { second = shift - 0.25 * distance }
        let (others, _) = try around(second, count: count + 1, tolerance: 1e-8)
        let radius = others.map { ($0.eigenvalue - Complex(second)).magnitude }.max() ?? 0
        let rest = others.filter { ($0.eigenvalue - slowest.eigenvalue).magnitude > 1e-6 * distance }
        // All within `radius` of `second` are known; the largest disc about the shift inside that one:
        return ((first + rest).sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, max(radius - (shift - second), distance))
    }

    /// Modes nearest to a real shift and the magnitude of the next eigenvalue of (A − shift)⁻¹ beyond them.
    private func around(_ shift: Double, count: Int, tolerance: Double) throws -> (modes: [Mode], next: Double) {
        let lu = try sector.factorization(coefficients, shift: shift)
        func largest(_ tolerance: Double, transposed: Bool) throws -> (pairs: [Eigenpair], next: Double) {
            if let found = try BlockKrylov.largest(size: sector.size, count: count, tolerance: tolerance, map: { try lu.solve($0, transposed: transposed) }) {
                return (found.pairs, found.next)
            }
            // Crowded spectra outgrow the unrestarted basis.
            let pairs = try Arnoldi.largest(size: sector.size, count: count + 1, tolerance: 1e-13) { try lu.solve($0, transposed: transposed) }.pairs
            return (Array(pairs.prefix(count)), pairs.count > count ? pairs[count].value.magnitude : 0)
        }
        let right = try largest(tolerance, transposed: false)
        // The two-sided Rayleigh quotient multiplies the errors of both vectors: a rough left one will do for the rest.
        let left = try largest(count == 1 ? tolerance : 1e-4, transposed: true)
        return (match(right.pairs, left.pairs, shift: Complex(shift), isReal: true), right.next)
    }

    /// Modes near a point off the real axis.
    func nearest(_ count: Int, complexShift shift: Complex) throws -> (modes: [Mode], radius: Double) {
        let size = sector.size
        guard size > Self.denseLimit, size > count + 4 else { return ([], .infinity) }
        let lu = try sector.factorization(coefficients, complexShift: shift)
        let right = try Arnoldi.largest(size: size, count: count, tolerance: 1e-13, complexMap: { try lu.solve($0) }).pairs
        let left = try Arnoldi.largest(size: size, count: count, tolerance: 1e-13, complexMap: { try lu.solve($0, transposed: true) }).pairs
        let radius = right.map { 1 / $0.value.magnitude }.max() ?? 0
        return (match(right, left, shift: shift, isReal: false), radius)
    }

    /// Pairs each right vector with the left one of the same eigenvalue; what finds no partner is dropped (only the
    /// outermost values, found on one side and not on the other).
    private func match(_ right: [Eigenpair], _ left: [Eigenpair], shift: Complex, isReal: Bool) -> [Mode] {
        let context = ModeContext(sector: sector, coefficients: coefficients)
        let scale = context.values.reduce(0) { max($0, abs($1)) }
        var free = left.map { (value: shift + .one / $0.value, vector: $0.vector) }
        var modes: [Mode] = []
        for pair in right {
            var value = shift + .one / pair.value
            // Rounding sets a floor to what two nearly singular solves can agree on.
            let tolerance = 1e-4 * (value - shift).magnitude + 1e-12 * scale
            let near = free.indices.filter { (free[$0].value - value).magnitude <= tolerance }
            // Where two eigenvalues agree to all digits the overlap decides.
            guard let best = near.max(by: { overlap(free[$0].vector, pair.vector) < overlap(free[$1].vector, pair.vector) }) else { continue }
            var v = pair.vector, w = free[best].vector
            free.remove(at: best)
            if isReal && value.im < 0 {                       // inverting turned the pair's upper member into the lower
                value = value.conjugate
                v = v.map(\.conjugate)
                w = w.map(\.conjugate)
            }
            modes.append(context.mode(value, right: v, left: w, polish: true))
        }
        return modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }
    }

    private func overlap(_ a: [Complex], _ b: [Complex]) -> Double { zip(a, b).reduce(Complex.zero) { $0 + $1.0 * $1.1 }.magnitude }
}

/// Certificates of a mode from its vectors.
struct ModeContext {
    let sector: Sector
    let coefficients: [Double]
    let values: [Double]

    init(sector: Sector, coefficients: [Double]) {
        self.sector = sector
        self.coefficients = coefficients
        values = sector.values(coefficients)
    }

    private func apply(_ x: [Complex]) -> [Complex] {
        let re = sector.pattern.multiply(values, x.map(\.re))
        if x.allSatisfy({ $0.im == 0 }) { return re.map { Complex($0) } }
        return zip(re, sector.pattern.multiply(values, x.map(\.im))).map { Complex($0, $1) }
    }

    /// - Parameter polish: replace λ by the two-sided Rayleigh quotient, whose error is quadratic in that of the vectors.
    func mode(_ eigenvalue: Complex, right: [Complex], left: [Complex], polish: Bool) -> Mode {
        let product = zip(left, right).reduce(Complex.zero) { $0 + $1.0 * $1.1 }
        let image = apply(right)
        var value = eigenvalue
        if polish, product.magnitude > 1e-12 {
            let quotient = zip(left, image).reduce(Complex.zero) { $0 + $1.0 * $1.1 } / product
            value = Complex(quotient.re, eigenvalue.im == 0 ? 0 : quotient.im)
        }
        let residual = zip(image, right).reduce(0.0) { $0 + ($1.0 - value * $1.1).squaredMagnitude }.squareRoot()
        let condition = product.magnitude > 0 ? 1 / product.magnitude : .infinity
        // Rounding of each component of A v is about ε|A||v|; independent errors add up in quadrature against w.
        // Entries themselves carry more: see `entryNoise`.
        let magnitudes = sector.pattern.multiplyMagnitudes(values, right.map(\.magnitude))
        var rounding = 0.0
        for (w, m) in zip(left, magnitudes) { rounding += w.squaredMagnitude * m * m }
        let roundingError = 4 * sector.entryNoise * rounding.squareRoot() * condition

        let outward = sector.outgoing(right, trace: 0, coefficients), inward = sector.incoming(left, coefficients)
        let damping = sector.outerDamping(coefficients)
        var leak = sector.leak(outward)
        let slowest = damping.min() ?? .infinity
        let truncation: Double
        if damping.isEmpty {
            truncation = 0
        } else {
            let floor = max(slowest, .leastNormalMagnitude)
            truncation = leak.norm * inward.reduce(0.0) { $0 + $1.squaredMagnitude }.squareRoot() * condition / floor
            leak.beyondL /= floor
            leak.beyondQ /= floor
        }
        return Mode(eigenvalue: value, right: right, left: left, sector: sector.number, kind: SectorKind(sector.multipoles),
                    residual: residual, condition: condition, truncationError: truncation, roundingError: roundingError, leak: leak)
    }
}
