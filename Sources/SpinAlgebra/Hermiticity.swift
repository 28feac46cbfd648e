import Numbers

/// Whether a Hamiltonian is Hermitian for every value of its (real) parameters.
///
/// Normal-ordered monomials are independent, so H = H† holds exactly if the coefficient of each equals the conjugate of
/// its mirror image's. Coefficients are analytic in the parameters: agreement at several arbitrary points is identity.
enum Hermiticity {
    /// - Throws: `ModelError` that names the summand without a partner.
    static func check(_ hamiltonian: OperatorExpression) throws {
        for sample in 0..<4 {
            let values = arbitraryValues(hamiltonian.names, sample: sample)
            guard let polynomial = try? hamiltonian.polynomial(values) else { continue }
            let scale = polynomial.terms.values.reduce(0) { max($0, $1.magnitude) }
            let skew = polynomial - polynomial.adjoint
            guard let worst = skew.terms.filter({ $0.value.magnitude > 1e-10 * scale }).max(by: { ($0.value.magnitude, $1.key) < ($1.value.magnitude, $0.key) })?.key else { continue }
            let mirror = SpinMonomial(raising: worst.lowering, z: worst.z, lowering: worst.raising)
            // The summand that brings the unmatched monomial and is not Hermitian by itself.
            for summand in hamiltonian.summands {
                guard let part = try? OperatorExpression.groups(of: summand, text: hamiltonian.text)
                    .reduce(SpinPolynomial.zero, { $0 + (try $1.coefficient.evaluate(values)) * $1.polynomial }) else { continue }
                let own = part - part.adjoint
                if (own.terms[worst] ?? .zero).magnitude > 1e-10 * scale || (own.terms[mirror] ?? .zero).magnitude > 1e-10 * scale {
                    throw ModelError(place: ["hamiltonian"], message: "the Hamiltonian is not Hermitian: the term \(plain(summand)) has no Hermitian partner",
                                     hint: "add its conjugate, for example \(partner(of: worst))", offset: summand.offset)
                }
            }
            throw ModelError(place: ["hamiltonian"], message: "the Hamiltonian is not Hermitian", hint: "each term needs its Hermitian conjugate")
        }
    }

    static func arbitraryValues(_ names: Set<String>, sample: Int) -> [String: Double] {
        var values: [String: Double] = [:]
        for (k, name) in names.sorted().enumerated() where name != "N" && name != "j" {
            values[name] = 0.31 + 0.7 * Double((k * 7 + sample * 5) % 11) + 0.0137 * Double(sample + k)
        }
        values["N"] = Double(7 + 2 * sample)
        values["j"] = Double(7 + 2 * sample) / 2
        return values
    }

    private static func plain(_ node: Syntax) -> String {
        let text = node.canonicalText
        return text.hasPrefix("(") && text.hasSuffix(")") && isOuterPair(text) ? String(text.dropFirst().dropLast()) : text
    }

    private static func isOuterPair(_ text: String) -> Bool {
        var depth = 0
        for (k, character) in text.enumerated() {
            if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
            if depth == 0 && k < text.count - 1 { return false }
        }
        return true
    }

    private static func partner(of monomial: SpinMonomial) -> String {
        let factors = [("Jp", monomial.lowering), ("Jz", monomial.z), ("Jm", monomial.raising)].filter { $0.1 > 0 }
            .map { $0.1 == 1 ? $0.0 : "\($0.0)^\($0.1)" }
        return factors.isEmpty ? "a real constant in its place" : "conj(coefficient)*\(factors.joined(separator: "*"))"
    }
}
