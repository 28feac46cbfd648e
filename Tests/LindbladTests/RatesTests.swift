import Foundation
@testable import Lindblad
import Numbers
import SpinAlgebra
@testable import Studies
import Testing

/// Classical rates of driven models against what was computed outside of macrospin: gaps and steady-state ratios in quadruple
/// precision, barriers from instantons (model T = preset bistable-pump, model K = preset driven-twisting).
extension SolverTests { @Suite struct RatesTests {
    static func chain(_ solver: LindbladSolver, _ spinCount: Int, _ parameters: [String: Double], states: Int = 2) throws -> MetastableRates {
        let instance = try solver.model.instance(spinCount: spinCount, parameters)
        guard case .resolved(let chain) = try solver.metastableRates(instance, states: states) else { throw EvaluationError(message: "not resolved") }
        return chain
    }

    private func solver(_ preset: String = "bistable-pump") throws -> LindbladSolver {
        try LindbladSolver(model: #require(ModelPreset.named(preset)).model())
    }

    /// ln k(N) − ln k(N + 2) from the lower state up and back, with the estimated error of the worse.
    private func barriers(_ solver: LindbladSolver, _ spinCount: Int, _ parameters: [String: Double]) throws -> (up: Double, down: Double, error: Double) {
        let here = try Self.chain(solver, spinCount, parameters), next = try Self.chain(solver, spinCount + 2, parameters)
        let errors = [here, next].map { max($0.errors[0][1] / $0.rates[0][1], $0.errors[1][0] / $0.rates[1][0]) }
        return (log(here.rates[0][1] / next.rates[0][1]), log(here.rates[1][0] / next.rates[1][0]), errors[0] + errors[1])
    }

    @Test(arguments: [
        (0.5, 0.8, 20, 0.08378449435657953), (0.5, 0.83, 120, 3.894429711964367e-06), (0.5, 1.2, 80, 0.0006355392691986401),
        (0.5, 1.2, 160, 6.682875702522959e-06), (0.25, 0.9, 120, 1.8800847094013993e-12), (0.25, 1.1, 80, 7.55217523965753e-12),
    ])
    func ratesAddUpToTheGap(_ drive: Double, _ pump: Double, _ spinCount: Int, _ gap: Double) throws {
        let solver = try solver(), chain = try Self.chain(solver, spinCount, ["Omega": drive, "Gamma": pump])
        let sum = chain.rates[0][1] + chain.rates[1][0]
        #expect(abs(sum / gap - 1) < 2e-12)
        let own = try solver.slowModes(solver.model.instance(spinCount: spinCount, ["Omega": drive, "Gamma": pump]), count: 1).modes[0]
        #expect(abs(sum - own.decayRate) <= 4 * own.error)
        #expect(abs(chain.weights[0] * chain.rates[0][1] / (chain.weights[1] * chain.rates[1][0]) - 1) < 1e-14)
        for row in chain.rates { #expect(abs(row[0] + row[1]) <= 1e-15 * max(abs(row[0]), abs(row[1]))) }
    }

    /// No reflection symmetry, complex coherences.
    @Test(arguments: [(1.2, 60, 0.006734813636411062), (1.15, 80, 0.003933507435162842), (1.25, 40, 0.03633739490336896)])
    func twisting(_ drive: Double, _ spinCount: Int, _ gap: Double) throws {
        let solver = try solver("driven-twisting")
        let chain = try Self.chain(solver, spinCount, ["Omega": drive, "Delta": 1.6, "chi": 2, "kappa": 1])
        #expect(abs((chain.rates[0][1] + chain.rates[1][0]) / gap - 1) < 1e-11)
    }

    /// Steady-state ratio Q(z_S)/Q(z_N) at the classical attractors, N over N + 2, of the reference in quadruple precision: from
    /// the weights and the Husimi functions of the two states. With the states' own spins left as they are the weights alone
    /// give the same to order 1/j².
    @Test(arguments: [(0.5, 0.8, 60, -0.031335967707814216), (0.5, 1.6, 60, 0.7931060959743128), (0.25, 2.0, 60, 0.9537944790339168),
                      (0.25, 0.7, 60, -0.6176364404980639), (0.25, 2.0, 30, 0.9593499821088951), (0.25, 0.7, 30, -0.6167111488947299)])
    func steadyStateRatio(_ drive: Double, _ pump: Double, _ spinCount: Int, _ expected: Double) throws {
        let solver = try solver(), parameters = ["Omega": drive, "Gamma": pump]
        // dθ/dt = −Ω + (1 − Γ(1 + cos θ)²) sin θ for n = (0, sin θ, cos θ).
        func root(_ first: Double, _ last: Double) -> Double {
            var (a, b) = (first, last)
            func velocity(_ t: Double) -> Double { -drive + (1 - pump * (1 + cos(t)) * (1 + cos(t))) * sin(t) }
            for _ in 0..<200 {
                let middle = 0.5 * (a + b)
                if (velocity(middle) > 0) == (velocity(a) > 0) { a = middle } else { b = middle }
            }
            return 0.5 * (a + b)
        }
        // South: θ below π. North: θ < 0, where the pump turns.
        let south = root(.pi, .pi - 1.3 * asin(drive) - 0.05), north = root(0, -1)
        func husimi(_ state: MultipoleState, _ angle: Double) -> Double {
            let theta = abs(angle), grid = SphereGrid(theta: [min(theta, .pi - theta), max(theta, .pi - theta)], weights: [1, 1], phiCount: 4)
            return state.husimi(on: grid)[(theta < 0.5 * .pi ? 0 : 4) + (angle > 0 ? 1 : 3)]
        }
        func logarithm(_ count: Int) throws -> (weights: Double, husimi: Double, least: Double) {
            let chain = try Self.chain(solver, count, parameters), weights = chain.weights
            // The steady state is the states' mixture.
            func mixture(_ angle: Double) -> Double { weights[0] * husimi(chain.states[0], angle) + weights[1] * husimi(chain.states[1], angle) }
            return (log(weights[0] / weights[1]), log(mixture(south) / mixture(north)), weights.min()!)
        }
        let here = try logarithm(spinCount), next = try logarithm(spinCount + 2)
        // Rounding of the mixture: 1e-14 or 2e-14, depending on OpenBLAS's kernels.
        #expect(abs(here.husimi - next.husimi - expected) < 1e-8 + 4e-14 / next.least)
        #expect(abs(here.weights - next.weights - expected) < 12 / Double(spinCount * spinCount))
    }

    /// Both barriers, the greater one from a rate up to 1e-15 of the gap, extrapolated in 1/(j + 1/2)² (mid-way between N and N + 2).
    @Test(arguments: [(0.25, 2.0, 60, 80, 0.395525, 1.347633), (0.5, 1.2, 120, 160, 0.114223644489, 0.535513044553), (0.25, 0.9, 80, 100, 0.716201613571, 0.443766736692)])
    func barriersOfInstantons(_ drive: Double, _ pump: Double, _ small: Int, _ large: Int, _ up: Double, _ down: Double) throws {
        let solver = try solver()
        let a = try barriers(solver, small, ["Omega": drive, "Gamma": pump]), b = try barriers(solver, large, ["Omega": drive, "Gamma": pump])
        let s = Double(small + 1) * Double(small + 1), l = Double(large + 1) * Double(large + 1)
        func limit(_ x: Double, _ y: Double) -> Double { (l * y - s * x) / (l - s) }
        #expect(abs(limit(a.up, b.up) - up) < 5e-5)
        #expect(abs(limit(a.down, b.down) - down) < 5e-5)
        #expect(b.error < 1e-4)
    }

    /// With the left mode's extreme eigenvalues, in the formula of the paper; in double precision, where that is enough.
    @Test(arguments: [(0.5, 0.8, 30), (0.5, 1.0, 40), (0.25, 0.9, 24)])
    func extremeEigenvalues(_ drive: Double, _ pump: Double, _ spinCount: Int) throws {
        let solver = try solver(), instance = try solver.model.instance(spinCount: spinCount, ["Omega": drive, "Gamma": pump])
        let chain = try Self.chain(solver, spinCount, ["Omega": drive, "Gamma": pump])
        let modes = try solver.slowModes(instance, count: 1), mode = modes.modes[0]
        let (liouvillian, coefficients) = try solver.assemble(instance, modes.frame, modes.window)
        let solve = try SteadyStateSolve(liouvillian, spinCount: spinCount, coefficients: coefficients)
        let v = mode.right.map(\.re), w = mode.left.map(\.re), product = zip(v, w).reduce(0) { $0 + $1.0 * $1.1 }
        var full = [Double](repeating: 0, count: liouvillian.basis.count)
        for index in 1..<full.count where liouvillian.home[index].sector == 0 { full[index] = w[liouvillian.home[index].place] / product }
        let range = try DickeBasis(spinCount: spinCount, window: modes.window).extremeEigenvalues(full)
        let mean = zip(w, solve.x).reduce(0) { $0 + $1.0 * $1.1 } / product
        // The state at the upper end is the one of greater ⟨Jz⟩ if the right mode has ⟨Jz⟩ > 0.
        let isUp = solve.state(frame: modes.frame, adding: v, weight: 1).expectation(.jz).re > solve.state(frame: modes.frame).expectation(.jz).re
        let upper = (mean - range.least) / (range.greatest - range.least), weight = isUp ? upper : 1 - upper
        #expect(abs(chain.rates[0][1] / (mode.decayRate * weight) - 1) < 4 / chain.separationRatio)
        #expect(abs(chain.rates[1][0] / (mode.decayRate * (1 - weight)) - 1) < 4 / chain.separationRatio)
    }

    /// The slow mode belongs to another sector than the steady state: broken symmetry, equal weights.
    @Test func brokenSymmetry() throws {
        let chain = try Self.chain(solver("lmg-dephasing"), 100, ["h": 0.5, "V": 2, "kappa": 0.2, "kappa_z": 0.3])
        let half = 9.413268279291853e-06 / 2
        #expect(abs(chain.rates[0][1] / half - 1) < 1e-9 && abs(chain.rates[1][0] / half - 1) < 1e-9)
        #expect(abs(chain.weights[0] - 0.5) < 1e-9)
        #expect(chain.spins[0][0] < -0.3 && abs(chain.spins[0][0] + chain.spins[1][0]) < 1e-9)
    }

    /// A wider window must not move the rates by more than their errors.
    @Test func windowsAgree() throws {
        let solver = try solver(), instance = try solver.model.instance(spinCount: 160, ["Omega": 0.5, "Gamma": 1.2])
        guard case .resolved(let usual) = try solver.metastableRates(instance, states: 2),
              case .resolved(let wide) = try solver.metastableRates(instance, states: 2, from: MultipoleWindow(lMax: 160, qMax: 90)) else { Issue.record("not resolved"); return }
        #expect(usual.window != wide.window)
        for (i, j) in [(0, 1), (1, 0)] { #expect(abs(usual.rates[i][j] - wide.rates[i][j]) <= usual.errors[i][j] + wide.errors[i][j]) }
    }

    // MARK: The study

    private func record(_ spinCount: Int, _ drive: Double, _ pump: Double, _ options: [String: OptionValue] = [:]) throws -> Record {
        let model = try #require(ModelPreset.named("bistable-pump")).model()
        let study = try RatesStudy(setup: StudySetup(model: model, options: Options(options), sweepAxes: ["N", "Omega", "Gamma"]))
        return try study.run(at: Point(axes: ["N", "Omega", "Gamma"], values: [Double(spinCount), drive, pump]), in: StudyContext())
    }

    /// Where one barrier is low, what counts as its phase still changes with N: the other one's estimator, extrapolated in
    /// 1/(j + ½)², misses the instanton by far more than rounding, and by no more than its error says.
    @Test func ambiguityCountsAsError() throws {
        let expected = 0.8628401158333112
        func estimate(_ spinCount: Int) throws -> (value: Double, error: Double, rounding: Double) {
            let outputs = try record(spinCount, 0.5, 1.6).outputs
            let rate = try #require(outputs["rate"]).data[2], rounding = try #require(outputs["rate_error"]).data[2] / rate
            return (try #require(outputs["barrier_estimate"]).data[2], try #require(outputs["barrier_estimate_error"]).data[2], rounding)
        }
        let a = try estimate(80), b = try estimate(100), s = 81.0 * 81, l = 101.0 * 101
        let miss = abs((l * b.value - s * a.value) / (l - s) - expected)
        func combined(_ x: Double, _ y: Double) -> Double { ((s * x) * (s * x) + (l * y) * (l * y)).squareRoot() / (l - s) }
        #expect(miss > 20 * combined(a.rounding, b.rounding))
        #expect(miss < combined(a.error, b.error) && miss > 0.1 * combined(a.error, b.error))
    }

    @Test func studyFollowsThePoint() throws {
        let found = try record(40, 0.25, 0.9)
        #expect(found.status == .ok && found.reason.isEmpty)
        let rate = try #require(found.outputs["rate"]), barrier = try #require(found.outputs["barrier_estimate"])
        #expect(rate.shape == [2, 2] && rate.data[0] == -rate.data[1] && rate.data[3] == -rate.data[2])
        #expect(barrier.data[0].isNaN && barrier.data[3].isNaN)
        #expect(abs(barrier.data[1] - 0.7162) < 2e-3 && abs(barrier.data[2] - 0.4438) < 2e-3)
        #expect(found.outputs["metastable_spin"]?.shape == [2, 3])
        #expect(try record(40, 0.25, 0.9, ["estimator": .flag(false)]).outputs["barrier_estimate"] == nil)
    }

    /// exp(−1.35 j) at j = 50 is below all precision: not a number, and a reason.
    @Test func lostRatesAreNotNumbers() throws {
        let found = try record(100, 0.25, 2)
        #expect(found.status == .unresolved && found.reason.contains("2 to 1"))
        let rate = try #require(found.outputs["rate"]).data
        #expect(abs(rate[1] / 1.8082873465536e-10 - 1) < 1e-9 && rate[2].isNaN && rate[3].isNaN)
        #expect(try #require(found.outputs["metastable_weight"]).data[0].isNaN)
        let barrier = try #require(found.outputs["barrier_estimate"]).data
        #expect(abs(barrier[1] - 0.395525) < 1e-3 && barrier[2].isNaN)
    }

    @Test func onePhaseHasNoRates() throws {
        let found = try record(60, 0.5, 0.2)
        #expect(found.status == .unresolved && found.reason.contains("separation"))
        #expect(found.outputs["rate"] == nil && (found.outputs["separation_ratio"]?.data[0] ?? 9) < 3)
    }
} }
