import Numbers

/// Multiplies a syntax tree out into an `Expansion`.
struct Expander {
    /// More coefficients than any model has; a guard against products of many sums.
    static let greatestTermCount = 2000
    /// Products of sums of parameters are kept as they stand beyond so many terms.
    private static let greatestScalarTermCount = 32

    let text: String

    func expand(_ node: Syntax) throws -> Expansion {
        guard node.firstOperator != nil else { return scalar(node) }
        switch node {
        case .number: return scalar(node)
        case .name(let name, _): return Expansion(Self.elementary(name))
        case .negation(let inner, _): return try expand(inner).scaled(Complex(-1))
        case .call(let function, let inner, let at):
            throw error(at, "\(function) of the operator \(inner.firstOperator?.name ?? "") is not supported",
                        "functions take numbers and parameters; operators may be added, multiplied and raised to whole powers")
        case .binary("+", let left, let right, _): return try expand(left) + expand(right)
        case .binary("-", let left, let right, _): return try expand(left) + expand(right).scaled(Complex(-1))
        case .binary("*", let left, let right, let at): return try product(expand(left), expand(right), at: at)
        case .binary("/", let left, let right, let at):
            if let (name, _) = right.firstOperator {
                throw error(at, "division by the operator \(name)", "only numbers and parameters may stand below a fraction")
            }
            return try product(expand(left), scalar(.binary("/", .number(1, 0), right, at)), at: at)
        case .binary(_, let base, let exponent, _): return try power(base, exponent)
        }
    }

    private func power(_ base: Syntax, _ exponent: Syntax) throws -> Expansion {
        if let (name, at) = exponent.firstOperator {
            throw error(at, "the operator \(name) in an exponent is not supported", "operators may be raised to whole powers, such as \(name)^2")
        }
        guard case .number(let value, _) = exponent, let n = Int(exactly: value) else {
            throw error(exponent.offset, "the power \(exponent.plainText) of the operator \(base.plainText) is no whole number 0, 1, 2, …",
                        "write the power as a number, such as Jz^2")
        }
        let factor = try expand(base)
        if factor.degree > 0, n > OperatorExpression.greatestDegree { throw degreeError(exponent.offset, n * factor.degree) }
        // A base whose operators cancel is a number; the guard is for the time that multiplying takes.
        if n > 64 { throw error(exponent.offset, "the power \(n) is too high", "at most \(OperatorExpression.greatestDegree) is supported for operators") }
        var result = Expansion(.identity)
        for _ in 0..<n { result = try product(result, factor, at: exponent.offset) }
        return result
    }

    private func product(_ a: Expansion, _ b: Expansion, at offset: Int) throws -> Expansion {
        // Checked on the factors: what cancels later must still be multiplied out first.
        if a.degree + b.degree > OperatorExpression.greatestDegree { throw degreeError(offset, a.degree + b.degree) }
        if a.terms.count * b.terms.count > Self.greatestTermCount {
            throw error(offset, "the product has more than \(Self.greatestTermCount) terms when multiplied out", "give sums of parameters a name under parameters")
        }
        return a * b
    }

    /// Numbers are folded; sums, products, quotients and whole powers of the rest are split into factors.
    private func scalar(_ node: Syntax) -> Expansion {
        if !node.hasNames, let value = try? node.evaluate([:]), value.isFinite { return Expansion(value * .identity) }
        switch node {
        case .negation(let inner, _): return scalar(inner).scaled(Complex(-1))
        case .binary("+", let left, let right, _): return scalar(left) + scalar(right)
        case .binary("-", let left, let right, _): return scalar(left) + scalar(right).scaled(Complex(-1))
        case .binary("*", let left, let right, _):
            let a = scalar(left), b = scalar(right)
            if a.terms.count * b.terms.count <= Self.greatestScalarTermCount { return a * b }
        case .binary("/", let left, let right, _):
            if let divisor = scalar(right).single {
                return scalar(left) * Expansion((Complex.one / divisor.number) * .identity, coefficient: divisor.coefficient.raised(to: -1))
            }
        case .binary("^", let base, .number(let value, _), _):
            if let n = Int(exactly: value), abs(n) <= 64, let factor = scalar(base).single {
                let number = (0..<abs(n)).reduce(Complex.one) { product, _ in product * factor.number }
                return Expansion((n < 0 ? .one / number : number) * .identity, coefficient: factor.coefficient.raised(to: n))
            }
        default: break
        }
        return Expansion(.identity, coefficient: Coefficient(node))
    }

    static func elementary(_ name: String) -> SpinPolynomial {
        switch name {
        case "Jx": .jx
        case "Jy": .jy
        case "Jz": .jz
        case "Jp": .jp
        default: .jm
        }
    }

    private func degreeError(_ offset: Int, _ degree: Int) -> ExpressionError {
        error(offset, "the operator has degree \(degree) or more, at most \(OperatorExpression.greatestDegree) is supported", nil)
    }
    private func error(_ offset: Int, _ message: String, _ hint: String?) -> ExpressionError {
        ExpressionError(text: text, offset: offset, message: message, hint: hint)
    }
}
