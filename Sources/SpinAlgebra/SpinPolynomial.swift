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

    public var degree: Int { terms.keys.map(\.degree).max() ?? 0 }

    public func isZero(tolerance: Double) -> Bool { terms.values.allSatisfy { $0.magnitude <= tolerance } }

    public var adjoint: SpinPolynomial {
        // (J₊^a Jz^b J₋^c)† = J₊^c Jz^b J₋^a is in normal order already.
        SpinPolynomial(terms: Dictionary(uniqueKeysWithValues: terms.map { monomial, coefficient in
            (SpinMonomial(raising: monomial.lowering, z: monomial.z, lowering: monomial.raising), coefficient.conjugate)
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

    public static func * (a: SpinPolynomial, b: SpinPolynomial) -> SpinPolynomial {
        var sum = SpinPolynomial.zero
        for (left, coefficient) in a.terms {
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
        for (monomial, coefficient) in terms {
            result[SpinMonomial(raising: monomial.raising, z: monomial.z + 1, lowering: monomial.lowering), default: .zero] += coefficient
            if monomial.raising > 0 { result[monomial, default: .zero] += Double(monomial.raising) * coefficient }
        }
        return SpinPolynomial(terms: result)
    }

    /// J₋ J₊^a = J₊^a J₋ − 2a J₊^{a−1} Jz − a(a−1) J₊^{a−1}, and J₋ Jz^b = (Jz + 1)^b J₋.
    private var loweredFromLeft: SpinPolynomial {
        var result: [SpinMonomial: Complex] = [:]
        for (monomial, coefficient) in terms {
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

    /// The polynomial with J_a replaced by Σ_b `matrix`[a][b] J_b (a, b over x, y, z; orthogonal 3 × 3), in normal order.
    public func rotated(by matrix: [[Double]]) -> SpinPolynomial {
        let images = (0..<3).map { a in matrix[a][0] * SpinPolynomial.jx + matrix[a][1] * .jy + matrix[a][2] * .jz }
        let plus = images[0] + Complex.i * images[1], minus = images[0] - Complex.i * images[1]
        var sum = SpinPolynomial.zero, greatest = 0.0
        for (monomial, coefficient) in terms.sorted(by: { $0.key < $1.key }) {
            var product = SpinPolynomial.identity
            for _ in 0..<monomial.raising { product = product * plus }
            for _ in 0..<monomial.z { product = product * images[2] }
            for _ in 0..<monomial.lowering { product = product * minus }
            sum = sum + coefficient * product
            greatest = max(greatest, coefficient.magnitude)
        }
        // What cancels does so to rounding only.
        return SpinPolynomial(terms: sum.terms.filter { $0.value.magnitude > 1e-14 * greatest })
    }

    /// Matrix in the Dicke basis m = j, j − 1, …, −j (row-major, (N + 1) × (N + 1)).
    public func matrix(spinCount: Int) -> [[Complex]] {
        let size = spinCount + 1, j = Double(spinCount) / 2
        var result = [[Complex]](repeating: [Complex](repeating: .zero, count: size), count: size)
        func raise(_ m: Double) -> Double { max(0, (j - m) * (j + m + 1)).squareRoot() }
        for (monomial, coefficient) in terms {
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

    public var description: String {
        if terms.isEmpty { return "0" }
        return terms.sorted { $0.key < $1.key }.map { monomial, c in
            var factors: [String] = []
            for (name, power) in [("Jp", monomial.raising), ("Jz", monomial.z), ("Jm", monomial.lowering)] where power > 0 {
                factors.append(power == 1 ? name : "\(name)^\(power)")
            }
            let number = c.im == 0 ? "\(c.re)" : c.re == 0 ? "\(c.im)*i" : "(\(c.re) + \(c.im)*i)"
            return ([number] + factors).joined(separator: "*")
        }.joined(separator: " + ")
    }
}
