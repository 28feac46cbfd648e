import LinearAlgebra
import Numbers

/// What a spectrum must fulfil whoever computed it. (ScaLAPACK's QR can return a wrong spectrum with INFO = 0.)
public struct SpectralCertificate: Sendable {
    /// |Σλ − tr A| / Σ|λ|, the greatest over the sectors.
    public var traceError = 0.0
    /// |Σλ² − tr A²| / ‖A‖_F² and |Σλ³ − tr A³| / (‖A‖_F ‖A²‖_F), the greatest over the sectors: errors of a pair may cancel in
    /// the trace, hardly in all three.
    public var momentError = 0.0
    /// Greatest ‖(A − λ)v‖/‖A‖_F of the sampled eigenvalues, for the v that inverse iteration finds.
    public var residual = 0.0
    /// Number of eigenvalues sampled.
    public var sampleCount = 0
    /// The first thing that is wrong: counts, pairs, or one of the numbers above; nil where all is well.
    public private(set) var failure: String?

    public static let traceLimit = 1e-12, momentLimit = 1e-12, residualLimit = 1e-12

    private mutating func fail(_ reason: String) { failure = failure ?? reason }

    /// Counts, conjugate pairs, trace and moments of one sector.
    mutating func check(_ values: [Complex], _ moments: MatrixMoments, size: Int, sector: String) {
        guard values.count == size else { return fail("\(values.count) eigenvalues of a matrix of size \(size) in sector \(sector)") }
        guard values.allSatisfy(\.isFinite) else { return fail("eigenvalues that are no numbers in sector \(sector)") }
        let upper = values.filter { $0.im > 0 }.sorted(by: Self.ascending)
        let lower = values.filter { $0.im < 0 }.map(\.conjugate).sorted(by: Self.ascending)
        if upper != lower { fail("complex eigenvalues without their conjugates in sector \(sector)") }
        var sums = [Complex](repeating: .zero, count: 3), total = 0.0
        for value in values {
            let square = value * value
            sums[0] += value
            sums[1] += square
            sums[2] += square * value
            total += value.magnitude
        }
        // Of a matrix far from normal (nilpotent at worst) the eigenvalues are no measure of rounding.
        let scales = [max(total, moments.norm), moments.scales[1], moments.scales[2]]
        for (power, scale) in scales.enumerated() {
            let defect = (sums[power] - Complex(moments.traces[power])).magnitude
            let error = scale > 0 ? defect / scale : defect
            if power == 0 { traceError = max(traceError, error) } else { momentError = max(momentError, error) }
            let limit = power == 0 ? Self.traceLimit : Self.momentLimit
            if error <= limit { continue }
            fail("the eigenvalues of sector \(sector) miss tr A^\(power + 1) by \(error) relative to its scale (limit \(limit))")
        }
    }

    /// One sampled eigenvalue.
    mutating func check(_ probe: EigenvalueProbe, norm: Double, sector: String) {
        sampleCount += 1
        let error = norm > 0 ? probe.residual / norm : 0
        residual = max(residual, error.isFinite ? error : .infinity)
        if error <= Self.residualLimit { return }
        fail("\(probe.value.re) + \(probe.value.im)i is no eigenvalue of sector \(sector): backward error \(error) (limit \(Self.residualLimit))")
    }

    private static func ascending(_ a: Complex, _ b: Complex) -> Bool { (a.re, a.im) < (b.re, b.im) }
}

/// A claimed eigenvalue looked at with a sparse LU of A − λ, which shares nothing with the dense solver.
struct EigenvalueProbe {
    let value: Complex
    /// min ‖(A − λ)v‖ over ‖v‖ = 1, the least singular value of A − λ, by (A − λ)⁻¹(A − λ)⁻ᴴ on a vector of noise. Plain inverse
    /// iteration would not do: where left and right vectors are nearly orthogonal its second step spoils what the first has
    /// found (1e-7 instead of 1e-16 at κ = 1e12).
    let residual: Double
    private let inverse: Inverse
    private let size: Int

    /// (A − λ)⁻¹ or its transpose on a complex vector.
    private typealias Inverse = ([Complex], _ transposed: Bool) throws -> [Complex]

    /// - Throws: `SparseLUError`.
    init(_ value: Complex, in sector: Sector, coefficients: [Double], norm: Double) throws {
        self.value = value
        size = sector.size
        if value.im == 0 {
            let lu = try Self.nudged(value, norm) { try sector.factorization(coefficients, shift: $0.re) }
            // A real start stays real.
            inverse = { x, transposed in try lu.solve(x.map(\.re), transposed: transposed).map { Complex($0) } }
        } else {
            let lu = try Self.nudged(value, norm) { try sector.factorization(coefficients, complexShift: $0) }
            inverse = { x, transposed in try lu.solve(x, transposed: transposed) }
        }
        let values = sector.values(coefficients)
        var v = Self.unit(try inverse(Self.start(size), false)), least = Double.infinity
        for step in 0...Self.singularSteps {
            if step > 0 {
                let u = Self.unit(try inverse(v.map(\.conjugate), true).map(\.conjugate))
                v = Self.unit(try inverse(u, false))
            }
            let re = sector.pattern.multiply(values, v.map(\.re)), im = sector.pattern.multiply(values, v.map(\.im))
            least = min(least, v.indices.reduce(0.0) { $0 + (Complex(re[$1], im[$1]) - value * v[$1]).squaredMagnitude }.squareRoot())
        }
        residual = least
    }

    /// ‖w‖‖v‖/|wᵀv| of the eigenvectors, from inverse iteration on both sides.
    /// - Throws: `SparseLUError`.
    func condition() throws -> Double {
        func settle(_ transposed: Bool) throws -> [Complex] {
            try (0..<3).reduce(Self.start(size)) { x, _ in Self.unit(try inverse(x, transposed)) }
        }
        let overlap = zip(try settle(false), try settle(true)).reduce(Complex.zero) { $0 + $1.0 * $1.1 }
        return max(1, 1 / max(overlap.magnitude, .leastNormalMagnitude))
    }

    private static let singularSteps = 3
    private static func start(_ size: Int) -> [Complex] { ColumnBlock<Double>(noise: 1, size: size, seed: 17).values.map { Complex($0) } }

    /// Norm one; a solve with a vanishing pivot may reach beyond the square root of the greatest number.
    private static func unit(_ x: [Complex]) -> [Complex] {
        let greatest = x.reduce(0) { max($0, $1.magnitude) }
        guard greatest > 0, greatest.isFinite else { return x }
        return x.map { (1 / greatest) * $0 }.unit
    }

    /// A shift exactly at an eigenvalue may leave no pivot: then beside it by as much as rounding blurs it.
    private static func nudged<Result>(_ value: Complex, _ norm: Double, _ factor: (Complex) throws -> Result) throws -> Result {
        var offset = 0.0
        while true {
            do { return try factor(value + Complex(offset)) } catch SparseLUError.singular where offset < 1e-12 * norm {
                offset = max(4 * offset, Double.ulpOfOne * max(norm, .leastNormalMagnitude))
            }
        }
    }
}
