import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Steady state of the Lindblad equation: named observables, purity, certificates, and the state itself on request.
public struct SteadyStateStudy: Study {
    public static let name = "steadyState"
    public static let summary = "steady state of the master equation: observables, purity, residual, leak"
    public static let options: [OptionSpec] = [
        OptionSpec("observables", .operators, help: "map from output names to operators, such as jz: Jz/j; default jx, jy, jz over j"),
        OptionSpec("keep", .choices(["state"]), help: "state: store the multipole coefficients, from which later observables need no new solution"),
        OptionSpec("initial", .map([
            OptionSpec("theta", .number(-100...100), help: "polar angle of a spin-coherent initial state"),
            OptionSpec("phi", .number(-100...100), help: "its azimuth"),
            OptionSpec("m", .number(-1e9...1e9), help: "Dicke state |j, m> as initial state"),
            OptionSpec("even", .number(0...1), help: "weight of the even sector of (-1)^(j-Jz), the odd one has the rest"),
            OptionSpec("sector", .choice(["even", "odd"]), help: "one sector of (-1)^(j-Jz), equally filled"),
        ]), help: "chooses among several steady states (strong symmetry): {theta, phi}, {m}, {even} or {sector}"),
        OptionSpec("ranks", .integer(1...1024), help: "so many MPI ranks share the factors of each point (default: as many as memory calls for)", isTechnical: true),
    ] + StateMeasures.options

    private let model: Model
    private let tolerances: Tolerances
    private let observables: [NamedObservable]
    private let measures: StateMeasures
    private let keepsState: Bool
    private let forecast: MemoryForecast
    private let initial: InitialState?
    private let constants: [String: Double]
    public let wantedRanks: Int?
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        forecast = setup.forecast
        tolerances = setup.tolerances
        constants = setup.constants
        axes = LindbladInputs.axes(setup)
        observables = try NamedObservable.list(setup.options["observables"], known: LindbladInputs.knownNames(setup))
        let options = Self.reader(setup.options)
        keepsState = options.choices("keep").contains("state")
        initial = try Self.initialState(setup.options)
        wantedRanks = options.integerIfGiven("ranks")
        measures = StateMeasures(options)
    }

    private static func initialState(_ options: Options) throws -> InitialState? {
        guard case .map(let map)? = options["initial"] else { return nil }
        func number(_ key: String) -> Double? {
            if case .number(let value)? = map[key] { return value }
            if case .integer(let value)? = map[key] { return Double(value) }
            return nil
        }
        let keys = Set(map.keys)
        if let theta = number("theta"), keys.isSubset(of: ["theta", "phi"]) { return .coherent(theta: theta, phi: number("phi") ?? 0) }
        if let m = number("m"), keys == ["m"] { return .dicke(m: m) }
        if let even = number("even"), keys == ["even"] { return .parity(even: even) }
        if case .text(let sector)? = map["sector"], keys == ["sector"] { return .parity(even: sector == "even" ? 1 : 0) }
        throw OptionError(path: ["initial"], message: "expected exactly one of {theta, phi}, {m}, {even} or {sector}, found {\(keys.sorted().joined(separator: ", "))}",
                          hint: "for example  initial: { theta: 1.57, phi: 0 }")
    }

    public var outputs: [OutputSpec] {
        let phase = OutputAxis(name: "phase", extent: 2, labels: ["lower", "upper"])
        var list = observables.map { OutputSpec($0.name, kind: $0.isReal ? .real : .complex, meaning: "steady-state expectation value of \($0.text)") }
        list += observables.map {
            OutputSpec("\($0.name)_phases", kind: $0.isReal ? .real : .complex, axes: [phase],
                       meaning: "expectation value of \($0.text) in the metastable phases of an unresolved point, in order of <Jz>")
        }
        list += [
            OutputSpec("purity", meaning: "Tr rho^2 of the steady state"),
            OutputSpec("purity_phases", axes: [phase], meaning: "Tr rho^2 of the metastable phases of an unresolved point"),
            OutputSpec("state_residual", dimension: .rate, meaning: "norm of L rho inside the window over the norm of rho"),
            OutputSpec("state_leak", meaning: "norm of L rho outside the window over the norm of rho and the damping there"),
            OutputSpec("state_error", meaning: "estimated error of <J>/j from rounding and truncation"),
            OutputSpec("state_l_max", kind: .integer, meaning: "greatest multipole order l kept"),
            OutputSpec("state_q_max", kind: .integer, meaning: "greatest multipole component |q| kept"),
            OutputSpec("state_ranks", kind: .integer, meaning: "MPI ranks that shared the factors"),
            OutputSpec("kernel_dimension", kind: .integer, meaning: "number of linearly independent stationary operators"),
        ]
        list += measures.outputs
        if keepsState {
            list += [
                OutputSpec("state", kind: .complex, axes: [OutputAxis(name: "state_l", extent: nil), OutputAxis(name: "state_q", extent: nil)],
                           meaning: "coefficients x_lq (q >= 0) of rho = sum x_lq T_lq in the axes of state_frame; x_l,-q = (-1)^q conj(x_lq)"),
                OutputSpec("state_frame", axes: [OutputAxis(name: "frame_axis", extent: 3, labels: ["x'", "y'", "z'"]), OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])],
                           meaning: "axes of the multipoles in laboratory coordinates"),
            ]
        }
        return list
    }

    public func cost(at point: Point) -> Cost {
        let count = spinCount(point)
        return Cost(seconds: LindbladInputs.steadyStateCost(spinCount: count).seconds + measures.seconds(spinCount: count))
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        var memory = LindbladInputs.memory(model, samples, constants) { forecast.steadyStates($0, count: count) }
        // Measures come after the solution, in the memory that its scratch has left or beyond.
        memory.peak = max(memory.peak, memory.kept + (samples.map { measures.bytes(spinCount: spinCount($0)) }.max() ?? 0))
        return memory
    }

    /// The factors are spread; the leader has the matrix, and all that follows from the state, to itself: of a point's memory it keeps
    /// 0.31 to 0.64 with one other rank and with three (N = 1000 and 2000 of the bistable pump).
    public func sharedBytes(at samples: [Point], ranks: Int) -> Double? {
        // Small spins go in batches, which nothing needs to be shared for.
        guard wantedRanks != nil || samples.contains(where: { spinCount($0) > LindbladSolver.greatestBatchedSpinCount }) else { return nil }
        let alone = memory(at: samples, count: 1)
        return alone.kept + (alone.peak - alone.kept) * (0.5 + 0.3 / Double(ranks))
    }

    private func spinCount(_ point: Point) -> Int { point.spinCount ?? Int(constants["N"] ?? 1) }

    public func batchWidth(at point: Point) -> Int {
        let count = spinCount(point), most = count <= 150 ? 64 : count <= LindbladSolver.greatestBatchedSpinCount ? 8 : 1
        // Measures are taken one by one: what takes long is not held back for the sake of company.
        let extra = measures.seconds(spinCount: count)
        return extra > 0 ? max(1, min(most, Int(1 / extra))) : most
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record { try run(at: [point], in: context)[0] }

    public func run(at points: [Point], in context: StudyContext) throws -> [Record] {
        let forms = context.service { ObservableForms() }
        return try LindbladInputs.run(model, points, constants, context, sharing: context.group, check: { try measures.check(spinCount: $0.spinCount) }, solve: { solver, instances in
            solver.steadyStates(instances, leakTolerance: tolerances.leak, errorTolerance: tolerances.state, initial: initial)
        }, record: {
            var record = try record($0, $1, forms)
            record.outputs["state_ranks"] = OutputArray(Double(context.group?.size ?? 1))
            return record
        })
    }

    private func record(_ solution: SteadyStateSolution, _ instance: ModelInstance, _ forms: ObservableForms) throws -> Record {
        var outputs: [String: OutputArray] = [
            "state_residual": OutputArray(solution.residual), "state_leak": OutputArray(solution.leak), "state_error": OutputArray(solution.error),
            "state_l_max": OutputArray(Double(solution.window.lMax)), "state_q_max": OutputArray(Double(solution.window.qMax)),
        ]
        switch solution.outcome {
        case .resolved(let state), .chosen(let state, _):
            outputs["kernel_dimension"] = OutputArray(1)
            if case .chosen(_, let dimension) = solution.outcome { outputs["kernel_dimension"] = OutputArray(Double(dimension)) }
            for observable in observables { outputs[observable.name] = try measure(observable, [state], instance, forms, shape: []) }
            outputs["purity"] = OutputArray(state.purity)
            outputs.merge(try measures.evaluate([state])) { $1 }
            if keepsState {
                let kept = state.sphericalCoefficients
                outputs["state"] = OutputArray(shape: kept.shape, data: kept.values.flatMap { [$0.re, $0.im] }, isComplex: true)
                outputs["state_frame"] = OutputArray(shape: [3, 3], data: state.frame.axes.flatMap { $0 })
            }
            return Record(status: .ok, outputs: outputs)
        case .unresolved(let phases):
            outputs["kernel_dimension"] = OutputArray(1)
            var reason = "the slow mode decays more slowly than double-double precision resolves"
            if phases.count == 2 {
                for observable in observables { outputs["\(observable.name)_phases"] = try measure(observable, phases, instance, forms, shape: [2]) }
                outputs["purity_phases"] = OutputArray(phases.map(\.purity))
                outputs.merge(try measures.evaluate(phases, arePhases: true)) { $1 }
            } else {
                reason += " (and more than one mode is slow, so the phases are not given)"
            }
            return Record(status: .unresolved, reason: reason, outputs: outputs)
        case .degenerate(let dimension):
            outputs["kernel_dimension"] = OutputArray(Double(dimension))
            return Record(status: .degenerate, reason: "\(dimension) linearly independent stationary operators; name an initial state under steadyState: initial", outputs: outputs)
        }
    }

    private func measure(_ observable: NamedObservable, _ states: [MultipoleState], _ instance: ModelInstance, _ forms: ObservableForms, shape: [Int]) throws -> OutputArray {
        let values = try states.map { try forms.expectation(observable.expression, observable.text, instance, $0) }
        return observable.isReal ? OutputArray(shape: shape, data: values.map(\.re))
            : OutputArray(shape: shape, data: values.flatMap { [$0.re, $0.im] }, isComplex: true)
    }

    public func completed(_ record: Record, at point: Point, in context: StudyContext) throws -> Record? {
        guard record.status == .ok, let kept = record.outputs["state"], let frame = record.outputs["state_frame"] else { return nil }
        let instance = try LindbladInputs.instance(model, point, constants)
        let values = stride(from: 0, to: kept.data.count, by: 2).map { Complex(kept.data[$0], kept.data[$0 + 1]) }
        try measures.check(spinCount: instance.spinCount)
        let state = MultipoleState(spinCount: instance.spinCount, frame: Frame(rowMajor: frame.data), shape: kept.shape, spherical: values)
        var completed = record
        let forms = context.service { ObservableForms() }
        for observable in observables where completed.outputs[observable.name] == nil {
            completed.outputs[observable.name] = try measure(observable, [state], instance, forms, shape: [])
        }
        completed.outputs.merge(try measures.evaluate([state], known: Set(completed.outputs.keys))) { $1 }
        return completed
    }
}

/// A worker's observables, made ready once for each N and frame; those with other parameters are made anew at each point.
private final class ObservableForms {
    private struct Key: Hashable {
        let text: String
        let spinCount: Int
        let frame: Frame
    }
    private var known: [Key: PreparedObservable] = [:]

    func expectation(_ expression: OperatorExpression, _ text: String, _ instance: ModelInstance, _ state: MultipoleState) throws -> Complex {
        guard expression.names.isSubset(of: ["N", "j"]) else { return state.expectation(try expression.polynomial(instance.values)) }
        let key = Key(text: text, spinCount: state.spinCount, frame: state.frame)
        if let form = known[key] { return form.expectation(in: state) }
        let form = PreparedObservable(try expression.polynomial(instance.values), spinCount: state.spinCount, frame: state.frame)
        if known.count > 1000 { known.removeAll() }
        known[key] = form
        return form.expectation(in: state)
    }
}
