enum Token: Equatable {
    case number(Double), name(String), symbol(Character), end
}

/// Splits an expression into tokens with their UTF-8 offsets. Expressions are ASCII.
struct Lexer {
    /// Trees are walked recursively, so their depth, which the number of tokens bounds, must fit the stack.
    static let greatestTokenCount = 2000

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    static func isNameStart(_ byte: UInt8) -> Bool { (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == 95 }
    static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

    static func tokens(of text: String) throws -> [(token: Token, offset: Int)] {
        let bytes = Array(text.utf8)
        var tokens: [(token: Token, offset: Int)] = [], k = 0
        while k < bytes.count {
            let start = k, byte = bytes[k]
            if byte == 32 || (byte >= 9 && byte <= 13) { k += 1; continue }
            if tokens.count >= greatestTokenCount {
                throw ExpressionError(text: text, offset: start, message: "the expression is too long: at most \(greatestTokenCount) symbols are supported",
                                      hint: "give parts of it a name under parameters")
            }
            if isDigit(byte) || (byte == 46 && k + 1 < bytes.count && isDigit(bytes[k + 1])) {
                k = endOfNumber(bytes, from: k)
                let word = String(decoding: bytes[start..<k], as: UTF8.self)
                guard let value = Double(word) else { throw ExpressionError(text: text, offset: start, message: "\"\(word)\" is no number") }
                guard value.isFinite else { throw ExpressionError(text: text, offset: start, message: "\(word) is too large for double precision") }
                if k < bytes.count, isNameStart(bytes[k]) {
                    throw ExpressionError(text: text, offset: k, message: "a number is followed by a name", hint: "write * between factors")
                }
                tokens.append((.number(value), start))
            } else if isNameStart(byte) {
                // Inputs of studies carry the study's name: `leggettGarg.gamma_phi`.
                while k < bytes.count, isNamePart(bytes[k]) || (bytes[k] == 46 && k + 1 < bytes.count && isNameStart(bytes[k + 1])) { k += 1 }
                tokens.append((.name(String(decoding: bytes[start..<k], as: UTF8.self)), start))
            } else if "+-*/^()".utf8.contains(byte) {
                k += 1
                if byte == 42, k < bytes.count, bytes[k] == 42 {
                    throw ExpressionError(text: text, offset: start, message: "** is not known", hint: "powers are written with ^")
                }
                tokens.append((.symbol(Character(Unicode.Scalar(byte))), start))
            } else {
                throw unexpectedCharacter(in: text, bytes, at: start)
            }
        }
        tokens.append((.end, bytes.count))
        return tokens
    }

    private static func endOfNumber(_ bytes: [UInt8], from start: Int) -> Int {
        var k = start
        while k < bytes.count, isDigit(bytes[k]) || bytes[k] == 46 { k += 1 }
        guard k < bytes.count, bytes[k] == 101 || bytes[k] == 69 else { return k }
        var ahead = k + 1
        if ahead < bytes.count, bytes[ahead] == 43 || bytes[ahead] == 45 { ahead += 1 }
        guard ahead < bytes.count, isDigit(bytes[ahead]) else { return k }
        while ahead < bytes.count, isDigit(bytes[ahead]) { ahead += 1 }
        return ahead
    }

    private static func unexpectedCharacter(in text: String, _ bytes: [UInt8], at offset: Int) -> ExpressionError {
        let character = String(decoding: bytes[offset...], as: UTF8.self).first ?? "?"
        let hint: String?
        if let name = greek[character] {
            hint = "write \(name)"
        } else {
            switch character {
            case "·", "×", "∙", "⋅": hint = "write *"
            case "−", "–": hint = "write -"
            case "²", "³": hint = "powers are written with ^"
            case "†": hint = "the adjoint of Jm is Jp; that of a product is the product of adjoints in reverse order"
            case "√": hint = "write sqrt(…)"
            case "[", "]", "{", "}": hint = "group with ( and )"
            default: hint = "an expression has numbers, names, + - * / ^ and parentheses"
            }
        }
        return ExpressionError(text: text, offset: offset, message: "unexpected character \"\(character)\"", hint: hint)
    }

    private static let greek: [Character: String] = [
        "α": "alpha", "β": "beta", "γ": "gamma", "Γ": "Gamma", "δ": "delta", "Δ": "Delta", "ε": "epsilon", "η": "eta",
        "θ": "theta", "κ": "kappa", "λ": "lambda", "Λ": "Lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
        "σ": "sigma", "τ": "tau", "φ": "phi", "ϕ": "phi", "Φ": "Phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Ω": "Omega",
    ]
}
