import Numbers

/// What is wrong with a model's text. `place` leads to it: ["hamiltonian"], ["jumps", "0", "rate"], ["parameters", "X"].
public struct ModelError: Error, CustomStringConvertible, Sendable {
    public let place: [String]
    public let message: String
    public let hint: String?
    /// UTF-8 offset into the text at `place`, where one is known.
    public let offset: Int?
    public init(place: [String], message: String, hint: String? = nil, offset: Int? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
        self.offset = offset
    }
    public var description: String { "\(place.joined(separator: ".")): \(message)" + (hint.map { " (hint: \($0))" } ?? "") }
}

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
    public let parameters: [Parameter]
    public let preset: String?

    /// - Throws: `ModelError`.
    public init(hamiltonian: String, jumps: [(rate: String, operator: String)], parameters: [(name: String, expression: String)],
                preset: String? = nil) throws {
        func parse<Parsed>(_ place: [String], _ make: () throws -> Parsed) throws -> Parsed {
            do { return try make() } catch let error as ExpressionError {
                throw ModelError(place: place, message: "\(error.message) in \"\(error.text)\"", hint: error.hint, offset: error.offset)
            }
        }
        self.preset = preset
        self.hamiltonian = try parse(["hamiltonian"]) { try OperatorExpression(parsing: hamiltonian) }
        self.jumps = try jumps.enumerated().map { index, jump in
            Jump(rate: try parse(["jumps", "\(index)", "rate"]) { try ScalarExpression(parsing: jump.rate) },
                 operator: try parse(["jumps", "\(index)", "operator"]) { try OperatorExpression(parsing: jump.operator) })
        }
        self.parameters = try parameters.map { name, text in
            let place = ["parameters", name]
            if let meaning = ReservedName.meaning(of: name) {
                let renamed = name.count == 2 && name.hasPrefix("J") ? "g\(name.suffix(1))" : "\(name)0"
                throw ModelError(place: place, message: "the parameter \(name) shadows \(meaning)", hint: "rename it, for example to \(renamed)")
            }
            return Parameter(name: name, expression: try parse(place) { try ScalarExpression(parsing: text) })
        }
        try checkCycles()
        try Hermiticity.check(self.hamiltonian)
    }

    /// Names that parameters do not define and that must come from the sweep.
    public var freeNames: Set<String> {
        var used = hamiltonian.names
        for jump in jumps { used.formUnion(jump.rate.names.union(jump.operator.names)) }
        for parameter in parameters { used.formUnion(parameter.expression.names) }
        return used.subtracting(parameters.map(\.name)).subtracting(["N", "j"])
    }

    private func checkCycles() throws {
        let byName = Dictionary(parameters.map { ($0.name, $0.expression.names) }) { first, _ in first }
        for parameter in parameters {
            var seen: Set<String> = [], front = byName[parameter.name] ?? []
            while !front.isEmpty {
                if front.contains(parameter.name) {
                    throw ModelError(place: ["parameters", parameter.name], message: "the parameter \(parameter.name) depends on itself")
                }
                seen.formUnion(front)
                front = front.reduce(into: Set()) { $0.formUnion(byName[$1] ?? []) }.subtracting(seen)
            }
        }
    }

    /// N, j and all parameters at a point. What is given overrides a parameter of the same name.
    /// - Throws: `EvaluationError`.
    public func values(spinCount: Int, _ given: [String: Double]) throws -> [String: Double] {
        var values = given
        values["N"] = Double(spinCount)
        values["j"] = Double(spinCount) / 2
        var open = parameters.filter { given[$0.name] == nil }
        while !open.isEmpty {
            var later: [Parameter] = []
            for parameter in open {
                if let missing = parameter.expression.names.first(where: { values[$0] == nil }) {
                    if !open.contains(where: { $0.name == missing }) { throw EvaluationError(message: "\(missing) has no value") }
                    later.append(parameter)
                    continue
                }
                let value = try parameter.expression.evaluate(values)
                guard value.im == 0 else {
                    throw EvaluationError(message: "the parameter \(parameter.name) = \(parameter.expression) is complex; write i in the operators instead")
                }
                values[parameter.name] = value.re
            }
            if later.count == open.count { throw EvaluationError(message: "the parameter \(open[0].name) depends on itself") }
            open = later
        }
        return values
    }

    /// The model with all numbers in place.
    /// - Throws: `EvaluationError` for a rate that is negative, complex or not finite, and for a Hamiltonian that is not
    ///   Hermitian at these values.
    public func instance(spinCount: Int, _ given: [String: Double]) throws -> ModelInstance {
        let values = try values(spinCount: spinCount, given)
        let hamiltonian = try hamiltonian.polynomial(values)
        let scale = hamiltonian.terms.values.reduce(0) { max($0, $1.magnitude) }
        if !(hamiltonian - hamiltonian.adjoint).isZero(tolerance: 1e-12 * scale) {
            throw EvaluationError(message: "the Hamiltonian \(self.hamiltonian.text) is not Hermitian" + Self.place(self.hamiltonian.names, values))
        }
        let jumps = try self.jumps.enumerated().map { index, jump in
            let rate = try jump.rate.evaluate(values)
            guard rate.im == 0, rate.re >= 0 else {
                let shown = rate.im == 0 ? "\(rate.re)" : "\(rate.re) + \(rate.im)*i"
                throw EvaluationError(message: "rate of jump \(index + 1), \(jump.rateText) = \(shown)\(Self.place(jump.rate.names, values)): rates must be real and non-negative")
            }
            return ModelInstance.Jump(rate: rate.re, operator: try jump.operator.polynomial(values))
        }
        return ModelInstance(spinCount: spinCount, values: values, hamiltonian: hamiltonian, jumps: jumps)
    }

    private static func place(_ names: Set<String>, _ values: [String: Double]) -> String {
        let list = names.subtracting(["j"]).sorted().compactMap { name in values[name].map { "\(name) = \($0)" } }
        return list.isEmpty ? "" : " at \(list.joined(separator: ", "))"
    }
}

/// A model at one point of a sweep.
public struct ModelInstance: Sendable {
    public struct Jump: Sendable {
        public let rate: Double
        public let `operator`: SpinPolynomial
        public init(rate: Double, operator: SpinPolynomial) {
            self.rate = rate
            self.operator = `operator`
        }
    }
    public let spinCount: Int
    /// N, j and every parameter.
    public let values: [String: Double]
    public let hamiltonian: SpinPolynomial
    public let jumps: [Jump]
    public init(spinCount: Int, values: [String: Double], hamiltonian: SpinPolynomial, jumps: [Jump]) {
        self.spinCount = spinCount
        self.values = values
        self.hamiltonian = hamiltonian
        self.jumps = jumps
    }
}
