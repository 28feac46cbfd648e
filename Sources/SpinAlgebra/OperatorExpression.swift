import Numbers

/// An operator with symbolic coefficients, Σ_k coefficient_k(parameters) · polynomial_k.
public struct OperatorExpression: Hashable, Sendable, CustomStringConvertible {
    public struct Group: Equatable, Sendable {
        public let coefficient: ScalarExpression
        public let polynomial: SpinPolynomial
    }

    public static let greatestDegree = 6

    public let text: String
    let tree: Syntax
    /// By identical coefficient; numeric factors live in the polynomial. A purely numeric part has coefficient 1.
    public let groups: [Group]

    /// - Throws: `ExpressionError` for bad syntax, a degree above six, division by an operator, a function of one, or a
    ///   power that is no whole number.
    public init(parsing text: String) throws {
        self.text = text
        tree = try Parser.parse(text)
        groups = try Self.groups(of: tree, text: text)
    }

    public static func == (a: OperatorExpression, b: OperatorExpression) -> Bool { a.tree.canonicalText == b.tree.canonicalText }
    public func hash(into hasher: inout Hasher) { hasher.combine(tree.canonicalText) }
    public var description: String { text }
    public var names: Set<String> { tree.names }
    public var degree: Int { groups.map(\.polynomial.degree).max() ?? 0 }

    /// - Throws: `EvaluationError`.
    public func polynomial(_ values: [String: Double]) throws -> SpinPolynomial {
        try groups.polynomial(values)
    }

    /// The matrix from the syntax tree itself, with dense matrices of the elementary operators: independent of normal
    /// ordering. Row-major, basis m = j, j − 1, …, −j.
    /// - Throws: `EvaluationError`.
    public func directMatrix(spinCount: Int, _ values: [String: Double]) throws -> [[Complex]] {
        var local = values
        local["N"] = Double(spinCount)
        local["j"] = Double(spinCount) / 2
        return try DirectEvaluation(spinCount: spinCount, values: local).matrix(tree)
    }

    static func groups(of tree: Syntax, text: String) throws -> [Group] {
        try Expander(text: text).expand(tree).terms.map { Group(coefficient: $0.coefficient.expression, polynomial: $0.polynomial) }
    }

    /// Terms at the top of the sum, each with its sign: what a user would point at.
    var summands: [Syntax] {
        func collect(_ node: Syntax) -> [Syntax] {
            switch node {
            case .binary("+", let left, let right, _): collect(left) + collect(right)
            case .binary("-", let left, let right, let at): collect(left) + collect(right).map { .negation($0, at) }
            default: [node]
            }
        }
        return collect(tree)
    }
}

extension [OperatorExpression.Group] {
    /// - Throws: `EvaluationError`.
    func polynomial(_ values: [String: Double]) throws -> SpinPolynomial {
        try reduce(.zero) { $0 + (try $1.coefficient.evaluate(values)) * $1.polynomial }
    }
}
