import SpinAlgebra
import Studies

/// Reads a study's options by their declarations.
struct OptionDecoder {
    /// - Parameter inputs: names of the study's inputs that may be fixed among the options; they come back as `constants`.
    /// - Throws: `InputError`.
    static func decode(_ node: JobNode, _ specs: [OptionSpec], inputs: [String] = []) throws -> (options: Options, constants: [String: Double]) {
        if node.isNull { return (Options(), [:]) }
        var values: [String: OptionValue] = [:], constants: [String: Double] = [:]
        for entry in try node.entries("a map of options") {
            if let spec = specs.first(where: { $0.name == entry.key }) {
                values[entry.key] = try value(entry.value, spec.kind)
            } else if inputs.contains(entry.key) {
                constants[entry.key] = CanonicalNumber.rounded(try entry.value.number())
            } else {
                throw entry.value.unknownKey(entry.key, among: specs.map(\.name) + inputs)
            }
        }
        return (Options(values), constants)
    }

    private static func value(_ node: JobNode, _ kind: OptionKind) throws -> OptionValue {
        switch kind {
        case .integer(let range): return .integer(try node.integer(in: range))
        case .number(let range):
            let expected = "a number from \(CanonicalNumber.string(range.lowerBound)) to \(CanonicalNumber.string(range.upperBound))"
            let number = try node.number(expected)
            guard range.contains(number) else { throw node.mismatch(expected) }
            return .number(number)
        case .flag: return .flag(try node.flag())
        case .text: return .text(try node.text())
        case .expression: return .text(try node.expression("a number or an expression of parameters, such as 2/gamma"))
        case .expressions:
            return .expressions(try node.entries("a map from names to expressions, such as { Omega: 0.5*exp(-t) }").map { entry in
                .init(name: entry.key, text: try entry.value.expression("a number or an expression"))
            })
        case .numbers(let count):
            let expected = "a list of " + (count.upperBound == .max ? "\(count.lowerBound) or more numbers" : "\(count.lowerBound) to \(count.upperBound) numbers")
            let items = try node.items(expected)
            guard count.contains(items.count) else { throw node.mismatch(expected) }
            return .numbers(try items.map { try $0.number() })
        case .choice(let words): return .text(try word(node, words))
        case .choices(let words):
            var chosen: [String] = []
            for item in try node.items("a list of \(words.joined(separator: ", "))") {
                let word = try word(item, words)
                if chosen.contains(word) { throw item.error("\(word) is there twice") }
                chosen.append(word)
            }
            return .choices(chosen)
        case .operators:
            return .operators(try node.entries("a map from output names to operators, such as { jz: Jz/j }").map { entry in
                guard ReservedName.isIdentifier(entry.key) else {
                    throw entry.value.keyError("\"\(entry.key)\" is no name for an output", hint: "names are letters, digits and _ and do not begin with a digit")
                }
                return .init(name: entry.key, text: try entry.value.expression("an operator such as Jz/j"))
            })
        case .map(let specs): return .map(try decode(node, specs).options.values)
        }
    }

    private static func word(_ node: JobNode, _ words: [String]) throws -> String {
        let word = try node.text("one of \(words.joined(separator: ", "))")
        guard words.contains(word) else {
            throw node.mismatch("one of \(words.joined(separator: ", "))", hint: Nearest.word(to: word, among: words).map { "did you mean \($0)?" })
        }
        return word
    }
}
