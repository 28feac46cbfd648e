@testable import Lindblad
import Numbers
import SpinAlgebra
import Testing

/// Where keeping few multipoles does not pay: it must be found out, and the window widened, up to the complete one.
extension SolverTests { @Suite struct TruncationTests {
    /// Hardly damped, coherences live long and reach high l: against the complete window, which is exact.
    @Test(arguments: [(60, 1e-3, 0.6), (70, 2e-2, 1.4), (90, 1e-2, 0.3)])
    func weakDissipation(_ spinCount: Int, _ kappa: Double, _ drive: Double) throws {
        let model = try #require(ModelPreset.named("driven-lmg")).model(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: spinCount, ["kappa": kappa, "Omega": drive])
        let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        guard case .resolved(let state) = solution.outcome else { Issue.record("not resolved"); return }
        let complete = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        let (liouvillian, coefficients) = try solver.assemble(instance, .laboratory, complete)
        let exact = try SteadyStateSolve(liouvillian, spinCount: spinCount, coefficients: coefficients).state(frame: .laboratory)
        for component in [SpinPolynomial.jx, .jy, .jz, .jz * .jz] {
            let scale = component.degree == 2 ? Double(spinCount * spinCount) / 4 : Double(spinCount) / 2
            #expect(abs(state.expectation(component).re - exact.expectation(component).re) <= (1e-8 + 10 * solution.error) * scale)
        }
        #expect(abs(state.purity - exact.purity) < 1e-7)
        // The slowest mode as well: whatever window it needed.
        let mode = try #require(try solver.slowModes(instance, count: 1).modes.first)
        let slowest = try liouvillian.sectors.flatMap { try SlowModes(sector: $0, coefficients: coefficients).nearest(4).modes }
            .filter { $0.eigenvalue.magnitude < 1.5 * mode.eigenvalue.magnitude }
            .min { $0.decayRate < $1.decayRate }
        let expected = try #require(slowest).decayRate
        #expect(abs(mode.decayRate - expected) <= 1e-6 * expected + 10 * mode.error, "gap \(mode.decayRate), complete window \(expected)")
    }

    /// Cats: two-quantum loss keeps parity, so that several states are steady at any N. In a truncated window parity, an
    /// operator of order l = N, is not there to say so.
    @Test(arguments: [110, 160]) func catsAreToldFromOneSteadyState(_ spinCount: Int) throws {
        let model = try Model(hamiltonian: "0.3*Jz", jumps: [("1/j", "Jm^2/j")], parameters: [])
        let solver = try LindbladSolver(model: model), instance = try model.instance(spinCount: spinCount, [:])
        #expect(!WindowPlan(spinCount: spinCount).isComplete, "the window is complete anyway")
        guard case .degenerate(let dimension) = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome else {
            Issue.record("not seen as degenerate"); return
        }
        #expect(dimension == 2)
    }
} }
