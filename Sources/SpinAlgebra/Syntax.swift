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

/// An expression that has no value at the given parameters.
public struct EvaluationError: Error, CustomStringConvertible, Sendable {
    public let message: String
    public init(message: String) { self.message = message }
    public var description: String { message }
}

/// Names with a meaning of their own in expressions.
public enum ReservedName {
    public static let operators = ["Jx", "Jy", "Jz", "Jp", "Jm"]
    public static let functions = ["sqrt", "exp", "log", "sin", "cos", "tan"]
    public static let predefined = ["N", "j"]
    public static let constants = ["i", "pi"]

    /// What the name is taken for already; nil: free for a parameter.
    public static func meaning(of name: String) -> String? {
        if operators.contains(name) { return "a spin operator" }
        if functions.contains(name) { return "a function" }
        if name == "N" { return "the number of spins" }
        if name == "j" { return "the spin length N/2" }
        if name == "i" { return "the imaginary unit" }
        return name == "pi" ? "the constant pi" : nil
    }
}

/// Syntax tree with the place of each node in the text.
indirect enum Syntax: Hashable, Sendable {
    case number(Double, Int)
    case name(String, Int)
    case negation(Syntax, Int)
    case call(String, Syntax, Int)
    case binary(Character, Syntax, Syntax, Int)

    var offset: Int {
        switch self {
        case .number(_, let offset), .name(_, let offset), .negation(_, let offset), .call(_, _, let offset): offset
        case .binary(_, let left, _, _): left.offset
        }
    }
}

/// Recursive descent: sum → product → sign → power → atom. `^` binds tightest and to the right, then the sign.
struct Parser {
    private enum Token: Equatable {
        case number(Double), name(String), symbol(Character), end
    }
    private let text: String
    private var tokens: [(token: Token, offset: Int)] = []
    private var position = 0
    private var depth = 0

    static func parse(_ text: String) throws -> Syntax {
        var parser = Parser(text: text)
        try parser.tokenize()
        if parser.current == .end { throw ExpressionError(text: text, offset: 0, message: "the expression is empty") }
        let tree = try parser.sum()
        if parser.current != .end { throw parser.unexpected("an operator or the end") }
        return tree
    }

    private init(text: String) { self.text = text }

    private mutating func tokenize() throws {
        let bytes = Array(text.utf8)
        var k = 0
        func isDigit(_ b: UInt8) -> Bool { b >= 48 && b <= 57 }
        func isLetter(_ b: UInt8) -> Bool { (b >= 65 && b <= 90) || (b >= 97 && b <= 122) || b == 95 }
        while k < bytes.count {
            let start = k, byte = bytes[k]
            if byte == 32 || byte == 9 || byte == 10 || byte == 13 { k += 1; continue }
            if isDigit(byte) || (byte == 46 && k + 1 < bytes.count && isDigit(bytes[k + 1])) {
                while k < bytes.count, isDigit(bytes[k]) || bytes[k] == 46 { k += 1 }
                if k < bytes.count, bytes[k] == 101 || bytes[k] == 69 {
                    var ahead = k + 1
                    if ahead < bytes.count, bytes[ahead] == 43 || bytes[ahead] == 45 { ahead += 1 }
                    if ahead < bytes.count, isDigit(bytes[ahead]) {
                        while ahead < bytes.count, isDigit(bytes[ahead]) { ahead += 1 }
                        k = ahead
                    }
                }
                let word = String(decoding: bytes[start..<k], as: UTF8.self)
                guard let value = Double(word), value.isFinite else { throw ExpressionError(text: text, offset: start, message: "\"\(word)\" is no number") }
                if k < bytes.count, isLetter(bytes[k]) {
                    throw ExpressionError(text: text, offset: k, message: "a number is followed by a name", hint: "write a * between factors")
                }
                tokens.append((.number(value), start))
            } else if isLetter(byte) {
                while k < bytes.count, isLetter(bytes[k]) || isDigit(bytes[k]) || bytes[k] == 46 { k += 1 }
                tokens.append((.name(String(decoding: bytes[start..<k], as: UTF8.self)), start))
            } else if let symbol = "+-*/^()".utf8.firstIndex(of: byte).map({ "+-*/^()"[$0] }) {
                k += 1
                if symbol == "*", k < bytes.count, bytes[k] == 42 {
                    throw ExpressionError(text: text, offset: start, message: "** is no operator", hint: "powers are written with ^")
                }
                tokens.append((.symbol(symbol), start))
            } else {
                let rest = String(decoding: bytes[start...], as: UTF8.self)
                let shown = rest.first.map(String.init) ?? "?"
                let hint = byte >= 128 ? "Greek parameters are spelled out: gamma, Omega" : nil
                throw ExpressionError(text: text, offset: start, message: "unexpected character \"\(shown)\"", hint: hint)
            }
        }
        tokens.append((.end, bytes.count))
    }

    private var current: Token { tokens[position].token }
    private var offset: Int { tokens[position].offset }
    private mutating func take(_ symbol: Character) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }
    private func unexpected(_ expected: String) -> ExpressionError {
        let found: String
        var hint: String?
        switch current {
        case .end: found = "the end"
        case .symbol(let symbol): found = "\"\(symbol)\""
        case .name(let name): (found, hint) = ("\"\(name)\"", "write a * between factors")
        case .number(let value): (found, hint) = ("\(value)", "write a * between factors")
        }
        return ExpressionError(text: text, offset: offset, message: "expected \(expected), found \(found)", hint: hint)
    }

    private mutating func sum() throws -> Syntax {
        var left = try product()
        while case .symbol(let symbol) = current, symbol == "+" || symbol == "-" {
            let at = offset
            position += 1
            left = .binary(symbol, left, try product(), at)
        }
        return left
    }
    private mutating func product() throws -> Syntax {
        var left = try sign()
        while case .symbol(let symbol) = current, symbol == "*" || symbol == "/" {
            let at = offset
            position += 1
            left = .binary(symbol, left, try sign(), at)
        }
        return left
    }
    private mutating func sign() throws -> Syntax {
        depth += 1
        defer { depth -= 1 }
        if depth > 200 { throw ExpressionError(text: text, offset: offset, message: "the expression is nested too deeply") }
        let at = offset
        if take("-") { return .negation(try sign(), at) }
        if take("+") { return try sign() }
        return try power()
    }
    private mutating func power() throws -> Syntax {
        let base = try atom(), at = offset
        return take("^") ? .binary("^", base, try sign(), at) : base
    }
    private mutating func atom() throws -> Syntax {
        let at = offset
        switch current {
        case .number(let value):
            position += 1
            return .number(value, at)
        case .name(let name):
            position += 1
            if current == .symbol("(") {
                guard ReservedName.functions.contains(name) else {
                    let hint = Nearest.word(to: name, among: ReservedName.functions).map { "did you mean \($0)?" }
                        ?? "write a * between factors; functions are \(ReservedName.functions.joined(separator: ", "))"
                    throw ExpressionError(text: text, offset: at, message: "\(name) is no function", hint: hint)
                }
                position += 1
                let argument = try sum()
                if !take(")") { throw unexpected("\")\"") }
                return .call(name, argument, at)
            }
            if ReservedName.functions.contains(name) {
                throw ExpressionError(text: text, offset: at, message: "the function \(name) needs an argument in parentheses")
            }
            return .name(name, at)
        case .symbol("("):
            position += 1
            let inner = try sum()
            if !take(")") { throw unexpected("\")\"") }
            return inner
        default:
            throw unexpected("a number, a name or \"(\"")
        }
    }
}

/// Spelling hints.
public enum Nearest {
    /// The word at least edit distance from `word`, if it is near enough to be a slip.
    public static func word(to word: String, among words: [String]) -> String? {
        let ranked = words.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (best, distance) = ranked, distance <= max(1, word.count / 3) else { return nil }
        return best
    }

    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a), b = Array(b)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for k in b.indices {
                let substituted = diagonal + (a[i] == b[k] ? 0 : 1)
                diagonal = row[k + 1]
                row[k + 1] = min(substituted, row[k] + 1, row[k + 1] + 1)
            }
        }
        return row[b.count]
    }
}
