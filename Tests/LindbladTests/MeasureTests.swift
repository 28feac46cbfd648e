import Foundation
import LinearAlgebra
import Testing
@testable import Lindblad
import Numbers
import SpinAlgebra

/// Squeezing, Fisher information, entropy and populations against closed forms.
@Suite struct MeasureTests {
    @Test(arguments: [(1, 0.4, 1.0), (7, 1.9, -2.1), (40, 0.9, 0.3), (40, 3.0, 2.0)])
    func coherent(_ spinCount: Int, _ theta: Double, _ phi: Double) throws {
        for frame in [Frame.laboratory, StateExamples.skew] {
            let state = StateExamples.coherent(spinCount, theta: theta, phi: phi, frame: frame), n = Double(spinCount)
            let squeezing = Squeezing(state)
            #expect(abs(squeezing.wineland - 1) < 1e-12 && abs(squeezing.kitagawaUeda - 1) < 1e-12)
            #expect(squeezing.angle.isNaN && squeezing.direction.allSatisfy(\.isNaN))
            let spectrum = try DensitySpectrum(state, withVectors: true)
            let fisher = try spectrum.quantumFisherInformation()
            #expect(abs(fisher.value - n) < 1e-11 * n && fisher.direction.allSatisfy(\.isNaN))
            #expect(abs(spectrum.entropy) < 1e-12 && abs(spectrum.smallest) < 1e-13)
            // Binomial distribution in k = j + m.
            let amplitudes = StateExamples.coherentAmplitudes(spinCount, theta, phi)
            #expect(largestDifference(state.populations, amplitudes.map(\.squaredMagnitude)) < 1e-13)
        }
    }

    /// Initial states for any angles: (θ, φ) and (−θ, φ + π) are one direction, as are (2π − θ, φ + π) and (θ + 2π, φ).
    @Test(arguments: [5, 6]) func coherentInitialStates(_ spinCount: Int) throws {
        let expected = StateExamples.coherent(spinCount, theta: 0.7, phi: 0.4).coefficients
        let turn = 2 * Double.pi
        let angles: [(Double, Double)] = [(0.7, 0.4), (-0.7, 0.4 + turn / 2), (turn - 0.7, 0.4 + turn / 2), (0.7 + turn, 0.4)]
        for (theta, phi) in angles {
            let state = StateExamples.state(try InitialState.coherent(theta: theta, phi: phi).matrix(spinCount: spinCount), spinCount: spinCount)
            #expect(largestDifference(state.coefficients, expected) < 1e-14)
        }
    }

    /// F = N(N+2)/2 − 2m², any axis perpendicular to z: 4⟨Jx²⟩ = 2(j(j+1) − m²).
    @Test(arguments: [(4, 2), (9, 3), (30, 15), (30, 28)]) func dicke(_ spinCount: Int, _ level: Int) throws {
        let state = StateExamples.dicke(spinCount, level: level), n = Double(spinCount), m = Double(level) - n / 2
        let spectrum = try DensitySpectrum(state, withVectors: true), fisher = try spectrum.quantumFisherInformation()
        #expect(abs(fisher.value - (n * (n + 2) / 2 - 2 * m * m)) < 1e-10)
        #expect(fisher.direction.allSatisfy(\.isNaN) && abs(fisher.matrix[2][2]) < 1e-10)
        #expect(abs(spectrum.entropy) < 1e-12)
        #expect(largestDifference(state.populations, (0...spinCount).map { $0 == level ? 1 : 0 }) < 1e-13)
        // Var J_⊥ = (j(j+1) − m²)/2 in all directions.
        let squeezing = Squeezing(state)
        if m == 0 { #expect(squeezing.wineland.isNaN && squeezing.kitagawaUeda.isNaN) } else {
            let variance = (n / 2 * (n / 2 + 1) - m * m) / 2
            #expect(abs(squeezing.kitagawaUeda - 4 * variance / n) < 1e-12 && abs(squeezing.wineland - n * variance / (m * m)) < 1e-11)
            #expect(squeezing.angle.isNaN)
        }
    }

    /// exp(−iχt Jz²) on the coherent state along x: Kitagawa and Ueda, PRA 47, 5138 (1993), section III, with μ = 2χt,
    /// A = 1 − cos^{2j−2} μ, B = 4 sin(μ/2) cos^{2j−2}(μ/2), variances j/2 (1 + ½(j − ½)(A ± √(A² + B²))), δ = ½ arctan(B/A).
    @Test(arguments: [(10, 0.1), (30, 0.05), (30, 0.2), (101, 0.06)]) func oneAxisTwisting(_ spinCount: Int, _ mu: Double) throws {
        let n = Double(spinCount), j = n / 2
        let a = 1 - pow(cos(mu), n - 2), b = 4 * sin(mu / 2) * pow(cos(mu / 2), n - 2), root = (a * a + b * b).squareRoot()
        let amplitudes = StateExamples.coherentAmplitudes(spinCount, .pi / 2, 0).enumerated().map { (k: Int, c: Complex) -> Complex in
            let m = Double(k) - j, phase = -0.5 * mu * m * m
            return c * Complex(cos(phase), sin(phase))
        }
        let state = StateExamples.pure(amplitudes), squeezing = Squeezing(state)
        let least = 1 + 0.5 * (j - 0.5) * (a - root), contrast = pow(cos(mu / 2), n - 1)
        #expect(abs(squeezing.kitagawaUeda - least) < 1e-12)
        #expect(abs(squeezing.wineland - least / (contrast * contrast)) < 1e-12)
        // Mean spin along x: e_θ = −z, e_φ = y. Twisting correlates Jy and Jz positively, so the quiet direction has u_y u_z < 0.
        let delta = 0.5 * atan2(b, a)
        #expect(abs(squeezing.angle - delta) < 1e-9)
        #expect(largestDifference(squeezing.direction, [0, sin(delta), -cos(delta)]) < 1e-9)
        // A pure state: F = 4 max Var, here along the noisy direction.
        let fisher = try DensitySpectrum(state, withVectors: true).quantumFisherInformation()
        #expect(abs(fisher.value - n * (1 + 0.5 * (j - 0.5) * (a + root))) < 1e-9)
        #expect(largestDifference(fisher.direction, [0, cos(delta), sin(delta)]) < 1e-9)
    }

    /// exp(−βJz)/Z: F_xx = 2 tanh(β/2)|⟨Jz⟩| (from Σ (p_m − p_m+1) c_m² = 2⟨−Jz⟩), entropy β⟨Jz⟩ + ln Z.
    @Test(arguments: [0.0, 0.03, 0.9, 8.0]) func thermal(_ beta: Double) throws {
        let spinCount = 24, n = Double(spinCount)
        let weights = (0...spinCount).map { exp(-beta * Double($0)) }, z = weights.reduce(0, +), p = weights.map { $0 / z }
        let mean = p.enumerated().reduce(0) { $0 + (Double($1.offset) - n / 2) * $1.element }
        let state = StateExamples.diagonal(p), spectrum = try DensitySpectrum(state, withVectors: true)
        #expect(abs(spectrum.entropy - (beta * (mean + n / 2) + log(z))) < 1e-12)
        if beta == 0 { #expect(abs(spectrum.entropy - log(n + 1)) < 1e-13) }
        #expect(abs(try spectrum.quantumFisherInformation().value - 2 * tanh(beta / 2) * abs(mean)) < 1e-11)
        #expect(abs(spectrum.smallest - p[spinCount]) < 1e-15)
        #expect(largestDifference(state.populations, p) < 1e-14)
        #expect(Squeezing(state).wineland.isNaN == (beta == 0))
    }

    /// The angle at a mean spin along ±z is counted from x (south) towards y, as documented.
    @Test(arguments: [1.0, -1.0]) func angleAtThePoles(_ sign: Double) throws {
        // 1 + sign·Jz/j + 0.3(Jx² − Jy²)/j² + 0.2(JxJy + JyJx)/j²: least variance where the quadratic form is least.
        let text = "1 + s*Jz/j + 0.3*(Jx^2 - Jy^2)/j^2 + 0.2*(Jx*Jy + Jy*Jx)/j^2"
        let polynomial = try OperatorExpression(parsing: text).polynomial(["N": 6, "j": 3, "s": 0.3 * sign])
        let patch = MultipoleAlgebra<Complex>(spinCount: 6).coefficients(of: polynomial), window = MultipoleWindow(lMax: 6, qMax: 6)
        let scale = 1 / (patch[0, 0].re * 7.0.squareRoot())
        let state = MultipoleState(spinCount: 6, frame: .laboratory, window: window, coefficients: MultipoleBasis(window).multipoles.map { m in
            m.q == 0 ? scale * patch[m.l, m.q].re : 2.0.squareRoot() * scale * (m.part == .cosine ? patch[m.l, m.q].re : patch[m.l, m.q].im)
        })
        // Form 0.3(x² − y²) + 0.4xy = ½ cos 2β, β from x, with tan 2β₀ = 2/3 greatest; least at β₀ + π/2.
        let beta = 0.5 * atan2(0.4, 0.6) + .pi / 2, u = [cos(beta), sin(beta), 0]
        let squeezing = Squeezing(state)
        #expect(abs(abs(Vector.dot(squeezing.direction, u)) - 1) < 1e-12)
        // e_θ = ±x at θ = 0 and π, e_φ = y.
        let expected = [sign * cos(squeezing.angle), sin(squeezing.angle), 0]
        #expect(largestDifference(squeezing.direction, expected) < 1e-12 && squeezing.angle > -.pi / 4 && squeezing.angle <= 0.75 * .pi)
    }

    /// The same mixed state, without symmetries, in two frames.
    @Test(arguments: [3, 8, 21]) func framesAgree(_ spinCount: Int) throws {
        let here = try StateExamples.polynomial(spinCount, frame: .laboratory), there = try StateExamples.polynomial(spinCount, frame: StateExamples.skew)
        #expect(largestDifference(here.coefficients, there.coefficients) > 0.01)
        let (a, b) = (Squeezing(here), Squeezing(there))
        #expect(largestDifference([a.wineland, a.kitagawaUeda, a.angle] + a.direction, [b.wineland, b.kitagawaUeda, b.angle] + b.direction) < 1e-11 && a.angle.isFinite)
        let (s, t) = (try DensitySpectrum(here, withVectors: true), try DensitySpectrum(there, withVectors: true))
        #expect(largestDifference(s.eigenvalues, t.eigenvalues) < 1e-13 && abs(s.entropy - t.entropy) < 1e-12)
        let (f, g) = (try s.quantumFisherInformation(), try t.quantumFisherInformation())
        #expect(largestDifference(f.matrix.flatMap { $0 } + f.direction, g.matrix.flatMap { $0 } + g.direction) < 1e-10 && f.direction[0].isFinite)
        #expect(largestDifference(here.populations, there.populations) < 1e-13)
        #expect(abs(here.wignerNegativity - there.wignerNegativity) < 1e-5)
        for size in [(12, 10), (7, 9), (13, 24)] {
            let grid = SphereGrid(thetaCount: size.0, phiCount: size.1)
            #expect(largestDifference(here.husimi(on: grid), there.husimi(on: grid)) < 1e-13)
            #expect(largestDifference(here.wigner(on: grid), there.wigner(on: grid)) < 1e-12)
        }
    }

    /// Fisher information by its definition, from a full diagonalisation.
    @Test func fisherByDefinition() throws {
        let spinCount = 9, size = 10, j = 4.5, state = try StateExamples.polynomial(spinCount, frame: .laboratory)
        let spectrum = try DensitySpectrum(state, withVectors: true), fisher = try spectrum.quantumFisherInformation()
        // Eigenprojectors are avoided: ∂ρ = −i[J, ρ] = ½(Lρ + ρL) for the symmetric logarithmic derivative L, F_aa = Tr ρL_a².
        let rho = DickeBasis(spinCount: spinCount, window: state.window).matrix(state.coefficients)
        for axis in 0..<3 {
            var generator = [Complex](repeating: .zero, count: size * size)
            for k in 0..<size {
                let m = Double(k) - j, up = (j * (j + 1) - m * (m + 1)).squareRoot()
                if axis == 2 { generator[k * size + k] = Complex(m) } else if k + 1 < size {
                    generator[k * size + k + 1] = axis == 0 ? Complex(up / 2) : Complex(0, -up / 2)
                    generator[(k + 1) * size + k] = generator[k * size + k + 1].conjugate
                }
            }
            func product(_ a: [Complex], _ b: [Complex]) -> [Complex] {
                var c = [Complex](repeating: .zero, count: size * size)
                for column in 0..<size { for inner in 0..<size { for row in 0..<size { c[column * size + row] += a[inner * size + row] * b[column * size + inner] } } }
                return c
            }
            let derivative = zip(product(generator, rho), product(rho, generator)).map { Complex(0, -1) * ($0 - $1) }
            // (1 ⊗ ρ + ρᵀ ⊗ 1) vec L = 2 vec ∂ρ
            var system = [Complex](repeating: .zero, count: size * size * size * size)
            for column in 0..<size {
                for row in 0..<size {
                    let at = (column * size + row) * size * size
                    for k in 0..<size {
                        system[at + column * size + k] += rho[row * size + k]
                        system[at + k * size + row] += rho[k * size + column]
                    }
                }
            }
            let sld = try #require(DenseEigen.solve(system, size: size * size, rightHandSide: derivative.map { 2.0 * $0 }))
            let square = product(rho, product(sld, sld))
            let value = (0..<size).reduce(0.0) { $0 + square[$1 * (size + 1)].re }
            #expect(abs(value - fisher.matrix[axis][axis]) < 1e-9)
        }
    }
}
