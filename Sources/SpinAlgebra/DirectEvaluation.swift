import Numbers

/// Dense evaluation of a syntax tree, independent of normal ordering: what `SpinPolynomial` is checked against.
struct DirectEvaluation {
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
