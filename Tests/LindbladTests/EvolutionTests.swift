import Foundation
@testable import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra
@testable import Studies
import Testing

/// The master equation integrated as it stands: matrices in the Dicke basis, Runge–Kutta of fourth order. Shares nothing with the
/// multipole route.
private struct DenseIntegration {
    let size: Int
    let hamiltonian: (Double) throws -> [[Complex]]
    let jumps: (Double) throws -> [(rate: Double, matrix: [[Complex]])]

    init(_ model: Model, spinCount: Int, _ given: @escaping (Double) -> [String: Double]) {
        size = spinCount + 1
        hamiltonian = { try model.instance(spinCount: spinCount, given($0)).hamiltonian.matrix(spinCount: spinCount) }
        jumps = { try model.instance(spinCount: spinCount, given($0)).jumps.map { ($0.rate, $0.operator.matrix(spinCount: spinCount)) } }
    }

    private func multiply(_ a: [[Complex]], _ b: [[Complex]]) -> [[Complex]] {
        (0..<size).map { i in (0..<size).map { k in (0..<size).reduce(Complex.zero) { $0 + a[i][$1] * b[$1][k] } } }
    }
    private func adjoint(_ a: [[Complex]]) -> [[Complex]] { (0..<size).map { i in (0..<size).map { a[$0][i].conjugate } } }
    private func combine(_ a: [[Complex]], _ s: Complex, _ b: [[Complex]]) -> [[Complex]] { zip(a, b).map { zip($0, $1).map { $0 + s * $1 } } }

    private func derivative(_ rho: [[Complex]], _ t: Double) throws -> [[Complex]] {
        let h = try hamiltonian(t), left = multiply(h, rho), right = multiply(rho, h)
        var sum = (0..<size).map { i in (0..<size).map { Complex(0, -1) * (left[i][$0] - right[i][$0]) } }
        for jump in try jumps(t) {
            let l = jump.matrix, d = adjoint(l), product = multiply(d, l)
            sum = combine(sum, Complex(jump.rate), multiply(l, multiply(rho, d)))
            sum = combine(sum, Complex(-0.5 * jump.rate), multiply(product, rho))
            sum = combine(sum, Complex(-0.5 * jump.rate), multiply(rho, product))
        }
        return sum
    }

    func evolve(_ start: [[Complex]], from begin: Double = 0, to end: Double, steps: Int) throws -> [[Complex]] {
        var rho = start
        let h = (end - begin) / Double(steps)
        for step in 0..<steps {
            let t = begin + h * Double(step)
            let k1 = try derivative(rho, t), k2 = try derivative(combine(rho, Complex(h / 2), k1), t + h / 2)
            let k3 = try derivative(combine(rho, Complex(h / 2), k2), t + h / 2), k4 = try derivative(combine(rho, Complex(h), k3), t + h)
            for (k, weight) in [(k1, h / 6), (k2, h / 3), (k3, h / 3), (k4, h / 6)] { rho = combine(rho, Complex(weight), k) }
        }
        return rho
    }

    /// From column-major with m ascending to rows with m descending.
    static func rows(_ state: MultipoleState) -> [[Complex]] {
        let n = state.spinCount, matrix = state.matrix
        return (0...n).map { row in (0...n).map { matrix[(n - $0) * (n + 1) + n - row] } }
    }

    static func distance(_ a: [[Complex]], _ b: [[Complex]]) -> Double {
        zip(a, b).flatMap { zip($0, $1).map { ($0 - $1).squaredMagnitude } }.reduce(0, +).squareRoot()
    }
}

extension SolverTests { @Suite struct EvolutionTests {
    private func evolve(_ model: Model, _ instance: ModelInstance, _ start: MultipoleState, _ times: [Double], tolerance: Double = 1e-10,
                        schedule: ParameterSchedule? = nil) throws -> (states: [MultipoleState], report: EvolutionReport) {
        var states: [MultipoleState] = []
        let report = try LindbladSolver(model: model).evolve(start, schedule: schedule ?? ParameterSchedule(constant: instance), times: times, tolerance: tolerance) { k, state in
            #expect(k == states.count)
            states.append(state)
        }
        #expect(states.count == times.count)
        return (states, report)
    }

    @Test func randomModelsAgainstRungeKutta() throws {
        var random = Randomness(seed: 77)
        for spinCount in [1, 2, 3, 5] {
            let model = try randomModel(&random), instance = try model.instance(spinCount: spinCount, [:])
            let start = MultipoleState.coherent(spinCount: spinCount, theta: random.real(0...3), phi: random.real(-3...3))
            let (states, report) = try evolve(model, instance, start, [0, 0.3, 0.6])
            let dense = DenseIntegration(model, spinCount: spinCount) { _ in [:] }
            for (state, time) in zip(states, [0, 0.3, 0.6]) {
                let exact = try dense.evolve(DenseIntegration.rows(start), to: time, steps: 2000)
                #expect(DenseIntegration.distance(DenseIntegration.rows(state), exact) < 1e-9)
            }
            #expect(report.steppingError < 1e-9 && report.truncationError == 0)
        }
    }

    /// A drive that rises, a pump that is switched on for a while and a coupling that swings: all three forms, kinks within.
    @Test func varyingParametersAgainstRungeKutta() throws {
        let model = try Model(hamiltonian: "Omega*Jx + Delta*Jz + chi*Jz^2", jumps: [("kappa", "Jm"), ("pump", "Jz")],
                              parameters: [("Omega", "0.3"), ("Delta", "0.2"), ("chi", "0.4"), ("kappa", "0.3"), ("pump", "0.1")])
        let setup = StudySetup(model: model, options: Options([
            "vary": .expressions([.init(name: "Omega", text: "ramp(0.3, Delta + 1, 0.25, 0.5)"), .init(name: "Delta", text: "Delta*cos(3*t)"),
                                  .init(name: "pump", text: "square(0.1, 0.7, 0.5, 0.25)"), .init(name: "kappa", text: "pulse(0.3, 0.5, 0.6, 0.2)")]),
            "times": .numbers([0.3, 1]), "initial": .map(["theta": .text("0.9"), "phi": .text("pi/5")]), "keep": .choices(["state"]), "tolerance": .number(1e-9),
        ]), sweepAxes: ["N"])
        let record = try EvolveStudy(setup: setup).run(at: Point(axes: ["N"], values: [4]), in: StudyContext())
        #expect(record.status == .ok)
        let kept = try #require(record.outputs["final_state"])
        let final = MultipoleState(spinCount: 4, frame: .laboratory, shape: kept.shape,
                                   spherical: stride(from: 0, to: kept.data.count, by: 2).map { Complex(kept.data[$0], kept.data[$0 + 1]) })
        // Piece by piece between the kinks, at which the pump jumps.
        let start = MultipoleState.coherent(spinCount: 4, theta: 0.9, phi: .pi / 5)
        var exact = DenseIntegration.rows(start)
        for (piece, pump) in [0.1, 0.1, 0.8, 0.1].enumerated() {
            let dense = DenseIntegration(model, spinCount: 4) { t in
                ["Omega": t <= 0.25 ? 0.3 : t >= 0.75 ? 1.2 : 0.3 + 0.9 * (t - 0.25) / 0.5, "Delta": 0.2 * cos(3 * t), "chi": 0.4,
                 "kappa": 0.3 + 0.5 * exp(-0.5 * (t - 0.6) * (t - 0.6) / 0.04), "pump": pump]
            }
            exact = try dense.evolve(exact, from: 0.25 * Double(piece), to: 0.25 * Double(piece + 1), steps: 400)
        }
        #expect(DenseIntegration.distance(DenseIntegration.rows(final), exact) < 1e-8)
        #expect(try #require(record.outputs["evolve_error"]).data[0] < 1e-8)
    }

    /// One-axis twisting χJz² from a coherent state along x: Kitagawa and Ueda, PRA 47, 5138 (1993), equations 5 and 6, μ = 2χt,
    /// and ⟨Jx⟩ = j cos^{2j−1}(μ/2); with dephasing of rate γ by Jz ⟨J₊⟩ falls by exp(−γt/2) besides.
    @Test func oneAxisTwisting() throws {
        let spinCount = 150, j = 75.0, model = try Model(hamiltonian: "chi*Jz^2", jumps: [("gamma", "Jz")], parameters: [("chi", "0.02"), ("gamma", "0")])
        let times = [0.0, 0.5, 1, 2]
        for gamma in [0.0, 0.3] {
            let instance = try model.instance(spinCount: spinCount, ["gamma": gamma])
            let (states, _) = try evolve(model, instance, .coherent(spinCount: spinCount, theta: .pi / 2, phi: 0), times)
            for (state, t) in zip(states, times) {
                let mu = 2 * 0.02 * t, spin = j * pow(cos(mu / 2), 2 * j - 1) * exp(-gamma * t / 2)
                #expect(abs(state.expectation(.jx).re - spin) < 1e-8 * j)
                if gamma == 0 {
                    let a = 1 - pow(cos(mu), 2 * j - 2), b = 4 * sin(mu / 2) * pow(cos(mu / 2), 2 * j - 2)
                    let least = 1 + 0.5 * (j - 0.5) * (a - (a * a + b * b).squareRoot())
                    #expect(abs(Squeezing(state).kitagawaUeda - least) < 1e-7)
                }
            }
        }
    }

    /// Superradiance from the pole: the populations of the Dicke levels obey a chain of rate equations, integrated here by
    /// Runge–Kutta. The start is as narrow as a state can be, the flash as wide; N is beyond the complete window.
    @Test func superradiance() throws {
        let spinCount = 300, model = try Model(hamiltonian: "0*Jz", jumps: [("1/N", "Jm")], parameters: [])
        let instance = try model.instance(spinCount: spinCount, [:]), times = [0.0, 3, 6, 9]
        let (states, report) = try evolve(model, instance, try .dicke(spinCount: spinCount, m: 150), times, tolerance: 1e-8)
        let rates = (0...spinCount).map { Double($0 * (spinCount - $0 + 1)) / Double(spinCount) }       // of the level m = k − j downwards
        var p = [Double](repeating: 0, count: spinCount + 1)
        p[spinCount] = 1
        func derivative(_ p: [Double]) -> [Double] { p.indices.map { ($0 < spinCount ? rates[$0 + 1] * p[$0 + 1] : 0) - rates[$0] * p[$0] } }
        let steps = 6000, h = 9 / Double(steps)
        var next = 0
        for step in 0...steps {
            if step == next * steps / 3 {
                let mean = zip(p, 0...spinCount).reduce(0) { $0 + $1.0 * (Double($1.1) - 150) }, variance = zip(p, 0...spinCount).reduce(0) { $0 + $1.0 * pow(Double($1.1) - 150 - mean, 2) }
                let jz = states[next].expectation(.jz).re, jz2 = states[next].expectation(.jz * .jz).re
                #expect(abs(jz - mean) < 1e-6 * 150 && abs(jz2 - jz * jz - variance) < 1e-6 * 150 * 150, "t = \(times[next])")
                next += 1
            }
            let k1 = derivative(p), k2 = derivative(zip(p, k1).map { $0 + h / 2 * $1 }), k3 = derivative(zip(p, k2).map { $0 + h / 2 * $1 })
            let k4 = derivative(zip(p, k3).map { $0 + h * $1 })
            for k in p.indices { p[k] += h / 6 * (k1[k] + 2 * k2[k] + 2 * k3[k] + k4[k]) }
        }
        #expect(report.truncationError < 1e-7)
    }

    /// The window widens where it must: the same evolution with a tolerance a thousand times smaller, N beyond complete windows.
    @Test func windowsWiden() throws {
        let spinCount = 320, model = try #require(ModelPreset.named("bistable-pump")).model()
        let instance = try model.instance(spinCount: spinCount, ["Omega": 0.5, "Gamma": 1.2, "gamma": 1])
        let start = MultipoleState.coherent(spinCount: spinCount, theta: 2.4, phi: 0.4), times = [0.5, 2, 4.0]
        let (rough, report) = try evolve(model, instance, start, times, tolerance: 1e-6)
        let (fine, reference) = try evolve(model, instance, start, times, tolerance: 1e-10)
        #expect(report.window.lMax < spinCount && reference.window.lMax > report.window.lMax)
        for (a, b) in zip(rough, fine) {
            let wide = b.adding(0, b.coefficients), basis = MultipoleBasis(b.window)
            var difference = wide.coefficients
            for (m, x) in zip(MultipoleBasis(a.window).multipoles, a.coefficients) { difference[basis.index(l: m.l, q: m.q, part: m.part)] -= x }
            let distance = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(distance < 2 * (report.truncationError + report.steppingError) + 1e-9 && distance < 2e-6)
        }
    }

    /// A pulse of width 0.03 in a hundred units of time is met whatever times are asked for. Value: the Kronecker
    /// matrix by scipy's DOP853 (rtol 1e-12) in pieces about the pulse; without it ⟨Jz⟩/j is −0.761347.
    @Test func narrowPulse() throws {
        let model = try Model(hamiltonian: "Omega*Jx", jumps: [("0.01", "Jm")], parameters: [("Omega", "0")])
        for times in [[100.0], [0, 43, 100]] {
            let setup = StudySetup(model: model, options: Options([
                "vary": .expressions([.init(name: "Omega", text: "pulse(0, 20, 43.21, 0.03)")]), "times": .numbers(times)]), sweepAxes: ["N"])
            let record = try EvolveStudy(setup: setup).run(at: Point(axes: ["N"], values: [4]), in: StudyContext())
            #expect(abs(try #require(record.outputs["jz_t"]?.data.last) + 0.745455243991228) < 1e-8)
        }
    }

    /// However long it takes, a state that is stationary stays so: the steady state, and no growth by rounding.
    @Test(arguments: [2, 4, 8, 30]) func longTimes(spinCount: Int) throws {
        let model = try Model(hamiltonian: "0.7*Jx + 0.3*Jz", jumps: [("0.3/N", "Jm")], parameters: [])
        let instance = try model.instance(spinCount: spinCount, [:])
        guard case .resolved(let steady) = try LindbladSolver(model: model).steadyState(instance, leakTolerance: 1e-11, errorTolerance: 1e-8).outcome else {
            Issue.record("no steady state")
            return
        }
        let (states, report) = try evolve(model, instance, .coherent(spinCount: spinCount, theta: 0.4, phi: 1), [1e5, 1e12], tolerance: 1e-9)
        for state in states {
            for a in [SpinPolynomial.jx, .jy, .jz] { #expect(abs(state.expectation(a).re - steady.expectation(a).re) < 1e-8 * Double(spinCount)) }
        }
        #expect(report.steppingError < 1e-9)
    }

    // MARK: Starts

    @Test func starts() throws {
        // Ground and thermal states against Gibbs weights of a Hamiltonian that is diagonal along x.
        let h = 0.7 * SpinPolynomial.jx, weights = (0...6).map { exp(-0.7 * (Double($0) - 3) / 0.9) }, z = weights.reduce(0, +)
        let thermal = try MultipoleState.thermal(h, spinCount: 6, temperature: 0.9)
        let mean = zip(weights, 0...6).reduce(0) { $0 + $1.0 * (Double($1.1) - 3) } / z
        #expect(abs(thermal.expectation(.jx).re - mean) < 1e-13 && abs(thermal.purity - weights.reduce(0) { $0 + $1 * $1 } / (z * z)) < 1e-14)
        let ground = try MultipoleState.thermal(h, spinCount: 6, temperature: 0)
        #expect(abs(ground.expectation(.jx).re + 3) < 1e-13 && abs(ground.purity - 1) < 1e-13)
        // Two ground states: an equal mixture.
        let pair = try MultipoleState.thermal(-1 * (SpinPolynomial.jz * .jz), spinCount: 5, temperature: 0)
        #expect(abs(pair.purity - 0.5) < 1e-13 && abs(pair.expectation(.jz * .jz).re - 6.25) < 1e-12)
        // A superposition of two levels of −Jz² − 0.8 Jx points along +z, and that of equal amplitudes with another sign along −z.
        let lipkin = -1 * (SpinPolynomial.jz * .jz) - 0.8 * SpinPolynomial.jx
        let up = try MultipoleState.superposition(lipkin, spinCount: 4, amplitudes: [1, 1]), down = try MultipoleState.superposition(lipkin, spinCount: 4, amplitudes: [1, -1])
        #expect(up.expectation(.jz).re > 1 && abs(up.expectation(.jz).re + down.expectation(.jz).re) < 1e-13 && abs(up.purity - 1) < 1e-13)
        #expect(throws: EvaluationError.self) { try MultipoleState.superposition(-1 * (SpinPolynomial.jz * .jz), spinCount: 5, amplitudes: [1, 1]) }
        #expect(throws: EvaluationError.self) { try MultipoleState.dicke(spinCount: 5, m: 1) }
        // The closed form of a coherent state against its amplitudes.
        for (theta, phi) in [(0.3, 1.1), (2.9, -2.0), (.pi, 0.4), (0, 0)] {
            let closed = MultipoleState.coherent(spinCount: 9, theta: theta, phi: phi)
            let direct = MultipoleState(spinCount: 9, frame: .laboratory, matrix: try InitialState.coherent(theta: theta, phi: phi).matrix(spinCount: 9))
            #expect(zip(closed.coefficients, direct.coefficients).allSatisfy { abs($0 - $1) < 1e-13 })
        }
    }

    // MARK: Regression

    /// After a quench the intensity moves too. Values: the Kronecker matrix by scipy.linalg.expm.
    @Test func bunchingAfterQuench() throws {
        let model = try Model(hamiltonian: "Omega*Jx + 0.3*Jz", jumps: [("1/N", "Jm"), ("0.1", "Jz")], parameters: [("Omega", "1")])
        let start: OptionValue = .map(["state": .text("steady"), "at": .expressions([.init(name: "Omega", text: "3")])])
        let setup = StudySetup(model: model, options: Options(["initial": start, "g2": .text("Jm"), "times": .numbers([0.5, 2])]), sweepAxes: ["N"])
        let record = try EvolveStudy(setup: setup).run(at: Point(axes: ["N"], values: [6]), in: StudyContext())
        let values = try #require(record.outputs["g2_t"]).data
        #expect(abs(values[0] - 1.003939319670011) < 1e-7 && abs(values[1] - 1.0724416049361247) < 1e-7)
        #expect(throws: OptionError.self) {
            try EvolveStudy(setup: StudySetup(model: model, options: Options(["initial": start, "emission": .map([:])]), sweepAxes: ["N"]))
        }
    }

    /// A state that another run has kept goes on from where it was; where there is none the point fails and says so.
    @Test func keptStates() throws {
        struct Kept: KeptStates {
            let record: Record
            func steadyState(archive: String, at values: [String: Double]) throws -> Record {
                guard values["N"] == 12 else { throw InputError(file: archive, "has no steadyState at N = \(values["N"] ?? 0)") }
                return record
            }
        }
        let constants = ["Omega": 0.5, "Gamma": 1.2, "gamma": 1]
        let fixed = try #require(ModelPreset.named("bistable-pump")).model(parameters: constants.map { ($0.key, "\($0.value)") })
        let steady = try SteadyStateStudy(setup: StudySetup(model: fixed, options: Options(["keep": .choices(["state"])]), sweepAxes: ["N"]))
        let point = Point(axes: ["N"], values: [12]), kept = try steady.run(at: point, in: StudyContext())
        let setup = StudySetup(model: fixed, options: Options(["initial": .map(["state": .text("kept"), "archive": .text("x.h5")]), "times": .numbers([0, 3])]), sweepAxes: ["N"])
        let study = try EvolveStudy(setup: setup), context = StudyContext(keptStates: Kept(record: kept))
        let record = try study.run(at: point, in: context), jz = try #require(record.outputs["jz_t"]).data, before = try #require(kept.outputs["jz"]).data[0]
        #expect(record.status == .ok && abs(jz[0] - before) < 1e-12 && abs(jz[1] - before) < 1e-7)
        let missing = try study.run(at: Point(axes: ["N"], values: [13]), in: context)
        #expect(missing.status == .failed && missing.reason.contains("x.h5"))
    }

    /// Resonance fluorescence of one atom with H = Ω Jx and decay rate γ: g2(τ) = 1 − e^{−3γτ/4}(cos μτ + (3γ/4μ) sin μτ) with
    /// μ² = Ω² − γ²/16 (Carmichael and Walls, J. Phys. B 9, 1199 (1976)).
    @Test func antibunching() throws {
        let gamma = 0.8, omega = 2.3, mu = (omega * omega - gamma * gamma / 16).squareRoot()
        let model = try Model(hamiltonian: "Omega*Jx", jumps: [("gamma", "Jm")], parameters: [("Omega", "2.3"), ("gamma", "0.8")])
        let setup = StudySetup(model: model, options: Options([
            "initial": .map(["state": .text("steady")]), "until": .number(5), "points": .integer(26), "g2": .text("Jm"), "correlation": .map(["first": .text("Jp"), "second": .text("Jm")]),
            "emission": .map(["from": .number(-40), "to": .number(40), "points": .integer(4001)]),
        ]), sweepAxes: ["N"])
        let record = try EvolveStudy(setup: setup).run(at: Point(axes: ["N"], values: [1]), in: StudyContext())
        #expect(record.status == .ok)
        for (k, value) in try #require(record.outputs["g2_t"]).data.enumerated() {
            let tau = Double(k) * 0.2
            let exact = 1 - exp(-0.75 * gamma * tau) * (cos(mu * tau) + 0.75 * gamma / mu * sin(mu * tau))
            #expect(abs(value - exact) < 1e-9)
        }
        // ∫S dω = ⟨J₊J₋⟩ − |⟨J₋⟩|²; Lorentzian tails beyond ±40 hold the rest. ⟨J₊(0) J₋(0)⟩ = Ω²/(γ² + 2Ω²).
        let spectrum = try #require(record.outputs["emission"]).data, coherent = try #require(record.outputs["emission_coherent"]).data[0]
        let excited = omega * omega / (gamma * gamma + 2 * omega * omega)
        #expect(abs(try #require(record.outputs["correlation_t"]).data[0] - excited) < 1e-12)
        // |⟨J₋⟩|² = Ω²γ²/(γ² + 2Ω²)²
        #expect(abs(coherent - pow(omega * gamma / (gamma * gamma + 2 * omega * omega), 2)) < 1e-12)
        let integral = 0.02 * (spectrum.reduce(0, +) - 0.5 * (spectrum[0] + spectrum[4000]))
        #expect(abs(integral - (excited - coherent)) < 2e-3 * excited)
        // The triplet of Mollow, Phys. Rev. 188, 1969 (1969): its poles are those of the Bloch equations, and it is symmetric.
        #expect((0...4000).allSatisfy { abs(spectrum[$0] - spectrum[4000 - $0]) < 1e-12 && spectrum[$0] > 0 })
        #expect(abs(spectrum[2000] - mollow(0, omega, gamma)) < 1e-10 && abs(spectrum[2115] - mollow(2.3, omega, gamma)) < 1e-10)
    }

    /// (1/π) Re Tr[J₋ (−iω − L)⁻¹ (ρJ₊ − ⟨J₊⟩ρ)] from the Bloch equations for the vector (⟨J₋⟩, ⟨J₊⟩, ⟨Jz⟩), by Cramer's rule.
    private func mollow(_ frequency: Double, _ omega: Double, _ gamma: Double) -> Double {
        // d/dt (s₋, s₊, s_z) = M s + (0, 0, −γ/2): s₋' = −γ/2 s₋ + iΩ s_z, s₊' = −γ/2 s₊ − iΩ s_z, s_z' = iΩ/2 (s₋ − s₊)·… − γ s_z.
        let i = Complex.i
        let m: [[Complex]] = [[Complex(-gamma / 2), .zero, omega * i], [.zero, Complex(-gamma / 2), -omega * i], [0.5 * omega * i, -0.5 * omega * i, Complex(-gamma)]]
        let denominator = gamma * gamma + 2 * omega * omega
        let sz = -gamma * gamma / denominator / 2, minus = Complex(0, 2 * omega * sz / gamma), plus = minus.conjugate, excited = 0.5 + sz
        // Fluctuations ⟨J₊ X⟩ − ⟨J₊⟩⟨X⟩ for X = J₋, J₊, Jz; J₊Jz = −J₊/2.
        let start: [Complex] = [Complex(excited) - plus * minus, -plus * plus, -0.5 * plus - plus * Complex(sz)]
        var a = m.map { $0.map { -$0 } }
        for k in 0..<3 { a[k][k] -= frequency * i }
        func determinant(_ a: [[Complex]]) -> Complex {
            a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0])
        }
        var replaced = a
        for k in 0..<3 { replaced[k][0] = start[k] }
        let d = determinant(a), ratio = (1 / d.squaredMagnitude) * (determinant(replaced) * d.conjugate)
        return ratio.re / .pi
    }
} }
