import Foundation
@testable import Lindblad
import Numbers
import SpinAlgebra
@testable import Studies
import Testing

/// Measures of solved steady states, and the study that returns them.
///
/// Reference values: QuTiP 5.3.1, `steadystate(H, [√(κ/j) J−], method='direct')` for H = ΩJx + ΔJz + (χ/j)Jz², Ω = 1.2, Δ = 1.6,
/// χ = 2, κ = 1 (preset driven-twisting); `entropy_vn`; `spin_q_function` (N = 60: ⟨n|ρ|n⟩ with `spin_coherent`);
/// `spin_wigner` times √(4π/(N+1)), since QuTiP's W = Σ x_lq Y_lq; populations `rho.diag()`, m ascending; the Fisher matrix by
/// its definition from numpy.linalg.eigh of rho; squeezing from the covariance matrix on the plane normal to the mean spin.
extension SolverTests { @Suite struct SteadyStateMeasureTests {
    private static let parameters = ["Omega": 1.2, "Delta": 1.6, "chi": 2.0, "kappa": 1.0]

    private func steadyState(_ spinCount: Int, _ preset: String = "driven-twisting", _ parameters: [String: Double] = parameters, leak: Double = 1e-12) throws -> MultipoleState {
        let model = try #require(ModelPreset.named(preset)).model(), instance = try model.instance(spinCount: spinCount, parameters)
        let outcome = try LindbladSolver(model: model).steadyState(instance, leakTolerance: leak, errorTolerance: 1e-6).outcome
        guard case .resolved(let state) = outcome else { throw EvaluationError(message: "not resolved") }
        return state
    }

    @Test func small() throws {
        let state = try steadyState(12), grid = SphereGrid(thetaCount: 4, phiCount: 3)
        #expect(largestDifference(state.husimi(on: grid), [
            1.9053880611314e-09, 0.00038258653788254, 5.5149267025263e-05, 0.00027367215019831, 0.053615772990141, 0.0026835017102535,
            0.064477223936256, 0.21440604966556, 0.008568913962175, 0.36662640968906, 0.15285500992868, 0.022189692416644]) < 1e-13)
        #expect(largestDifference(state.wigner(on: grid), [
            0.0017290113494573, 6.8608293296822e-05, -0.00016216948023052, -0.00055966806019493, 0.02030836218485, 0.0001563763117442,
            0.0027646132238442, 0.29754344291291, 0.0034929312758044, 0.48544970531241, 0.065179474709193, 0.0038658402207194]) < 1e-13)
        #expect(largestDifference(state.populations, [
            0.18729878510266, 0.210842017290946, 0.179296229102131, 0.147705626619414, 0.115640562152243, 0.0806272262381064, 0.0473878052840013,
            0.0221100790651171, 0.00743808815435637, 0.00150441084265715, 0.000143679905935547, 5.42754324777701e-06, 6.26991839661363e-08]) < 1e-13)
        let spectrum = try DensitySpectrum(state, withVectors: true), fisher = try spectrum.quantumFisherInformation()
        #expect(abs(spectrum.entropy - 1.07791713558487) < 1e-12 && abs(spectrum.smallest) < 1e-14)
        #expect(abs(fisher.value - 11.291615546728) < 1e-10)
        #expect(largestDifference(fisher.direction, [0.0265738082945, 0.836650732988, 0.547091750718]) < 1e-10)
        let squeezing = Squeezing(state)
        #expect(abs(squeezing.wineland - 2.9782863603102) < 1e-11 && abs(squeezing.kitagawaUeda - 1.8559934280222) < 1e-11)
        #expect(abs(squeezing.angle - 0.286489277992) < 1e-10)
        #expect(largestDifference(squeezing.direction, [-0.434140252691, -0.652174044133, -0.621442883258]) < 1e-10)
    }

    /// Preset bistable-pump, Ω = 0.5, Γ = 0.3, γ = 1, as above: a truncated window in turned axes, nearly coherent.
    @Test func truncatedAndTurned() throws {
        let state = try steadyState(60, "bistable-pump", ["Omega": 0.5, "Gamma": 0.3], leak: 1e-9), grid = SphereGrid(thetaCount: 5, phiCount: 4)
        #expect(state.frame != .laboratory && !state.window.isComplete(spinCount: 60))
        #expect(largestDifference(state.husimi(on: grid), [
            7.4959919463732e-10, 1.7544537160577e-09, 7.4959919463732e-10, 1.401181266068e-09, 9.3617084608097e-11, 4.3765983141713e-09, 9.3617084608097e-11,
            7.6093611977785e-10, 3.0603388906402e-11, 1.5373617408124e-06, 3.0603388906402e-11, 4.5224909519197e-10, 4.9665325848355e-09, 0.045430883089193,
            4.9665325848355e-09, 4.6715793635996e-10, 0.0011925764493915, 0.87281303934524, 0.0011925764493915, 1.4762993394671e-06]) < 1e-11)
        #expect(largestDifference(state.wigner(on: grid), [
            7.014200915117e-10, 1.8878306932147e-09, 7.0142009150201e-10, 1.5195377370008e-09, 8.0696383739723e-11, 4.3729007920338e-09, 8.069637335929e-11,
            7.8523983688059e-10, 2.8306169490826e-11, 1.6210523394234e-07, 2.8306175473338e-11, 4.6137949572079e-10, 3.6574457125913e-11, 0.0092942832646066,
            3.6574481992668e-11, 4.7968404300604e-10, 1.7400135882027e-06, 1.5640046559865, 1.740013588148e-06, 9.6136007082556e-10]) < 1e-10)
        let tenths = stride(from: 0, through: 60, by: 10).map { state.populations[$0] }
        #expect(largestDifference(tenths, [0.0203153025294021, 0.00888374378944846, 3.15702860700841e-06, 1.14479814933288e-08, 1.07820423976944e-09, 6.78971951122535e-10, 1.60881447053285e-09]) < 1e-11)
        let spectrum = try DensitySpectrum(state, withVectors: true), fisher = try spectrum.quantumFisherInformation()
        #expect(abs(spectrum.entropy - 0.134691374312247) < 1e-9 && spectrum.smallest > -1e-11)
        #expect(abs(fisher.value - 63.972317471192) < 1e-8)
        #expect(largestDifference(fisher.direction, [0, 0.86445164476, 0.502715977339]) < 1e-8)
        let squeezing = Squeezing(state)
        #expect(abs(squeezing.wineland - 0.93874028447669) < 1e-9 && abs(squeezing.kitagawaUeda - 0.93646743047666) < 1e-9)
        #expect(abs(squeezing.angle - .pi / 2) < 1e-9)
        #expect(largestDifference(squeezing.direction.map(abs), [1, 0, 0]) < 1e-9)
    }

    @Test func sixtySpins() throws {
        let state = try steadyState(60), grid = SphereGrid(thetaCount: 5, phiCount: 4)
        #expect(largestDifference(state.husimi(on: grid), [
            0, 0, 0, 0, 0, 4.1257608341577e-08, 5.9294406413043e-07, 3.3550683162584e-15, 2.2112973253834e-09, 0.0071104570410915, 0.0027456530036113, 2.6454794940111e-11,
            0.0042164432009931, 0.049623260428299, 0.0045951567146056, 1.922969479156e-10, 0.23342953147254, 0.0081479415525158, 1.4276501956715e-05, 3.6295342831357e-05]) < 1e-11)
        #expect(largestDifference(state.wigner(on: grid), [
            0, 0, 0, 0, -1.4894366077178e-11, -1.4062298965157e-11, 1.8090818695275e-12, 1.4009036257577e-10, -2.1044311139935e-13, 0.00076801351631171, 0.0013625634894256, 1.3440588814638e-10,
            3.0304553370421e-06, 0.048335565059297, 0.0026117721141955, -4.8152696048515e-11, 0.18970081527048, 0.00013320570871765, 1.9117028933033e-07, 5.1373673694685e-09]) < 1e-11)
        let tenths = stride(from: 0, through: 60, by: 10).map { state.populations[$0] }
        #expect(largestDifference(tenths, [0.00996604331871384, 0.0167772354151564, 0.0341380546493781, 0.00239107868785026, 5.98114139896855e-07, 0, 0]) < 1e-11)
        let spectrum = try DensitySpectrum(state, withVectors: true), fisher = try spectrum.quantumFisherInformation()
        #expect(abs(spectrum.entropy - 1.35567648753069) < 1e-9 && spectrum.smallest > -1e-11)
        #expect(abs(fisher.value - 61.964359215926) < 1e-8)
        #expect(largestDifference(fisher.direction.map { -$0 }, [-0.691940127754, -0.567917852378, -0.445744514891]) < 1e-9)
        let squeezing = Squeezing(state)
        #expect(abs(squeezing.wineland - 4.7456743536701) < 1e-9 && abs(squeezing.kitagawaUeda - 2.9490098289768) < 1e-9)
        #expect(abs(squeezing.angle - 0.3761590119496) < 1e-9)
    }

    // MARK: Study

    private func study(_ preset: String, _ options: [String: OptionValue], tolerance: Double = 1e-6) throws -> SteadyStateStudy {
        let model = try #require(ModelPreset.named(preset)).model()
        var tolerances = Tolerances()
        tolerances.state = tolerance
        return try SteadyStateStudy(setup: StudySetup(model: model, options: Options(options), tolerances: tolerances, sweepAxes: ["N", "Gamma", "Omega"]))
    }

    private static let all: OptionValue = .choices(["squeezing", "fisher", "entropy", "populations", "husimi", "wigner", "negativity"])
    private static let sphere: OptionValue = .map(["theta": .integer(7), "phi": .integer(10)])

    /// Every array has its declared shape, and every declared output that belongs to a state is there.
    private func check(_ record: Record, _ study: SteadyStateStudy, spinCount: Int, phases: Bool) {
        for output in study.outputs where output.name != "kernel_dimension" && !output.name.hasPrefix("state") {
            guard let array = record.outputs[output.name] else {
                #expect(output.name.hasSuffix("_phases") != phases, "\(output.name) is missing")
                continue
            }
            let shape = output.axes.map { $0.extent ?? spinCount + 1 }, isFinite = array.data.allSatisfy(\.isFinite)
            #expect(array.shape == shape && isFinite, "\(output.name)")
        }
        #expect(Set(record.outputs.keys).isSubset(of: Set(study.outputs.map(\.name))))
    }

    @Test func measuresAreAddedToKeptStates() throws {
        let point = Point(axes: ["N", "Gamma", "Omega"], values: [20, 0.8, 0.5]), context = StudyContext()
        let bare = try study("bistable-pump", ["keep": .choices(["state"])]), full = try study("bistable-pump", ["keep": .choices(["state"]), "measures": Self.all, "sphere": Self.sphere])
        #expect(Set(full.outputs.map(\.name)).count == full.outputs.count)
        #expect(Set(bare.outputs.map(\.name)).isDisjoint(with: ["husimi", "entropy"]))
        let kept = try bare.run(at: point, in: context), record = try full.run(at: point, in: context)
        #expect(record.status == .ok)
        check(record, full, spinCount: 20, phases: false)
        let completed = try #require(try full.completed(kept, at: point, in: context))
        #expect(Set(completed.outputs.keys) == Set(record.outputs.keys))
        for (name, array) in record.outputs {
            // Near a degenerate direction rounding would show; this point has none.
            #expect(largestDifference(completed.outputs[name]?.data ?? [], array.data) < 1e-10, "\(name)")
        }
        // What is there stays: a marked value survives.
        var marked = record
        marked.outputs["entropy"] = OutputArray(-7)
        marked.outputs["smallest_eigenvalue"] = nil
        let again = try #require(try full.completed(marked, at: point, in: context))
        #expect(again.outputs["entropy"]?.data == [-7] && largestDifference(again.outputs["smallest_eigenvalue"]?.data ?? [], record.outputs["smallest_eigenvalue"]?.data ?? []) < 1e-15)
    }

    @Test func phasesOfAnUnresolvedPoint() throws {
        // More than even double-double can give at a gap of 3.6e-18.
        let full = try study("bistable-pump", ["measures": Self.all, "sphere": Self.sphere], tolerance: 1e-15)
        let record = try full.run(at: Point(axes: ["N", "Gamma", "Omega"], values: [400, 0.839, 0.5]), in: StudyContext())
        #expect(record.status == .unresolved)
        check(record, full, spinCount: 400, phases: true)
        #expect(record.outputs["entropy"] == nil && record.outputs["husimi"] == nil)
        // The lower phase sits in the south, the upper one in the north; both are nearly coherent.
        let husimi = try #require(record.outputs["husimi_phases"]).data, half = husimi.count / 2
        let rows = [husimi.prefix(half), husimi.suffix(half)].map { Array($0) }.map { phase in (phase.firstIndex(of: phase.max() ?? 0) ?? 0) / 10 }
        #expect(rows[0] > 3 && rows[1] < 3)
        let populations = try #require(record.outputs["populations_phases"]).data
        #expect(abs(populations.prefix(401).reduce(0, +) - 1) < 1e-10 && abs(populations.suffix(401).reduce(0, +) - 1) < 1e-10)
        let j = 200.0, mean = populations.prefix(401).enumerated().reduce(0) { $0 + (Double($1.offset) - j) * $1.element } / j
        #expect(abs(mean - -0.86068931) < 2e-8)         // the value of MetastabilityTests
    }

    @Test func spinsBeyondTheMatrixAreRefused() throws {
        let record = try study("bistable-pump", ["measures": .choices(["entropy"])])
            .run(at: Point(axes: ["N", "Gamma", "Omega"], values: [20_000, 0.3, 0.5]), in: StudyContext())
        #expect(record.status == .failed && record.reason.contains("entropy") && record.reason.contains("5000"))
    }
} }
