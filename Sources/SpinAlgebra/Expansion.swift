import Numbers

/// A product of whole powers of scalar subexpressions: what stands before a polynomial.
struct Coefficient {
    private var powers: [String: (tree: Syntax, exponent: Int)] = [:]

    init() {}
    init(_ tree: Syntax) { powers = [tree.canonicalText: (tree, 1)] }

    var key: String { sorted.map { "\($0.key)^\($0.value.exponent)" }.joined(separator: "*") }
    private var sorted: [(key: String, value: (tree: Syntax, exponent: Int))] { powers.sorted { $0.key < $1.key } }

    static func * (a: Coefficient, b: Coefficient) -> Coefficient {
        var product = a
        for (key, power) in b.powers {
            let exponent = (product.powers[key]?.exponent ?? 0) + power.exponent
            product.powers[key] = exponent == 0 ? nil : (power.tree, exponent)
        }
        return product
    }

    func raised(to exponent: Int) -> Coefficient {
        var result = self
        result.powers = exponent == 0 ? [:] : powers.mapValues { ($0.tree, $0.exponent * exponent) }
        return result
    }

    var expression: ScalarExpression {
        var numerator: Syntax?, denominator: Syntax?
        for (_, power) in sorted {
            let magnitude = abs(power.exponent)
            let factor: Syntax = magnitude == 1 ? power.tree : .binary("^", power.tree, .number(Double(magnitude), 0), 0)
            if power.exponent > 0 { numerator = numerator.map { .binary("*", $0, factor, 0) } ?? factor }
            else { denominator = denominator.map { .binary("*", $0, factor, 0) } ?? factor }
        }
        let top = numerator ?? .number(1, 0)
        return ScalarExpression(tree: denominator.map { .binary("/", top, $0, 0) } ?? top)
    }
}

/// Σ coefficient · polynomial, one polynomial for each different coefficient.
struct Expansion {
    /// In the order of the coefficients' keys, so that sums have the same bits in every process.
    private(set) var terms: [(key: String, coefficient: Coefficient, polynomial: SpinPolynomial)] = []

    init() {}
    init(_ polynomial: SpinPolynomial, coefficient: Coefficient = Coefficient()) { add(coefficient, polynomial) }

    var degree: Int { terms.reduce(0) { max($0, $1.polynomial.degree) } }
    /// A single coefficient times a number, where that is all there is.
    var single: (coefficient: Coefficient, number: Complex)? {
        guard terms.count == 1, terms[0].polynomial.degree == 0 else { return nil }
        return terms[0].polynomial.terms[SpinMonomial()].map { (terms[0].coefficient, $0) }
    }

    private mutating func add(_ coefficient: Coefficient, _ polynomial: SpinPolynomial) {
        let key = coefficient.key
        var low = 0, high = terms.count
        while low < high {
            let middle = (low + high) / 2
            if terms[middle].key < key { low = middle + 1 } else { high = middle }
        }
        if low < terms.count, terms[low].key == key {
            terms[low].polynomial = terms[low].polynomial + polynomial
            if terms[low].polynomial == .zero { terms.remove(at: low) }
        } else if polynomial != .zero {
            terms.insert((key, coefficient, polynomial), at: low)
        }
    }

    func scaled(_ factor: Complex) -> Expansion {
        var result = self
        for k in result.terms.indices { result.terms[k].polynomial = factor * terms[k].polynomial }
        return result
    }

    static func + (a: Expansion, b: Expansion) -> Expansion {
        var sum = a
        for term in b.terms { sum.add(term.coefficient, term.polynomial) }
        return sum
    }

    static func * (a: Expansion, b: Expansion) -> Expansion {
        var product = Expansion()
        for x in a.terms {
            for y in b.terms { product.add(x.coefficient * y.coefficient, x.polynomial * y.polynomial) }
        }
        return product
    }
}
