/// A YAML value with its place in the file.
struct YAMLNode: Sendable {
    /// 1-based; columns count characters.
    struct Mark: Equatable, Sendable {
        var line: Int
        var column: Int
    }

    struct Entry: Sendable {
        let key: String
        let keyMark: Mark
        let value: YAMLNode
    }

    enum Content: Sendable {
        /// `isPlain`: without quotes, so that the core types of YAML 1.2 apply.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        /// In the order of the file, without duplicates.
        case map([Entry])
    }

    let content: Content
    let mark: Mark
    let end: Mark

    /// Where a character of a scalar stands, if it stands on one line as written; else where the scalar begins.
    func mark(atUTF8Offset offset: Int) -> Mark {
        guard case .scalar(let text, let isPlain) = content, mark.line == end.line else { return mark }
        let quotes = isPlain ? 0 : 1
        guard end.column - mark.column == text.unicodeScalars.count + 2 * quotes else { return mark }
        let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self).unicodeScalars.count
        return Mark(line: mark.line, column: mark.column + quotes + before)
    }
}

/// What a scalar means in the core schema of YAML 1.2.
enum YAMLValue: Equatable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)

    init(_ text: String, isPlain: Bool) {
        guard isPlain else { self = .text(text); return }
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .flag(true)
        case "false", "False", "FALSE": self = .flag(false)
        case ".nan", ".NaN", ".NAN": self = .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .number(-.infinity)
        default: self = Self.numeric(text) ?? .text(text)
        }
    }

    private static func numeric(_ text: String) -> YAMLValue? {
        for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(2)
            return digits.allSatisfy(\.isHexDigit) ? Int(digits, radix: radix).map(YAMLValue.integer) : nil      // Int() takes a sign
        }
        var rest = Substring(text)
        if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
        func digits() -> Int {
            let run = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(run.count)
            return run.count
        }
        let whole = digits()
        if rest.isEmpty, whole > 0, let value = Int(text) { return .integer(value) }
        var fraction = 0
        if rest.first == "." {
            rest = rest.dropFirst()
            fraction = digits()
        }
        guard whole + fraction > 0 else { return nil }
        if let e = rest.first, e == "e" || e == "E" {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
            guard digits() > 0 else { return nil }
        }
        // Double() refuses "1." and ".5" on no platform that we know, but 1e999 becomes infinite: refused where used.
        return rest.isEmpty ? Double(text).map(YAMLValue.number) : nil
    }
}
