import Numbers

/// An expression of parameters such as `Gamma/j^3`. Names are N, j, i, pi and parameters; operators are refused.
public struct ScalarExpression: Hashable, Sendable, CustomStringConvertible {
    let tree: Syntax
    private let canonicalText: String
    /// As the user wrote it.
    public let description: String

    /// - Throws: `ExpressionError`.
    public init(parsing text: String) throws {
        let tree = try Parser.parse(text)
        if let (name, offset) = tree.firstOperator {
            throw ExpressionError(text: text, offset: offset, message: "\(name) is an operator, but a number is wanted here",
                                  hint: "operators belong in the hamiltonian, jump operators and observables")
        }
        self.init(tree: tree, description: text)
    }

    init(tree: Syntax, description: String? = nil) {
        self.tree = tree
        canonicalText = tree.canonicalText
        self.description = description ?? tree.plainText
    }

    public static func constant(_ z: Complex) -> ScalarExpression {
        let re = Syntax.number(z.re, 0), im = Syntax.binary("*", .number(z.im, 0), .name("i", 0), 0)
        if z.im == 0 { return ScalarExpression(tree: re) }
        return ScalarExpression(tree: z.re == 0 ? im : .binary("+", re, im, 0))
    }

    /// Equal where the trees are, however the texts are spaced.
    public static func == (a: ScalarExpression, b: ScalarExpression) -> Bool { a.canonicalText == b.canonicalText }
    public func hash(into hasher: inout Hasher) { hasher.combine(canonicalText) }

    /// Free names, N and j included.
    public var names: Set<String> { tree.names }

    /// - Parameter values: every free name; `j` is N/2 if absent.
    /// - Throws: `EvaluationError` for a missing name or a result that is not finite.
    public func evaluate(_ values: [String: Double]) throws -> Complex {
        let result = try tree.evaluate(values)
        guard result.isFinite else {
            throw EvaluationError(message: "\(description) is not a finite number" + Self.place(of: names, in: values))
        }
        return result
    }

    /// ` at gamma = -1, kappa = 2`; N is shown where nothing else is, j never.
    static func place(of names: Set<String>, in values: [String: Double]) -> String {
        let parameters = names.subtracting(["N", "j"])
        let shown = parameters.isEmpty && !names.isEmpty ? ["N"] : parameters
        let list = shown.sorted().compactMap { name in values[name].map { "\(name) = \($0.shortText)" } }
        return list.isEmpty ? "" : " at \(list.joined(separator: ", "))"
    }
}
