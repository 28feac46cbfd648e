import SpinAlgebra

/// Splits a condition into its comparisons; the sides go to `ScalarExpression`.
/// `or` binds least, then `and`, then `not`; `0.1 < Gamma <= 0.5` is two comparisons.
struct ConditionParser {
    private enum Word: Equatable { case and, or, not, relation(Condition.Relation), open, close, other }
    private struct Token {
        let word: Word
        /// UTF-8 offsets.
        let start, end: Int
    }

    private let text: String
    private let bytes: [UInt8]
    private var tokens: [Token] = []

    /// - Throws: `ExpressionError` with the offset in the whole text.
    static func parse(_ text: String) throws -> Condition {
        let parser = try ConditionParser(text)
        return try parser.disjunction(parser.tokens[...], from: 0, to: parser.bytes.count)
    }

    private init(_ text: String) throws {
        self.text = text
        bytes = Array(text.utf8)
        var k = 0
        while k < bytes.count {
            let rest = bytes[k...], start = k
            if let relation = Condition.Relation.allCases.first(where: { rest.starts(with: $0.rawValue.utf8) }) {
                k += relation.rawValue.utf8.count
                tokens.append(Token(word: .relation(relation), start: start, end: k))
            } else if ReservedName.isIdentifier(String(decoding: rest.prefix(1), as: UTF8.self)) {
                while k < bytes.count, ReservedName.isIdentifier("a" + String(decoding: bytes[k...k], as: UTF8.self)) { k += 1 }
                let name = String(decoding: bytes[start..<k], as: UTF8.self)
                let word: Word = switch name { case "and": .and; case "or": .or; case "not": .not; default: .other }
                tokens.append(Token(word: word, start: start, end: k))
            } else {
                k += 1
                switch bytes[start] {
                case UInt8(ascii: "("): tokens.append(Token(word: .open, start: start, end: k))
                case UInt8(ascii: ")"): tokens.append(Token(word: .close, start: start, end: k))
                case UInt8(ascii: "="): throw error(start, "= is not known", hint: "equality is ==")
                case UInt8(ascii: "&"): throw error(start, "& is not known", hint: "write and")
                case UInt8(ascii: "|"): throw error(start, "| is not known", hint: "write or")
                case UInt8(ascii: "!"): throw error(start, "! is not known", hint: "write not")
                case 9...13, 32: continue
                default: tokens.append(Token(word: .other, start: start, end: k))
                }
            }
        }
    }

    private func error(_ offset: Int, _ message: String, hint: String? = nil) -> ExpressionError {
        ExpressionError(text: text, offset: offset, message: message, hint: hint)
    }

    // MARK: Levels

    private func disjunction(_ part: ArraySlice<Token>, from: Int, to: Int) throws -> Condition {
        try joined(part, from, to, at: .or, Condition.or) { try joined($0, $1, $2, at: .and, Condition.and, negation) }
    }

    /// Splits at a word outside parentheses.
    private func joined(_ part: ArraySlice<Token>, _ from: Int, _ to: Int, at word: Word, _ join: (Condition, Condition) -> Condition,
                        _ inner: (ArraySlice<Token>, Int, Int) throws -> Condition) throws -> Condition {
        var result: Condition?, begin = part.startIndex, start = from, depth = 0
        for k in part.indices {
            if tokens[k].word == .open { depth += 1 }
            if tokens[k].word == .close { depth -= 1 }
            guard depth == 0, tokens[k].word == word else { continue }
            let side = try inner(part[begin..<k], start, tokens[k].start)
            result = result.map { join($0, side) } ?? side
            (begin, start) = (k + 1, tokens[k].end)
        }
        let side = try inner(part[begin...], start, to)
        return result.map { join($0, side) } ?? side
    }

    private func negation(_ part: ArraySlice<Token>, from: Int, to: Int) throws -> Condition {
        guard let first = part.first, let last = part.last else { throw error(min(from, max(bytes.count - 1, 0)), "expected a comparison such as Gamma < 1") }
        if first.word == .not { return .not(try negation(part.dropFirst(), from: first.end, to: to)) }
        if first.word == .open, closing(part) == part.endIndex - 1, part.contains(where: { isLogical($0.word) }) {
            return try disjunction(part.dropFirst().dropLast(), from: first.end, to: last.start)
        }
        return try comparison(part, from, to)
    }

    private func isLogical(_ word: Word) -> Bool {
        switch word { case .relation, .and, .or, .not: true; default: false }
    }

    /// Where the parenthesis closes that the part begins with.
    private func closing(_ part: ArraySlice<Token>) -> Int? {
        var depth = 0
        for k in part.indices {
            if tokens[k].word == .open { depth += 1 }
            if tokens[k].word == .close { depth -= 1 }
            if depth == 0 { return k }
        }
        return nil
    }

    private func comparison(_ part: ArraySlice<Token>, _ from: Int, _ to: Int) throws -> Condition {
        var sides: [ScalarExpression] = [], relations: [Condition.Relation] = [], start = from
        for token in part {
            if case .relation(let relation) = token.word {
                sides.append(try side(start, token.start))
                relations.append(relation)
                start = token.end
            } else if token.word == .not || token.word == .and || token.word == .or {
                throw error(token.start, "expected a comparison, found a logical word inside an expression")
            }
        }
        guard !relations.isEmpty else { throw error(part.first?.start ?? from, "expected a comparison such as Gamma < 1") }
        sides.append(try side(start, to))
        let links = relations.indices.map { Condition.comparison(sides[$0], relations[$0], sides[$0 + 1]) }
        return links.dropFirst().reduce(links[0], Condition.and)
    }

    private func side(_ from: Int, _ to: Int) throws -> ScalarExpression {
        let lead = bytes[from..<to].prefix { $0 == 32 || (9...13).contains($0) }.count
        let part = String(decoding: bytes[(from + lead)..<to], as: UTF8.self)
        do { return try ScalarExpression(parsing: part) } catch let failure as ExpressionError {
            throw error(from + lead + failure.offset, failure.message, hint: failure.hint)
        }
    }
}
