import Foundation
import Numbers
@testable import Semiclassics
import SpinAlgebra
import Testing

/// docs/semiclassics.md, eqs. 2–4, in random models, in charts about random directions.
@Suite struct AuxiliaryHamiltonianTests {
    private static let gauges: [Gauge] = [.q, .p, .wigner(exact: 1), .wigner(exact: 0), .wigner(exact: 0.4)]
    /// The gauges in which H is the exact function of the complexified spin.
    private static let exact: [Gauge] = [.q, .p, .wigner(exact: 1)]

    private struct Example {
        let symbol: ClassicalSymbol
        let chart: Chart
        /// (x₁, x₂, p₁, p₂)
        let places: [SIMD4<Double>]
    }

    private func examples() throws -> [Example] {
        var random = Randomness(seed: 99)
        return try (0..<6).map { _ in
            let symbol = try randomModel(&random).classicalSymbol([:]), chart = Chart(centre: random.direction())
            return Example(symbol: symbol, chart: chart, places: (0..<5).map { _ in SIMD4(random.real(), random.real(), random.real(), random.real()) })
        }
    }

    /// What |H| would be if nothing cancelled, roughly.
    private func scale(_ symbol: ClassicalSymbol) -> Double {
        symbol.jumps.reduce(1) { $0 + 30 * $1.greatestCoefficient * $1.greatestCoefficient } + symbol.hamiltonian.greatestCoefficient
    }

    /// 2 Im h + Σ |l|² − Re(l† l) from the polynomials themselves, at the spin that the gauge makes of (x, p); n·n = 1 there.
    @Test func valueAtTheComplexifiedSpin() throws {
        for example in try examples() {
            for gauge in Self.exact {
                let hamiltonian = AuxiliaryHamiltonian(example.symbol, gauge, chart: example.chart)
                for y in example.places {
                    let n = example.chart.laboratory(hamiltonian.spin(y))
                    #expect(abs((n.re * n.re).sum() - (n.im * n.im).sum() - 1) < 1e-13 && abs((n.re * n.im).sum()) < 1e-13)
                    let x = Complex(n.re.x, n.im.x), iy = Complex(-n.im.y, n.re.y), z = Complex(n.re.z, n.im.z)
                    func at(_ p: ClassicalPolynomial) -> Complex { p.evaluate(plus: x + iy, z: z, minus: x - iy) }
                    let expected = example.symbol.jumps.reduce(2 * at(example.symbol.hamiltonian).im) { sum, l in
                        sum + at(l).squaredMagnitude - (at(l.adjoint) * at(l)).re
                    }
                    #expect(abs(hamiltonian.value(y) - expected) < 1e-12 * scale(example.symbol))
                }
            }
        }
    }

    /// H(x, 0) = 0, and x moves as the mean field there.
    @Test func realSpins() throws {
        for example in try examples() {
            let field = MeanField(example.symbol)
            for gauge in Self.gauges {
                let hamiltonian = AuxiliaryHamiltonian(example.symbol, gauge, chart: example.chart)
                for y in example.places {
                    let x = SIMD4(y.x, y.y, 0, 0), v = hamiltonian.velocity(x)
                    #expect(abs(hamiltonian.value(x)) < 1e-13 * scale(example.symbol))
                    #expect(abs(v.z) + abs(v.w) < 1e-12 * scale(example.symbol))
                    let h = 1e-5, m = example.chart.direction(y.x, y.y)
                    let motion = (example.chart.direction(y.x + h * v.x, y.y + h * v.y) - example.chart.direction(y.x - h * v.x, y.y - h * v.y)) / (2 * h)
                    #expect((motion - field.velocity(m)).norm < 1e-7 * scale(example.symbol))
                }
            }
        }
    }

    /// Hamilton's equations by central differences of H.
    @Test func velocities() throws {
        for example in try examples() {
            for gauge in Self.gauges {
                let hamiltonian = AuxiliaryHamiltonian(example.symbol, gauge, chart: example.chart)
                for y in example.places {
                    let h = 1e-3
                    func slope(_ k: Int) -> Double {
                        func at(_ shift: Double) -> Double {
                            var there = y
                            there[k] += shift
                            return hamiltonian.value(there)
                        }
                        // Of sixth order.
                        let near = at(h) - at(-h), far = at(2 * h) - at(-2 * h), farthest = at(3 * h) - at(-3 * h)
                        return (45 * near - 9 * far + farthest) / (60 * h)
                    }
                    let expected = SIMD4(slope(2), slope(3), -slope(0), -slope(1)), gap = hamiltonian.velocity(y) - expected
                    #expect((gap * gap).sum().squareRoot() < 1e-9 * scale(example.symbol), "\(gauge)")
                }
            }
        }
    }

    /// (x, p) → n → (x, p) in Q and P.
    @Test func pointsOfSpins() throws {
        let example = try examples()[0]
        for gauge in [Gauge.q, .p] {
            let hamiltonian = AuxiliaryHamiltonian(example.symbol, gauge, chart: example.chart)
            for y in example.places {
                let gap = hamiltonian.point(hamiltonian.spin(y)) - y
                #expect((gap * gap).sum() < 1e-26)
            }
        }
    }

    /// p dx of Q and of P differ by d of ∓2 ln((1 + n·n̄)/2), that of the symmetric gauge is their mean: around a closed loop
    /// of complexified spins ∮ p dx is the same. (Trapezoids: of a periodic function they converge exponentially.)
    @Test func canonicalFormsAgree() throws {
        let example = try examples()[0], count = 400
        let maps = Self.exact.map { AuxiliaryHamiltonian(example.symbol, $0, chart: example.chart) }
        let loop = (0..<count).map { k -> SpinComponents<Double> in
            let t = 2 * Double.pi * Double(k) / Double(count)
            let x1 = 0.4 * cos(t) + 0.1, x2 = 0.3 * sin(t), p1 = 0.5 * sin(t + 1) + 0.2, p2 = 0.6 * cos(2 * t)
            return maps[0].spin(SIMD4(x1, x2, p1, p2))
        }
        func integral(_ points: [SIMD4<Double>]) -> Double {
            // dx by differences of eighth order.
            let weights: [Double] = [4.0 / 5, -1.0 / 5, 4.0 / 105, -1.0 / 280]
            var sum = 0.0
            for k in 0..<count {
                var d = SIMD4<Double>.zero
                for m in 1...4 {
                    let step: SIMD4<Double> = points[(k + m) % count] - points[(k - m + count) % count]
                    d += weights[m - 1] * step
                }
                sum += points[k].z * d.x + points[k].w * d.y
            }
            return sum
        }
        let q = integral(loop.map(maps[0].point)), p = integral(loop.map(maps[1].point))
        // m = s/|s| and π = 2 t × m of n = s + i t; canonical momenta by the chart's tangent vectors.
        let symmetric = loop.map { n -> SIMD4<Double> in
            let x = (n.plus + n.minus).scaled(0.5, 0), y = (n.plus - n.minus).scaled(0, -0.5)
            let s = SIMD3(x.re, y.re, n.z.re), t = SIMD3(x.im, y.im, n.z.im), m = s.unit
            let pi = 2 * t.cross(m)
            let x1 = m.x / (1 + m.z), x2 = m.y / (1 + m.z), h = 1e-4
            func tangent(_ a: Double, _ b: Double) -> SIMD3<Double> {
                func at(_ s: Double) -> SIMD3<Double> {
                    let u = x1 + s * a, v = x2 + s * b, r = u * u + v * v
                    return (1 / (1 + r)) * SIMD3(2 * u, 2 * v, 1 - r)
                }
                let near = at(h) - at(-h), far = at(2 * h) - at(-2 * h)
                return (2 / (3 * h)) * near - (1 / (12 * h)) * far
            }
            let e1 = tangent(1, 0), e2 = tangent(0, 1)
            return SIMD4(x1, x2, (pi * e1).sum(), (pi * e2).sum())
        }
        for (n, y) in zip(loop, symmetric) {
            let image = maps[2].spin(y)
            #expect((image.plus - n.plus).squaredMagnitude + (image.minus - n.minus).squaredMagnitude + (image.z - n.z).squaredMagnitude < 1e-20)
        }
        #expect(abs(q) > 0.05)
        #expect(abs(q - p) < 1e-11 && abs(q - integral(symmetric)) < 1e-9, "\(q) \(p) \(integral(symmetric))")
    }

    /// Semiclassical Wigner is quadratic in p and leaves out p³ and higher.
    @Test func semiclassicalWigner() throws {
        for example in try examples() {
            let cut = AuxiliaryHamiltonian(example.symbol, .wigner(exact: 0), chart: example.chart)
            let exact = AuxiliaryHamiltonian(example.symbol, .wigner(exact: 1), chart: example.chart)
            for y in example.places {
                func at(_ h: AuxiliaryHamiltonian, _ share: Double) -> Double { h.value(SIMD4(y.x, y.y, share * y.z, share * y.w)) }
                // f(2p) = 3f(p) + f(−p) of f = ap + bp².
                #expect(abs(at(cut, 2) - 3 * at(cut, 1) - at(cut, -1)) < 1e-12 * scale(example.symbol))
                func rest(_ share: Double) -> Double { at(exact, share) - at(cut, share) }
                // c₃s³ + c₄s⁴ + …: what of s = 0.02 is not eight times that of 0.01 is of fourth order.
                #expect(abs(rest(0.02)) < 1e-4 * scale(example.symbol))
                #expect(abs(rest(0.02) - 8 * rest(0.01)) < 1e-5 * scale(example.symbol))
                #expect(abs(rest(0.01)) < 2e-6 * scale(example.symbol))
            }
        }
    }

    /// In the plane n_x = iξ of h = Ω n_x, √γ n₋, √Γ (1 + n_z) n₊: H = 2ξ(Ω − G_d β + G_u α), α, β = n_y ± ξ.
    @Test func lightConeForm() throws {
        let omega = 0.37, down = 1.21, up = 0.64
        let symbol = try preset("bistable-pump").classicalSymbol(["Omega": omega, "gamma": down, "Gamma": up])
        // x₁ along the plane's normal: x₁ = p₁ = 0 is the plane.
        for gauge in Self.exact {
            let chart = Chart(centre: [0, 0.6, 0.8], normal: [1, 0, 0]), hamiltonian = AuxiliaryHamiltonian(symbol, gauge, chart: chart)
            for (w, p) in [(0.3, 0.8), (-1.1, 0.4), (0.9, -1.3), (2.0, 0.2)] {
                let n = chart.laboratory(hamiltonian.spin(SIMD4(0, w, 0, p))), xi = n.im.x
                #expect(abs(n.re.x) + abs(n.im.y) + abs(n.im.z) < 1e-14)
                let expected = 2 * xi * (omega - down * (n.re.y - xi) + up * (1 + n.re.z) * (1 + n.re.z) * (n.re.y + xi))
                #expect(abs(hamiltonian.value(SIMD4(0, w, 0, p)) - expected) < 1e-13)
            }
        }
    }
}
