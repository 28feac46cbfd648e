import CYAML
import Studies

/// Reads one YAML document into a tree: maps, lists and scalars; no anchors, aliases, tags or further documents.
struct YAMLReader {
    /// Deeper than any job, shallow enough for the stack.
    static let greatestDepth = 40

    private let file: String
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>

    /// - Throws: `InputError` with line and column.
    static func read(_ text: [UInt8], file: String) throws -> YAMLNode {
        guard let string = String(validating: text, as: UTF8.self) else {
            throw InputError(file: file, line: invalidLine(text), "the file is not UTF-8 text", hint: "save it with UTF-8 encoding")
        }
        guard !string.allSatisfy(\.isWhitespace) else { throw emptyFile(file) }
        // With a given encoding libyaml takes a byte order mark for text.
        let text = text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
        defer { parser.deallocate(); event.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw InputError(file: file, "out of memory while reading") }
        defer { yaml_parser_delete(parser) }
        return try text.withUnsafeBufferPointer { bytes in
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            return try YAMLReader(file: file, parser: parser, event: event).document()
        }
    }

    private static func emptyFile(_ file: String) -> InputError {
        InputError(file: file, "the job file is empty", hint: "it needs the keys model, sweep and studies; see jobs/bistable-transition.yaml")
    }

    /// Line of the first byte that is no UTF-8.
    private static func invalidLine(_ text: [UInt8]) -> Int? {
        text.split(separator: 10, omittingEmptySubsequences: false)
            .firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
    }

    // MARK: Events

    private struct Event {
        let type: yaml_event_type_t
        let mark, end: YAMLNode.Mark
        let text: String
        let isPlain: Bool
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLNode.Mark { .init(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }

    private func next() throws -> Event {
        guard yaml_parser_parse(parser, event) == 1 else { throw malformed() }
        defer { yaml_event_delete(event) }
        let type = event.pointee.type, mark = Self.mark(event.pointee.start_mark)
        if type == YAML_ALIAS_EVENT || cyaml_has_anchor(event) != 0 {
            throw error(mark, "anchors and aliases (& and *) are not supported", hint: "write the value out; an expression with * in front needs quotes")
        }
        if cyaml_has_tag(event) != 0 { throw error(mark, "tags (!) are not supported", hint: "leave the tag away, or quote a text that begins with !") }
        var text = ""
        if type == YAML_SCALAR_EVENT, let value = cyaml_scalar_value(event) {
            text = String(decoding: UnsafeBufferPointer(start: value, count: cyaml_scalar_length(event)), as: UTF8.self)
        }
        return Event(type: type, mark: mark, end: Self.mark(event.pointee.end_mark), text: text,
                     isPlain: type == YAML_SCALAR_EVENT && cyaml_scalar_is_plain(event) != 0)
    }

    private func malformed() -> InputError {
        let state = parser.pointee
        var message = state.problem.map { String(cString: $0) } ?? "unreadable"
        if let context = state.context { message += " (\(String(cString: context)) in line \(state.context_mark.line + 1))" }
        var hint: String?
        if message.contains("cannot start any token") || message.contains("tab character") { hint = "indent with spaces, not tabs, and quote texts that begin with @, ` or %" }
        if message.contains("mapping values are not allowed") { hint = "quote a text that contains \": \", and indent keys of one map alike" }
        if message.contains("did not find expected") { hint = "check the indentation, commas and closing brackets above" }
        let hasMark = state.error != YAML_READER_ERROR && state.error != YAML_MEMORY_ERROR
        return hasMark ? error(Self.mark(state.problem_mark), "malformed YAML: \(message)", hint: hint)
            : InputError(file: file, line: Int(state.mark.line) + 1, "malformed YAML: \(message)", hint: "remove control characters")
    }

    private func error(_ mark: YAMLNode.Mark, _ message: String, hint: String? = nil) -> InputError {
        InputError(file: file, line: mark.line, column: mark.column, message, hint: hint)
    }

    // MARK: Tree

    private func document() throws -> YAMLNode {
        _ = try next()                                               // stream start
        guard try next().type == YAML_DOCUMENT_START_EVENT else { throw Self.emptyFile(file) }
        let root = try node(try next(), depth: 0)
        _ = try next()                                               // document end
        let after = try next()
        if after.type != YAML_STREAM_END_EVENT { throw error(after.mark, "the file holds more than one document", hint: "a job is one document: remove the line ---") }
        return root
    }

    private func node(_ event: Event, depth: Int) throws -> YAMLNode {
        if depth > Self.greatestDepth { throw error(event.mark, "maps and lists are nested too deeply") }
        switch event.type {
        case YAML_SEQUENCE_START_EVENT:
            var items: [YAMLNode] = []
            while true {
                let item = try next()
                if item.type == YAML_SEQUENCE_END_EVENT { return YAMLNode(content: .list(items), mark: event.mark, end: item.end) }
                items.append(try node(item, depth: depth + 1))
            }
        case YAML_MAPPING_START_EVENT: return try map(event, depth)
        default: return YAMLNode(content: .scalar(event.text, isPlain: event.isPlain), mark: event.mark, end: event.end)
        }
    }

    private func map(_ start: Event, _ depth: Int) throws -> YAMLNode {
        var entries: [YAMLNode.Entry] = [], seen: [String: YAMLNode.Mark] = [:]
        while true {
            let key = try next()
            if key.type == YAML_MAPPING_END_EVENT { return YAMLNode(content: .map(entries), mark: start.mark, end: key.end) }
            guard key.type == YAML_SCALAR_EVENT else { throw error(key.mark, "a key must be a name, not a map or list") }
            if let first = seen.updateValue(key.mark, forKey: key.text) {
                throw error(key.mark, "the key \(key.text) is given twice, first in line \(first.line)", hint: "keep one of them")
            }
            entries.append(.init(key: key.text, keyMark: key.mark, value: try node(try next(), depth: depth + 1)))
        }
    }
}
