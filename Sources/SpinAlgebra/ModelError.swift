/// What is wrong with a model's text. `place` leads to it: ["hamiltonian"], ["jumps", "0", "rate"], ["parameters", "X"].
public struct ModelError: Error, CustomStringConvertible, Sendable {
    public let place: [String]
    public let message: String
    public let hint: String?
    /// UTF-8 offset into the text at `place`, where one is known.
    public let offset: Int?
    public init(place: [String], message: String, hint: String? = nil, offset: Int? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
        self.offset = offset
    }

    /// `jumps[0].rate: …`
    public var description: String {
        let path = place.reduce("") { $1.allSatisfy(\.isNumber) ? "\($0)[\($1)]" : $0.isEmpty ? $1 : "\($0).\($1)" }
        return "\(path): \(message)" + (hint.map { " (hint: \($0))" } ?? "")
    }
}
