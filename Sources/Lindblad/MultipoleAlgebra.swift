import Numbers
import SpinAlgebra

/// A few neighbouring coefficients x_lq of an operator Σ x_lq T_lq, zero outside a box in (l, q).
struct MultipolePatch<Scalar: MultipoleScalar> {
    let lLow: Int, lHigh: Int, qLow: Int, qHigh: Int
    var values: [Scalar]

    var width: Int { qHigh - qLow + 1 }

    init(lLow: Int, lHigh: Int, qLow: Int, qHigh: Int) {
        self.lLow = lLow
        self.lHigh = lHigh
        self.qLow = qLow
        self.qHigh = qHigh
        values = [Scalar](repeating: .zero, count: (lHigh - lLow + 1) * (qHigh - qLow + 1))
    }

    /// The single operator `value` · T_lq.
    init(l: Int, q: Int, value: Scalar = Scalar(.one)) {
        self.init(lLow: l, lHigh: l, qLow: q, qHigh: q)
        values[0] = value
    }

    subscript(l: Int, q: Int) -> Scalar {
        l < lLow || l > lHigh || q < qLow || q > qHigh ? .zero : values[(l - lLow) * width + q - qLow]
    }

    /// self + factor · other, on the common box.
    func adding(_ other: MultipolePatch, times factor: Complex) -> MultipolePatch {
        if other.lLow >= lLow, other.lHigh <= lHigh, other.qLow >= qLow, other.qHigh <= qHigh {
            var sum = self
            sum.accumulate(other, times: factor)
            return sum
        }
        var sum = MultipolePatch(lLow: min(lLow, other.lLow), lHigh: max(lHigh, other.lHigh),
                                 qLow: min(qLow, other.qLow), qHigh: max(qHigh, other.qHigh))
        sum.accumulate(self, times: .one)
        sum.accumulate(other, times: factor)
        return sum
    }

    private mutating func accumulate(_ other: MultipolePatch, times factor: Complex) {
        var k = 0
        for l in other.lLow...other.lHigh {
            var at = (l - lLow) * width + other.qLow - qLow
            for _ in 0..<other.width {
                values[at] += factor * other.values[k]
                at += 1
                k += 1
            }
        }
    }
}

/// Left and right multiplication by spin operators in the multipole basis, without Clebsch–Gordan coefficients.
///
/// With C_a = [J_a, ·] and A_a = {J_a, ·}: J_a ρ = (A_a + C_a)ρ/2 and ρ J_a = (A_a − C_a)ρ/2, where
/// ```
/// C_z T_lq = q T_lq                      C_± T_lq = √((l∓q)(l±q+1)) T_l,q±1
/// A_z T_lq = K_{l+1} √((l+1)²−q²) T_l+1,q + K_l √(l²−q²) T_l−1,q,       K_l = √(((N+1)²−l²)/(4l²−1))
/// A_± T_lq = ∓K_{l+1} √((l±q+1)(l±q+2)) T_l+1,q±1 ± K_l √((l∓q)(l∓q−1)) T_l−1,q±1
/// ```
/// The last line is A_± = ∓[C_±, A_z] with the products of square roots cancelled by hand, so that no digits are lost
/// at large l. Derivation in `docs/multipoles.md`.
struct MultipoleAlgebra<Scalar: MultipoleScalar> {
    typealias Real = Scalar.Real
    typealias MultipolePatch = Lindblad.MultipolePatch<Scalar>
    let spinCount: Int
    /// K_l/2 for l = 0…N+1; K_0 = 0 stands for the missing l = −1, and K_{N+1} = 0 closes the space.
    private let halfCoupling: [Real]

    init(spinCount: Int) {
        self.spinCount = spinCount
        let m = spinCount + 1, half = Real(0.5)
        halfCoupling = (0...m).map { (l: Int) -> Real in
            l == 0 ? Real(0) : half * Real.squareRoot(of: (m - l) * (m + l), over: 4 * l * l - 1)
        }
    }

    enum Side { case left, right }
    enum Factor { case z, raising, lowering }

    func multiply(_ patch: MultipolePatch, by factor: Factor, on side: Side) -> MultipolePatch {
        let s = side == .left ? 0.5 : -0.5, half = Real(s)
        let shift = factor == .z ? 0 : factor == .raising ? 1 : -1
        var result = MultipolePatch(lLow: max(patch.lLow - 1, 0), lHigh: min(patch.lHigh + 1, spinCount),
                                    qLow: patch.qLow + min(shift, 0), qHigh: patch.qHigh + max(shift, 0))
        let width = result.width
        var k = 0
        for l in patch.lLow...patch.lHigh {
            let up = halfCoupling[l + 1], down = halfCoupling[l]
            let row = (l - result.lLow) * width
            for q in patch.qLow...patch.qHigh {
                let value = patch.values[k]
                k += 1
                if abs(q) > l || value.isZero { continue }
                let at = row + q + shift - result.qLow
                let same: Real, above: Real, below: Real
                switch factor {
                case .z:
                    same = Real(s * Double(q))
                    above = up * Real.squareRoot(of: (l + 1 - q) * (l + 1 + q))
                    below = down * Real.squareRoot(of: (l - q) * (l + q))
                case .raising:
                    same = half * Real.squareRoot(of: (l - q) * (l + q + 1))
                    above = -up * Real.squareRoot(of: (l + q + 1) * (l + q + 2))
                    below = down * Real.squareRoot(of: (l - q) * (l - q - 1))
                case .lowering:
                    same = half * Real.squareRoot(of: (l + q) * (l - q + 1))
                    above = up * Real.squareRoot(of: (l - q + 1) * (l - q + 2))
                    below = -down * Real.squareRoot(of: (l + q) * (l + q - 1))
                }
                result.values[at] += same * value
                if l < spinCount { result.values[at + width] += above * value }
                if l > 0 { result.values[at - width] += below * value }
            }
        }
        return result
    }

    /// P ρ or ρ P for a polynomial P.
    func multiply(_ patch: MultipolePatch, by polynomial: CompiledPolynomial, on side: Side) -> MultipolePatch {
        // Horner's scheme in the outer and middle factors of J+^a Jz^b J−^c; powers of the factor next to ρ are shared.
        let inner: Factor = side == .left ? .lowering : .raising, outer: Factor = side == .left ? .raising : .lowering
        let blocks = side == .left ? polynomial.byRaising : polynomial.byLowering
        var powers = [patch]
        for _ in 0..<(side == .left ? polynomial.greatestLowering : polynomial.greatestRaising) {
            powers.append(multiply(powers[powers.count - 1], by: inner, on: side))
        }
        var sum: MultipolePatch?
        for block in blocks.reversed() {
            sum = sum.map { multiply($0, by: outer, on: side) }
            var middle: MultipolePatch?
            for terms in block.reversed() {
                middle = middle.map { multiply($0, by: .z, on: side) }
                for (power, coefficient) in terms {
                    let empty = MultipolePatch(lLow: patch.lLow, lHigh: patch.lHigh, qLow: powers[power].qLow, qHigh: powers[power].qHigh)
                    middle = (middle ?? empty).adding(powers[power], times: coefficient)
                }
            }
            if let middle { sum = sum.map { $0.adding(middle, times: .one) } ?? middle }
        }
        return sum ?? MultipolePatch(l: patch.lLow, q: patch.qLow, value: .zero)
    }

    /// Coefficients p_lq of the polynomial itself, P = Σ p_lq T_lq.
    func coefficients(of polynomial: SpinPolynomial) -> MultipolePatch {
        let identity = MultipolePatch(l: 0, q: 0, value: Real.squareRoot(of: spinCount + 1) * Scalar(.one))
        return multiply(identity, by: CompiledPolynomial(polynomial), on: .left)
    }
}

/// A complex number in which multipole coefficients are formed: `Complex`, or `ExtendedComplex` with twice the digits.
protocol MultipoleScalar {
    associatedtype Real: MultipoleReal
    static var zero: Self { get }
    init(_ value: Complex)
    var isZero: Bool { get }
    static func * (a: Real, b: Self) -> Self
    static func * (a: Complex, b: Self) -> Self
    static func += (a: inout Self, b: Self)
}

protocol MultipoleReal {
    init(_ value: Double)
    static func squareRoot(of integer: Int) -> Self
    static func squareRoot(of numerator: Int, over denominator: Int) -> Self
    static func * (a: Self, b: Self) -> Self
    static prefix func - (a: Self) -> Self
}

extension Complex: MultipoleScalar {
    typealias Real = Double
    init(_ value: Complex) { self = value }
    var isZero: Bool { re == 0 && im == 0 }
}

extension Double: MultipoleReal {
    // Products of two multipole orders stay exact in double to l ≈ 10⁷.
    static func squareRoot(of integer: Int) -> Double { Double(integer).squareRoot() }
    static func squareRoot(of numerator: Int, over denominator: Int) -> Double { (Double(numerator) / Double(denominator)).squareRoot() }
}

/// A polynomial arranged for Horner's scheme from either side.
struct CompiledPolynomial {
    /// [raising power][z power] → (lowering power, coefficient); and the mirror image.
    private(set) var byRaising: [[[(Int, Complex)]]] = []
    private(set) var byLowering: [[[(Int, Complex)]]] = []
    private(set) var greatestRaising = 0
    private(set) var greatestLowering = 0
    let degree: Int

    init(_ polynomial: SpinPolynomial) {
        degree = polynomial.degree
        for (monomial, coefficient) in polynomial.terms.sorted(by: { $0.key < $1.key }) {
            Self.insert(coefficient, at: (monomial.raising, monomial.z, monomial.lowering), into: &byRaising)
            Self.insert(coefficient, at: (monomial.lowering, monomial.z, monomial.raising), into: &byLowering)
            greatestRaising = max(greatestRaising, monomial.raising)
            greatestLowering = max(greatestLowering, monomial.lowering)
        }
    }

    private static func insert(_ value: Complex, at place: (Int, Int, Int), into store: inout [[[(Int, Complex)]]]) {
        while store.count <= place.0 { store.append([]) }
        while store[place.0].count <= place.1 { store[place.0].append([]) }
        store[place.0][place.1].append((place.2, value))
    }
}
