/// Options of a study as the job gives them, or else the defaults that their specs name: a default stands in one place.
struct OptionReader {
    private let specs: [OptionSpec]
    private let given: [String: OptionValue]

    init(_ specs: [OptionSpec], _ given: [String: OptionValue]) {
        self.specs = specs
        self.given = given
    }

    func has(_ name: String) -> Bool { given[name] != nil }

    private func value(_ name: String) -> OptionValue? { given[name] ?? specs.first { $0.name == name }?.defaultValue }

    // MARK: Options with a default

    func integer(_ name: String) -> Int { required(name, integerIfGiven(name)) }

    func number(_ name: String) -> Double {
        guard case .number(let value)? = value(name) else { return required(name, nil) }
        return value
    }

    func flag(_ name: String) -> Bool {
        guard case .flag(let value)? = value(name) else { return required(name, nil) }
        return value
    }

    func text(_ name: String) -> String {
        guard case .text(let value)? = value(name) else { return required(name, nil) }
        return value
    }

    /// The decoder has checked what the job gives; what is missing here is missing in the spec.
    private func required<Value>(_ name: String, _ value: Value?) -> Value {
        guard let value else { preconditionFailure("the option \(name) has neither a value nor a default of its kind") }
        return value
    }

    // MARK: Options without

    func integerIfGiven(_ name: String) -> Int? {
        guard case .integer(let value)? = value(name) else { return nil }
        return value
    }

    func numberIfGiven(_ name: String) -> Double? {
        guard case .number(let value)? = value(name) else { return nil }
        return value
    }

    func textIfGiven(_ name: String) -> String? {
        guard case .text(let value)? = value(name) else { return nil }
        return value
    }

    func numbersIfGiven(_ name: String) -> [Double]? {
        guard case .numbers(let list)? = value(name) else { return nil }
        return list
    }

    /// Names and texts in the order of the file; none where it is not given.
    func expressions(_ name: String) -> [OptionValue.NamedText] {
        guard case .expressions(let list)? = value(name) else { return [] }
        return list
    }

    /// The words of a list; none where it is not given.
    func choices(_ name: String) -> [String] {
        guard case .choices(let words)? = value(name) else { return [] }
        return words
    }

    /// A map's own options; their defaults where it is not given.
    func map(_ name: String) -> OptionReader {
        guard case .map(let keys)? = specs.first(where: { $0.name == name })?.kind else { return required(name, nil) }
        guard case .map(let values)? = given[name] else { return OptionReader(keys, [:]) }
        return OptionReader(keys, values)
    }
}

extension Study {
    static func reader(_ options: Options) -> OptionReader { OptionReader(self.options, options.values) }
}
