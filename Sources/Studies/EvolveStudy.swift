import Foundation
import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Time evolution of the master equation: observables and measures of ρ(t), two-time correlations by quantum regression.
public struct EvolveStudy: Study {
    public static let name = "evolve"
    public static let summary = "time evolution of the density matrix with observables, squeezing, Fisher information, two-time correlations"
    public static let options: [OptionSpec] = [
        OptionSpec("observables", .operators, help: "operators whose expectation values are wanted, as outputs NAME_t (default jx, jy, jz over j)"),
        StartOption.spec,
        OptionSpec("until", .number(0...1e15), default: .number(10), help: "last time, in units of the option unit"),
        OptionSpec("points", .integer(2...100_000), default: .integer(101), help: "number of times from 0 to until"),
        OptionSpec("times", .numbers(count: 1...100_000), help: "times instead of until and points, ascending"),
        OptionSpec("unit", .expression, default: .text("1"), help: "what times are counted in, an expression of parameters such as 1/gamma"),
        OptionSpec("vary", .expressions, help: "parameters that vary with the time t: expressions of t, ramp(from, to, start, duration), "
            + "pulse(base, height, centre, width), square(base, height, start, duration)"),
        OptionSpec("measures", .choices(EvolutionMeasures.Measure.allCases.map(\.rawValue)), help: "further outputs along time: spin squeezing, quantum Fisher information, entropy, populations of Jz"),
        OptionSpec("correlation", .map([
            OptionSpec("first", .expression, help: "operator A at the time t"),
            OptionSpec("second", .expression, help: "operator B at time 0"),
        ]), help: "the two-time correlation <A(t) B(0)>"),
        OptionSpec("g2", .expression, help: "operator A of g2(t) = <A'(0) A'(t) A(t) A(0)> / (<A'A>(0) <A'A>(t)), A' the adjoint"),
        OptionSpec("emission", .map([
            OptionSpec("operator", .expression, default: .text("Jm"), help: "operator A"),
            OptionSpec("from", .number(-1e15...1e15), default: .number(-5), help: "lowest frequency"),
            OptionSpec("to", .number(-1e15...1e15), default: .number(5), help: "highest frequency"),
            OptionSpec("points", .integer(1...10_000), default: .integer(201), help: "number of frequencies"),
        ]), help: "incoherent spectrum of <A'(0) A(t)> in the steady state (initial: { state: steady })"),
        OptionSpec("tolerance", .number(1e-13...1e-2), default: .number(1e-8), help: "greatest estimated error of rho at the last time, in its 2-norm over that of the start"),
        OptionSpec("keep", .choices(["state"]), help: "state: store the multipole coefficients of the last state"),
    ]

    private let model: Model
    private let tolerances: Tolerances
    private let constants: [String: Double]
    private let observables: [NamedObservable]
    private let start: StartOption
    private let times: [Double]
    private let unit: ScalarExpression
    private let dependences: [TimeDependence]
    private let measures: EvolutionMeasures
    private let correlation: (first: OperatorExpression, second: OperatorExpression)?
    private let secondOrder: OperatorExpression?
    private let emission: (operator: OperatorExpression, frequencies: [Double])?
    private let tolerance: Double
    private let keepsState: Bool
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        tolerances = setup.tolerances
        constants = setup.constants
        axes = LindbladInputs.axes(setup)
        let known = LindbladInputs.knownNames(setup), parameters = known.subtracting(["N", "j"]), options = Self.reader(setup.options)
        observables = try NamedObservable.list(setup.options["observables"], known: known)
        start = try StartOption(options.map("initial"), known: known, parameters: parameters)
        unit = try NamedExpression.scalar(options.text("unit"), path: ["unit"], known: known)
        times = try Self.times(options)
        var seen: Set<String> = []
        dependences = try options.expressions("vary").map { entry in
            guard parameters.contains(entry.name), seen.insert(entry.name).inserted else {
                throw OptionError(path: ["vary", entry.name], message: "\(entry.name) is no parameter of the model", hint: ReservedName.hint(forUnknown: entry.name, known: parameters))
            }
            return try TimeDependence(entry, path: ["vary"], known: known)
        }
        if !dependences.isEmpty, parameters.contains("t") {
            throw OptionError(path: ["vary"], message: "t is a parameter of the model and cannot be the time", hint: "give the parameter another name")
        }
        measures = EvolutionMeasures(options.choices("measures"))
        correlation = try Self.correlation(options, known)
        secondOrder = try options.textIfGiven("g2").map { try NamedExpression.spinOperator($0, path: ["g2"], known: known) }
        emission = try options.has("emission") ? Self.emission(options.map("emission"), known) : nil
        if emission != nil, !start.isStationary || !dependences.isEmpty {
            throw OptionError(path: ["emission"], message: "the emission spectrum is that of a steady state", hint: "add  initial: { state: steady }, without at and vary")
        }
        tolerance = options.number("tolerance")
        keepsState = options.choices("keep").contains("state")
    }

    private static func times(_ options: OptionReader) throws -> [Double] {
        if let list = options.numbersIfGiven("times") {
            if let both = ["until", "points"].first(where: options.has) {
                throw OptionError(path: [both], message: "\(both) and times exclude each other", hint: "remove one of them")
            }
            guard list[0] >= 0, zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw OptionError(path: ["times"], message: "times must ascend from 0 or later", hint: "for example  times: [0, 0.5, 1, 2]")
            }
            return list
        }
        let end = options.number("until"), count = options.integer("points")
        guard end > 0 else { throw OptionError(path: ["until"], message: "until must be positive") }
        return (0..<count).map { end * Double($0) / Double(count - 1) }
    }

    private static func correlation(_ options: OptionReader, _ known: Set<String>) throws -> (OperatorExpression, OperatorExpression)? {
        guard options.has("correlation") else { return nil }
        let map = options.map("correlation")
        guard let first = map.textIfGiven("first"), let second = map.textIfGiven("second") else {
            throw OptionError(path: ["correlation"], message: "both operators are needed", hint: "for example  correlation: { first: Jp, second: Jm }")
        }
        return (try NamedExpression.spinOperator(first, path: ["correlation", "first"], known: known),
                try NamedExpression.spinOperator(second, path: ["correlation", "second"], known: known))
    }

    private static func emission(_ map: OptionReader, _ known: Set<String>) throws -> (OperatorExpression, [Double]) {
        let from = map.number("from"), to = map.number("to"), count = map.integer("points")
        guard from < to || count == 1 else { throw OptionError(path: ["emission", "to"], message: "to must be greater than from") }
        return (try NamedExpression.spinOperator(map.text("operator"), path: ["emission", "operator"], known: known),
                (0..<count).map { count == 1 ? from : from + (to - from) * Double($0) / Double(count - 1) })
    }

    // MARK: Outputs

    private var timeAxis: OutputAxis { OutputAxis(name: "time", extent: times.count, coordinates: times) }

    public var outputs: [OutputSpec] {
        let time = timeAxis
        var list = observables.map {
            OutputSpec("\($0.name)_t", kind: $0.isReal ? .real : .complex, axes: [time], meaning: "expectation value of \($0.text) at time")
        }
        list.append(OutputSpec("purity_t", axes: [time], meaning: "Tr rho^2 at time"))
        list += measures.outputs(time)
        if let correlation {
            list.append(OutputSpec("correlation_t", kind: .complex, axes: [time], meaning: "two-time correlation <A(t) B(0)> with A = \(correlation.first.text), B = \(correlation.second.text)"))
        }
        if let secondOrder {
            list.append(OutputSpec("g2_t", axes: [time], meaning: "second-order correlation <A'(0) A'(t) A(t) A(0)> / (<A'A>(0) <A'A>(t)) of A = \(secondOrder.text)"))
        }
        if let emission {
            let frequency = OutputAxis(name: "emission_frequency", extent: emission.frequencies.count, coordinates: emission.frequencies)
            list += [
                OutputSpec("emission", axes: [frequency], dimension: .time, meaning: "incoherent spectrum S(omega) of A = \(emission.operator.text); its integral is <A'A> - |<A>|^2"),
                OutputSpec("emission_coherent", meaning: "|<A>|^2, the weight of the line at frequency 0"),
            ]
        }
        list += [
            OutputSpec("evolve_time_unit", dimension: .time, meaning: "unit of the axis time"),
            OutputSpec("evolve_error", meaning: "estimated error of rho at the last time from time steps and rounding, 2-norm over that of the start"),
            OutputSpec("evolve_truncation_error", meaning: "the same from multipoles left out"),
            OutputSpec("evolve_l_max", kind: .integer, meaning: "greatest multipole order l kept"),
            OutputSpec("evolve_q_max", kind: .integer, meaning: "greatest multipole component |q| kept"),
            OutputSpec("evolve_products", kind: .integer, meaning: "products of the Liouvillian with a state"),
        ]
        if keepsState {
            list += [
                OutputSpec("final_state", kind: .complex, axes: [OutputAxis(name: "final_l", extent: nil), OutputAxis(name: "final_q", extent: nil)],
                           meaning: "coefficients x_lq (q >= 0) of rho at the last time in the axes of final_frame; x_l,-q = (-1)^q conj(x_lq)"),
                OutputSpec("final_frame", axes: [OutputAxis(name: "frame_axis", extent: 3, labels: ["x'", "y'", "z'"]), OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])],
                           meaning: "axes of the multipoles in laboratory coordinates"),
            ]
        }
        return list
    }

    // MARK: Cost

    /// What an evolution is expected to take: multipoles, and products with the Liouvillian.
    ///
    /// The norm of the Liouvillian on multipoles up to l goes like c·k·j^{k−1}·l for a term of degree k in H, and like r·k²·j^{2(k−1)}·l²/2
    /// for a jump. A window of 7√N is enough where its last multipoles are damped in the time at hand.
    private func effort(at point: Point) -> (multipoles: Double, products: Double) {
        let n = Double(point.spinCount ?? Int(constants["N"] ?? 1)), j = n / 2, narrow = min(7 * n.squareRoot(), n) + 1
        guard let instance = try? LindbladInputs.instance(model, point, constants), let unit = try? NamedExpression.real(unit, instance.values) else {
            return (narrow * narrow, narrow * (times.last ?? 1))
        }
        let duration = (times.last ?? 1) * max(unit, 0)
        let turning = instance.hamiltonian.terms.reduce(0) { sum, term in
            let degree = Double(term.key.degree)
            return sum + (degree > 0 ? term.value.magnitude * degree * pow(j, degree - 1) : 0)
        }
        let damping = instance.jumps.reduce(0) { sum, jump in
            sum + jump.rate * jump.operator.terms.reduce(0) { most, term in
                let degree = Double(term.key.degree)
                return max(most, degree > 0 ? term.value.squaredMagnitude * degree * degree * pow(j, 2 * degree - 2) : 0)
            } / 2
        }
        let isNarrow = damping * narrow * narrow > max(30 / max(duration, .leastNormalMagnitude), 0.05 * turning)
        let l = isNarrow ? narrow : n + 1
        return (l * l, 40 + 1.4 * duration * (turning * l + damping * l * l))
    }

    /// Measured on one core: 2e-8 s a product and multipole.
    public func cost(at point: Point) -> Cost {
        let n = Double(point.spinCount ?? Int(constants["N"] ?? 1)), effort = effort(at: point)
        let runs = 1 + (correlation == nil ? 0 : 2) + (secondOrder == nil ? 0 : 1), steps = dependences.isEmpty ? 1.0 : 6
        var seconds = 1e-3 + Double(runs) * steps * (2e-6 + 2e-8 * effort.multipoles) * effort.products
        if let emission { seconds += Double(emission.frequencies.count) * 2e-8 * pow(effort.multipoles, 1.5) }
        return Cost(seconds: seconds + Double(times.count) * measures.seconds(spinCount: Int(n)))
    }

    public func memory(at samples: [Point], count: Int) -> Memory {
        let most = samples.map { $0.spinCount ?? Int(constants["N"] ?? 1) }.max() ?? 1, multipoles = samples.map { effort(at: $0).multipoles }.max() ?? 1
        // Matrices of states are complex; regression holds up to six of them.
        let matrices = correlation != nil || secondOrder != nil || emission != nil ? 6.0 : start.kind == .coherent ? 0 : 3
        let matrix = 16 * matrices * Double(most + 1) * Double(most + 1)
        // Per multipole: some 40 entries of term values with their indices, thrice while they are put together; 21 Krylov vectors.
        return Memory(peak: 2500 * multipoles + matrix + measures.bytes(spinCount: most), kept: 1200 * multipoles)
    }

    // MARK: Run

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed { try evolution(at: point, context) }
    }

    private func evolution(at point: Point, _ context: StudyContext) throws -> Record {
        let instance = try LindbladInputs.instance(model, point, constants), values = instance.values, spinCount = instance.spinCount
        try measures.check(spinCount: spinCount)
        let unit = try NamedExpression.real(unit, values)
        guard unit > 0 else { throw EvaluationError(message: "the unit of time \(self.unit) is \(unit), not positive") }
        let solver = try LindbladInputs.solver(model, context)
        @Sendable func other(_ replaced: [String: Double]) throws -> ModelInstance {
            let given = constants.merging(point.dictionary) { $1 }.filter { !$0.key.contains(".") && $0.key != "N" }
            return try model.instance(spinCount: spinCount, given.merging(replaced) { $1 })
        }
        let schedule = try schedule(instance, other)
        // What varies has its first value when the initial state is made.
        let first = Dictionary(uniqueKeysWithValues: try dependences.map { ($0.name, try $0.course(values).value(0)) })
        let rho = try start.state(values, solver: solver, tolerances: tolerances, instance: { try other(first.merging($0) { $1 }) }) {
            try context.keptState(archive: start.archive ?? "", at: values)
        }
        let scaled = times.map { $0 * unit }
        var outputs = Series(times.count)
        let polynomials = try observables.map { try $0.expression.polynomial(values) }
        var last = rho
        let report = try solver.evolve(rho, schedule: schedule, times: scaled, tolerance: tolerance) { k, state in
            for (observable, polynomial) in zip(observables, polynomials) {
                let value = state.expectation(polynomial)
                outputs.set("\(observable.name)_t", k, observable.isReal ? [value.re] : [value.re, value.im])
            }
            outputs.set("purity_t", k, [state.purity])
            for (name, value) in try measures.values(state) { outputs.set(name, k, value) }
            last = state
        }
        var arrays = outputs.arrays(self.outputs)
        if let correlation { arrays["correlation_t"] = try correlated(rho, correlation, solver, schedule, scaled, values) }
        if let secondOrder { arrays["g2_t"] = try bunching(rho, secondOrder, solver, schedule, scaled, values) }
        if let emission {
            let polynomial = try emission.operator.polynomial(values)
            arrays["emission"] = OutputArray(try solver.emissionSpectrum(rho, polynomial, instance, frequencies: emission.frequencies, leakTolerance: max(tolerances.leak, tolerance)))
            arrays["emission_coherent"] = OutputArray(rho.expectation(polynomial).squaredMagnitude)
        }
        arrays["evolve_time_unit"] = OutputArray(unit)
        arrays["evolve_error"] = OutputArray(report.steppingError)
        arrays["evolve_truncation_error"] = OutputArray(report.truncationError)
        arrays["evolve_l_max"] = OutputArray(Double(report.window.lMax))
        arrays["evolve_q_max"] = OutputArray(Double(report.window.qMax))
        arrays["evolve_products"] = OutputArray(Double(report.productCount))
        if keepsState {
            let kept = last.sphericalCoefficients
            arrays["final_state"] = OutputArray(shape: kept.shape, data: kept.values.flatMap { [$0.re, $0.im] }, isComplex: true)
            arrays["final_frame"] = OutputArray(shape: [3, 3], data: last.frame.axes.flatMap { $0 })
        }
        let error = report.steppingError + report.truncationError
        guard error <= 2 * tolerance else {
            return Record(status: .notConverged, reason: "the estimated error of the last state, \(error), is beyond the tolerance", outputs: arrays)
        }
        return Record(status: .ok, outputs: arrays)
    }

    private func schedule(_ instance: ModelInstance, _ other: @escaping @Sendable ([String: Double]) throws -> ModelInstance) throws -> ParameterSchedule {
        if dependences.isEmpty { return ParameterSchedule(constant: instance) }
        let courses = try dependences.map { try $0.course(instance.values) }
        let breaks = Set(courses.flatMap(\.breaks)).filter { $0 > 0 }.sorted()
        // Between neighbouring breaks everything is constant, or something varies.
        let edges = [0] + breaks + [Double.greatestFiniteMagnitude]
        let stretches = zip(edges, edges.dropFirst()).filter { start, end in
            let middle = end == .greatestFiniteMagnitude ? start + 1 : 0.5 * (start + end)
            return courses.allSatisfy { $0.isConstant(middle) }
        }.map { $0...$1 }
        return ParameterSchedule(spinCount: instance.spinCount, breaks: breaks, constantStretches: stretches) { time in
            try other(Dictionary(uniqueKeysWithValues: courses.map { ($0.name, try $0.value(time)) })).values
        }
    }

    // MARK: Regression

    /// ⟨A(t) B(0)⟩ = Tr[A e^{Lt}(Bρ)]
    private func correlated(_ rho: MultipoleState, _ pair: (first: OperatorExpression, second: OperatorExpression), _ solver: LindbladSolver, _ schedule: ParameterSchedule,
                            _ times: [Double], _ values: [String: Double]) throws -> OutputArray {
        let a = try pair.first.polynomial(values), parts = try rho.multiplied(by: try pair.second.polynomial(values))
        var sum = [Complex](repeating: .zero, count: times.count)
        for (part, factor) in [(parts.hermitian, Complex.one), (parts.skew, .i)] where part.purity > 0 {
            _ = try solver.evolve(part, schedule: schedule, times: times, tolerance: tolerance) { sum[$0] += factor * $1.expectation(a) }
        }
        return OutputArray(shape: [times.count], data: sum.flatMap { [$0.re, $0.im] }, isComplex: true)
    }

    /// Tr[A†A e^{Lt}(AρA†)] over the product of the intensities; NaN where there is no intensity.
    private func bunching(_ rho: MultipoleState, _ operator: OperatorExpression, _ solver: LindbladSolver, _ schedule: ParameterSchedule,
                          _ times: [Double], _ values: [String: Double]) throws -> OutputArray {
        let a = try `operator`.polynomial(values), intensity = a.adjoint * a, first = rho.expectation(intensity).re
        var later = [Double](repeating: first, count: times.count), pairs = later
        if !start.isStationary || !dependences.isEmpty {
            _ = try solver.evolve(rho, schedule: schedule, times: times, tolerance: tolerance) { later[$0] = $1.expectation(intensity).re }
        }
        _ = try solver.evolve(try rho.sandwiched(by: a), schedule: schedule, times: times, tolerance: tolerance) { pairs[$0] = $1.expectation(intensity).re }
        return OutputArray(zip(pairs, later).map { $0 / (first * $1) })
    }
}

/// Values along time of several outputs, as they come in.
private struct Series {
    private let count: Int
    private var rows: [String: [[Double]]] = [:]
    init(_ count: Int) { self.count = count }

    mutating func set(_ name: String, _ k: Int, _ value: [Double]) { rows[name, default: Array(repeating: [], count: count)][k] = value }

    func arrays(_ specs: [OutputSpec]) -> [String: OutputArray] {
        var result: [String: OutputArray] = [:]
        for spec in specs {
            guard let rows = rows[spec.name] else { continue }
            let isComplex = spec.kind == .complex, width = rows[0].count / (isComplex ? 2 : 1)
            result[spec.name] = OutputArray(shape: spec.axes.count == 1 ? [count] : [count, width], data: rows.flatMap { $0 }, isComplex: isComplex)
        }
        return result
    }
}
