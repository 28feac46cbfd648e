import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra

/// The option `initial` of `evolve`: where an evolution starts.
struct StartOption: Sendable {
    enum Kind: String, CaseIterable, Sendable { case coherent, dicke, ground, thermal, superposition, steady, kept }

    static let spec = OptionSpec("initial", .map([
        OptionSpec("state", .choice(Kind.allCases.map(\.rawValue)), default: .text("coherent"),
                   help: "coherent (theta, phi), dicke (m), ground and thermal state (temperature) of the Hamiltonian, superposition of its lowest levels (amplitudes), "
                       + "steady state, or a state kept in an archive"),
        OptionSpec("theta", .expression, default: .text("0"), help: "polar angle of the coherent state"),
        OptionSpec("phi", .expression, default: .text("0"), help: "its azimuth"),
        OptionSpec("m", .expression, help: "Dicke state |j, m>"),
        OptionSpec("temperature", .expression, help: "k_B T of the thermal state, an energy"),
        OptionSpec("amplitudes", .numbers(count: 1...64), help: "of the lowest levels of the Hamiltonian, from the ground state on"),
        OptionSpec("at", .expressions, help: "parameters that differ for the initial state, such as { Omega: 0.2 } (ground, thermal, superposition, steady)"),
        OptionSpec("archive", .text, help: "archive whose study steadyState has kept the state (keep: [state]) at the same parameters"),
    ]), help: "the state at time 0")

    let kind: Kind
    private let theta: ScalarExpression, phi: ScalarExpression
    private let m: ScalarExpression?
    private let temperature: ScalarExpression?
    private let amplitudes: [Double]
    private let other: [(name: String, value: ScalarExpression)]
    let archive: String?
    /// Stationary under the parameters of the point.
    var isStationary: Bool { kind == .steady && other.isEmpty }

    /// - Parameters:
    ///   - reader: of the map's own options.
    ///   - known: names that expressions may use.
    ///   - parameters: that `at` may change.
    /// - Throws: `OptionError`.
    init(_ reader: OptionReader, known: Set<String>, parameters: Set<String>) throws {
        let kind = Kind(rawValue: reader.text("state")) ?? .coherent
        self.kind = kind
        func expression(_ name: String) throws -> ScalarExpression? {
            try reader.textIfGiven(name).map { try NamedExpression.scalar($0, path: ["initial", name], known: known) }
        }
        let belonging: [Kind: [String]] = [
            .coherent: ["theta", "phi"], .dicke: ["m"], .ground: ["at"], .thermal: ["temperature", "at"], .superposition: ["amplitudes", "at"], .steady: ["at"], .kept: ["archive"],
        ]
        for name in ["theta", "phi", "m", "temperature", "amplitudes", "at", "archive"] where reader.has(name) && !belonging[kind, default: []].contains(name) {
            throw OptionError(path: ["initial", name], message: "\(name) says nothing about the initial state \(kind.rawValue)",
                              hint: "remove it, or name another state (\(Kind.allCases.filter { belonging[$0, default: []].contains(name) }.map(\.rawValue).joined(separator: ", ")))")
        }
        for name in belonging[kind, default: []] where ["m", "temperature", "amplitudes", "archive"].contains(name) && !reader.has(name) {
            throw OptionError(path: ["initial"], message: "the initial state \(kind.rawValue) needs \(name)", hint: "for example  initial: { state: \(kind.rawValue), \(name): … }")
        }
        theta = try expression("theta") ?? .constant(.zero)
        phi = try expression("phi") ?? .constant(.zero)
        m = try expression("m")
        temperature = try expression("temperature")
        amplitudes = reader.numbersIfGiven("amplitudes") ?? []
        archive = reader.textIfGiven("archive")
        other = try reader.expressions("at").map { entry in
            guard parameters.contains(entry.name) else {
                throw OptionError(path: ["initial", "at", entry.name], message: "\(entry.name) is no parameter of the model",
                                  hint: ReservedName.hint(forUnknown: entry.name, known: parameters))
            }
            return (entry.name, try NamedExpression.scalar(entry.text, path: ["initial", "at", entry.name], known: known))
        }
    }

    /// - Parameters:
    ///   - values: of N, j and all parameters at the point.
    ///   - instance: makes the model's instance with some parameters replaced.
    ///   - kept: reads a state out of an archive.
    /// - Throws: `EvaluationError` for a state that does not exist at this point.
    func state(_ values: [String: Double], solver: LindbladSolver, tolerances: Tolerances, instance: ([String: Double]) throws -> ModelInstance,
               kept: () throws -> MultipoleState) throws -> MultipoleState {
        func number(_ expression: ScalarExpression?) throws -> Double { try expression.map { try NamedExpression.real($0, values) } ?? 0 }
        let replaced = Dictionary(uniqueKeysWithValues: try other.map { ($0.name, try number($0.value)) })
        let spinCount = Int(values["N"] ?? 1)
        switch kind {
        case .coherent: return .coherent(spinCount: spinCount, theta: try number(theta), phi: try number(phi))
        case .dicke: return try .dicke(spinCount: spinCount, m: try number(m))
        case .ground: return try .thermal(try instance(replaced).hamiltonian, spinCount: spinCount, temperature: 0)
        case .thermal: return try .thermal(try instance(replaced).hamiltonian, spinCount: spinCount, temperature: try number(temperature))
        case .superposition: return try .superposition(try instance(replaced).hamiltonian, spinCount: spinCount, amplitudes: amplitudes)
        case .steady:
            let solution = try solver.steadyStates([try instance(replaced)], leakTolerance: tolerances.leak, errorTolerance: tolerances.state, initial: nil)[0].get()
            switch solution.outcome {
            case .resolved(let state), .chosen(let state, _): return state
            case .unresolved: throw EvaluationError(message: "the initial steady state is unresolved: its slow mode decays more slowly than double-double precision resolves")
            case .degenerate(let dimension): throw EvaluationError(message: "the initial steady state is not unique: there are \(dimension) linearly independent stationary operators")
            }
        case .kept: return try kept()
        }
    }
}
