import Studies
@testable import Sweep
import Testing

/// The YAML reader by itself: what it refuses, where it says so, and that trees survive being written and read.
@Suite struct JobYAMLTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        let text: String
        /// `line:column` or `line`.
        let place: String
        let fragment: String
        var testDescription: String { fragment }
        init(_ text: String, _ place: String, _ fragment: String) {
            self.text = text
            self.place = place
            self.fragment = fragment
        }
    }

    @Test(arguments: [
        Refusal("", "", "empty"),
        Refusal("# only a comment\n", "", "empty"),
        Refusal("a: 1\nb: 2\na: 3\n", "3:1", "the key a is given twice, first in line 1"),
        Refusal("a:\n  b: {c: 1, c: 2}\n", "2:13", "the key c is given twice, first in line 2"),
        Refusal("a: &x 1\n", "1:4", "anchors and aliases"),
        Refusal("a: *Jx\n", "1:4", "anchors and aliases"),
        Refusal("a: !!int 1\n", "1:4", "tags"),
        Refusal("a: 1\n---\nb: 2\n", "2:1", "more than one document"),
        Refusal("a:\n\tb: 1\n", "2:1", "malformed YAML"),
        Refusal("a: [1, 2\nb: 3\n", "2", "malformed YAML"),
        Refusal("a: b: c\n", "1:5", "mapping values are not allowed"),
        Refusal("? [1]\n: 2\n", "1:3", "a key must be a name"),
        Refusal("a: \u{1}\n", "1", "control characters"),
        Refusal("é: 1\nö: [1, 2}\n", "2:9", "malformed YAML"),
        Refusal(String(repeating: "[", count: 60) + String(repeating: "]", count: 60), "1:42", "nested too deeply"),
    ])
    func refuses(_ refusal: Refusal) throws {
        let error = try #require(throws: InputError.self) { try YAMLReader.read(Array(refusal.text.utf8), file: "a.yaml") }
        let prefix = refusal.place.isEmpty ? "a.yaml:" : "a.yaml:\(refusal.place):"
        #expect(error.description.hasPrefix(prefix), "\(error)")
        #expect(error.description.contains(refusal.fragment), "\(error)")
        #expect(error.hint != nil || refusal.fragment.contains("key must be") || refusal.fragment.contains("nested"), "\(error) has no mend")
    }

    @Test func refusesOtherEncodings() throws {
        for bytes: [UInt8] in [[0x61, 0x3a, 0x20, 0x31, 0x0a, 0x62, 0xff], [0xff, 0xfe, 0x61, 0x00], Array("a: 1\nb: ".utf8) + [0xc3, 0x0a]] {
            let error = try #require(throws: InputError.self) { try YAMLReader.read(bytes, file: "a.yaml") }
            #expect(error.message.contains("not UTF-8"))
        }
        let late = try #require(throws: InputError.self) { try YAMLReader.read(Array("a: 1\nb: ".utf8) + [0xc3, 0x0a], file: "a.yaml") }
        #expect(late.line == 2)
    }

    @Test(arguments: [
        ("1", YAMLValue.integer(1)), ("-7", .integer(-7)), ("+7", .integer(7)), ("0x10", .integer(16)), ("0o17", .integer(15)),
        ("017", .integer(17)), ("1e-9", .number(1e-9)), (".5", .number(0.5)), ("1.", .number(1)), ("-1.5E+3", .number(-1500)),
        ("123456789012345678901234567890", .number(0x1.8ee90ff6c373ep96)),
        ("true", .flag(true)), ("False", .flag(false)), ("null", .null), ("~", .null), ("", .null),
        ("yes", .text("yes")), ("no", .text("no")), ("on", .text("on")), ("1e", .text("1e")), (".", .text(".")), ("1_000", .text("1_000")),
        ("0x", .text("0x")), ("12:30", .text("12:30")), ("2026-11-21", .text("2026-11-21")), ("١", .text("١")), ("inf", .text("inf")), ("nan", .text("nan")),
        ("0x-5", .text("0x-5")), ("-", .text("-")), ("1.2.3", .text("1.2.3")),
    ])
    func coreTypes(_ text: String, _ value: YAMLValue) {
        #expect(YAMLValue(text, isPlain: true) == value)
        #expect(YAMLValue(text, isPlain: false) == .text(text))
    }

    @Test func marks() throws {
        let node = try YAMLReader.read(Array("\u{feff}é: \"Γ/γ\"\nlist:\n  - {x: 1, y: [2, 3]}\n".utf8), file: "a.yaml")
        guard case .map(let entries) = node.content, case .list(let items) = entries[1].value.content, case .map(let inner) = items[0].content,
              case .list(let numbers) = inner[1].value.content else { Issue.record("wrong shape"); return }
        #expect(entries.map(\.key) == ["é", "list"])
        #expect(entries[1].keyMark == .init(line: 2, column: 1))
        #expect(inner[1].keyMark == .init(line: 3, column: 12))
        #expect(numbers[1].mark == .init(line: 3, column: 19))
        #expect(entries[0].value.mark(atUTF8Offset: 3).column - entries[0].value.mark.column == 3)      // quote, Γ, / before γ
    }

    // MARK: Round trip

    /// Same tree, places aside.
    private static func agree(_ a: YAMLNode, _ b: YAMLNode) -> Bool {
        switch (a.content, b.content) {
        case (.scalar(let x, let p), .scalar(let y, let q)): x == y && p == q
        case (.list(let x), .list(let y)): x.count == y.count && zip(x, y).allSatisfy(agree)
        case (.map(let x), .map(let y)): x.map(\.key) == y.map(\.key) && zip(x, y).allSatisfy { agree($0.value, $1.value) }
        default: false
        }
    }

    private static let words = ["a", "Jz/j", "with: colon", "# no comment", "- dash", "é\"quoted\" \\ back", "tab\there", "line\nbreak", "*star", "&amp", "!bang", "{", "]", ", ", "%", "@", "yes", "1e-9", "", " ", "Γ/γ²"]

    private static func random(_ depth: Int, _ generator: inout SystemRandomNumberGenerator) -> YAMLNode {
        let mark = YAMLNode.Mark(line: 0, column: 0)
        func node(_ content: YAMLNode.Content) -> YAMLNode { YAMLNode(content: content, mark: mark, end: mark) }
        let count = Int.random(in: 0...4, using: &generator)
        switch depth == 0 ? 0 : Int.random(in: 0...2, using: &generator) {
        case 0:
            if Bool.random(using: &generator) { return node(.scalar("\(Int.random(in: -9...9, using: &generator))", isPlain: true)) }
            return node(.scalar(words.randomElement(using: &generator) ?? "", isPlain: false))
        case 1: return node(.list((0..<count).map { _ in random(depth - 1, &generator) }))
        default: return node(.map(words.shuffled(using: &generator).prefix(count).map { .init(key: $0, keyMark: mark, value: random(depth - 1, &generator)) }))
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing("\t", with: "\\t") + "\""
    }

    /// As JSON, or indented where maps and lists allow.
    private static func write(_ node: YAMLNode, indent: Int, block: Bool) -> String {
        let space = "\n" + String(repeating: " ", count: indent)
        switch node.content {
        case .scalar(let text, let isPlain): return isPlain ? text : quoted(text)
        case .list(let items):
            if !block || items.isEmpty { return "[" + items.map { write($0, indent: 0, block: false) }.joined(separator: ", ") + "]" }
            return items.map { "\(space)- \(write($0, indent: indent + 2, block: true))" }.joined()
        case .map(let entries):
            if !block || entries.isEmpty { return "{" + entries.map { "\(quoted($0.key)): \(write($0.value, indent: 0, block: false))" }.joined(separator: ", ") + "}" }
            return entries.map { "\(space)\(quoted($0.key)): \(write($0.value, indent: indent + 2, block: true))" }.joined()
        }
    }

    @Test(arguments: [false, true]) func randomTreesSurvive(block: Bool) throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let tree = Self.random(4, &generator)
            let text = Self.write(tree, indent: 0, block: block)
            #expect(Self.agree(tree, try YAMLReader.read(Array(text.utf8), file: "a.yaml")), "\(text)")
        }
    }
}
