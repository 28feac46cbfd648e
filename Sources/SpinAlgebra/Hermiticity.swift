import Numbers

/// Whether a Hamiltonian is Hermitian.
///
/// Normal-ordered monomials are independent at every sufficiently large spin, so H = H† holds exactly if the coefficient
/// of each is the conjugate of its mirror image's. Coefficients are analytic in the (real) parameters: two that agree at
/// arbitrary points are identical.
enum Hermiticity {
    /// Refuses what is Hermitian nowhere. A function may turn complex where its argument leaves its domain
    /// (`sqrt(1 - g^2)`), so the points differ in magnitude and sign and one that passes is enough; what fails at a point
    /// of a sweep fails there (`Model.instance`).
    /// - Throws: `ModelError` that names the summand without a partner.
    static func check(_ hamiltonian: OperatorExpression) throws {
        var failure: (values: [String: Double], monomial: SpinMonomial)?
        for sample in 0..<12 {
            let values = arbitraryValues(hamiltonian.names, sample: sample)
            do {
                guard let monomial = try unmatched(hamiltonian, values) else { return }
                failure = failure ?? (values, monomial)
            } catch is EvaluationError { continue }
        }
        guard let failure else { return }
        let (message, offset) = complaint(hamiltonian, failure.values, failure.monomial)
        throw ModelError(place: ["hamiltonian"], message: "the Hamiltonian is not Hermitian: \(message)",
                         hint: "parameters are real; each term needs its Hermitian conjugate beside it", offset: offset)
    }

    /// The words for a Hamiltonian that is not Hermitian at these values; nil: it is.
    /// - Throws: `EvaluationError`.
    static func complaint(_ hamiltonian: OperatorExpression, at values: [String: Double]) throws -> String? {
        try unmatched(hamiltonian, values).map { complaint(hamiltonian, values, $0).message }
    }

    /// A monomial whose coefficient is not the conjugate of its mirror image's, beyond rounding; the first in order.
    private static func unmatched(_ hamiltonian: OperatorExpression, _ values: [String: Double]) throws -> SpinMonomial? {
        let parts = try hamiltonian.groups.map { (try $0.coefficient.evaluate(values)) * $0.polynomial }
        let skew = parts.reduce(SpinPolynomial.zero, +)
        for (monomial, coefficient) in (skew - skew.adjoint).sortedTerms {
            // Rounding is measured on the groups that bring the monomial: others may be greater by any factor.
            let scale = parts.reduce(0) { sum, part in
                part.terms[monomial] == nil && part.terms[monomial.mirrored] == nil ? sum : sum + part.greatestCoefficient
            }
            if coefficient.magnitude > 1e-12 * scale { return monomial }
        }
        return nil
    }

    /// Names the first summand that contributes to the monomial, is not Hermitian by itself and whose adjoint is no other
    /// summand either.
    private static func complaint(_ hamiltonian: OperatorExpression, _ values: [String: Double], _ monomial: SpinMonomial) -> (message: String, offset: Int?) {
        struct Part { let tree: Syntax, polynomial: SpinPolynomial }
        var open = hamiltonian.summands.compactMap { tree -> Part? in
            guard let polynomial = try? OperatorExpression.groups(of: tree, text: hamiltonian.text).polynomial(values) else { return nil }
            let part = Part(tree: tree, polynomial: polynomial)
            return agree(polynomial, polynomial.adjoint) ? nil : part
        }
        var k = 0
        while k < open.count {
            if let partner = open.indices.first(where: { $0 > k && agree(open[$0].polynomial, open[k].polynomial.adjoint) }) {
                open.remove(at: partner)
                open.remove(at: k)
            } else { k += 1 }
        }
        let brings = { (part: Part) in part.polynomial.terms[monomial] != nil || part.polynomial.terms[monomial.mirrored] != nil }
        guard let part = open.first(where: brings) ?? open.first else { return ("its terms do not add up to a Hermitian operator", nil) }
        let text = part.tree.plainText
        if agree(part.polynomial, -part.polynomial.adjoint) { return ("the term \(text) is anti-Hermitian, its factor should be real", part.tree.offset) }
        return ("the term \(text) has no Hermitian partner \(part.tree.adjoint.plainText)", part.tree.offset)
    }

    private static func agree(_ a: SpinPolynomial, _ b: SpinPolynomial) -> Bool {
        (a - b).isZero(tolerance: 1e-12 * max(a.greatestCoefficient, b.greatestCoefficient))
    }

    /// Fixed numbers without relation to one another: magnitudes about 1, 0.1, 10, 1000; all positive, mixed, all negative.
    static func arbitraryValues(_ names: Set<String>, sample: Int) -> [String: Double] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 &* UInt64(sample + 1)
        func random() -> Double {                                    // splitmix64
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
        }
        let magnitude = [1, 0.1, 10, 1000][sample % 4], signs = sample / 4
        var values: [String: Double] = [:]
        for name in names.sorted() {
            let value = magnitude * (0.3 + random()), isNegative = random() < 0.5
            values[name] = signs == 0 || (signs == 1 && !isNegative) ? value : -value
        }
        values["N"] = Double(7 + sample)
        values["j"] = Double(7 + sample) / 2
        return values
    }
}
