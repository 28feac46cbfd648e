import Foundation
import Numbers
@testable import Semiclassics
@testable import SpinAlgebra
import Testing

@Suite struct MeanFieldTests {
    /// Bloch's equations with H = Ω Jx + Δ Jz + (χ/j) Jz² and decay √(κ/j) J₋, written down by hand: precession about
    /// (Ω, 0, Δ + 2χz) and κ(xz, yz, −(1 − z²)).
    @Test func drivenTwistingByHand() throws {
        var random = Randomness(seed: 7)
        for _ in 0..<20 {
            let (omega, delta, chi, kappa) = (random.real(), random.real(), random.real(), random.real(0...2)), m = random.direction()
            let v = try field(preset("driven-twisting"), ["Omega": omega, "Delta": delta, "chi": chi, "kappa": kappa]).velocity(m)
            let b = delta + 2 * chi * m.z
            let precession = SIMD3(-b * m.y, b * m.x - omega * m.z, omega * m.y)
            let expected = precession + kappa * SIMD3(m.x * m.z, m.y * m.z, m.z * m.z - 1)
            #expect((v - expected).norm < 1e-13)
        }
    }

    /// dθ/dt = −Ω + (γ − Γ(1+cos θ)²) sin θ in the plane of the bistable pump.
    @Test func bistablePumpInItsPlane() throws {
        var random = Randomness(seed: 8)
        for _ in 0..<20 {
            let (omega, gamma, theta) = (random.real(), random.real(0...3), random.real(-3...3))
            let v = try field(preset("bistable-pump"), ["Omega": omega, "Gamma": gamma]).velocity(SIMD3(0, sin(theta), cos(theta)))
            let rate = -omega + (1 - gamma * (1 + cos(theta)) * (1 + cos(theta))) * sin(theta)
            #expect((v - rate * SIMD3(0, cos(theta), -sin(theta))).norm < 1e-13)
        }
    }

    /// d⟨J⟩/dt of the master equation in a coherent state of N = 1000 and 2000 spins, extrapolated in 1/j, for random models:
    /// no classical symbol, no Poisson bracket.
    @Test(arguments: 0..<8) func masterEquation(seed: Int) throws {
        var random = Randomness(seed: UInt64(50 + seed))
        let model = try randomModel(&random), field = try field(model)
        for _ in 0..<2 {
            let m = random.direction(), v = field.velocity(m)
            let coarse = try CoherentState(1000, m).drift(model.instance(spinCount: 1000, [:])), fine = try CoherentState(2000, m).drift(model.instance(spinCount: 2000, [:]))
            let limit = 2 * fine - coarse
            #expect((fine - v).norm < 0.05 * (1 + v.norm), "\(fine) \(v)")
            #expect((limit - v).norm < 2e-4 * (1 + v.norm), "\(limit) \(v)")
        }
    }
}

/// A coherent state in the Dicke basis, m from j down.
private struct CoherentState {
    let j: Double
    let amplitudes: [Complex]

    init(_ spinCount: Int, _ m: SIMD3<Double>) {
        j = Double(spinCount) / 2
        let theta = acos(m.z), phi = atan2(m.y, m.x), c = log(cos(theta / 2)), s = log(sin(theta / 2)), n = Double(spinCount)
        amplitudes = (0...spinCount).map { k -> Complex in
            let x = Double(k), binomial = lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1)
            let size = exp(0.5 * binomial + (n - x) * c + x * s)
            return Complex(size * cos(x * phi), size * sin(x * phi))
        }
    }

    /// ⟨m|J₊|m − 1⟩ with m = j − k.
    private func step(_ k: Int) -> Double {
        let x = Double(k)
        return ((x + 1) * (2 * j - x)).squareRoot()
    }
    private func raised(_ v: [Complex]) -> [Complex] {
        v.indices.map { k -> Complex in k + 1 < v.count ? step(k) * v[k + 1] : .zero }
    }
    private func lowered(_ v: [Complex]) -> [Complex] {
        v.indices.map { k -> Complex in k > 0 ? step(k - 1) * v[k - 1] : .zero }
    }
    private func weighed(_ v: [Complex]) -> [Complex] { v.indices.map { k -> Complex in (j - Double(k)) * v[k] } }

    /// J₊^a Jz^b J₋^c, the right one first.
    private func applied(_ p: SpinPolynomial, _ v: [Complex]) -> [Complex] {
        var sum = [Complex](repeating: .zero, count: v.count)
        for (monomial, coefficient) in p.terms {
            var w = v
            for _ in 0..<monomial.lowering { w = lowered(w) }
            for _ in 0..<monomial.z { w = weighed(w) }
            for _ in 0..<monomial.raising { w = raised(w) }
            for k in w.indices { sum[k] += coefficient * w[k] }
        }
        return sum
    }

    private func product(_ a: [Complex], _ b: [Complex]) -> Complex { zip(a, b).reduce(.zero) { $0 + $1.0.conjugate * $1.1 } }

    /// d⟨J⟩/dt / j, of A = J₊ (for x, y) and Jz.
    func drift(_ model: ModelInstance) -> SIMD3<Double> {
        func change(_ a: ([Complex]) -> [Complex]) -> Complex {
            let psi = amplitudes, aPsi = a(psi)
            // i⟨[H, A]⟩ + Σ rate (⟨L†AL⟩ − ½⟨L†LA⟩ − ½⟨AL†L⟩)
            let hPsi = applied(model.hamiltonian, psi)
            var sum = Complex.i * (product(hPsi, aPsi) - product(psi, a(hPsi)))
            for jump in model.jumps {
                let l = applied(jump.operator, psi), losses = applied(jump.operator.adjoint, l)
                let gain = product(l, a(l)), loss = product(losses, aPsi) + product(psi, a(losses))
                sum += jump.rate * (gain - 0.5 * loss)
            }
            return sum
        }
        let plus = change(raised), z = change(weighed)
        return SIMD3(plus.re, plus.im, z.re) / j
    }
}
