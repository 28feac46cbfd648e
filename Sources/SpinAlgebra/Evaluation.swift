import Foundation
import Numbers

extension Syntax {
    /// The value of a tree without operators; real arithmetic wherever numbers are real. May be infinite or no number.
    /// - Throws: `EvaluationError` for a name without a value.
    func evaluate(_ values: [String: Double]) throws -> Complex {
        switch self {
        case .number(let value, _): return Complex(value)
        case .name(let name, _):
            if name == "i" { return .i }
            if name == "pi" { return Complex(.pi) }
            if let value = values[name] { return Complex(value) }
            if name == "j", let count = values["N"] { return Complex(count / 2) }
            let hint = ReservedName.hint(forUnknown: name, known: values.keys).map { " (hint: \($0))" } ?? ""
            throw EvaluationError(message: "\(name) has no value" + hint)
        case .negation(let inner, _):
            let z = try inner.evaluate(values)
            return z.im == 0 ? Complex(-z.re) : -z
        case .call(let function, let inner, _): return Self.apply(function, try inner.evaluate(values))
        case .binary(let symbol, let left, let right, _):
            let a = try left.evaluate(values), b = try right.evaluate(values)
            switch symbol {
            case "+": return a + b
            case "-": return a - b
            case "*": return a.im == 0 && b.im == 0 ? Complex(a.re * b.re) : a * b
            case "/": return b.im == 0 ? Complex(a.re / b.re, a.im == 0 ? 0 : a.im / b.re) : a / b
            default: return Self.power(a, b)
            }
        }
    }

    private static func power(_ base: Complex, _ exponent: Complex) -> Complex {
        if exponent.im == 0 {
            let whole = exponent.re == exponent.re.rounded()
            if base.im == 0, whole || base.re >= 0 { return Complex(pow(base.re, exponent.re)) }
            if whole, exponent.re.magnitude <= 64 {
                var product = Complex.one
                for _ in 0..<Int(exponent.re.magnitude) { product *= base }
                return exponent.re < 0 ? .one / product : product
            }
        }
        return base == .zero && exponent.re > 0 ? .zero : apply("exp", exponent * apply("log", base))
    }

    /// Principal values; on the cut of sqrt and log (negative numbers) the side of positive imaginary part.
    private static func apply(_ function: String, _ z: Complex) -> Complex {
        let isReal = z.im == 0
        switch function {
        case "sqrt":
            if isReal { return z.re >= 0 ? Complex(z.re.squareRoot()) : Complex(0, (-z.re).squareRoot()) }
            let greater = ((z.magnitude + z.re.magnitude) / 2).squareRoot(), lesser = z.im.magnitude / (2 * greater)
            let (re, im) = z.re >= 0 ? (greater, lesser) : (lesser, greater)
            return Complex(re, z.im < 0 ? -im : im)
        case "exp":
            let scale = exp(z.re)
            return isReal ? Complex(scale) : Complex(scale * cos(z.im), scale * sin(z.im))
        case "log": return isReal ? Complex(log(z.re.magnitude), z.re < 0 ? .pi : 0) : Complex(log(z.magnitude), atan2(z.im, z.re))
        case "sin": return isReal ? Complex(sin(z.re)) : Complex(sin(z.re) * cosh(z.im), cos(z.re) * sinh(z.im))
        case "cos": return isReal ? Complex(cos(z.re)) : Complex(cos(z.re) * cosh(z.im), -sin(z.re) * sinh(z.im))
        default: return isReal ? Complex(tan(z.re)) : apply("sin", z) / apply("cos", z)
        }
    }
}
