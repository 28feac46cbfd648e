import LinearAlgebra
import Numbers

/// Eigenmodes of one sector at one set of parameters.
struct SlowModes {
    let sector: Sector
    let coefficients: [Double]
    /// Up to this size all eigenvalues come from LAPACK, and the slowest is the slowest beyond doubt.
    static let denseLimit = 150

    /// The modes of least |λ − shift| and the radius about `shift` within which none is missing (infinite: all found).
    /// - Parameters:
    ///   - shift: a point on the real axis at or right of zero; non-zero where A itself is singular.
    ///   - roughly: a mode that is not slower than the rest is only wanted to a per cent (for an error estimate).
    ///   - limit: decay rate beyond which a mode of a crowd is of no interest; it is left out, the radius still tells of it.
    func nearest(_ count: Int, shift: Double = 0, roughly: Bool = false, slowerThan limit: Double = .infinity) throws -> (modes: [Mode], radius: Double) {
        let size = sector.size
        guard size > 0 else { return ([], .infinity) }
        if size <= Self.denseLimit || size <= count + 4 {
            let (right, left) = try DenseEigen.eigenpairs(sector.dense(coefficients), size: size)
            let context = ModeContext(sector: sector, coefficients: coefficients)
            let modes = zip(right, left).map { context.mode($0.value, right: $0.vector, left: $1.vector.map(\.conjugate), polish: false) }
            return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, .infinity)
        }
        // A short look tells whether one mode is far slower than the rest.
        let space = space(shift)
        guard let (first, next) = try space.glimpse() else { return try around(shift, space, count: count, tolerance: 1e-8) }
        let scale = sector.values(coefficients).reduce(0) { max($0, abs($1)) }
        if first < 5 * next {
            if shift == 0, first * scale > 1e7, let slow = try several(count) { return slow }
            if count == 1 { return try around(shift, space, count: 1, tolerance: roughly ? 1e-2 : 1e-6, slowerThan: limit) }
            return try crowd(count + 1, origin: shift, distance: 1 / first, without: nil, slowerThan: limit)
        }
        let (slow, _) = try around(shift, space, count: 1, tolerance: 1e-8)
        guard let slowest = slow.first else { return (slow, 0) }
        // With a very slow mode projected out, rounding that it would amplify no longer hides the others.
        let deflation = Deflation(slowest)
        let others = first * scale > 1e6 ? try self.space(shift, without: deflation).glimpse()?.first ?? 0 : next
        let distance = 1 / max(others, .leastNormalMagnitude)
        if count == 1 { return (slow, distance) }
        if shift == 0, distance < 1e-7 * scale, let slow = try several(count) { return slow }
        let (rest, radius) = try crowd(count - 1, origin: shift, distance: distance, without: deflation, slowerThan: limit)
        return (slow + rest, radius)
    }

    /// (A − shift)⁻¹, whose factors are made anew where others have been made since.
    private func inverse(_ shift: Double, without slow: Deflation?) -> BlockKrylov<Double>.Map {
        let inverse: BlockKrylov<Double>.Map = { try sector.factorization(coefficients, shift: shift).solve($0) }
        return slow?.removing(after: inverse) ?? inverse
    }
    private func space(_ shift: Double, without slow: Deflation? = nil) -> BlockKrylov<Double> {
        BlockKrylov(size: sector.size, map: inverse(shift, without: slow))
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
        let (rest, radius) = try crowd(count - k, origin: 0, distance: subspace.separation, without: Deflation(right: subspace.right, left: subspace.left), slowerThan: .infinity)
        return (slow + rest, radius)
    }

    /// The modes nearest to `origin` where they crowd at about `distance` from it: from half way they differ more.
    private func crowd(_ count: Int, origin: Double, distance: Double, without slow: Deflation?, slowerThan limit: Double) throws -> (modes: [Mode], radius: Double) {
        let shift = origin - 0.5 * distance
        let (modes, reach) = try around(shift, space(shift, without: slow), count: count, tolerance: 1e-7, without: slow, slowerThan: limit)
        // All within `reach` of the shift are known: so are all within the disc about the origin that fits inside.
        return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, max(0, reach - 0.5 * distance))
    }

    /// Modes nearest to a real shift, and how far from it none was missed.
    private func around(_ shift: Double, _ space: BlockKrylov<Double>, count: Int, tolerance: Double, without slow: Deflation? = nil,
                        slowerThan limit: Double = .infinity) throws -> (modes: [Mode], radius: Double) {
        if limit.isFinite {
            for (rough, slack) in Self.looks where rough > tolerance {
                guard let found = try space.largest(count, tolerance: rough) else { break }
                let values = found.pairs.map { Candidate($0, Complex(shift), isWanted: true).value }
                if values.allSatisfy({ -$0.re > slack * limit }) { return ([], 0.9 * (found.pairs.map { 1 / $0.value.magnitude }.max() ?? 0)) }
            }
        }
        var tolerance = tolerance, best: (modes: [Mode], radius: Double)?
        while true {
            guard let found = try space.largest(count, tolerance: tolerance) else {
                if let best { return best }
                // Crowded spectra may outgrow the unrestarted basis.
                let pairs = try Arnoldi.largest(size: sector.size, count: count + 1, tolerance: 1e-13, map: inverse(shift, without: slow)).pairs.prefix(count)
                return (try settled(Array(pairs), about: Complex(shift), slowerThan: limit).modes, pairs.map { 1 / $0.value.magnitude }.max() ?? 0)
            }
            let radius = found.pairs.map { 1 / $0.value.magnitude }.max() ?? 0
            if let best, agree(best.modes, found.pairs, shift, limit) { return best }
            let (modes, isSettled) = try settled(found.pairs, found.companions, next: found.next, about: Complex(shift), slowerThan: limit)
            best = (modes, radius)
            // Ritz values are as good as their residual times the condition number: they must be able to tell modes apart.
            let worst = isSettled ? modes.reduce(0) { max($0, $1.condition) } * tolerance : 10
            if worst <= 0.1 || tolerance <= Self.leastTolerance || tolerance > 1e-3 { return (modes, radius) }
            tolerance = max(1e-2 / worst * tolerance, Self.leastTolerance)
        }
    }

    /// Whether each Ritz value of interest belongs to one of the modes.
    private func agree(_ modes: [Mode], _ pairs: [Eigenpair], _ shift: Double, _ limit: Double) -> Bool {
        pairs.allSatisfy { pair in
            let value = Candidate(pair, Complex(shift), isWanted: true).value
            return -value.re > Self.margin * limit || modes.contains { ($0.eigenvalue - value).magnitude <= 1e-3 * value.magnitude }
        }
    }

    /// Modes near a point off the real axis that decay slower than `limit` and are not among those known: of the nearest
    /// three, looked at as closely as it takes to tell.
    func nearest(complexShift shift: Complex, slowerThan limit: Double, besides known: [Complex]) throws -> [Mode] {
        let size = sector.size, count = 3
        guard size > Self.denseLimit, size > count + 4 else { return [] }
        let lu = try sector.factorization(coefficients, complexShift: shift)
        let space = BlockKrylov<Complex>(size: size) { try lu.solve($0) }
        for (tolerance, slack) in Self.looks + [(1e-7, Self.margin)] {
            guard let found = try space.largest(count, tolerance: tolerance) else { break }
            let suspects = found.pairs.filter { pair in
                let value = shift + .one / pair.value
                return value.im > 0 && -value.re <= slack * limit && (tolerance > 1e-3 || !known.contains { ($0 - value).magnitude <= 1e-3 * value.magnitude })
            }
            if suspects.isEmpty { return [] }
            if tolerance <= 1e-7 { return try settled(suspects, found.companions, next: found.next, about: shift, slowerThan: limit).modes }
        }
        let pairs = try Arnoldi.largest(size: size, count: count, tolerance: 1e-13) { try lu.solve($0) }.pairs
        return try settled(pairs, about: shift, slowerThan: limit).modes
    }

    /// Tolerances of Ritz pairs, and how many times faster than what is of interest a mode must then seem to be left alone.
    private static let looks = [(tolerance: 1e-2, slack: 3.0), (tolerance: 1e-4, slack: 1.5)]
    private static let leastTolerance = 1e-12
    /// A mode this many times faster than what is of interest is not looked at closely.
    private static let margin = 1.2

    /// Right and left vectors to the last digit, from a factorisation close to each eigenvalue.
    /// - Parameters:
    ///   - pairs: of (A − shift)⁻¹.
    ///   - companions: rough ones close to these.
    ///   - next: |θ| of those not among them.
    /// - Returns: and whether all settled; one that did not stands beside the best vectors there are, and its condition tells.
    private func settled(_ pairs: [Eigenpair], _ companions: [Eigenpair] = [], next: Double = 0, about shift: Complex, slowerThan limit: Double) throws -> (modes: [Mode], isSettled: Bool) {
        var open = (pairs.map { Candidate($0, shift, isWanted: true) } + companions.map { Candidate($0, shift, isWanted: false) })
            .filter { -$0.value.re <= Self.margin * limit }
            .sorted { ($0.value - shift).magnitude < ($1.value - shift).magnitude }
        var modes: [Mode] = [], isSettled = true
        func add(_ group: [Candidate], _ point: Complex) throws {
            let (found, settled) = try self.settled(group, at: point)
            // Two rough Ritz values may lead to one mode.
            let new = found.filter { mode in
                !modes.contains { ($0.eigenvalue - mode.eigenvalue).magnitude <= 1e-8 * mode.eigenvalue.magnitude && $0.overlap(mode) > 0.99 }
            }
            modes += new
            isSettled = isSettled && settled && new.count == found.count
        }
        // Those far closer to the shift than all others need no factors of their own.
        let distances = open.map { ($0.value - shift).magnitude } + (next > 0 ? [1 / next] : [])
        if shift.im == 0, let split = distances.indices.dropFirst().first(where: { distances[$0] > 1e3 * distances[$0 - 1] }), open[..<split].allSatisfy(\.isWanted) {
            try add(Array(open[..<split]), shift)
            open.removeFirst(split)
        }
        // The others one by one; what lies close together in one.
        while let first = open.first(where: \.isWanted) {
            func isNear(_ other: Candidate) -> Bool { (other.value - first.value).magnitude <= 1e-4 * first.value.magnitude }
            let group = open.filter(isNear)
            open.removeAll(where: isNear)
            let isReal = abs(first.value.im) <= 1e-4 * first.value.magnitude
            let center = isReal ? Complex(first.value.re) : first.value
            try add(group, center - Complex(1e-6 * center.magnitude))
        }
        return (modes.sorted { $0.eigenvalue.magnitude < $1.eigenvalue.magnitude }, isSettled)
    }

    /// An eigenvalue of A with an approximate right vector.
    private struct Candidate {
        let value: Complex
        let vector: [Complex]
        let isWanted: Bool

        init(_ pair: Eigenpair, _ shift: Complex, isWanted: Bool) {
            let value = shift + .one / pair.value
            // About a real shift, inverting turned the upper member of a pair into the lower.
            let isTurned = shift.im == 0 && value.im < 0
            self.value = isTurned ? value.conjugate : value
            vector = isTurned ? pair.vector.map(\.conjugate) : pair.vector
            self.isWanted = isWanted
        }
    }

    /// By inverse iteration about one shift, in real numbers if that is real.
    private func settled(_ group: [Candidate], at shift: Complex) throws -> (modes: [Mode], isSettled: Bool) {
        let triples: [InverseIteration.Triple], wanted = group.filter(\.isWanted)
        if shift.im == 0 {
            var columns: [Double] = []
            for candidate in group {
                columns += candidate.vector.map(\.re)
                if candidate.value.im != 0 { columns += candidate.vector.map(\.im) }
            }
            let count = wanted.reduce(0) { $0 + ($1.value.im == 0 ? 1 : 2) }
            let lu = try sector.factorization(coefficients, shift: shift.re)
            triples = try InverseIteration.settle(ColumnBlock(size: sector.size, values: columns), count: count, shift: shift) { try lu.solve($0, transposed: $1) }
        } else {
            let lu = try sector.factorization(coefficients, complexShift: shift)
            triples = try InverseIteration.settle(ColumnBlock(size: sector.size, values: group.flatMap(\.vector)), count: wanted.count, shift: shift) { try lu.solve($0, transposed: $1) }
        }
        let context = ModeContext(sector: sector, coefficients: coefficients)
        // What did not settle is no eigenvalue, unless there is nothing else: then its condition tells.
        let settled = triples.filter(\.isSettled)
        let modes = (settled.isEmpty ? triples : settled).map { context.mode($0.value, right: $0.right, left: $0.left, polish: true) }
        return (modes, settled.count == triples.count)
    }
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

    /// The map followed by the projector x ↦ (1 − V Wᵀ) x.
    func removing(after map: @escaping ([Double]) throws -> [Double]) -> ([Double]) throws -> [Double] {
        return { block in
            var image = try map(block)
            let size = right[0].count
            for start in stride(from: 0, to: image.count, by: size) {
                for (v, w) in zip(right, left) {
                    var weight = 0.0
                    for i in 0..<size { weight += w[i] * image[start + i] }
                    for i in 0..<size { image[start + i] -= weight * v[i] }
                }
            }
            return image
        }
    }
}
