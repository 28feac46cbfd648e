import Foundation
import Numbers

/// A model's classical limit j → ∞: H = j h(J/j), √rate L = √j l(J/j), with h and l polynomials of a unit spin.
///
/// Operator ordering changes h and l in relative order 1/j only; it is gone in the limit.
public struct ClassicalSymbol: Equatable, Sendable {
    /// h, an energy per j; real on the real sphere.
    public let hamiltonian: ClassicalPolynomial
    /// l_k, roots of rates.
    public let jumps: [ClassicalPolynomial]

    public init(hamiltonian: ClassicalPolynomial, jumps: [ClassicalPolynomial]) {
        self.hamiltonian = hamiltonian
        self.jumps = jumps
    }

    /// In other axes: n = `matrix` n′.
    public func rotated(by matrix: [[Double]]) -> ClassicalSymbol {
        ClassicalSymbol(hamiltonian: hamiltonian.rotated(by: matrix), jumps: jumps.map { $0.rotated(by: matrix) })
    }
}

extension Model {
    /// The classical limit at given parameters.
    ///
    /// Coefficients are taken at three large j and extrapolated, which is exact for all that a model may hold: powers of
    /// j, and corrections in 1/j from operator ordering.
    /// - Throws: `ModelError` that names a term without a limit and the power of j it should have; `EvaluationError`.
    public func classicalSymbol(_ given: [String: Double]) throws -> ClassicalSymbol {
        let spins = try ClassicalLimit.sizes.map { try values(spinCount: 2 * $0, given) }
        try checkExtensive(spins)
        let limit = ClassicalLimit(place: ["hamiltonian"])
        let h = try limit.polynomial(spins.map { values in (try hamiltonian.polynomial(values).withoutConstant, values["j"]!) }, power: -1) { _ in 1 }
        let jumps = try self.jumps.enumerated().map { index, jump in
            let rates = try spins.map { try Model.rate(of: jump, index, $0) }
            return try ClassicalLimit(place: ["jumps", "\(index)", "rate"])
                .polynomial(spins.map { values in (try jump.operator.polynomial(values), values["j"]!) }, power: -0.5) { rates[$0].squareRoot() }
        }
        // Rounding may leave an anti-Hermitian part of the last bits.
        return ClassicalSymbol(hamiltonian: Complex(0.5) * (h + h.adjoint), jumps: jumps)
    }

    /// Refuses a model without a classical limit, whatever its parameters (tried at arbitrary values of those that the job
    /// does not fix).
    /// - Throws: `ModelError`.
    public func checkExtensive() throws {
        for sample in 0..<4 {
            let free = Hermiticity.arbitraryValues(freeNames, sample: sample)
            do {
                try checkExtensive(try ClassicalLimit.sizes.map { try values(spinCount: 2 * $0, free) })
                return
            } catch is EvaluationError { continue }
        }
    }

    /// - Parameter spins: the model's values at each of `ClassicalLimit.sizes`.
    private func checkExtensive(_ spins: [[String: Double]]) throws {
        for term in hamiltonian.summands {
            let groups = try OperatorExpression.groups(of: term, text: hamiltonian.text)
            let parts = try spins.map { values in (try groups.polynomial(values), values["j"]!) }
            // A constant is no dynamics.
            guard let growth = ClassicalLimit.growth(parts.map { ($0.0.withoutConstant, $0.1) }), abs(growth - 1) > ClassicalLimit.exponentTolerance else { continue }
            throw ModelError(place: ["hamiltonian"], message: "the term \(term.plainText) grows as j^\(Self.text(growth)), so there is no classical limit",
                             hint: "each term must grow as j: give it a factor j^\(Self.text(1 - growth))", offset: term.offset)
        }
        for (index, jump) in jumps.enumerated() {
            let rates = try spins.map { try Model.rate(of: jump, index, $0) }
            let parts = try spins.map { values in (try jump.operator.polynomial(values).withoutConstant, values["j"]!) }
            guard let growth = ClassicalLimit.growth(parts), let powers = ClassicalLimit.exponent(rates) else { continue }
            let total = 2 * growth + powers
            guard abs(total - 1) > 2 * ClassicalLimit.exponentTolerance else { continue }
            throw ModelError(place: ["jumps", "\(index)", "rate"],
                             message: "the jump rate·L†L of L = \(jump.operator.text) with rate \(jump.rateText) grows as j^\(Self.text(total)), so there is no classical limit",
                             hint: "rate·L†L must grow as j: with this operator the rate must scale as j^\(Self.text(1 - 2 * growth))")
        }
    }

    private static func text(_ power: Double) -> String { ((power * 100).rounded() / 100).shortText }
}

/// Limits of a polynomial's coefficients.
private struct ClassicalLimit {
    /// Values of j, each twice the last. Powers of two: what scales as a power of j does so without rounding.
    static let sizes = [1 << 20, 1 << 21, 1 << 22]
    static let exponentTolerance = 0.01

    let place: [String]

    /// e where values go as j^e; nil where they are zero.
    static func exponent(_ values: [Double]) -> Double? {
        let last = values.suffix(2).map { abs($0) }
        return last.allSatisfy { $0 > 0 } ? log2(last[1] / last[0]) : nil
    }

    /// e where the operator's matrix elements go as j^e; nil for zero.
    static func growth(_ parts: [(polynomial: SpinPolynomial, j: Double)]) -> Double? {
        exponent(parts.map { polynomial, j in
            polynomial.terms.reduce(0) { max($0, $1.value.magnitude * pow(j, Double($1.key.degree))) }
        })
    }

    /// Σ lim factor·c(j)·j^(degree + power) · monomial
    func polynomial(_ parts: [(polynomial: SpinPolynomial, j: Double)], power: Double, factor: (Int) -> Double) throws -> ClassicalPolynomial {
        var sums: [SpinMonomial: Complex] = [:]
        let monomials = Set(parts.flatMap { $0.polynomial.terms.keys }).sorted()
        func scaled(_ monomial: SpinMonomial) -> [Complex] {
            parts.indices.map { k in
                (factor(k) * pow(parts[k].j, Double(monomial.degree) + power)) * (parts[k].polynomial.terms[monomial] ?? .zero)
            }
        }
        let greatest = monomials.reduce(0) { max($0, scaled($1)[2].magnitude) }
        for monomial in monomials {
            let s = scaled(monomial), spread = (s[2] - s[1]).magnitude
            if spread <= 1e-14 * greatest {
                sums[monomial] = s[2].magnitude <= 1e-14 * greatest ? .zero : s[2]
                continue
            }
            // Corrections in 1/j are worth 1e-6 here; those in 1/√j, which the extrapolation does not know, 1e-3.
            guard spread <= 1e-5 * greatest else {
                throw ModelError(place: place, message: "the coefficient of \(SpinPolynomial(terms: [monomial: .one])) has no limit for large j",
                                 hint: "corrections to the leading power of j must be of relative order 1/j")
            }
            let limit = (1.0 / 3) * (8 * s[2] - 6 * s[1] + s[0])
            sums[monomial] = limit.magnitude <= 1e-13 * greatest ? .zero : limit
        }
        return ClassicalPolynomial(sums)
    }
}

extension SpinPolynomial {
    fileprivate var withoutConstant: SpinPolynomial { SpinPolynomial(terms: terms.filter { $0.key.degree > 0 }) }
}
