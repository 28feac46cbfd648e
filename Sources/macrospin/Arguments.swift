import Studies

/// One option of a subcommand, for the parser and for `--help`.
struct OptionDescription {
    let long: String
    let short: Character?
    /// Name of its value in the help; nil: a flag.
    let value: String?
    /// Whether it takes all following words up to the next option.
    let takesMany: Bool
    let help: String
    init(_ long: String, _ short: Character? = nil, value: String? = nil, takesMany: Bool = false, help: String) {
        self.long = long
        self.short = short
        self.value = value
        self.takesMany = takesMany
        self.help = help
    }
}

/// Words of the command line by GNU's rules: `--out DIR`, `--out=DIR`, `-o DIR`, `-oDIR`, unambiguous prefixes, `--` ends
/// options, options and operands in any order.
struct Arguments {
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    /// - Throws: `InputError`.
    init(_ words: [String], options: [OptionDescription], command: String) throws {
        func refuse(_ message: String) -> InputError { InputError("macrospin \(command): \(message)", hint: "macrospin \(command) --help shows the options") }
        var at = 0, onlyOperands = false
        func take(_ option: OptionDescription, _ attached: String?, shown: String) throws {
            guard option.value != nil else {
                if attached != nil { throw refuse("\(shown) takes no value") }
                values[option.long, default: []].append("")
                return
            }
            if let attached {
                values[option.long, default: []].append(attached)
            } else {
                guard at < words.count else { throw refuse("\(shown) needs a value (\(option.value ?? ""))") }
                values[option.long, default: []].append(words[at])
                at += 1
            }
            while option.takesMany, at < words.count, !words[at].hasPrefix("-"), words[at].contains("=") {
                values[option.long, default: []].append(words[at])
                at += 1
            }
        }
        while at < words.count {
            let word = words[at]
            at += 1
            if onlyOperands || word == "-" || !word.hasPrefix("-") { operands.append(word); continue }
            if word == "--" { onlyOperands = true; continue }
            if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let matches = options.contains { $0.long == parts[0] } ? options.filter { $0.long == parts[0] } : options.filter { $0.long.hasPrefix(parts[0]) }
                guard let option = matches.first else { throw refuse("unknown option --\(parts[0])") }
                guard matches.count == 1 else { throw refuse("--\(parts[0]) may mean \(matches.map { "--\($0.long)" }.joined(separator: " or "))") }
                try take(option, parts.count > 1 ? parts[1] : nil, shown: "--\(option.long)")
            } else {
                var rest = word.dropFirst()
                while let letter = rest.popFirst() {
                    guard let option = options.first(where: { $0.short == letter }) else { throw refuse("unknown option -\(letter)") }
                    if option.value != nil {
                        try take(option, rest.isEmpty ? nil : String(rest), shown: "-\(letter)")
                        break
                    }
                    try take(option, nil, shown: "-\(letter)")
                }
            }
        }
    }

    func has(_ option: String) -> Bool { values[option] != nil }
    func value(_ option: String) -> String? { values[option]?.last }
    func all(_ option: String) -> [String] { values[option] ?? [] }
}
