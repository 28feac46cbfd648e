import Foundation
import LinearAlgebra
import Mesoscopic
import SpinAlgebra

/// Leggett–Garg tests of the tunnel doublet of the mesoscopic LMG model: `docs/leggett-garg.md`.
public struct LeggettGargStudy: Study {
    public static let name = "leggettGarg"
    public static let summary = "Leggett-Garg K3 of sgn(Jz) for the doublet of the LMG model: correlators, thresholds, optimum, controls"
    public static let options: [OptionSpec] = [
        OptionSpec("initial", .choice(LeggettGargOptions.initialStates), default: .text("ground"),
                   help: "state at first: E0, thermal (input temperature), mixture of E0 and E1, or populations or amplitudes (option weights)"),
        OptionSpec("weights", .numbers(count: 1...100_000), help: "of E0, E1, … with initial: populations or amplitudes, such as [0.5, 0.5]"),
        OptionSpec("dissipator", .choice(LeggettGargDamping.Dissipator.allCases.map(\.rawValue)), default: .text("trunc"),
                   help: "trunc: by the square of Jz cut down to the levels, keeps the trace; proj: by Jz^2 cut down, at most 12 levels"),
        OptionSpec("relaxationChannel", .choice(LeggettGargDamping.Relaxation.allCases.map(\.rawValue)), default: .text("doublet"),
                   help: "what the input relaxation acts by: |E0><E1|, or the part of Jz that lowers the energy (at most 12 levels)"),
        OptionSpec("signAtZero", .integer(0...1), default: .integer(0), help: "sgn 0 (even N)"),
        OptionSpec("coupling", .number(1e-300...1e300), default: .number(LipkinInputs.defaultRadiansPerSecond),
                   help: "J/hbar in rad/s, for temperatures and rates per second"),
        OptionSpec("tolerance", .number(1e-12...1e-2), default: .number(1e-9), help: "estimated error of K3 beyond which a point is not_converged"),
        OptionSpec("optimum", .flag, default: .flag(false), help: "also the greatest K3 for tau up to 2 tau0"),
        OptionSpec("thresholds", .flag, default: .flag(false), help: "also the dephasing rates at which K3 falls to 1"),
        OptionSpec("curve", .integer(0...2000), default: .integer(0), help: "number of values of tau up to 2 tau0 at which K3 is given"),
        OptionSpec("attribution", .flag, default: .flag(false), help: "also levels A, B, C, secular five levels and two levels with counter-rotating terms"),
        OptionSpec("macrorealist", .flag, default: .flag(false), help: "also K3 of a spin that hops between eigenstates of Jz"),
        OptionSpec("convergence", .numbers(count: 1...1000), help: "numbers of levels at which K3 (and the thresholds) are repeated, such as [2, 3, 5, 10]"),
        OptionSpec("goldilocks", .numbers(count: 1...1000), help: "temperatures in nK for which the N with splitting kT is given, such as [1, 5, 10]"),
    ]
    public static let inputs = [
        InputSpec(name: "levels", meaning: "number of lowest levels, 2 to N + 1; all unless given"),
        InputSpec(name: "tau", meaning: "interval between measurements in units of tau0 = pi/(3 splitting); 1 unless given"),
        InputSpec(name: "temperature", meaning: "of initial: thermal, in nK"),
        InputSpec(name: "relaxation", meaning: "rate of E1 -> E0 by the relaxation, in the job's unit of rate; 0 unless given"),
    ]

    /// In units of τ0: work and rounding go with it.
    private static let greatestInterval = 1000.0

    private let model: Model
    private let constants: [String: Double]
    private let options: LeggettGargOptions
    public let axes: [String]
    public var costAxes: [String] { axes.filter { $0 == "N" || $0 == "leggettGarg.levels" } }

    public init(setup: StudySetup) throws {
        model = setup.model
        constants = setup.constants
        let inputs = Self.inputs.map { "\(Self.name).\($0.name)" }
        options = try LeggettGargOptions(Self.reader(setup.options), givenInputs: setup.sweepAxes.filter(inputs.contains) + setup.constants.keys)
        axes = setup.sweepAxes.filter { (LindbladInputs.axes(setup) + inputs).contains($0) }
    }

    public var outputs: [OutputSpec] { options.outputs }

    public func cost(at point: Point) -> Cost {
        let (spins, levels) = size(at: point)
        // Measured: half a second for all levels of N = 370, which splitting takes in time n².
        let one = levels > 12 ? 1e-3 + 4e-6 * levels * levels : 2e-6 * pow(levels, 3)
        let repeated = options.convergence.reduce(0) { $0 + 4e-6 * Double($1 * $1) }
        let many = 1 + (options.seeksThresholds ? 12 : 0) + (options.seeksOptimum ? 24 : 0) + (options.curveCount > 0 ? 4 : 0)
        let matrices = 1.2e-9 * levels * levels * spins, hopping = options.wantsMacrorealist ? 3e-7 * spins * spins : 0
        let others = (options.wantsAttribution ? 0.05 : 0) + 2e-5 * spins * Double(options.temperatures.count)
        let longer = max(1, constants.merging(point.dictionary) { $1 }["leggettGarg.tau"] ?? 1)
        return Cost(seconds: longer * one * Double(many) + longer * repeated * (options.seeksThresholds ? 12 : 1) + matrices + hopping + others)
    }

    private func size(at point: Point) -> (spins: Double, levels: Double) {
        let given = constants.merging(point.dictionary) { $1 }, spins = given["N"] ?? 1
        return (spins, min(given["leggettGarg.levels"] ?? .infinity, spins + 1))
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        let sizes = samples.map { point -> Double in
            let (spins, levels) = size(at: point)
            return 8 * (12 * levels * levels + levels * spins + (options.wantsMacrorealist ? 3 * spins * spins : 0))
        }
        let kept = sizes.max() ?? 0
        return Memory(peak: 2 * kept, kept: kept)
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed { try self.record(at: point, context.service { LeggettGargMemory() }) }
    }

    private func record(at point: Point, _ memory: LeggettGargMemory) throws -> Record {
        let given = constants.merging(point.dictionary) { $1 }
        func input(_ name: String) -> Double? { given["\(Self.name).\(name)"] }
        let lipkin = try LipkinInputs(LindbladInputs.instance(model, point, constants)), J = lipkin.coupling
        guard lipkin.otherJumps.isEmpty else {
            throw EvaluationError(message: "the Leggett-Garg test knows jump operators proportional to Jz only, and its own relaxation")
        }
        let levels = input("levels") ?? Double(lipkin.model.spinCount + 1), tau = input("tau") ?? 1, relaxation = (input("relaxation") ?? 0) / J
        guard levels >= 2, levels == levels.rounded(), levels < 1e6 else {
            throw EvaluationError(message: "the number of levels must be whole and 2 or more, found \(levels)")
        }
        guard tau > 0, tau <= Self.greatestInterval else {
            throw EvaluationError(message: "the interval tau must be positive and at most \(Self.greatestInterval), in units of tau0, found \(tau)")
        }
        let temperature = input("temperature") ?? 0
        guard temperature >= 0 else { throw EvaluationError(message: "the temperature \(temperature) nK is negative") }
        guard relaxation >= 0 else { throw EvaluationError(message: "the rate of relaxation is negative") }
        let system = try memory.system(lipkin.model, levels: Int(levels), signAtZero: options.signAtZero)
        let state = options.state(kelvin: temperature * 1e-9)
        let damping = LeggettGargDamping(dephasing: lipkin.dephasing / J, dissipator: options.dissipator,
                                         relaxationRate: relaxation, relaxation: options.relaxation)
        let test = try LeggettGarg(system, state: state, damping: damping, tolerance: options.tolerance), interval = tau * system.interval
        let k3 = try test.correlators(interval: interval), undamped = try memory.undamped(test, interval)
        var outputs: [String: OutputArray] = [
            "k3_honest": OutputArray(k3.honest), "k3_stationary": OutputArray(k3.stationary),
            "k3_c12": OutputArray(k3.c12), "k3_c23": OutputArray(k3.c23), "k3_c13": OutputArray(k3.c13), "k3_error": OutputArray(k3.error), "k3_trace_error": OutputArray(k3.traceError),
            "k3_undamped": OutputArray(undamped.honest), "k3_levels": OutputArray(Double(system.count)), "k3_interval": OutputArray(interval / J),
            "k3_interval_seconds": OutputArray(interval / options.coupling), "k3_splitting": OutputArray(system.splitting * J),
            "t2_over_tau": OutputArray(1 / (damping.dephasing * system.coherenceFactor * interval)),
        ]
        if options.seeksThresholds {
            let found = try memory.thresholds(test, interval)
            for evaluation in LeggettGarg.Evaluation.allCases {
                let rate = found[evaluation] ?? .nan
                outputs["gamma_threshold_\(evaluation.rawValue)"] = OutputArray(rate * J)
                outputs["gamma_threshold_\(evaluation.rawValue)_per_second"] = OutputArray(rate * options.coupling)
            }
        }
        if options.seeksOptimum {
            for (evaluation, best) in try test.optima(longest: 2 * system.interval) {
                outputs["tau_optimal_\(evaluation.rawValue)"] = OutputArray(best.interval / system.interval)
                outputs["k3_optimal_\(evaluation.rawValue)"] = OutputArray(best.value)
            }
        }
        if options.curveCount > 0 {
            let curve = try test.curve(longest: 2 * system.interval, count: options.curveCount)
            for evaluation in LeggettGarg.Evaluation.allCases {
                outputs["k3_curve_\(evaluation.rawValue)"] = OutputArray(curve.map { $0.value(evaluation) })
            }
            outputs["k3_curve_error"] = OutputArray(curve.map(\.error))
        }
        if options.wantsAttribution {
            let rates = LeggettGargOptions.pictures(try memory.dephasingLevels(lipkin.model))
            outputs["dephasing_level"] = OutputArray(rates.map { $0 * J })
            outputs["dephasing_level_per_second"] = OutputArray(rates.map { $0 * options.coupling })
            outputs["dephasing_level_ratio"] = OutputArray(rates.map { $0 / rates[1] })
        }
        if options.wantsMacrorealist {
            outputs["k3_macrorealist"] = OutputArray(try test.macrorealist(interval: interval, signAtZero: options.signAtZero).honest)
        }
        if !options.temperatures.isEmpty {
            outputs["goldilocks_n"] = OutputArray(try options.temperatures.map { nanokelvin in
                let energy = options.energy(kelvin: nanokelvin * 1e-9)
                return try memory.thermalSpinCount(transverseField: lipkin.model.transverseField, temperature: energy) ?? .nan
            })
        }
        if !options.convergence.isEmpty { for (name, values) in try convergence(test, tau, memory) { outputs[name] = OutputArray(values) } }
        guard k3.error <= options.tolerance else {
            return Record(status: .notConverged, reason: "the estimated error of K3, \(k3.error), is beyond the tolerance", outputs: outputs)
        }
        return Record(status: .ok, outputs: outputs)
    }

    /// NaN for more levels than there are, for fewer than the initial state has, and for what needs dense matrices of too many.
    private func convergence(_ test: LeggettGarg, _ tau: Double, _ memory: LeggettGargMemory) throws -> [String: [Double]] {
        var lists: [String: [Double]] = [:]
        for count in options.convergence {
            var values = Correlators(c12: .nan, c23: .nan, c13: .nan, error: .nan), rates: [LeggettGarg.Evaluation: Double] = [:]
            if count <= test.system.model.spinCount + 1 {
                let system = try memory.system(test.system.model, levels: count, signAtZero: options.signAtZero), interval = tau * system.interval
                do {
                    let other = try LeggettGarg(system, state: test.state, damping: test.damping, tolerance: test.tolerance)
                    values = try other.correlators(interval: interval)
                    if options.seeksThresholds { rates = try memory.thresholds(other, interval) }
                } catch is EvaluationError {}          // the state or the damping does not go with so many levels
            }
            lists["k3_convergence_error", default: []].append(values.error)
            for evaluation in LeggettGarg.Evaluation.allCases {
                lists["k3_convergence_\(evaluation.rawValue)", default: []].append(values.value(evaluation))
                if options.seeksThresholds {
                    lists["gamma_convergence_\(evaluation.rawValue)_per_second", default: []].append((rates[evaluation] ?? .nan) * options.coupling)
                }
            }
        }
        return lists
    }
}

/// What a worker keeps between points that differ in what does not matter to it: thresholds do not depend on γ. It changes no bit.
private final class LeggettGargMemory {
    private struct Key: Hashable {
        let model: LipkinModel, levels: Int, signAtZero: Double
    }
    private struct TestKey: Hashable {
        let system: Key, state: LeggettGargState, damping: LeggettGargDamping, tolerance: Double, interval: Double
    }
    /// One large system at a time beside the small ones.
    private var systems: [Key: LeggettGargSystem] = [:]
    private var found: [TestKey: [LeggettGarg.Evaluation: Double]] = [:]
    private var calm: [TestKey: Correlators] = [:]
    private var pictures: [LipkinModel: DephasingLevels] = [:]
    private var spinCounts: [[Double]: Double?] = [:]
    private static let greatestEntries = 1_000_000

    func thermalSpinCount(transverseField: Double, temperature: Double) throws -> Double? {
        if let known = spinCounts[[transverseField, temperature]] { return known }
        let made = try LipkinModel.thermalSpinCount(transverseField: transverseField, temperature: temperature)
        spinCounts[[transverseField, temperature]] = .some(made)
        return made
    }

    func system(_ model: LipkinModel, levels: Int, signAtZero: Double) throws -> LeggettGargSystem {
        let key = Key(model: model, levels: min(levels, model.spinCount + 1), signAtZero: signAtZero)
        if let known = systems[key] { return known }
        let made = try LeggettGargSystem(model, levels: levels, signAtZero: signAtZero)
        // Some 24 n² bytes each.
        let entries = systems.keys.reduce(key.levels * key.levels) { $0 + $1.levels * $1.levels }
        if systems.count >= 16 || entries > Self.greatestEntries { systems = [:] }
        systems[key] = made
        return made
    }

    private func key(_ test: LeggettGarg, _ interval: Double) -> TestKey {
        let system = Key(model: test.system.model, levels: test.system.count, signAtZero: test.system.asksAtZero ? 1 : 0)
        return TestKey(system: system, state: test.state, damping: test.damping.with(dephasing: 0), tolerance: test.tolerance, interval: interval)
    }

    func thresholds(_ test: LeggettGarg, _ interval: Double) throws -> [LeggettGarg.Evaluation: Double] {
        let key = key(test, interval)
        if let known = found[key] { return known }
        let made = try test.thresholds(interval: interval, accuracy: 1e-9)
        found[key] = made
        return made
    }

    func undamped(_ test: LeggettGarg, _ interval: Double) throws -> Correlators {
        let key = key(test, interval)
        if let known = calm[key] { return known }
        let made = try test.undamped(interval: interval)
        calm[key] = made
        return made
    }

    func dephasingLevels(_ model: LipkinModel) throws -> DephasingLevels {
        if let known = pictures[model] { return known }
        let made = try DephasingLevels(model)
        pictures[model] = made
        return made
    }
}
