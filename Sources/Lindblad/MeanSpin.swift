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
