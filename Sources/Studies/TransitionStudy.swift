import Foundation
import Lindblad
import Semiclassics
import SpinAlgebra

/// Where two phases change places along one axis of the sweep, which the study takes up as a whole: in the limit N → ∞ by
/// equal barriers, and at finite N by the exact master equation.
public struct TransitionStudy: Study {
    public static let name = "transition"
    public static let summary = "first-order transition along an axis: equal barriers, and the exact crossing at finite N extrapolated"
    public static let options: [OptionSpec] = [
        OptionSpec("over", .text, help: "the axis of the sweep along which the transition is looked for; the study takes it up as a whole"),
        OptionSpec("from", .number(-1e300...1e300), help: "beginning of the range; default: the axis' least value"),
        OptionSpec("to", .number(-1e300...1e300), help: "end of the range; default: the axis' greatest value"),
        OptionSpec("representations", .choices(Representation.allCases.map(\.rawValue)), help: "which of Q, P and SW (semiclassical Wigner); all unless given"),
        OptionSpec("planes", .flag, default: .flag(true), help: "make use of invariant planes where the model has a reflection symmetry"),
        OptionSpec("exact", .flag, default: .flag(false), help: "also the transition of the exact master equation at every N of the sweep, and its limit"),
    ]

    private let model: Model
    private let constants: [String: Double]
    private let tolerances: Tolerances
    private let over: String
    private let range: ClosedRange<Double>
    private let representations: [Representation]
    private let usesPlanes: Bool
    /// N at which the exact transition is wanted; empty for none.
    private let sizes: [Int]
    public let axes: [String]
    public var consumedAxes: [String] { sizes.isEmpty ? [over] : [over, "N"] }
    public var consumedValues: [String: [Double]] {
        [over: [range.lowerBound, range.upperBound]].merging(sizes.isEmpty ? [:] : ["N": sizes.map(Double.init)]) { $1 }
    }

    public init(setup: StudySetup) throws {
        try setup.model.checkExtensive()
        model = setup.model
        constants = setup.constants
        tolerances = setup.tolerances
        let over = try ConsumedAxis.name(option: "over", setup)
        self.over = over
        range = try ConsumedAxis.range(over, setup)
        axes = SemiclassicalInputs.axes(setup).filter { $0 != over }
        representations = try SemiclassicalInputs.representations(setup.options["representations"])
        if case .flag(let flag)? = setup.options["planes"] { usesPlanes = flag } else { usesPlanes = true }
        if case .flag(true)? = setup.options["exact"] {
            sizes = (setup.axisValues["N"] ?? setup.constants["N"].map { [$0] } ?? []).map { Int($0) }.sorted()
            if sizes.isEmpty { throw OptionError(path: ["exact"], message: "there is no N at which to look", hint: "give N under sweep, for example  N: [40, 80, 160]") }
        } else { sizes = [] }
    }

    public var outputs: [OutputSpec] {
        let representation = SemiclassicalInputs.representation
        var list = [
            OutputSpec("transition_point", axes: [representation], meaning: "\(over) at which both barriers are equal"),
            OutputSpec("transition_barrier", axes: [representation], meaning: "the barrier there, in units of j"),
            OutputSpec("transition_error", axes: [representation], meaning: "estimated error of transition_point"),
            OutputSpec("transition_certificate", meaning: "|transition_point in Q - in P|, which are equal exactly"),
        ]
        if !sizes.isEmpty {
            let size = OutputAxis(name: "transition_size", extent: sizes.count, coordinates: sizes.map(Double.init))
            list += [
                OutputSpec("transition_weight", axes: [size], meaning: "\(over) at which both phases have the same weight in the steady state of N spins"),
                OutputSpec("transition_gap_minimum", axes: [size], meaning: "\(over) at which the gap of N spins is least"),
                OutputSpec("transition_weight_limit", meaning: "limit of transition_weight for large N, by polynomials in 1/N"),
                OutputSpec("transition_weight_limit_error", meaning: "what the limit changes by with the order of the polynomial"),
                OutputSpec("transition_gap_limit", meaning: "limit of transition_gap_minimum for large N"),
                OutputSpec("transition_gap_limit_error", meaning: "what the limit changes by with the order of the polynomial"),
            ]
        }
        return list
    }

    public func cost(at point: Point) -> Cost {
        Cost(seconds: 5 + sizes.reduce(0) { $0 + 6 * LindbladInputs.ratesCost(spinCount: $1, states: 2).seconds })
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        Memory(peak: sizes.max().map { LindbladInputs.ratesBytes(spinCount: $0) } ?? 0)
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try SemiclassicalInputs.timed {
            let solver = TransitionSolver(over: range, usesPlanes: usesPlanes) { try SemiclassicalInputs.symbol(model, point, constants, [over: $0]) }
            var found: [Representation: TransitionSolver.Transition] = [:], reasons: [String] = [], isAbsent = true
            for representation in representations {
                do { found[representation] = try solver.transition(representation) } catch let failure as TransitionSolver.Failure {
                    reasons.append("\(representation.rawValue): \(failure)")
                    isAbsent = isAbsent && failure.isAbsent
                }
            }
            func values(_ value: (TransitionSolver.Transition) -> Double) -> OutputArray {
                OutputArray(shape: [3], data: SemiclassicalInputs.byRepresentation(representations, width: 1) { [found[$0].map(value) ?? .nan] })
            }
            var outputs: [String: OutputArray] = [
                "transition_point": values(\.parameter), "transition_barrier": values(\.barrier), "transition_error": values(\.error),
            ]
            if let q = found[.q], let p = found[.p] {
                let difference = abs(q.parameter - p.parameter)
                outputs["transition_certificate"] = OutputArray(difference)
                if difference > 1e-7 * max(1, abs(q.parameter)) { return Record(status: .notConverged, reason: "Q and P, which agree exactly, differ by \(difference)", outputs: outputs) }
            }
            if !sizes.isEmpty, let near = found[.q] ?? found[.p] ?? found[.semiclassicalWigner], let window = try solver.coexistence() {
                let (exact, reason) = try exact(point, near, window, context)
                outputs.merge(exact) { $1 }
                if let reason { reasons.append(reason) }
            }
            if found.isEmpty { return Record(status: isAbsent ? .noBistability : .notConverged, reason: reasons.joined(separator: "; "), outputs: outputs) }
            return Record(status: reasons.isEmpty ? .ok : found.count < representations.count ? .notConverged : .unresolved, reason: reasons.joined(separator: "; "), outputs: outputs)
        }
    }

    private func exact(_ point: Point, _ near: TransitionSolver.Transition, _ window: ClosedRange<Double>,
                       _ context: StudyContext) throws -> (outputs: [String: OutputArray], reason: String?) {
        let solver = try LindbladInputs.solver(model, context)
        let search = FiniteSizeTransition { spinCount, value in
            let given = constants.merging(point.dictionary) { $1 }.merging([over: value]) { $1 }.filter { !$0.key.contains(".") && $0.key != "N" }
            guard case .resolved(let chain) = try solver.metastableRates(try model.instance(spinCount: spinCount, given), states: 2, errorTolerance: tolerances.gap),
                  [(0, 1), (1, 0)].allSatisfy({ chain.errors[$0][$1] <= tolerances.gap * chain.rates[$0][$1] }) else { return nil }
            return (log(chain.rates[0][1]), log(chain.rates[1][0]))
        }
        var weights: [Double] = [], gaps: [Double] = [], lost: [Int] = [], shift = 0.0
        for spinCount in sizes {
            // Crossings move with 1/N: from the last one's.
            let crossing = try search.crossing(spinCount: spinCount, near: near.parameter + shift / Double(spinCount), slope: near.slope, within: window)
            if let crossing { shift = (crossing.weight - near.parameter) * Double(spinCount) } else { lost.append(spinCount) }
            weights.append(crossing?.weight ?? .nan)
            gaps.append(crossing?.gap ?? .nan)
        }
        let weight = FiniteSizeTransition.limit(sizes, weights), gap = FiniteSizeTransition.limit(sizes, gaps)
        let outputs = [
            "transition_weight": OutputArray(weights), "transition_gap_minimum": OutputArray(gaps),
            "transition_weight_limit": OutputArray(weight?.value ?? .nan), "transition_weight_limit_error": OutputArray(weight?.error ?? .nan),
            "transition_gap_limit": OutputArray(gap?.value ?? .nan), "transition_gap_limit_error": OutputArray(gap?.error ?? .nan),
        ]
        let reason = lost.isEmpty ? nil : "no crossing was resolved at N = \(lost.map(String.init).joined(separator: ", "))"
        return (outputs, reason)
    }
}
