/// A text that is no expression. `offset` counts UTF-8 bytes into `text`.
public struct ExpressionError: Error, CustomStringConvertible, Sendable {
    public let text: String
    public let offset: Int
    public let message: String
    public let hint: String?
    public init(text: String, offset: Int, message: String, hint: String? = nil) {
        self.text = text
        self.offset = offset
        self.message = message
        self.hint = hint
    }
    public var description: String { "\(message) at character \(offset + 1) of \"\(text)\"" + (hint.map { " (hint: \($0))" } ?? "") }
}

/// An expression that has no value, or none that is allowed, at the given parameters.
public struct EvaluationError: Error, CustomStringConvertible, Sendable {
    public let message: String
    public init(message: String) { self.message = message }
    public var description: String { message }
}
