import Numbers

/// J₊^raising · Jz^z · J₋^lowering: the Poincaré–Birkhoff–Witt normal order. Every polynomial of spin operators is a
/// unique combination of these, whatever the spin.
public struct SpinMonomial: Hashable, Comparable, Sendable {
    public var raising: Int
    public var z: Int
    public var lowering: Int
    public init(raising: Int = 0, z: Int = 0, lowering: Int = 0) {
        self.raising = raising
        self.z = z
        self.lowering = lowering
    }
    public var degree: Int { raising + z + lowering }
    /// That of the adjoint.
    var mirrored: SpinMonomial { SpinMonomial(raising: lowering, z: z, lowering: raising) }
    public static func < (a: SpinMonomial, b: SpinMonomial) -> Bool {
        (a.degree, a.raising, a.z, a.lowering) < (b.degree, b.raising, b.z, b.lowering)
    }
}

/// A polynomial of spin operators with numeric coefficients, in normal order.
public struct SpinPolynomial: Equatable, Sendable, CustomStringConvertible {
    /// No zero coefficients are kept.
    public private(set) var terms: [SpinMonomial: Complex]

    public init(terms: [SpinMonomial: Complex] = [:]) { self.terms = terms.filter { $0.value != .zero } }

    public static let zero = SpinPolynomial()
    public static let identity = SpinPolynomial(terms: [SpinMonomial(): .one])
    public static let jp = SpinPolynomial(terms: [SpinMonomial(raising: 1): .one])
    public static let jm = SpinPolynomial(terms: [SpinMonomial(lowering: 1): .one])
    public static let jz = SpinPolynomial(terms: [SpinMonomial(z: 1): .one])
    public static let jx = Complex(0.5) * (jp + jm)
    public static let jy = Complex(0, -0.5) * (jp - jm)

    /// In monomial order. Sums run over these: a dictionary's own order differs from process to process, and with it the
    /// last bits.
    public var sortedTerms: [(monomial: SpinMonomial, coefficient: Complex)] {
        terms.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    public var degree: Int { terms.keys.map(\.degree).max() ?? 0 }
    /// Greatest magnitude of a coefficient; 0 for the zero polynomial.
    public var greatestCoefficient: Double { terms.values.reduce(0) { max($0, $1.magnitude) } }

    public func isZero(tolerance: Double) -> Bool { terms.values.allSatisfy { $0.magnitude <= tolerance } }

    public var adjoint: SpinPolynomial {
        // (J₊^a Jz^b J₋^c)† = J₊^c Jz^b J₋^a is in normal order already.
        SpinPolynomial(terms: Dictionary(uniqueKeysWithValues: terms.map { monomial, coefficient in
            (monomial.mirrored, coefficient.conjugate)
        }))
    }

    public func commutator(with other: SpinPolynomial) -> SpinPolynomial { self * other - other * self }

    public static func + (a: SpinPolynomial, b: SpinPolynomial) -> SpinPolynomial {
        SpinPolynomial(terms: a.terms.merging(b.terms) { $0 + $1 })
    }
    public static func - (a: SpinPolynomial, b: SpinPolynomial) -> SpinPolynomial { a + Complex(-1) * b }
    public static func * (factor: Complex, a: SpinPolynomial) -> SpinPolynomial {
        SpinPolynomial(terms: a.terms.mapValues { factor * $0 })
    }
    public static func * (factor: Double, a: SpinPolynomial) -> SpinPolynomial { Complex(factor) * a }
    public static prefix func - (a: SpinPolynomial) -> SpinPolynomial { SpinPolynomial(terms: a.terms.mapValues { -$0 }) }

    public static func * (a: SpinPolynomial, b: SpinPolynomial) -> SpinPolynomial {
        var sum = SpinPolynomial.zero
        for (left, coefficient) in a.sortedTerms {
            // J₊^r Jz^z J₋^l · b, factor by factor from the right.
            var product = b
            for _ in 0..<left.lowering { product = product.loweredFromLeft }
            for _ in 0..<left.z { product = product.multipliedByJzFromLeft }
            product = SpinPolynomial(terms: Dictionary(uniqueKeysWithValues: product.terms.map {
                (SpinMonomial(raising: $0.key.raising + left.raising, z: $0.key.z, lowering: $0.key.lowering), $0.value)
            }))
            sum = sum + coefficient * product
        }
        return sum
    }

    /// Jz J₊^a = J₊^a (Jz + a)
    private var multipliedByJzFromLeft: SpinPolynomial {
        var result: [SpinMonomial: Complex] = [:]
        for (monomial, coefficient) in sortedTerms {
            result[SpinMonomial(raising: monomial.raising, z: monomial.z + 1, lowering: monomial.lowering), default: .zero] += coefficient
            if monomial.raising > 0 { result[monomial, default: .zero] += Double(monomial.raising) * coefficient }
        }
        return SpinPolynomial(terms: result)
    }

    /// J₋ J₊^a = J₊^a J₋ − 2a J₊^{a−1} Jz − a(a−1) J₊^{a−1}, and J₋ Jz^b = (Jz + 1)^b J₋.
    private var loweredFromLeft: SpinPolynomial {
        var result: [SpinMonomial: Complex] = [:]
        for (monomial, coefficient) in sortedTerms {
            var binomial = 1.0
            for power in stride(from: monomial.z, through: 0, by: -1) {      // (Jz + 1)^b = Σ C(b, k) Jz^k
                result[SpinMonomial(raising: monomial.raising, z: power, lowering: monomial.lowering + 1), default: .zero] += binomial * coefficient
                binomial = binomial * Double(power) / Double(monomial.z - power + 1)
            }
            let a = Double(monomial.raising)
            if monomial.raising > 0 {
                let lower = SpinMonomial(raising: monomial.raising - 1, z: monomial.z, lowering: monomial.lowering)
                result[SpinMonomial(raising: lower.raising, z: lower.z + 1, lowering: lower.lowering), default: .zero] += (-2 * a) * coefficient
                if monomial.raising > 1 { result[lower, default: .zero] += (-a * (a - 1)) * coefficient }
            }
        }
        return SpinPolynomial(terms: result)
    }

    /// The polynomial with J_a replaced by Σ_b `matrix`[a][b] J_b (a, b over x, y, z; real orthogonal 3 × 3), in normal
    /// order. A proper rotation keeps the commutation relations; an improper one does not, and then the result depends on
    /// the order in which the factors stand, which is that of the normal form.
    public func rotated(by matrix: [[Double]]) -> SpinPolynomial {
        precondition(matrix.count == 3 && matrix.allSatisfy { $0.count == 3 }, "a rotation is a 3 × 3 matrix")
        let images = (0..<3).map { a in matrix[a][0] * SpinPolynomial.jx + matrix[a][1] * .jy + matrix[a][2] * .jz }
        let plus = images[0] + Complex.i * images[1], minus = images[0] - Complex.i * images[1]
        var sum = SpinPolynomial.zero
        // reached[d]: what terms of degree d and higher may have left as rounding error in a coefficient of degree d. A
        // term of high degree often has a small coefficient (Gamma/j^3), so the greatest coefficient of all is no measure.
        var reached = [Double](repeating: 0, count: degree + 1)
        for (monomial, coefficient) in sortedTerms {
            var product = SpinPolynomial.identity
            for _ in 0..<monomial.raising { product = product * plus }
            for _ in 0..<monomial.z { product = product * images[2] }
            for _ in 0..<monomial.lowering { product = product * minus }
            sum = sum + coefficient * product
            for d in 0...monomial.degree { reached[d] += coefficient.magnitude * product.greatestCoefficient }
        }
        return SpinPolynomial(terms: sum.terms.filter { $0.value.magnitude > 1e-14 * reached[$0.key.degree] })
    }

    /// Matrix in the Dicke basis m = j, j − 1, …, −j (row-major, (N + 1) × (N + 1)).
    public func matrix(spinCount: Int) -> [[Complex]] {
        let size = spinCount + 1, j = Double(spinCount) / 2
        var result = [[Complex]](repeating: [Complex](repeating: .zero, count: size), count: size)
        func raise(_ m: Double) -> Double { max(0, (j - m) * (j + m + 1)).squareRoot() }
        for (monomial, coefficient) in sortedTerms {
            for column in 0..<size {
                var m = j - Double(column), factor = 1.0
                for _ in 0..<monomial.lowering {
                    factor *= raise(m - 1)
                    m -= 1
                }
                for _ in 0..<monomial.z { factor *= m }
                for _ in 0..<monomial.raising {
                    factor *= m > j - 0.5 ? 0 : raise(m)
                    m += 1
                }
                let row = Int((j - m).rounded())
                if factor != 0, row >= 0, row < size { result[row][column] += factor * coefficient }
            }
        }
        return result
    }

    /// Readable and parsable: `2*Jp*Jm - 0.5*i*Jz`.
    public var description: String {
        if terms.isEmpty { return "0" }
        var text = ""
        for (monomial, c) in sortedTerms {
            var factors: [String] = []
            for (name, power) in [("Jp", monomial.raising), ("Jz", monomial.z), ("Jm", monomial.lowering)] where power > 0 {
                factors.append(power == 1 ? name : "\(name)^\(power)")
            }
            let isNegative = c.im == 0 ? c.re < 0 : c.re == 0 && c.im < 0
            let shown = isNegative ? -c : c
            if shown.im == 0 {
                if shown.re != 1 || factors.isEmpty { factors.insert(shown.re.shortText, at: 0) }
            } else if shown.re == 0 {
                factors.insert(contentsOf: shown.im == 1 ? ["i"] : [shown.im.shortText, "i"], at: 0)
            } else {
                factors.insert("(\(shown.shortText))", at: 0)
            }
            text += (text.isEmpty ? (isNegative ? "-" : "") : (isNegative ? " - " : " + ")) + factors.joined(separator: "*")
        }
        return text
    }
}
