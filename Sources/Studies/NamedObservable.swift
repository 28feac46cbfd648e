import SpinAlgebra

/// An operator of a job's `observables` with the name of its output.
struct NamedObservable: Sendable {
    let name: String
    let text: String
    let expression: OperatorExpression
    /// Hermitian for whatever parameters.
    let isReal: Bool

    /// - Parameter option: the option's value; without one Jx, Jy and Jz over j.
    /// - Throws: `OptionError` for what does not parse or uses unknown names.
    static func list(_ option: OptionValue?, known: Set<String>) throws -> [NamedObservable] {
        var named: [OptionValue.NamedText] = ["jx", "jy", "jz"].map { .init(name: $0, text: "J\($0.suffix(1))/j") }
        if case .operators(let list)? = option { named = list }
        return try named.map { entry in
            do {
                let expression = try OperatorExpression(parsing: entry.text)
                if let unknown = expression.names.subtracting(known).sorted().first {
                    throw OptionError(path: ["observables", entry.name], message: "unknown symbol \(unknown) in \"\(entry.text)\"",
                                      hint: unknown == "J" ? "spin length is j; declare J under parameters if you mean a coupling"
                                          : "known are the operators Jx Jy Jz Jp Jm, N, j and the model's parameters")
                }
                return NamedObservable(name: entry.name, text: entry.text, expression: expression, isReal: isHermitian(expression))
            } catch let error as ExpressionError {
                throw OptionError(path: ["observables", entry.name], message: "\(error.message) in \"\(entry.text)\"", hint: error.hint)
            }
        }
    }

    /// At a few arbitrary parameter values; an operator that is Hermitian there is so everywhere.
    private static func isHermitian(_ expression: OperatorExpression) -> Bool {
        for seed in 1...3 {
            var values: [String: Double] = ["N": Double(6 + seed), "j": Double(6 + seed) / 2]
            for (k, name) in expression.names.sorted().enumerated() where values[name] == nil { values[name] = 0.37 + 0.61 * Double(k) + 0.113 * Double(seed) }
            guard let polynomial = try? expression.polynomial(values) else { continue }
            if !(polynomial - polynomial.adjoint).isZero(tolerance: 1e-10) { return false }
        }
        return true
    }
}
