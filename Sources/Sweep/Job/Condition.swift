import SpinAlgebra
import Studies

/// A condition on points: comparisons of expressions, joined by `and`, `or`, `not` and parentheses.
///
/// Sides are compared after rounding to 15 digits, like axis values, so `Gamma == 2*Omega` means what it says.
indirect enum Condition: Sendable {
    enum Relation: String, Sendable, CaseIterable {
        case lessOrEqual = "<=", greaterOrEqual = ">=", equal = "==", unequal = "!=", less = "<", greater = ">"
        func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .less: a < b
            case .lessOrEqual: a <= b
            case .greater: a > b
            case .greaterOrEqual: a >= b
            case .equal: a == b
            case .unequal: a != b
            }
        }
    }

    case comparison(ScalarExpression, Relation, ScalarExpression)
    case and(Condition, Condition)
    case or(Condition, Condition)
    case not(Condition)

    var names: Set<String> {
        switch self {
        case .comparison(let a, _, let b): a.names.union(b.names)
        case .and(let a, let b), .or(let a, let b): a.names.union(b.names)
        case .not(let inner): inner.names
        }
    }

    /// - Throws: `EvaluationError` for a side that is complex or not finite.
    func holds(_ values: [String: Double]) throws -> Bool {
        switch self {
        case .comparison(let a, let relation, let b): return relation.holds(try Self.real(a, values), try Self.real(b, values))
        case .and(let a, let b): return try a.holds(values) && b.holds(values)
        case .or(let a, let b): return try a.holds(values) || b.holds(values)
        case .not(let inner): return try !inner.holds(values)
        }
    }

    private static func real(_ expression: ScalarExpression, _ values: [String: Double]) throws -> Double {
        let z = try expression.evaluate(values)
        guard abs(z.im) <= 1e-14 * abs(z.re) else { throw EvaluationError(message: "\(expression) is complex") }
        return CanonicalNumber.rounded(z.re)
    }
}
