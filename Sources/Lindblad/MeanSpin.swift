import Foundation
import Numbers
import SpinAlgebra

/// The classical spin of a model at fixed N, as a hint for the quantisation axis.
///
/// d⟨J_a⟩/dt = ⟨L†(J_a)⟩ is formed exactly, term by term of the affine family, and then factorised, J → j n (leading
/// order in 1/j). A hint only: the certificates decide whether the window was right.
struct MeanSpinFamily {
    /// n₊^raising n_z^z n₋^lowering, n± = n_x ± i n_y.
    struct Monomial {
        let raising: Int, z: Int, lowering: Int
    }
    fileprivate let monomials: [Monomial]
    /// [term][monomial]: real and imaginary parts of the coefficients in dn_x/dt, dn_y/dt, dn_z/dt.
    fileprivate let real: [[SIMD4<Double>]]
    fileprivate let imaginary: [[SIMD4<Double>]]

    /// - Parameter affine: in laboratory axes.
    init(_ affine: AffineLiouvillian) {
        let j = Double(affine.spinCount) / 2
        let images = affine.terms.map { term in [SpinPolynomial.jx, .jy, .jz].map(term.superoperator.heisenberg) }
        let all = Set(images.flatMap { $0 }.flatMap { $0.terms.keys }).sorted()
        monomials = all.map { Monomial(raising: $0.raising, z: $0.z, lowering: $0.lowering) }
        func coefficient(_ image: SpinPolynomial, _ monomial: SpinMonomial) -> Complex {
            Complex(pow(j, Double(monomial.degree - 1))) * (image.terms[monomial] ?? .zero)
        }
        var real: [[SIMD4<Double>]] = [], imaginary: [[SIMD4<Double>]] = []
        for term in images {
            let values = all.map { monomial in term.map { coefficient($0, monomial) } }
            real.append(values.map { SIMD4($0[0].re, $0[1].re, $0[2].re, 0) })
            imaginary.append(values.map { SIMD4($0[0].im, $0[1].im, $0[2].im, 0) })
        }
        self.real = real
        self.imaginary = imaginary
    }
}

/// The classical spin at one set of parameters.
struct MeanSpin {
    private let monomials: [MeanSpinFamily.Monomial]
    private let real: [SIMD4<Double>]
    private let imaginary: [SIMD4<Double>]

    init(_ family: MeanSpinFamily, coefficients: [Double]) {
        monomials = family.monomials
        var real = [SIMD4<Double>](repeating: .zero, count: monomials.count), imaginary = real
        for (term, coefficient) in coefficients.enumerated() where coefficient != 0 {
            for k in real.indices {
                real[k] += coefficient * family.real[term][k]
                imaginary[k] += coefficient * family.imaginary[term][k]
            }
        }
        self.real = real
        self.imaginary = imaginary
    }

    /// dn/dt for a unit vector, projected on the sphere.
    private func velocity(_ n: SIMD4<Double>) -> SIMD4<Double> {
        var raw = SIMD4<Double>.zero
        for k in monomials.indices {
            var re = 1.0, im = 0.0
            for _ in 0..<monomials[k].raising { (re, im) = (re * n.x - im * n.y, re * n.y + im * n.x) }
            for _ in 0..<monomials[k].lowering { (re, im) = (re * n.x + im * n.y, im * n.x - re * n.y) }
            for _ in 0..<monomials[k].z { (re, im) = (re * n.z, im * n.z) }
            raw += re * real[k] - im * imaginary[k]
        }
        return raw - (raw * n).sum() * n
    }

    private static func length(_ v: SIMD4<Double>) -> Double { (v * v).sum().squareRoot() }
    private static func unit(_ v: SIMD4<Double>) -> SIMD4<Double> { v / length(v) }

    /// Starting points spread evenly over the sphere (a golden spiral): a basin that covers a thirtieth of it is met.
    private static let starts: [SIMD4<Double>] = (0..<32).map { k in
        let z = 1 - (2 * Double(k) + 1) / 32, angle = Double(k) * .pi * (3 - 5.0.squareRoot()), r = (1 - z * z).squareRoot()
        return [r * cos(angle), r * sin(angle), z, 0]
    }

    /// The directions in which the flow ends from wherever it starts; none where it does not settle from some starts (limit
    /// cycle, conservative motion), or ends in more than six.
    func attractors() -> [[Double]] {
        let speed = Self.starts.map { Self.length(velocity($0)) }.max()!
        guard speed > 0, speed.isFinite else { return [] }
        var ends: [SIMD4<Double>] = []
        for start in Self.starts {
            guard let end = relax(start, speed: speed, known: ends) else { return [] }
            if !ends.contains(where: { ($0 * end).sum() > 0.999 }) { ends.append(end) }
            if ends.count > 6 { return [] }
        }
        return ends.map { [$0.x, $0.y, $0.z] }
    }

    /// How small deviations from a fixed point die out: the two eigenvalues of the linearised flow, the upper one of a pair first.
    func relaxation(at direction: [Double]) -> (Complex, Complex) {
        let n = Self.unit([direction[0], direction[1], direction[2], 0]), h = 1e-5
        let helper: SIMD4<Double> = abs(n.z) < 0.8 ? [0, 0, 1, 0] : [1, 0, 0, 0]
        let a = Self.unit(helper - (helper * n).sum() * n)
        let b: SIMD4<Double> = [n.y * a.z - n.z * a.y, n.z * a.x - n.x * a.z, n.x * a.y - n.y * a.x, 0]
        func slope(_ along: SIMD4<Double>) -> SIMD4<Double> { (1 / (2 * h)) * (velocity(Self.unit(n + h * along)) - velocity(Self.unit(n - h * along))) }
        let alongA = slope(a), alongB = slope(b)
        let aa = (a * alongA).sum(), ab = (a * alongB).sum(), ba = (b * alongA).sum(), bb = (b * alongB).sum()
        let half = 0.5 * (aa + bb), discriminant = 0.25 * (aa - bb) * (aa - bb) + ab * ba
        if discriminant < 0 { return (Complex(half, (-discriminant).squareRoot()), Complex(half, -(-discriminant).squareRoot())) }
        return (Complex(half + discriminant.squareRoot()), Complex(half - discriminant.squareRoot()))
    }

    /// Angular frequencies of motion that does not settle (limit cycle, closed orbits), from a few starts; none where there is none.
    func orbitFrequencies() -> [Double] {
        let speed = Self.starts.map { Self.length(velocity($0)) }.max()!
        guard speed > 0, speed.isFinite else { return [] }
        let step = 0.05 / speed
        var frequencies: [Double] = []
        for start in stride(from: 3, to: Self.starts.count, by: 10) {
            var n = Self.starts[start], crossings: [Double] = [], last = 0.0
            var origin = n, along = SIMD4<Double>.zero
            for k in 0..<6000 where crossings.count < 4 {
                if k == 1000 {
                    origin = n
                    along = velocity(n)
                    if Self.length(along) < 1e-6 * speed { break }
                }
                let k1 = velocity(n), k2 = velocity(Self.unit(n + 0.5 * step * k1)), k3 = velocity(Self.unit(n + 0.5 * step * k2))
                let k4 = velocity(Self.unit(n + step * k3))
                n = Self.unit(n + (step / 6) * (k1 + 2 * k2 + 2 * k3 + k4))
                if k < 1000 { continue }
                // Each return through the plane across the path at its origin.
                let height = ((n - origin) * along).sum()
                if last < 0, height >= 0 { crossings.append(Double(k) * step) }
                last = height
            }
            guard crossings.count > 2 else { continue }
            let frequency = 2 * Double.pi * Double(crossings.count - 1) / (crossings[crossings.count - 1] - crossings[0])
            if !frequencies.contains(where: { abs($0 - frequency) < 0.1 * frequency }) { frequencies.append(frequency) }
        }
        return frequencies
    }

    /// - Parameter known: ends already; a path that comes near one is taken to end there. (If it does not, it ends where others do.)
    private func relax(_ start: SIMD4<Double>, speed: Double, known: [SIMD4<Double>]) -> SIMD4<Double>? {
        var n = start, step = 0.1 / speed
        for _ in 0..<2000 {
            let k1 = velocity(n)
            if Self.length(k1) < 1e-6 * speed { return n }
            if let end = known.first(where: { ($0 * n).sum() > 0.99 }) { return end }
            let k2 = velocity(Self.unit(n + 0.5 * step * k1))
            n = Self.unit(n + step * k2)
            // Steps as long as the flow's own rates allow (an explicit step beyond them would never settle); the path
            // itself is of no interest.
            let change = Self.length(k2 - k1) / Self.length(k1)
            step = min(max(step * (change < 0.2 ? 1.4 : change > 0.4 ? 0.5 : 1), 1e-3 / speed), 1e3 / speed)
        }
        return nil
    }
}
