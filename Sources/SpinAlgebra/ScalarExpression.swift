import Foundation
import Numbers

/// An expression of parameters such as `Gamma/j^3`. Names are N, j, i, pi and parameters; operators are refused.
public struct ScalarExpression: Hashable, Sendable, CustomStringConvertible {
    let tree: Syntax
    public let description: String

    /// - Throws: `ExpressionError`.
    public init(parsing text: String) throws {
        tree = try Parser.parse(text)
        description = text
        if let (name, offset) = tree.firstOperator {
            throw ExpressionError(text: text, offset: offset, message: "\(name) is an operator, but a number is wanted here")
        }
    }

    init(tree: Syntax) {
        self.tree = tree
        description = tree.canonicalText
    }

    public static func constant(_ z: Complex) -> ScalarExpression {
        let re = Syntax.number(z.re, 0)
        return ScalarExpression(tree: z.im == 0 ? re : .binary("+", re, .binary("*", .number(z.im, 0), .name("i", 0), 0), 0))
    }

    /// Equal where the trees are, wherever the texts stood.
    public static func == (a: ScalarExpression, b: ScalarExpression) -> Bool { a.tree.canonicalText == b.tree.canonicalText }
    public func hash(into hasher: inout Hasher) { hasher.combine(tree.canonicalText) }

    /// Free names, N and j included.
    public var names: Set<String> { tree.names }

    /// - Parameter values: every free name; `j` is N/2 if absent.
    /// - Throws: `EvaluationError` for a missing name or a result that is not finite.
    public func evaluate(_ values: [String: Double]) throws -> Complex {
        let result = try tree.evaluate(values)
        guard result.isFinite else {
            let used = names.sorted().compactMap { name in values[name].map { "\(name) = \($0)" } }
            throw EvaluationError(message: "\(description) is not finite" + (used.isEmpty ? "" : " at \(used.joined(separator: ", "))"))
        }
        return result
    }
}

extension Syntax {
    var names: Set<String> {
        switch self {
        case .number: []
        case .name(let name, _): ReservedName.constants.contains(name) || ReservedName.operators.contains(name) ? [] : [name]
        case .negation(let inner, _), .call(_, let inner, _): inner.names
        case .binary(_, let left, let right, _): left.names.union(right.names)
        }
    }

    var firstOperator: (String, Int)? {
        switch self {
        case .number: nil
        case .name(let name, let offset): ReservedName.operators.contains(name) ? (name, offset) : nil
        case .negation(let inner, _), .call(_, let inner, _): inner.firstOperator
        case .binary(_, let left, let right, _): left.firstOperator ?? right.firstOperator
        }
    }

    /// Fully parenthesised, without places.
    var canonicalText: String {
        switch self {
        case .number(let value, _): value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
        case .name(let name, _): name
        case .negation(let inner, _): "(-\(inner.canonicalText))"
        case .call(let function, let inner, _): "\(function)(\(inner.canonicalText))"
        case .binary(let symbol, let left, let right, _): "(\(left.canonicalText)\(symbol)\(right.canonicalText))"
        }
    }

    func evaluate(_ values: [String: Double]) throws -> Complex {
        switch self {
        case .number(let value, _): return Complex(value)
        case .name(let name, _):
            if name == "i" { return .i }
            if name == "pi" { return Complex(.pi) }
            if let value = values[name] { return Complex(value) }
            if name == "j", let count = values["N"] { return Complex(count / 2) }
            throw EvaluationError(message: "\(name) has no value")
        case .negation(let inner, _): return -(try inner.evaluate(values))
        case .call(let function, let inner, _): return Self.apply(function, try inner.evaluate(values))
        case .binary(let symbol, let left, let right, _):
            let a = try left.evaluate(values), b = try right.evaluate(values)
            switch symbol {
            case "+": return a + b
            case "-": return a - b
            case "*": return a * b
            case "/": return b.im == 0 ? Complex(a.re / b.re, a.im / b.re) : a / b
            default: return Self.power(a, b)
            }
        }
    }

    private static func power(_ base: Complex, _ exponent: Complex) -> Complex {
        if exponent.im == 0 {
            if let n = Int(exactly: exponent.re), abs(n) <= 64 {
                if base.im == 0 { return Complex(pow(base.re, exponent.re)) }
                var product = Complex.one
                for _ in 0..<abs(n) { product *= base }
                return n < 0 ? .one / product : product
            }
            if base.im == 0, base.re >= 0 { return Complex(pow(base.re, exponent.re)) }
        }
        return apply("exp", exponent * apply("log", base))
    }

    private static func apply(_ function: String, _ z: Complex) -> Complex {
        switch function {
        case "sqrt":
            if z.im == 0 { return z.re >= 0 ? Complex(z.re.squareRoot()) : Complex(0, (-z.re).squareRoot()) }
            let modulus = z.magnitude
            let re = ((modulus + z.re) / 2).squareRoot(), im = ((modulus - z.re) / 2).squareRoot()
            return Complex(re, z.im < 0 ? -im : im)
        case "exp":
            let scale = Foundation.exp(z.re)
            return z.im == 0 ? Complex(scale) : Complex(scale * Foundation.cos(z.im), scale * Foundation.sin(z.im))
        case "log": return Complex(Foundation.log(z.magnitude), z.im == 0 && z.re >= 0 ? 0 : Foundation.atan2(z.im, z.re))
        case "sin":
            return z.im == 0 ? Complex(Foundation.sin(z.re)) : Complex(Foundation.sin(z.re) * cosh(z.im), Foundation.cos(z.re) * sinh(z.im))
        case "cos":
            return z.im == 0 ? Complex(Foundation.cos(z.re)) : Complex(Foundation.cos(z.re) * cosh(z.im), -Foundation.sin(z.re) * sinh(z.im))
        default:
            return z.im == 0 ? Complex(Foundation.tan(z.re)) : apply("sin", z) / apply("cos", z)
        }
    }
}
