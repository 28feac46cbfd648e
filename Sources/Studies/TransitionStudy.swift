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
        OptionSpec("over", .text, help: "required: the axis of the sweep along which the transition is looked for; the study takes it up as a whole"),
        OptionSpec("from", .number(-1e300...1e300), help: "beginning of the range; default: the axis' least value"),
        OptionSpec("to", .number(-1e300...1e300), help: "end of the range; default: the axis' greatest value"),
        SemiclassicalInputs.representationsOption,
        SemiclassicalInputs.planesOption,
        OptionSpec("exact", .flag, default: .flag(false),
                   help: "also the transition of the exact master equation at every N of the sweep, and its limit"),
    ]

    private let model: Model
    private let constants: [String: Double]
    private let tolerances: Tolerances
    private let over: String
    private let range: ClosedRange<Double>
    private let representations: [Representation]
    private let usesPlanes: Bool
    private let isPlanar: Bool
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
        let options = Self.reader(setup.options)
        representations = try SemiclassicalInputs.representations(options)
        usesPlanes = options.flag("planes")
        isPlanar = usesPlanes && SemiclassicalInputs.isPlanar(setup)
        let known = setup.axisValues["N"] ?? setup.constants["N"].map { [$0] } ?? []
        sizes = options.flag("exact") ? known.map { Int($0) }.sorted() : []
        if options.flag("exact"), sizes.isEmpty {
            throw OptionError(path: ["exact"], message: "there is no N at which to look", hint: "give N under sweep, for example  N: [40, 80, 160]")
        }
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
                OutputSpec("transition_weight", axes: [size],
                           meaning: "\(over) at which both phases have the same weight in the steady state of N spins"),
                OutputSpec("transition_weight_ambiguity", axes: [size],
                           meaning: "by about how much transition_weight depends on what exactly counts as a metastable state"),
                OutputSpec("transition_gap_minimum", axes: [size], meaning: "\(over) at which the gap of N spins is least"),
                OutputSpec("transition_weight_limit", meaning: "limit of transition_weight for large N, by polynomials in 1/N"),
                OutputSpec("transition_weight_limit_error",
                           meaning: "what the limit changes by with the order of the polynomial, and what transition_weight_ambiguity makes of it"),
                OutputSpec("transition_gap_limit", meaning: "limit of transition_gap_minimum for large N"),
                OutputSpec("transition_gap_limit_error", meaning: "what the limit changes by with the order of the polynomial"),
            ]
        }
        return list
    }

    /// A search takes the barriers of some points; the exact part rates at five.
    public func cost(at point: Point) -> Cost {
        let limit = (isPlanar ? 12 : 7) * SemiclassicalInputs.barrierSeconds(representations, isPlanar: isPlanar)
        return Cost(seconds: sizes.reduce(limit) { $0 + 5 * LindbladInputs.ratesCost(spinCount: $1, states: 2).seconds })
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        Memory(peak: sizes.max().map { LindbladInputs.ratesBytes(spinCount: $0) } ?? 0)
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let solver = TransitionSolver(over: range, usesPlanes: usesPlanes) {
                try SemiclassicalInputs.symbol(model, point, constants, [over: $0])
            }
            let window = try solver.coexistence(), limit = try transitions(solver, window)
            func values(_ value: (TransitionSolver.Transition) -> Double) -> OutputArray {
                OutputArray(shape: [3], data: SemiclassicalInputs.byRepresentation(representations, width: 1) {
                    [limit.found[$0].map(value) ?? .nan]
                })
            }
            var outputs: [String: OutputArray] = [
                "transition_point": values(\.parameter), "transition_barrier": values(\.barrier), "transition_error": values(\.error),
            ]
            var reasons = limit.reasons
            if let q = limit.found[.q], let p = limit.found[.p] {
                let difference = abs(q.parameter - p.parameter)
                outputs["transition_certificate"] = OutputArray(difference)
                if difference > 1e-7 * max(1, abs(q.parameter)) {
                    return Record(status: .notConverged, reason: "Q and P, which agree exactly, differ by \(difference)", outputs: outputs)
                }
            }
            if !sizes.isEmpty, let near = limit.found[.q] ?? limit.found[.p] ?? limit.found[.semiclassicalWigner], let window {
                let (exact, reason) = try exact(point, near, window, context)
                outputs.merge(exact) { $1 }
                if let reason { reasons.append(reason) }
            }
            var status = Status.ok
            if limit.found.count < representations.count {
                status = limit.found.isEmpty && limit.isAbsent ? .noBistability : .notConverged
            } else if !reasons.isEmpty { status = .unresolved }
            return Record(status: status, reason: reasons.joined(separator: "; "), outputs: outputs)
        }
    }

    private struct Limit {
        var found: [Representation: TransitionSolver.Transition] = [:]
        /// Why some are missing.
        var reasons: [String] = []
        /// Those that are missing do not exist.
        var isAbsent = true
    }

    private func transitions(_ solver: TransitionSolver, _ window: ClosedRange<Double>?) throws -> Limit {
        var limit = Limit()
        guard let window else {
            limit.reasons = ["two attractors coexist nowhere in the range"]
            return limit
        }
        for representation in representations {
            do {
                // P is where Q is, and semiclassical Wigner not far.
                limit.found[representation] = try solver.transition(representation, inside: window, near: limit.found[.q])
            } catch let failure as TransitionSolver.Failure {
                limit.reasons.append("\(representation.rawValue): \(failure)")
                limit.isAbsent = limit.isAbsent && failure.isAbsent
            }
        }
        return limit
    }

    private func exact(_ point: Point, _ near: TransitionSolver.Transition, _ window: ClosedRange<Double>,
                       _ context: StudyContext) throws -> (outputs: [String: OutputArray], reason: String?) {
        let solver = try LindbladInputs.solver(model, context), given = constants.merging(point.dictionary) { $1 }
        let search = FiniteSizeTransition { spinCount, value in
            let parameters = given.merging([over: value]) { $1 }.filter { !$0.key.contains(".") && $0.key != "N" }
            let instance = try model.instance(spinCount: spinCount, parameters)
            guard case .resolved(let chain) = try solver.metastableRates(instance, states: 2, errorTolerance: tolerances.gap),
                  [(0, 1), (1, 0)].allSatisfy({ chain.errors[$0][$1] <= tolerances.gap * chain.rates[$0][$1] }) else { return nil }
            let out = chain.rates[0][1], back = chain.rates[1][0]
            return .init(out: log(out), back: log(back), ambiguity: chain.ambiguities[0][1] / out + chain.ambiguities[1][0] / back)
        }
        var crossings: [FiniteSizeTransition.Crossing?] = [], lost: [Int] = [], shift = 0.0
        for spinCount in sizes {
            // Crossings move with 1/N: from the last one's.
            let start = near.parameter + shift / Double(spinCount)
            let crossing = try search.crossing(spinCount: spinCount, near: start, slope: near.slope, within: window)
            if let crossing { shift = (crossing.weight - near.parameter) * Double(spinCount) } else { lost.append(spinCount) }
            crossings.append(crossing)
        }
        func each(_ value: (FiniteSizeTransition.Crossing) -> Double) -> [Double] { crossings.map { $0.map(value) ?? .nan } }
        let weights = each(\.weight), ambiguities = each(\.weightAmbiguity), gaps = each(\.gap)
        let weight = FiniteSizeTransition.limit(sizes, weights, uncertainties: ambiguities), gap = FiniteSizeTransition.limit(sizes, gaps)
        let outputs = [
            "transition_weight": OutputArray(weights), "transition_weight_ambiguity": OutputArray(ambiguities),
            "transition_gap_minimum": OutputArray(gaps),
            "transition_weight_limit": OutputArray(weight?.value ?? .nan), "transition_weight_limit_error": OutputArray(weight?.error ?? .nan),
            "transition_gap_limit": OutputArray(gap?.value ?? .nan), "transition_gap_limit_error": OutputArray(gap?.error ?? .nan),
        ]
        let reason = lost.isEmpty ? nil : "no crossing was resolved at N = \(lost.map(String.init).joined(separator: ", "))"
        return (outputs, reason)
    }
}
