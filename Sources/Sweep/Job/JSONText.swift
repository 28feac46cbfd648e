/// JSON whose objects keep their order: a schema is read by people too.
enum JSONText {
    /// No tuple: the compiler finds a circular reference in an enumeration with a list of tuples of itself.
    struct Member {
        let key: String
        let value: JSONText
    }

    case string(String)
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case array([JSONText])
    case members([Member])

    static func object(_ members: [(String, JSONText)]) -> JSONText { .members(members.map { Member(key: $0.0, value: $0.1) }) }

    func text(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .string(let value): return Self.quoted(value)
        case .number(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .flag(let value): return "\(value)"
        case .array(let items):
            if items.isEmpty { return "[]" }
            return "[\n" + items.map { inner + $0.text(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .members(let members):
            if members.isEmpty { return "{}" }
            return "{\n" + members.map { "\(inner)\(Self.quoted($0.key)): \($0.value.text(indent: inner))" }.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 32: result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
