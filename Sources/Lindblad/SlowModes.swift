import LinearAlgebra
import Numbers

/// Eigenmodes of one sector at one set of parameters.
struct SlowModes {
    let sector: Sector
    let coefficients: [Double]
    /// Up to this size all eigenvalues come from LAPACK, and the slowest is the slowest beyond doubt.
    static let denseLimit = 150
    /// Solves for eight vectors cost little more than for four where factors no longer fit into cache.
    private var block: Int { sector.size > 20_000 ? 8 : 4 }

    /// The modes of least |λ − shift| and the radius about `shift` within which none is missing (infinite: all found).
    /// - Parameters:
    ///   - shift: a point on the real axis at or right of zero; non-zero where A itself is singular.
    ///   - roughly: a mode that is not slower than the rest is only wanted to a per cent (for an error estimate).
    func nearest(_ count: Int, shift: Double = 0, roughly: Bool = false) throws -> (modes: [Mode], radius: Double) {
        let size = sector.size
        guard size > 0 else { return ([], .infinity) }
        if size <= Self.denseLimit || size <= count + 4 {
            let (right, left) = try DenseEigen.eigenpairs(sector.dense(coefficients), size: size)
            let context = ModeContext(sector: sector, coefficients: coefficients)
            let modes = zip(right, left).map { context.mode($0.value, right: $0.vector, left: $1.vector.map(\.conjugate), polish: false) }
            return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, .infinity)
        }
        // A short look tells whether one mode is far slower than the rest.
        let lu = try sector.factorization(coefficients, shift: shift)
        guard let (first, next) = try BlockKrylov.glimpse(size: size, block: block, map: { try lu.solve($0) }) else { return try around(shift, count: count, tolerance: 1e-8) }
        let scale = sector.values(coefficients).reduce(0) { max($0, abs($1)) }
        if first < 5 * next {
            if shift == 0, first * scale > 1e7, let slow = try several(count) { return slow }
            if count == 1 { return try around(shift, count: 1, tolerance: roughly ? 1e-2 : 1e-6) }
            return try crowd(count + 1, origin: shift, distance: 1 / first, without: nil)
        }
        let (slow, _) = try around(shift, count: 1, tolerance: 1e-12)
        guard let slowest = slow.first else { return (slow, 0) }
        // With the slow mode projected out, rounding that it would amplify no longer hides the others.
        let deflation = Deflation(slowest)
        let others = try BlockKrylov.glimpse(size: size, block: block, map: deflation.removing(after: { try lu.solve($0) }, transposed: false))
        let distance = 1 / max(others?.first ?? 0, .leastNormalMagnitude)
        if count == 1 { return (slow, distance) }
        if shift == 0, distance < 1e-7 * scale, let slow = try several(count) { return slow }
        let (rest, radius) = try crowd(count - 1, origin: shift, distance: distance, without: deflation)
        return (slow + rest, radius)
    }

    /// More than two metastable phases: their modes may be lost in rounding one by one, not as a subspace.
    private func several(_ count: Int) throws -> (modes: [Mode], radius: Double)? {
        guard let subspace = try SlowSubspace(sector: sector, coefficients: coefficients), subspace.right.count > 1 else { return nil }
        let context = ModeContext(sector: sector, coefficients: coefficients), k = subspace.right.count
        func mapped(_ vectors: [[Double]], _ weights: [Complex]) -> [Complex] {
            (0..<sector.size).map { i in (0..<k).reduce(Complex.zero) { $0 + vectors[$1][i] * weights[$1] } }.unit
        }
        let images = subspace.right.map { sector.pattern.multiply(context.values, $0) }
        let small = images.flatMap { image in subspace.left.map { w in zip(w, image).reduce(0) { $0 + $1.0 * $1.1 } } }
        let (right, left) = try DenseEigen.eigenpairs(small, size: k)
        let slow = zip(right, left).map { context.mode($0.value, right: mapped(subspace.right, $0.vector), left: mapped(subspace.left, $1.vector.map(\.conjugate)), polish: false) }
            .sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }
        if count <= k { return (Array(slow.prefix(count)), subspace.separation) }
        let (rest, radius) = try crowd(count - k, origin: 0, distance: subspace.separation, without: Deflation(right: subspace.right, left: subspace.left))
        return (slow + rest, radius)
    }

    /// The modes nearest to `origin` where they crowd at about `distance` from it: from half way they differ more.
    private func crowd(_ count: Int, origin: Double, distance: Double, without slow: Deflation?) throws -> (modes: [Mode], radius: Double) {
        let shift = origin - 0.5 * distance
        let (modes, reach) = try around(shift, count: count, tolerance: 1e-7, without: slow)
        // All within `reach` of the shift are known: so are all within the disc about the origin that fits inside.
        return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, max(0, reach - 0.5 * distance))
    }

    /// Modes nearest to a real shift, and how far from it none was missed.
    private func around(_ shift: Double, count: Int, tolerance: Double, without slow: Deflation? = nil) throws -> (modes: [Mode], radius: Double) {
        let lu = try sector.factorization(coefficients, shift: shift)
        func largest(_ tolerance: Double, transposed: Bool) throws -> [Eigenpair] {
            let plain: ([Double]) throws -> [Double] = { try lu.solve($0, transposed: transposed) }
            let map = slow?.removing(after: plain, transposed: transposed) ?? plain
            if let found = try BlockKrylov.largest(size: sector.size, count: count, block: block, tolerance: tolerance, map: map) { return found.pairs }
            // Crowded spectra outgrow the unrestarted basis.
            return Array(try Arnoldi.largest(size: sector.size, count: count + 1, tolerance: 1e-13, map: map).pairs.prefix(count))
        }
        func modes(_ rightTolerance: Double, _ leftTolerance: Double) throws -> (modes: [Mode], radius: Double) {
            let right = try largest(rightTolerance, transposed: false), left = try largest(leftTolerance, transposed: true)
            return (match(right, left, shift: Complex(shift), isReal: true), right.map { 1 / $0.value.magnitude }.max() ?? 0)
        }
        // The two-sided Rayleigh quotient multiplies the errors of both vectors: a rough left one will do in a crowd…
        let rough = try modes(tolerance, count == 1 ? tolerance : 1e-3)
        if tolerance <= 1e-12 || rough.modes.allSatisfy({ $0.condition < 1e4 }) { return rough }
        // …unless modes nearly coincide (an exceptional point is near), where small errors of vectors are large ones of λ.
        return try modes(1e-13, 1e-13)
    }

    /// Modes near a point off the real axis.
    /// - Parameter slowerThan: decay rate beyond which a mode is of no interest; its left vector is then spared.
    func nearest(_ count: Int, complexShift shift: Complex, slowerThan limit: Double = .infinity) throws -> [Mode] {
        let size = sector.size
        guard size > Self.denseLimit, size > count + 4 else { return [] }
        let lu = try sector.factorization(coefficients, complexShift: shift)
        func largest(transposed: Bool) throws -> [Eigenpair] {
            if let found = try BlockKrylov.largest(size: size, count: count, tolerance: 1e-7, complexMap: { try lu.solve($0, transposed: transposed) }) { return found.pairs }
            return try Arnoldi.largest(size: size, count: count, tolerance: 1e-13, complexMap: { try lu.solve($0, transposed: transposed) }).pairs
        }
        let right = try largest(transposed: false)
        guard right.contains(where: { -(shift + .one / $0.value).re < limit }) else { return [] }
        return match(right, try largest(transposed: true), shift: shift, isReal: false)
    }

    /// Pairs each right vector with the left one of the same eigenvalue.
    private func match(_ right: [Eigenpair], _ left: [Eigenpair], shift: Complex, isReal: Bool) -> [Mode] {
        let context = ModeContext(sector: sector, coefficients: coefficients)
        let scale = context.values.reduce(0) { max($0, abs($1)) }
        var free = left.map { (value: shift + .one / $0.value, vector: $0.vector) }
        var modes: [Mode] = []
        for pair in right {
            var value = shift + .one / pair.value
            let tolerance = 1e-4 * (value - shift).magnitude + 1e-12 * scale
            // Rounding sets a floor to what two nearly singular solves can agree on; beyond it, a nearest partner of no
            // certainty is better than a mode left out: its condition number will say so.
            var near = free.indices.filter { (free[$0].value - value).magnitude <= tolerance }
            if near.isEmpty, let nearest = free.indices.min(by: { (free[$0].value - value).magnitude < (free[$1].value - value).magnitude }) { near = [nearest] }
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

    /// Greatest matrix entry.
    var scale: Double { values.reduce(0) { max($0, abs($1)) } }

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

/// Slow modes to be taken out of a map: right vectors V and left ones with WᵀV = 1.
private struct Deflation {
    let right: [[Double]]
    let left: [[Double]]

    init(right: [[Double]], left: [[Double]]) {
        self.right = right
        self.left = left
    }

    /// One real mode.
    init(_ mode: Mode) {
        let v = mode.right.map(\.re), w = mode.left.map(\.re)
        let product = zip(v, w).reduce(0) { $0 + $1.0 * $1.1 }
        self.init(right: [v], left: [w.map { $0 / product }])
    }

    /// The map followed by the projector x ↦ (1 − V Wᵀ) x, or its transpose's twin.
    func removing(after map: @escaping ([Double]) throws -> [Double], transposed: Bool) -> ([Double]) throws -> [Double] {
        let v = transposed ? left : right, w = transposed ? right : left
        return { block in
            var image = try map(block)
            let size = v[0].count
            for start in stride(from: 0, to: image.count, by: size) {
                for (v, w) in zip(v, w) {
                    var weight = 0.0
                    for i in 0..<size { weight += w[i] * image[start + i] }
                    for i in 0..<size { image[start + i] -= weight * v[i] }
                }
            }
            return image
        }
    }
}
