import Foundation
import LinearAlgebra
import Mesoscopic
import SpinAlgebra

/// Levels, tunnel splitting and decoherence rates of the lowest doublet: the LMG model in O(N) with ΔE to full relative accuracy,
/// other models by the blocks of their parity. Formulas and conventions: `docs/lmg.md`.
public struct CoherenceRatesStudy: Study {
    public static let name = "coherenceRates"
    public static let summary = "tunnel doublet of a model with parity: splitting, decoherence rates, mean-field and instanton estimates"
    public static let options: [OptionSpec] = [
        OptionSpec("method", .choice(Method.allCases.map(\.rawValue)), default: .text(Method.auto.rawValue),
                   help: "auto: tridiagonal blocks where the model is LMG, else blocks of its parity; parity: always the latter"),
    ]
    private enum Method: String, CaseIterable { case auto, parity }

    private let model: Model
    private let constants: [String: Double]
    private let method: Method
    /// Seconds over N² where blocks are wider than tridiagonal.
    private let bandSeconds: Double
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        constants = setup.constants
        axes = LindbladInputs.axes(setup)
        method = Method(rawValue: Self.reader(setup.options).text("method")) ?? .auto
        let degree = Self.sample(setup)?.hamiltonian.degree ?? 2
        bandSeconds = degree > 3 ? 8e-9 * Double(degree / 2) : 0
    }

    public var outputs: [OutputSpec] { CoherenceOutputs.specs }

    /// Measured on one core: a few passes over the levels; from terms of degree four on a band is first made tridiagonal.
    public func cost(at point: Point) -> Cost {
        let count = Double(point.spinCount ?? Int(constants["N"] ?? 1))
        return Cost(seconds: 5e-5 + 1.5e-6 * count + bandSeconds * count * count)
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        let greatest = samples.compactMap { $0.spinCount }.max() ?? Int(constants["N"] ?? 1)
        return Memory(peak: 1.5e3 * Double(greatest))
    }

    /// The model in the middle of the sweep, which decides what points cost.
    private static func sample(_ setup: StudySetup) -> ModelInstance? {
        let middle = setup.axisValues.compactMapValues { values in values.isEmpty ? nil : values.sorted()[values.count / 2] }
        let names = middle.keys.sorted(), point = Point(axes: names, values: names.map { middle[$0]! })
        return try? LindbladInputs.instance(setup.model, point, setup.constants)
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed { try self.record(LindbladInputs.instance(model, point, constants)) }
    }

    private func record(_ instance: ModelInstance) throws -> Record {
        if method == .auto, let inputs = try? LipkinInputs(instance), inputs.otherJumps.isEmpty { return try lipkinRecord(inputs) }
        let found = try ParityDoublet(instance), rates = CoherenceRates(found.doublet)
        var outputs = CoherenceOutputs.ofDoublet(found.doublet, rates, axis: found.axis)
        outputs["doublet_splitting_error"] = OutputArray(found.energyError)
        guard found.doublet.logSplitting.isFinite else {
            let reason = "the splitting E1 - E0 is below \(10 * found.energyError), where rounding of the levels hides it"
            return Record(status: .unresolved, reason: reason, outputs: outputs)
        }
        return Record(status: .ok, outputs: outputs)
    }

    private func lipkinRecord(_ inputs: LipkinInputs) throws -> Record {
        let lipkin = inputs.model
        guard lipkin.bias == 0 else {
            throw EvaluationError(message: "the bias h = \(lipkin.bias) J breaks parity: there is no doublet of an even and an odd state; set h to 0")
        }
        guard lipkin.transverseField > 0 else {
            throw EvaluationError(message: "without a transverse field (g = 0) nothing tunnels: all levels are degenerate in pairs")
        }
        let splitting = try TunnelSplitting(lipkin), doublet = TunnelDoublet(splitting, coupling: inputs.coupling, rate: inputs.dephasing)
        let rates = CoherenceRates(doublet)
        var outputs = CoherenceOutputs.ofDoublet(doublet, rates, axis: .x)
        outputs["doublet_splitting_error"] = OutputArray(1e-11 * exp(splitting.logSplitting) * inputs.coupling)
        outputs.merge(CoherenceOutputs.ofLipkin(splitting, rates, coupling: inputs.coupling)) { $1 }
        return Record(status: .ok, outputs: outputs)
    }
}
