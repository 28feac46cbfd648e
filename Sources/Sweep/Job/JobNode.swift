import SpinAlgebra
import Studies

/// A YAML node on its way to a job: knows its file and key path, and turns whatever does not fit into an `InputError`.
struct JobNode {
    let yaml: YAMLNode
    let file: String
    /// `studies[0].gap.modes`; empty for the whole job.
    let path: String
    /// Where the node's key stands, if it is the value of a map.
    let keyMark: YAMLNode.Mark?

    init(root: YAMLNode, file: String) { self.init(yaml: root, file: file, path: "", keyMark: nil) }

    private init(yaml: YAMLNode, file: String, path: String, keyMark: YAMLNode.Mark?) {
        self.yaml = yaml
        self.file = file
        self.path = path
        self.keyMark = keyMark
    }

    // MARK: Errors

    /// - Parameter offset: UTF-8 offset into a scalar's text.
    func error(_ message: String, hint: String? = nil, offset: Int? = nil) -> InputError {
        let mark = offset.map(yaml.mark(atUTF8Offset:)) ?? yaml.mark
        return InputError(file: file, line: mark.line, column: mark.column, keyPath: path, message, hint: hint)
    }

    /// An error about the node's key rather than its value.
    func keyError(_ message: String, hint: String? = nil) -> InputError {
        let mark = keyMark ?? yaml.mark
        return InputError(file: file, line: mark.line, column: mark.column, keyPath: path, message, hint: hint)
    }

    func mismatch(_ expected: String, hint: String? = nil) -> InputError { error("expected \(expected), found \(found)", hint: hint) }

    /// What stands there, in words.
    var found: String {
        switch yaml.content {
        case .list(let items): return items.isEmpty ? "an empty list" : "a list"
        case .map(let entries): return entries.isEmpty ? "an empty map" : "a map"
        case .scalar(let text, let isPlain):
            if isPlain, YAMLValue(text, isPlain: true) == .null { return "nothing" }
            if case .text = YAMLValue(text, isPlain: isPlain) { return "\"\(text.prefix(60))\"" }
            return text
        }
    }

    // MARK: Structure

    struct Entry {
        let key: String
        let value: JobNode
    }

    var isNull: Bool { scalar == .null }
    var isMap: Bool { if case .map = yaml.content { return true } else { return false } }
    var isList: Bool { if case .list = yaml.content { return true } else { return false } }

    private var scalar: YAMLValue? {
        if case .scalar(let text, let isPlain) = yaml.content { return YAMLValue(text, isPlain: isPlain) }
        return nil
    }

    func entries(_ expected: String = "a map") throws -> [Entry] {
        guard case .map(let entries) = yaml.content else { throw mismatch(expected) }
        return entries.map { entry in
            let path = self.path.isEmpty ? entry.key : "\(self.path).\(entry.key)"
            return Entry(key: entry.key, value: JobNode(yaml: entry.value, file: file, path: path, keyMark: entry.keyMark))
        }
    }

    func items(_ expected: String = "a list") throws -> [JobNode] {
        guard case .list(let items) = yaml.content else { throw mismatch(expected) }
        return items.enumerated().map { JobNode(yaml: $1, file: file, path: "\(path)[\($0)]", keyMark: nil) }
    }

    /// A map with no keys but the known ones, the required ones among them.
    func map(_ keys: [JobKey], _ expected: String = "a map") throws -> [String: JobNode] {
        var known: [String: JobNode] = [:]
        for entry in try entries("\(expected) with the keys \(keys.map(\.name).joined(separator: ", "))") {
            guard keys.contains(where: { $0.name == entry.key }) else { throw entry.value.unknownKey(entry.key, among: keys.map(\.name)) }
            known[entry.key] = entry.value
        }
        if let missing = keys.first(where: { $0.isRequired && known[$0.name] == nil }) {
            throw error("the key \(missing.name) is missing: \(missing.help)")
        }
        return known
    }

    func unknownKey(_ key: String, among known: [String], hint: String? = nil) -> InputError {
        let near = Nearest.word(to: key, among: known).map { "did you mean \($0)?" }
        return keyError("unknown key \(key)", hint: hint ?? near ?? (known.isEmpty ? "no keys are known here" : "known are \(known.joined(separator: ", "))"))
    }

    /// The node that a path leads to, as far as it exists: `["observables", "jz"]`, `["jumps", "0", "rate"]`.
    func descending(_ steps: some Collection<String>) -> JobNode {
        guard let step = steps.first else { return self }
        if let entry = try? entries().first(where: { $0.key == step }) { return entry.value.descending(steps.dropFirst()) }
        if let index = Int(step), let items = try? items(), items.indices.contains(index) { return items[index].descending(steps.dropFirst()) }
        return self
    }

    // MARK: Scalars

    /// A text, quoted or plain. Numbers and flags are refused: they are slips here more often than not.
    func text(_ expected: String = "a text") throws -> String {
        guard case .text(let text)? = scalar else { throw mismatch(expected, hint: scalar == nil || isNull ? nil : "put it in quotes if it is meant as text") }
        return text
    }

    /// The text of an expression; a number is one too.
    func expression(_ expected: String) throws -> String {
        guard case .scalar(let text, _) = yaml.content else { throw mismatch(expected) }
        switch scalar {
        case .text: return text
        case .integer(let value): return "\(value)"                     // may be hexadecimal in the file
        case .number(let value) where value.isFinite: return text      // all digits: a constant is no key
        default: throw mismatch(expected)
        }
    }

    func number(_ expected: String = "a number") throws -> Double {
        switch scalar {
        case .integer(let value): return Double(value)
        case .number(let value) where value.isFinite: return value
        case .text(let text):
            var isQuotedNumber = false
            switch YAMLValue(text, isPlain: true) {
            case .integer, .number: isQuotedNumber = true
            default: break
            }
            throw mismatch(expected, hint: isQuotedNumber ? "remove the quotes" : nil)
        default: throw mismatch(expected)
        }
    }

    func integer(in range: ClosedRange<Int>) throws -> Int {
        let expected = range.upperBound == .max ? "an integer of at least \(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
        let value = try number(expected)
        guard value == value.rounded(), let integer = Int(exactly: value), range.contains(integer) else { throw mismatch(expected) }
        return integer
    }

    func flag() throws -> Bool {
        guard case .flag(let flag)? = scalar else { throw mismatch("true or false") }
        return flag
    }
}
