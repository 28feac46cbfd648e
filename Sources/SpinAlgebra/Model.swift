import Numbers

/// A jump operator √rate · operator of the master equation.
public struct Jump: Sendable {
    public let rate: ScalarExpression
    public let `operator`: OperatorExpression
    public var rateText: String { rate.description }
}

/// A named constant of the job, possibly an expression of others.
public struct Parameter: Sendable {
    public let name: String
    public let expression: ScalarExpression
}

/// dρ/dt = −i[H, ρ] + Σ_k rate_k (L_k ρ L_k† − ½{L_k†L_k, ρ}) for one spin j = N/2, H and L_k polynomials of the spin
/// operators with parameters for coefficients.
public struct Model: Sendable {
    public let hamiltonian: OperatorExpression
    public let jumps: [Jump]
    /// In the order of the job.
    public let parameters: [Parameter]
    /// Name of the preset that the texts come from.
    public let preset: String?
    /// Parameters in an order in which each follows all that it uses.
    private let ordered: [Parameter]

    /// - Throws: `ModelError`.
    public init(hamiltonian: String, jumps: [(rate: String, operator: String)], parameters: [(name: String, expression: String)],
                preset: String? = nil) throws {
        self.preset = preset
        self.hamiltonian = try Self.parse(["hamiltonian"]) { try OperatorExpression(parsing: hamiltonian) }
        self.jumps = try jumps.enumerated().map { index, jump in
            let rate = try Self.parse(["jumps", "\(index)", "rate"]) { try ScalarExpression(parsing: jump.rate) }
            if !rate.tree.hasNames, let value = try? rate.evaluate([:]), Self.real(value).map({ $0 < 0 }) ?? true {
                throw ModelError(place: ["jumps", "\(index)", "rate"], message: "the rate \(jump.rate) is not allowed: rates must be real and non-negative")
            }
            return Jump(rate: rate, operator: try Self.parse(["jumps", "\(index)", "operator"]) { try OperatorExpression(parsing: jump.operator) })
        }
        var known: Set<String> = []
        self.parameters = try parameters.map { name, text in
            try Self.checkName(name)
            if !known.insert(name).inserted { throw ModelError(place: ["parameters", name], message: "the parameter \(name) is declared twice") }
            return Parameter(name: name, expression: try Self.parse(["parameters", name]) { try ScalarExpression(parsing: text) })
        }
        ordered = try Self.inOrderOfUse(self.parameters)
        try checkConstants()
        try Hermiticity.check(self.hamiltonian)
    }

    /// Names that parameters do not define and that must come from the sweep.
    public var freeNames: Set<String> { usedNames.subtracting(parameters.map(\.name)) }

    /// All names in the model but N and j.
    public var usedNames: Set<String> {
        expressions.reduce(into: Set()) { $0.formUnion($1.tree.names) }.subtracting(ReservedName.predefined)
    }

    /// The error to raise for a free name that no axis provides, at the place of its first use.
    /// - Parameter known: names that the job defines beside the parameters.
    public func unknownName(_ name: String, known: some Sequence<String>) -> ModelError {
        let use = expressions.lazy.compactMap { place, tree in tree.firstUse(of: name).map { (place, $0) } }.first
        return ModelError(place: use?.0 ?? ["hamiltonian"], message: "\(name) is not known: it is neither a parameter nor an axis of the sweep",
                          hint: ReservedName.hint(forUnknown: name, known: parameters.map(\.name) + known)
                              ?? "give \(name) a value under parameters or sweep", offset: use?.1)
    }

    private var expressions: [(place: [String], tree: Syntax)] {
        [(["hamiltonian"], hamiltonian.tree)]
            + jumps.enumerated().flatMap { index, jump in
                [(["jumps", "\(index)", "rate"], jump.rate.tree), (["jumps", "\(index)", "operator"], jump.operator.tree)]
            }
            + parameters.map { (["parameters", $0.name], $0.expression.tree) }
    }

    // MARK: Values

    /// N, j and all parameters at a point. What is given overrides a parameter of the same name.
    /// - Throws: `EvaluationError`.
    public func values(spinCount: Int, _ given: [String: Double]) throws -> [String: Double] {
        var values = given
        values["N"] = Double(spinCount)
        values["j"] = Double(spinCount) / 2
        for parameter in ordered where given[parameter.name] == nil { values[parameter.name] = try Self.value(of: parameter, values) }
        return values
    }

    /// The model with all numbers in place.
    /// - Throws: `EvaluationError` for a rate that is negative, complex or not finite, and for a Hamiltonian that is not
    ///   Hermitian at these values.
    public func instance(spinCount: Int, _ given: [String: Double]) throws -> ModelInstance {
        let values = try values(spinCount: spinCount, given)
        let numeric = try hamiltonian.polynomial(values)
        if let complaint = try Hermiticity.complaint(hamiltonian, at: values) {
            throw EvaluationError(message: "the Hamiltonian is not Hermitian" + ScalarExpression.place(of: hamiltonian.names, in: values) + ": \(complaint)")
        }
        let jumps = try self.jumps.enumerated().map { index, jump in
            ModelInstance.Jump(rate: try Self.rate(of: jump, index, values), operator: try jump.operator.polynomial(values))
        }
        // Rounding may leave an anti-Hermitian part of the last bits (`exp(i*phi)*Jp + exp(-i*phi)*Jm`).
        return ModelInstance(spinCount: spinCount, values: values, hamiltonian: 0.5 * (numeric + numeric.adjoint), jumps: jumps)
    }

    static func rate(of jump: Jump, _ index: Int, _ values: [String: Double]) throws -> Double {
        let name = "rate of jump \(index + 1)", demand = "rates must be real and non-negative"
        let value: Complex
        do { value = try jump.rate.evaluate(values) } catch let error as EvaluationError {
            throw EvaluationError(message: "\(name), \(error.message): \(demand)")
        }
        guard let rate = real(value), rate >= 0 else {
            throw EvaluationError(message: "\(name), \(jump.rateText) = \(value.shortText)\(ScalarExpression.place(of: jump.rate.names, in: values)): \(demand)")
        }
        return rate
    }

    private static func value(of parameter: Parameter, _ values: [String: Double]) throws -> Double {
        let value: Complex
        do { value = try parameter.expression.evaluate(values) } catch let error as EvaluationError {
            throw EvaluationError(message: "parameter \(parameter.name): \(error.message)")
        }
        guard let number = real(value) else {
            throw EvaluationError(message: "parameter \(parameter.name) = \(parameter.expression) = \(value.shortText)"
                + ScalarExpression.place(of: parameter.expression.names, in: values) + " is complex: parameters are real; write i in the operators instead")
        }
        return number
    }

    /// The number, if its imaginary part is no more than rounding.
    private static func real(_ z: Complex) -> Double? { z.im.magnitude <= 1e-14 * z.re.magnitude ? z.re : nil }

    // MARK: Checks of the text

    private static func parse<Parsed>(_ place: [String], _ make: () throws -> Parsed) throws -> Parsed {
        do { return try make() } catch let error as ExpressionError {
            throw ModelError(place: place, message: "\(error.message), at character \(error.offset + 1) of \"\(error.text)\"", hint: error.hint, offset: error.offset)
        }
    }

    private static func checkName(_ name: String) throws {
        if let meaning = ReservedName.meaning(of: name) {
            throw ModelError(place: ["parameters", name], message: "the parameter \(name) shadows \(meaning)",
                             hint: "rename it, for example to \(ReservedName.replacement(for: name))")
        }
        if !ReservedName.isIdentifier(name) {
            throw ModelError(place: ["parameters", name], message: "\"\(name)\" is no name for a parameter",
                             hint: "names are letters, digits and _ and do not begin with a digit")
        }
    }

    /// - Throws: `ModelError` for parameters that depend on themselves.
    private static func inOrderOfUse(_ parameters: [Parameter]) throws -> [Parameter] {
        let byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
        var ordered: [Parameter] = [], done: Set<String> = [], path: [String] = []
        func visit(_ parameter: Parameter) throws {
            if done.contains(parameter.name) { return }
            if let start = path.firstIndex(of: parameter.name) {
                let circle = (path[start...] + [parameter.name]).joined(separator: " → ")
                throw ModelError(place: ["parameters", parameter.name], message: "the parameter \(parameter.name) depends on itself: \(circle)",
                                 hint: "give one of them a number")
            }
            path.append(parameter.name)
            for name in parameter.expression.names.sorted() { if let used = byName[name] { try visit(used) } }
            path.removeLast()
            done.insert(parameter.name)
            ordered.append(parameter)
        }
        for parameter in parameters { try visit(parameter) }
        return ordered
    }

    /// Parameters that depend on no axis and not on N are wrong everywhere if they are wrong.
    private func checkConstants() throws {
        var values: [String: Double] = [:]
        for parameter in ordered where parameter.expression.names.isSubset(of: values.keys) {
            do { values[parameter.name] = try Self.value(of: parameter, values) } catch let error as EvaluationError {
                throw ModelError(place: ["parameters", parameter.name], message: error.message)
            }
        }
    }
}
