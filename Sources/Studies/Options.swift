/// The kinds of value that a study's option takes in the job file. The decoder checks them and the schema shows them;
/// studies themselves know nothing of YAML.
public indirect enum OptionKind: Sendable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    /// A text as it stands; the study parses it.
    case text
    /// An expression of parameters, or a number; the study parses it.
    case expression
    /// A map from names to such expressions.
    case expressions
    /// A list of numbers, of so many.
    case numbers(count: ClosedRange<Int>)
    /// One of the given words.
    case choice([String])
    /// A list of given words without repetition.
    case choices([String])
    /// A map from output names to operator expressions, in the order of the file.
    case operators
    /// A map with the given keys, each optional.
    case map([OptionSpec])
}

public indirect enum OptionValue: Equatable, Sendable {
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case text(String)
    case choices([String])
    case operators([NamedText])
    case expressions([NamedText])
    case numbers([Double])
    case map([String: OptionValue])

    public struct NamedText: Equatable, Sendable {
        public let name: String
        public let text: String
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }
}

public struct OptionSpec: Sendable {
    public let name: String
    public let kind: OptionKind
    public let defaultValue: OptionValue?
    public let help: String
    /// All that the option decides can be seen in the declared outputs: it may change in a run that has begun as long as
    /// the outputs that were there stay as they were.
    public let showsInOutputs: Bool
    /// How a result is come by and not what it is: it may change in a run that has begun.
    public let isTechnical: Bool
    public init(_ name: String, _ kind: OptionKind, default defaultValue: OptionValue? = nil, help: String, showsInOutputs: Bool = false, isTechnical: Bool = false) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.help = help
        self.showsInOutputs = showsInOutputs
        self.isTechnical = isTechnical
    }
}

/// Options as given in the job; defaults are filled in by the accessor of the study.
public struct Options: Equatable, Sendable {
    public var values: [String: OptionValue]
    public init(_ values: [String: OptionValue] = [:]) { self.values = values }
    public subscript(name: String) -> OptionValue? { values[name] }
}

/// Options that do not fit. `path` leads from the study's map to the place (`["observables", "jz"]`), so that the job
/// decoder can add file and line.
public struct OptionError: Error {
    public let path: [String]
    public let message: String
    public let hint: String?
    public init(path: [String], message: String, hint: String? = nil) {
        self.path = path
        self.message = message
        self.hint = hint
    }
}
