import Foundation
import Numbers

/// A polynomial of the commuting components n₊, n_z, n₋ of a (possibly complex) classical spin, n± = n_x ± i n_y.
public struct ClassicalPolynomial: Equatable, Sendable {
    public struct Term: Equatable, Sendable {
        public let plus: Int, z: Int, minus: Int
        public let coefficient: Complex
        public init(plus: Int, z: Int, minus: Int, coefficient: Complex) {
            self.plus = plus
            self.z = z
            self.minus = minus
            self.coefficient = coefficient
        }
    }

    /// In the order of degree, plus, z, minus; no zero coefficients.
    public let terms: [Term]

    public init(terms: [Term]) {
        var sums: [SpinMonomial: Complex] = [:]
        for term in terms { sums[SpinMonomial(raising: term.plus, z: term.z, lowering: term.minus), default: .zero] += term.coefficient }
        self.init(sums)
    }

    init(_ sums: [SpinMonomial: Complex]) {
        terms = sums.filter { $0.value != .zero }.sorted { $0.key < $1.key }.map {
            Term(plus: $0.key.raising, z: $0.key.z, minus: $0.key.lowering, coefficient: $0.value)
        }
    }

    public static let zero = ClassicalPolynomial(terms: [])

    public var degree: Int { terms.map { $0.plus + $0.z + $0.minus }.max() ?? 0 }
    /// Greatest magnitude of a coefficient; 0 for the zero polynomial.
    public var greatestCoefficient: Double { terms.reduce(0) { max($0, $1.coefficient.magnitude) } }

    /// The symbol of the adjoint operator: coefficients conjugated, n₊ and n₋ exchanged. On the real sphere this is the
    /// complex conjugate; on the complexified one it is the analytic continuation of that.
    public var adjoint: ClassicalPolynomial {
        ClassicalPolynomial(terms: terms.map { Term(plus: $0.minus, z: $0.z, minus: $0.plus, coefficient: $0.coefficient.conjugate) })
    }

    public static func + (a: ClassicalPolynomial, b: ClassicalPolynomial) -> ClassicalPolynomial { ClassicalPolynomial(terms: a.terms + b.terms) }

    public static func * (factor: Complex, a: ClassicalPolynomial) -> ClassicalPolynomial {
        ClassicalPolynomial(terms: a.terms.map { Term(plus: $0.plus, z: $0.z, minus: $0.minus, coefficient: factor * $0.coefficient) })
    }

    public static func * (a: ClassicalPolynomial, b: ClassicalPolynomial) -> ClassicalPolynomial {
        ClassicalPolynomial(terms: a.terms.flatMap { x in
            b.terms.map { Term(plus: x.plus + $0.plus, z: x.z + $0.z, minus: x.minus + $0.minus, coefficient: x.coefficient * $0.coefficient) }
        })
    }

    /// The polynomial with n_a replaced by Σ_b `matrix`[a][b] n_b (a, b over x, y, z; real orthogonal 3 × 3).
    public func rotated(by matrix: [[Double]]) -> ClassicalPolynomial {
        func linear(_ row: (Complex, Complex, Complex)) -> ClassicalPolynomial {
            // x = (n₊ + n₋)/2, y = (n₊ − n₋)/2i
            let half = Complex(0.5), y = Complex(0, -0.5) * row.1
            return ClassicalPolynomial(terms: [Term(plus: 1, z: 0, minus: 0, coefficient: half * row.0 + y),
                                               Term(plus: 0, z: 1, minus: 0, coefficient: row.2),
                                               Term(plus: 0, z: 0, minus: 1, coefficient: half * row.0 - y)])
        }
        func image(_ a: Int) -> (Complex, Complex, Complex) { (Complex(matrix[a][0]), Complex(matrix[a][1]), Complex(matrix[a][2])) }
        func combined(_ sign: Double) -> ClassicalPolynomial {
            let x = image(0), y = image(1), i = Complex(0, sign)
            return linear((x.0 + i * y.0, x.1 + i * y.1, x.2 + i * y.2))
        }
        let plus = combined(1), minus = combined(-1), z = linear(image(2))
        var sum: [Term] = []
        for term in terms {
            var product = ClassicalPolynomial(terms: [Term(plus: 0, z: 0, minus: 0, coefficient: term.coefficient)])
            for _ in 0..<term.plus { product = product * plus }
            for _ in 0..<term.z { product = product * z }
            for _ in 0..<term.minus { product = product * minus }
            sum += product.terms
        }
        let all = ClassicalPolynomial(terms: sum), noise = 1e-15 * greatestCoefficient
        return ClassicalPolynomial(terms: all.terms.filter { $0.coefficient.magnitude > noise })
    }

    public func evaluate(plus: Complex, z: Complex, minus: Complex) -> Complex {
        terms.reduce(.zero) { sum, term in
            var product = term.coefficient
            for _ in 0..<term.plus { product *= plus }
            for _ in 0..<term.z { product *= z }
            for _ in 0..<term.minus { product *= minus }
            return sum + product
        }
    }
}
