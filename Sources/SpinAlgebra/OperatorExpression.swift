import Numbers

/// An operator with symbolic coefficients, Σ_k coefficient_k(parameters) · polynomial_k.
public struct OperatorExpression: Hashable, Sendable, CustomStringConvertible {
    public struct Group: Sendable {
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
        try groups.reduce(.zero) { $0 + (try $1.coefficient.evaluate(values)) * $1.polynomial }
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

    // MARK: Expansion

    static func groups(of tree: Syntax, text: String) throws -> [Group] {
        let expanded = try Expansion(text: text).expand(tree)
        for term in expanded.terms.values where term.polynomial.degree > greatestDegree {
            throw ExpressionError(text: text, offset: tree.offset, message: "the operator has degree \(term.polynomial.degree) in J, at most \(greatestDegree) is supported")
        }
        return expanded.terms.sorted { $0.key < $1.key }.filter { !$0.value.polynomial.isZero(tolerance: 0) }
            .map { Group(coefficient: $0.value.coefficient.expression, polynomial: $0.value.polynomial) }
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

/// A product of powers of scalar subexpressions.
private struct Coefficient {
    var powers: [String: (tree: Syntax, exponent: Int)] = [:]

    var key: String { powers.sorted { $0.key < $1.key }.map { "\($0.key)^\($0.value.exponent)" }.joined(separator: "*") }

    static func * (a: Coefficient, b: Coefficient) -> Coefficient {
        var product = a
        for (key, power) in b.powers {
            let exponent = (product.powers[key]?.exponent ?? 0) + power.exponent
            product.powers[key] = exponent == 0 ? nil : (power.tree, exponent)
        }
        return product
    }

    func raised(to exponent: Int) -> Coefficient {
        Coefficient(powers: exponent == 0 ? [:] : powers.mapValues { ($0.tree, $0.exponent * exponent) })
    }

    var expression: ScalarExpression {
        var numerator: Syntax?, denominator: Syntax?
        for (_, power) in powers.sorted(by: { $0.key < $1.key }) {
            let magnitude = abs(power.exponent)
            let factor: Syntax = magnitude == 1 ? power.tree : .binary("^", power.tree, .number(Double(magnitude), 0), 0)
            if power.exponent > 0 { numerator = numerator.map { .binary("*", $0, factor, 0) } ?? factor }
            else { denominator = denominator.map { .binary("*", $0, factor, 0) } ?? factor }
        }
        let top = numerator ?? .number(1, 0)
        return ScalarExpression(tree: denominator.map { .binary("/", top, $0, 0) } ?? top)
    }
}

private struct Expansion {
    let text: String

    struct Sum {
        var terms: [String: (coefficient: Coefficient, polynomial: SpinPolynomial)] = [:]
        init(_ coefficient: Coefficient, _ polynomial: SpinPolynomial) { add(coefficient, polynomial) }
        init(_ polynomial: SpinPolynomial) { add(Coefficient(), polynomial) }
        mutating func add(_ coefficient: Coefficient, _ polynomial: SpinPolynomial) {
            let key = coefficient.key
            terms[key] = (coefficient, (terms[key]?.polynomial ?? .zero) + polynomial)
        }
        var isScalar: Bool { terms.values.allSatisfy { $0.polynomial.degree == 0 } }
        func scaled(_ factor: Complex) -> Sum {
            var result = self
            for (key, term) in terms { result.terms[key] = (term.coefficient, factor * term.polynomial) }
            return result
        }
        static func * (a: Sum, b: Sum) -> Sum {
            var product = Sum(.zero)
            for x in a.terms.sorted(by: { $0.key < $1.key }) {
                for y in b.terms.sorted(by: { $0.key < $1.key }) {
                    product.add(x.value.coefficient * y.value.coefficient, x.value.polynomial * y.value.polynomial)
                }
            }
            return product
        }
    }

    func expand(_ node: Syntax) throws -> Sum {
        if node.firstOperator == nil { return try scalar(node) }
        switch node {
        case .number, .call: break
        case .name(let name, _):
            let polynomial: SpinPolynomial = switch name {
            case "Jx": .jx
            case "Jy": .jy
            case "Jz": .jz
            case "Jp": .jp
            default: .jm
            }
            return Sum(polynomial)
        case .negation(let inner, _): return try expand(inner).scaled(Complex(-1))
        case .binary("+", let left, let right, _), .binary("-", let left, let right, _):
            var sum = try expand(left)
            let sign: Double = if case .binary("-", _, _, _) = node { -1 } else { 1 }
            for term in try expand(right).scaled(Complex(sign)).terms.values { sum.add(term.coefficient, term.polynomial) }
            return sum
        case .binary("*", let left, let right, _): return try expand(left) * expand(right)
        case .binary("/", let left, let right, let at):
            if let (name, _) = right.firstOperator { throw error(at, "division by the operator \(name)", "multiply by a number or a power of an operator instead") }
            return try expand(left) * scalar(.binary("/", .number(1, 0), right, at))
        case .binary(_, let base, let exponent, let at):
            guard case .number(let value, _) = exponent, let n = Int(exactly: value), n >= 0 else {
                throw error(at, "an operator may only be raised to a whole number", "write the power as a number, such as Jz^2")
            }
            if n > 2 * OperatorExpression.greatestDegree { throw error(at, "the operator has degree \(n) or more in J, at most \(OperatorExpression.greatestDegree) is supported", nil) }
            let factor = try expand(base)
            return (0..<n).reduce(Sum(.identity)) { product, _ in product * factor }
        }
        if case .call(let function, _, let at) = node { throw error(at, "\(function) of an operator is not supported", "functions take parameters and numbers") }
        throw error(node.offset, "this is no operator", nil)
    }

    /// Numbers are folded; products, quotients and whole powers of the rest are split into factors.
    private func scalar(_ node: Syntax) throws -> Sum {
        if node.names.isEmpty, let value = try? node.evaluate([:]), value.isFinite { return Sum(value * .identity) }
        switch node {
        case .negation(let inner, _): return try scalar(inner).scaled(Complex(-1))
        case .binary("*", let left, let right, _): return try scalar(left) * scalar(right)
        case .binary("/", let left, let right, _):
            let divisor = try scalar(right)
            if divisor.terms.count == 1, let only = divisor.terms.values.first, let number = only.polynomial.terms[SpinMonomial()] {
                return try scalar(left) * Sum(only.coefficient.raised(to: -1), (Complex.one / number) * .identity)
            }
        case .binary("^", let base, .number(let value, _), _):
            if let n = Int(exactly: value), abs(n) <= 12 {
                let inner = try scalar(base)
                if inner.terms.count == 1, let only = inner.terms.values.first, let number = only.polynomial.terms[SpinMonomial()] {
                    let power = (0..<abs(n)).reduce(Complex.one) { product, _ in product * number }
                    return Sum(only.coefficient.raised(to: n), (n < 0 ? .one / power : power) * .identity)
                }
            }
        case .binary("+", let left, let right, _), .binary("-", let left, let right, _):
            var sum = try scalar(left)
            let sign: Double = if case .binary("-", _, _, _) = node { -1 } else { 1 }
            for term in try scalar(right).scaled(Complex(sign)).terms.values { sum.add(term.coefficient, term.polynomial) }
            return sum
        default: break
        }
        return Sum(Coefficient(powers: [node.canonicalText: (node, 1)]), .identity)
    }

    private func error(_ offset: Int, _ message: String, _ hint: String?) -> ExpressionError {
        ExpressionError(text: text, offset: offset, message: message, hint: hint)
    }
}

/// Dense evaluation of a syntax tree.
private struct DirectEvaluation {
    let spinCount: Int
    let values: [String: Double]

    func matrix(_ node: Syntax) throws -> [[Complex]] {
        if node.firstOperator == nil {
            let value = try node.evaluate(values)
            return build { $0 == $1 ? value : .zero }
        }
        switch node {
        case .name(let name, _): return elementary(name)
        case .negation(let inner, _): return try matrix(inner).map { $0.map { -$0 } }
        case .binary("+", let a, let b, _): return try combine(matrix(a), matrix(b), 1)
        case .binary("-", let a, let b, _): return try combine(matrix(a), matrix(b), -1)
        case .binary("*", let a, let b, _): return try product(matrix(a), matrix(b))
        case .binary("/", let a, let b, _):
            let divisor = try b.evaluate(values)
            return try matrix(a).map { $0.map { $0 / divisor } }
        case .binary(_, let base, .number(let n, _), _):
            let factor = try matrix(base)
            return (0..<Int(n)).reduce(build { $0 == $1 ? .one : .zero }) { result, _ in product(result, factor) }
        default: throw EvaluationError(message: "\(node.canonicalText) is no operator")
        }
    }

    private func build(_ entry: (Int, Int) -> Complex) -> [[Complex]] {
        (0...spinCount).map { row in (0...spinCount).map { entry(row, $0) } }
    }
    private func combine(_ a: [[Complex]], _ b: [[Complex]], _ sign: Double) -> [[Complex]] {
        zip(a, b).map { zip($0, $1).map { $0 + sign * $1 } }
    }
    private func product(_ a: [[Complex]], _ b: [[Complex]]) -> [[Complex]] {
        build { row, column in (0...spinCount).reduce(Complex.zero) { $0 + a[row][$1] * b[$1][column] } }
    }
    private func elementary(_ name: String) -> [[Complex]] {
        let j = Double(spinCount) / 2
        func m(_ index: Int) -> Double { j - Double(index) }
        let raising = build { row, column in row == column - 1 ? Complex((j * (j + 1) - m(column) * (m(column) + 1)).squareRoot()) : .zero }
        let lowering = build { raising[$1][$0] }
        switch name {
        case "Jz": return build { $0 == $1 ? Complex(m($0)) : .zero }
        case "Jp": return raising
        case "Jm": return lowering
        case "Jx": return combine(raising, lowering, 1).map { $0.map { 0.5 * $0 } }
        default: return combine(raising, lowering, -1).map { $0.map { Complex(0, -0.5) * $0 } }
        }
    }
}
