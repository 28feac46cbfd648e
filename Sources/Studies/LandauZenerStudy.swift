import Foundation
import LinearAlgebra
import Mesoscopic
import SpinAlgebra

/// Sweeps of the mesoscopic LMG model through its tunnel doublet, or through its transition, beside Landau–Zener and a classical spin.
/// See `docs/landau-zener.md`.
public struct LandauZenerStudy: Study {
    public static let name = "landauZener"
    public static let summary = "Landau-Zener sweeps of an LMG model's bias with dephasing and a classical foil; or ramps of its field"
    public static let options: [OptionSpec] = [
        OptionSpec("ramp", .choice(["bias", "field"]), default: .text("bias"),
                   help: "bias: h from -h0 to h0; field: Gamma/J from fieldStart to the model's"),
        OptionSpec("unit", .choice(["tau1", "J", "seconds"]),
                   help: "unit of tauQ: tau1 (default of a bias sweep), hbar/J (default of a field ramp) or seconds"),
        OptionSpec("coupling", .number(1e-30...1e30), default: .number(LipkinInputs.defaultRadiansPerSecond),
                   help: "J/hbar in rad/s, for times in seconds"),
        OptionSpec("levels", .integer(2...4096),
                   help: "number of lowest levels kept; default: more and more until the probabilities no longer change"),
        OptionSpec("tolerance", .number(1e-12...1e-2), default: .number(1e-7),
                   help: "greatest error of the probabilities from time steps, and from levels"),
        OptionSpec("dephasing", .flag, default: .flag(false), help: "also with the model's dephasing by Jz during the sweep"),
        OptionSpec("paths", .integer(0...10_000_000), default: .integer(2000), help: "classical paths with quantum noise in their start; 0: none"),
        OptionSpec("noise", .choice(["groundState", "bogoliubov"]), default: .text("groundState"),
                   help: "whose covariances the start is scattered with"),
        OptionSpec("seed", .integer(0...Int.max), default: .integer(1), help: "of the classical paths"),
    ]
    public static let inputs = [
        InputSpec(name: "tauQ", meaning: "duration of the sweep, in the unit of the option unit"),
        InputSpec(name: "h0", meaning: "amplitude of the bias sweep, h/J from -h0 to h0"),
        InputSpec(name: "fieldStart", meaning: "Gamma/J at which a field ramp begins (default 1.05)"),
    ]

    private enum Ramp: String { case bias, field }
    private enum Unit: String { case tau1, J, seconds }

    private let model: Model
    private let constants: [String: Double]
    private let ramp: Ramp
    private let unit: Unit
    private let radiansPerSecond: Double
    private let levelCount: Int?
    private let tolerance: Double
    private let isDephased: Bool
    private let pathCount: Int
    private let usesGroundState: Bool
    private let seed: UInt64
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        constants = setup.constants
        let options = Self.reader(setup.options)
        ramp = Ramp(rawValue: options.text("ramp"))!
        unit = options.has("unit") ? Unit(rawValue: options.text("unit"))! : ramp == .bias ? .tau1 : .J
        radiansPerSecond = options.number("coupling")
        levelCount = options.integerIfGiven("levels")
        tolerance = options.number("tolerance")
        isDephased = options.flag("dephasing")
        pathCount = options.integer("paths")
        usesGroundState = options.text("noise") == "groundState"
        seed = UInt64(options.integer("seed"))
        let own = (ramp == .bias ? ["tauQ", "h0"] : ["tauQ", "fieldStart"]).map { "\(Self.name).\($0)" }
        let parameters = LindbladInputs.axes(setup)
        axes = setup.sweepAxes.filter { parameters.contains($0) || own.contains($0) }
        let given = axes + constants.keys
        for name in ramp == .bias ? ["tauQ", "h0"] : ["tauQ"] where !given.contains("\(Self.name).\(name)") {
            throw OptionError(path: [], message: "\(name) is not given", hint: "write it among the options or sweep it as \(Self.name).\(name)")
        }
        let (other, swept) = ramp == .bias ? ("fieldStart", "bias") : ("h0", "field")
        if constants["\(Self.name).\(other)"] != nil {
            throw OptionError(path: [other], message: "a ramp of the \(swept) has no \(other)", hint: "remove it, or choose the other ramp")
        }
        guard ramp == .field else { return }
        if unit == .tau1 { throw OptionError(path: ["unit"], message: "a ramp of the field has no tau1", hint: "J or seconds") }
        guard isDephased else { return }
        throw OptionError(path: ["dephasing"], message: "dephasing is there for sweeps of the bias only",
                          hint: "leave out ramp: field, or dephasing")
    }

    private static let fieldStart = 1.05

    public var outputs: [OutputSpec] {
        let certificate = [
            OutputSpec("lz_duration", dimension: .time, meaning: "duration of the sweep (hbar = 1)"),
            OutputSpec("lz_duration_seconds", meaning: "duration of the sweep in seconds"),
            OutputSpec("lz_levels", kind: .integer, meaning: "number of levels kept (of a field ramp: even ones)"),
            OutputSpec("lz_level_error", meaning: "greatest change of the probabilities when levels are added; 0: all are kept"),
            OutputSpec("lz_time_error", meaning: "estimated greatest error of the probabilities from time steps"),
            OutputSpec("lz_norm_error", meaning: "|1 - <psi|psi>| at the end"),
            OutputSpec("lz_steps", kind: .integer, meaning: "number of time steps"),
        ]
        let missed = OutputSpec("lz_p_gs", meaning: "P_gs: probability that the final state is not the final ground state")
        guard ramp == .bias else {
            return [missed, OutputSpec("lz_p_second", meaning: "probability that the final state is E2, the second even level")] + certificate
        }
        var list = [
            missed,
            OutputSpec("lz_p_well", meaning: "P_well: Prob(m < 0) + Prob(m = 0)/2 at the end, that the spin is in the well it began in"),
            OutputSpec("lz_p_well_mean", meaning: "P_well with the bias held at h0 afterwards, averaged over time: without beats"),
            OutputSpec("lz_p_well_floor", meaning: "P_well of the final ground state"),
            OutputSpec("lz_p_formula", meaning: "P_LZ = exp(-tauQ/tau1) of Landau and Zener"),
            OutputSpec("lz_p_two_level", meaning: "P_gs on the tunnel doublet alone"),
            OutputSpec("lz_tau1", dimension: .time, meaning: "tau1 = 16 h0 J01 / (pi (E1 - E0)^2)"),
            OutputSpec("lz_tau1_seconds", meaning: "tau1 in seconds"),
            OutputSpec("lz_splitting", dimension: .energy, meaning: "E1 - E0 without bias"),
            OutputSpec("lz_j01", meaning: "J01 = <E0|Jz|E1>"),
            OutputSpec("lz_spinodal", meaning: "h_sp/J = (1 - g^(2/3))^(3/2): where the metastable minimum of the mean field vanishes"),
            OutputSpec("lz_classical_z", meaning: "n_z = 2 <Jz>/N of the mean field at the end, begun in its minimum at -h0"),
            OutputSpec("lz_p_classical", meaning: "1 where the mean field begun in its minimum ends with n_z < 0, else 0"),
            OutputSpec("lz_zero_point_energy", dimension: .energy, meaning: "half the Bogoliubov frequency of an unbiased well, J sqrt(1 - g^2)"),
            OutputSpec("lz_barrier", dimension: .energy, meaning: "height of the mean field's barrier without bias, N J (1 - g)^2 / 2"),
            OutputSpec("lz_barrier_symmetrised", dimension: .energy, meaning: "the barrier with N + 1, J (N + 1)/N and g N/(N + 1)"),
        ]
        if pathCount > 0 {
            list += [
                OutputSpec("lz_p_noise", meaning: "fraction of mean-field paths with n_z < 0 at the end, begun with quantum noise"),
                OutputSpec("lz_p_noise_error", meaning: "binomial standard error of lz_p_noise"),
            ]
        }
        if isDephased {
            list += [
                OutputSpec("lz_p_gs_dephased", meaning: "P_gs with dephasing during the sweep"),
                OutputSpec("lz_p_well_dephased", meaning: "P_well with dephasing during the sweep"),
                OutputSpec("lz_enhancement", meaning: "P_gs with dephasing over P_gs without"),
                OutputSpec("lz_dephased_levels", kind: .integer, meaning: "number of levels kept with dephasing"),
                OutputSpec("lz_dephased_level_error", meaning: "lz_level_error of the sweep with dephasing"),
                OutputSpec("lz_dephased_time_error", meaning: "lz_time_error of the sweep with dephasing"),
                OutputSpec("lz_trace_error", meaning: "|1 - tr rho| at the end of the sweep with dephasing"),
            ]
        }
        return list + certificate
    }

    private func input(_ name: String, at point: Point) -> Double? { point["\(Self.name).\(name)"] ?? constants["\(Self.name).\(name)"] }

    /// In proportion to the duration, which in units of τ₁ is that of 370 spins at g = 0.95.
    public func cost(at point: Point) -> Cost {
        let given = max(0, input("tauQ", at: point) ?? 1)
        let duration: Double = switch unit {
        case .tau1: given * 2e5 * abs(input("h0", at: point) ?? 0.0012)
        case .J: given
        case .seconds: given * radiansPerSecond
        }
        let paths = ramp == .bias ? 1.8e-6 * Double(pathCount) : 0
        // A greater amplitude stirs up more levels, and they turn faster.
        let spins = point["N"] ?? constants["N"] ?? 370, stirred = abs(input("h0", at: point) ?? 0) * spins, levels = min(spins + 1, 18 + stirred)
        let quantum = 1e-3 * pow(levels / 18, 3) * max(1, stirred / 25)
        return Cost(seconds: min(1e6, 0.03 + duration * (quantum + paths + (isDephased ? quantum : 0))))
    }

    public var costAxes: [String] { axes.filter { ["N", "\(Self.name).tauQ", "\(Self.name).h0"].contains($0) } }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let inputs = try LipkinInputs(LindbladInputs.instance(model, point, constants))
            return try ramp == .bias ? biasSweep(inputs, point) : fieldRamp(inputs, point)
        }
    }

    /// In ħ/J.
    private func duration(at point: Point, timeConstant: Double) throws -> Double {
        guard let given = input("tauQ", at: point), given > 0, given.isFinite else {
            throw EvaluationError(message: "the duration tauQ must be positive")
        }
        return switch unit {
        case .tau1: given * timeConstant
        case .J: given
        case .seconds: given * radiansPerSecond
        }
    }

    private static func check(_ inputs: LipkinInputs) throws {
        guard inputs.model.bias != 0 else { return }
        throw EvaluationError(message: "the model has a bias of its own, \(inputs.model.bias) J: it must be 0 (h0 is an input of landauZener)")
    }

    /// Sweeps that would take hours.
    private static func tooLong(_ duration: Double) -> String? {
        duration <= Double(LinearSweep.greatestSteps) / 2 ? nil
            : "the sweep takes \(CanonicalNumber.string(duration)) hbar/J, longer than can be followed (\(LinearSweep.greatestSteps / 2))"
    }

    private static func record(_ outputs: [String: Double], _ complaints: [String]) -> Record {
        Record(status: complaints.isEmpty ? .ok : .notConverged, reason: complaints.first ?? "", outputs: outputs.mapValues { OutputArray($0) })
    }

    // MARK: Bias

    private func biasSweep(_ inputs: LipkinInputs, _ point: Point) throws -> Record {
        try Self.check(inputs)
        let model = inputs.model, coupling = inputs.coupling
        guard let amplitude = input("h0", at: point), amplitude > 0, amplitude.isFinite else {
            throw EvaluationError(message: "the amplitude h0 must be positive")
        }
        let doublet = try LandauZenerDoublet(LipkinLevels(model, count: 2))
        let timeConstant = doublet.timeConstant(amplitude: amplitude)
        guard unit != .tau1 || timeConstant.isFinite else {
            throw EvaluationError(message: "tau1 is infinite, there is no tunnelling to speak of: count durations in another unit (unit: J or seconds)")
        }
        let duration = try duration(at: point, timeConstant: timeConstant)
        let classical = ClassicalSweep(model, amplitude: amplitude)
        var outputs = [
            "lz_p_formula": timeConstant.isFinite ? doublet.probability(amplitude: amplitude, duration: duration) : 1,
            "lz_tau1": timeConstant / coupling, "lz_tau1_seconds": timeConstant / radiansPerSecond,
            "lz_duration": duration / coupling, "lz_duration_seconds": duration / radiansPerSecond,
            "lz_splitting": doublet.splitting * coupling, "lz_j01": doublet.spinElement,
            "lz_spinodal": ClassicalSweep.spinodal(transverseField: model.transverseField),
            "lz_zero_point_energy": ClassicalSweep.zeroPointEnergy(model) * coupling,
            "lz_barrier": ClassicalSweep.barrier(model) * coupling,
            "lz_barrier_symmetrised": ClassicalSweep.symmetrisedBarrier(model) * coupling,
        ]
        if let reason = Self.tooLong(duration) { return Self.record(outputs, [reason]) }
        let sweep = try LandauZenerSweep.run(model, amplitude: amplitude, duration: duration, tolerance: tolerance, levelCount: levelCount)
        let two = try LandauZenerSweep.run(model, amplitude: amplitude, duration: duration, tolerance: tolerance, levelCount: 2, isCertified: false)
        var complaints = complaints(level: sweep.levelError, time: max(sweep.timeError, two.timeError))
        outputs.merge([
            "lz_p_gs": sweep.probabilities.groundStateMissed, "lz_p_well": sweep.probabilities.wrongWell,
            "lz_p_well_mean": sweep.meanWrongWell, "lz_p_well_floor": sweep.wellFloor,
            "lz_p_two_level": two.probabilities.groundStateMissed, "lz_levels": Double(sweep.levelCount), "lz_level_error": sweep.levelError,
            "lz_time_error": max(sweep.timeError, two.timeError), "lz_norm_error": sweep.normError, "lz_steps": Double(sweep.steps),
        ]) { $1 }
        if isDephased { complaints += try dephase(inputs, amplitude, duration, sweep, &outputs) }
        complaints += try follow(classical, duration, &outputs)
        return Self.record(outputs, complaints)
    }

    /// Why errors are not what was asked for. Levels that the job itself fixed are not complained of.
    private func complaints(level: Double, time: Double, of what: String = "the probabilities") -> [String] {
        var list: [String] = []
        if levelCount == nil, level > tolerance { list.append("\(what) still change by \(level) when levels are added") }
        if time > tolerance { list.append("\(what) still change by \(time) when time steps are halved") }
        return list
    }

    private func dephase(_ inputs: LipkinInputs, _ amplitude: Double, _ duration: Double, _ sweep: LandauZenerSweep.Outcome,
                         _ outputs: inout [String: Double]) throws -> [String] {
        guard inputs.otherJumps.isEmpty else {
            throw EvaluationError(message: "the option dephasing takes jump operators proportional to Jz only, and the model has another")
        }
        let dephased = try DephasedSweep.run(inputs.model, amplitude: amplitude, duration: duration, rate: inputs.dephasing / inputs.coupling,
                                             tolerance: tolerance, levelCount: sweep.levelCount, isFixed: levelCount != nil)
        outputs.merge([
            "lz_p_gs_dephased": dephased.probabilities.groundStateMissed, "lz_p_well_dephased": dephased.probabilities.wrongWell,
            "lz_enhancement": dephased.probabilities.groundStateMissed / sweep.probabilities.groundStateMissed,
            "lz_dephased_levels": Double(dephased.levelCount), "lz_dephased_level_error": dephased.levelError,
            "lz_dephased_time_error": dephased.timeError, "lz_trace_error": dephased.traceError,
        ]) { $1 }
        return complaints(level: dephased.levelError, time: dephased.timeError, of: "the probabilities with dephasing")
    }

    private func follow(_ classical: ClassicalSweep, _ duration: Double, _ outputs: inout [String: Double]) throws -> [String] {
        let lost = ["the path of the mean field could not be followed"]
        guard let z = classical.finalComponent(duration: duration) else { return lost }
        outputs["lz_classical_z"] = z
        outputs["lz_p_classical"] = z < 0 ? 1 : 0
        guard pathCount > 0 else { return [] }
        // Points of a sweep draw independently of one another.
        let words = [seed, UInt64(classical.spinCount), classical.transverseField.bitPattern, classical.amplitude.bitPattern, duration.bitPattern]
        var generator = NormalGenerator(words)
        let cloud = usesGroundState ? try classical.groundStateCloud() : classical.bogoliubovCloud
        guard let (fraction, error) = classical.error(duration: duration, paths: pathCount, from: cloud, generator: &generator) else { return lost }
        outputs["lz_p_noise"] = fraction
        outputs["lz_p_noise_error"] = error
        return []
    }

    // MARK: Field

    private func fieldRamp(_ inputs: LipkinInputs, _ point: Point) throws -> Record {
        try Self.check(inputs)
        let start = input("fieldStart", at: point) ?? Self.fieldStart, end = inputs.model.transverseField
        guard start >= 0, start.isFinite else { throw EvaluationError(message: "the field fieldStart must not be negative") }
        guard start + end > 0 else { throw EvaluationError(message: "without a transverse field there is nothing to ramp") }
        let duration = try duration(at: point, timeConstant: .nan)
        if let reason = Self.tooLong(duration) { return Record(status: .notConverged, reason: reason) }
        let found = try FieldRamp.run(spinCount: inputs.model.spinCount, from: start, to: end, duration: duration, tolerance: tolerance,
                                      levelCount: levelCount)
        let complaints = complaints(level: found.levelError, time: found.timeError)
        let outputs = [
            "lz_p_gs": found.excited, "lz_p_second": found.secondLevel, "lz_duration": duration / inputs.coupling,
            "lz_duration_seconds": duration / radiansPerSecond, "lz_levels": Double(found.levelCount), "lz_level_error": found.levelError,
            "lz_time_error": found.timeError, "lz_norm_error": found.normError, "lz_steps": Double(found.steps),
        ]
        return Self.record(outputs, complaints)
    }
}
