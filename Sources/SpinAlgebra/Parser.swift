/// Recursive descent: sum → product → sign → power → atom. `^` binds tightest and to the right, then the sign:
/// `-Jz^2` is `-(Jz^2)`, `2^3^2` is `2^9`.
struct Parser {
    private let text: String
    private let tokens: [(token: Token, offset: Int)]
    private var position = 0
    private var depth = 0

    /// - Throws: `ExpressionError`.
    static func parse(_ text: String) throws -> Syntax {
        var parser = Parser(text: text, tokens: try Lexer.tokens(of: text))
        if parser.current == .end { throw ExpressionError(text: text, offset: 0, message: "the expression is empty") }
        let tree = try parser.sum()
        if parser.current != .end { throw parser.unexpected("one of + - * / ^ or the end") }
        if let constant = tree.firstInfiniteConstant {
            throw ExpressionError(text: text, offset: constant.offset, message: "\(constant.plainText) is not a finite number")
        }
        return tree
    }

    private init(text: String, tokens: [(token: Token, offset: Int)]) {
        self.text = text
        self.tokens = tokens
    }

    private var current: Token { tokens[position].token }
    private var offset: Int { tokens[position].offset }

    private mutating func take(_ symbol: Character) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private func unexpected(_ expected: String) -> ExpressionError {
        var found: String, hint: String?
        switch current {
        case .end: found = "the end"
        case .symbol(let symbol):
            found = "\"\(symbol)\""
            if symbol == "(" { hint = "write * between factors" }
        case .name(let name): (found, hint) = ("\"\(name)\"", "write * between factors")
        case .number(let value): (found, hint) = (value.shortText, "write * between factors")
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
            guard current == .symbol("(") else {
                if ReservedName.functions.contains(name) {
                    throw ExpressionError(text: text, offset: at, message: "the function \(name) needs an argument in parentheses", hint: "write \(name)(…)")
                }
                return .name(name, at)
            }
            guard ReservedName.functions.contains(name) else { throw noFunction(name, at) }
            position += 1
            let argument = try sum()
            if !take(")") { throw unexpected("\")\"") }
            return .call(name, argument, at)
        case .symbol("("):
            position += 1
            let inner = try sum()
            if !take(")") { throw unexpected("\")\"") }
            return inner
        default:
            throw unexpected("a number, a name or \"(\"")
        }
    }

    private func noFunction(_ name: String, _ offset: Int) -> ExpressionError {
        let hint: String
        if ReservedName.meaning(of: name) != nil {
            hint = "write \(name)*(…) for a product"
        } else if let near = Nearest.word(to: name, among: ReservedName.functions) {
            hint = "did you mean \(near)?"
        } else {
            hint = "functions are \(ReservedName.functions.joined(separator: ", ")); write * between factors"
        }
        return ExpressionError(text: text, offset: offset, message: "\(name) is no function", hint: hint)
    }
}
