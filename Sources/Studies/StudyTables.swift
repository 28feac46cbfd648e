/// The options and outputs of a study as rows of words: what `macrospin studies` prints and the tables of `docs/studies` hold.
public enum StudyTables {
    public struct Row: Equatable, Sendable {
        /// Name, then what it may be, then the meaning; as many as the table has columns.
        public let cells: [String]
    }

    public static let optionColumns = ["option", "value", "default", "meaning"]
    public static let outputColumns = ["output", "dimensions", "kind", "unit", "meaning"]

    // MARK: Options

    /// One row an option, keys of a map each with a row of their own (`initial.theta`); then the inputs that may also be axes.
    public static func options(of study: any Study.Type) -> [Row] {
        study.options.flatMap { rows(of: $0, under: "") }
            + study.inputs.map { Row(cells: [$0.name, "number, or the axis \(study.name).\($0.name)", "", $0.meaning]) }
    }

    private static func rows(of option: OptionSpec, under parent: String) -> [Row] {
        let name = parent + option.name
        let row = Row(cells: [name, words(option.kind), option.defaultValue.map(words) ?? "", option.help])
        guard case .map(let parts) = option.kind else { return [row] }
        return [row] + parts.flatMap { rows(of: $0, under: name + ".") }
    }

    static func words(_ kind: OptionKind) -> String {
        switch kind {
        case .integer(let range): "integer" + bounds(Double(range.lowerBound), range.upperBound == .max ? .infinity : Double(range.upperBound))
        case .number(let range): "number" + bounds(range.lowerBound, range.upperBound)
        case .flag: "true or false"
        case .text: "text"
        case .expression: "expression"
        case .expressions: "map of expressions"
        case .numbers: "list of numbers"
        case .choice(let words): words.joined(separator: ", ")
        case .choices(let words): "list of " + words.joined(separator: ", ")
        case .operators: "map of operators"
        case .map: "map"
        }
    }

    /// Limits that are there to keep nonsense out say nothing to a reader.
    private static func bounds(_ least: Double, _ greatest: Double) -> String {
        let from = least > -1e9 ? CanonicalNumber.string(least) : nil, to = greatest < 1e9 ? CanonicalNumber.string(greatest) : nil
        switch (from, to) {
        case (let from?, let to?): return " \(from) to \(to)"
        case (let from?, nil): return ", at least \(from)"
        case (nil, let to?): return ", at most \(to)"
        case (nil, nil): return ""
        }
    }

    private static func words(_ value: OptionValue) -> String {
        switch value {
        case .integer(let number): return String(number)
        // To the last digit: this is what a job would have to say.
        case .number(let number): return number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : "\(number)"
        case .flag(let flag): return flag ? "true" : "false"
        case .text(let text): return text
        case .choices(let list): return "[" + list.joined(separator: ", ") + "]"
        case .numbers(let list): return "[" + list.map { CanonicalNumber.string($0) }.joined(separator: ", ") + "]"
        case .operators(let list), .expressions(let list):
            return "{ " + list.map { $0.name + ": " + $0.text }.joined(separator: ", ") + " }"
        case .map: return ""
        }
    }

    // MARK: Outputs

    /// One row an output: dimensions of its own (those of the sweep come before them) with their extents.
    public static func outputs(_ specs: [OutputSpec]) -> [Row] {
        specs.map { spec in
            let axes = spec.axes.map { axis in axis.extent.map { "\(axis.name) (\($0))" } ?? axis.name }
            return Row(cells: [spec.name, axes.joined(separator: ", "), spec.kind.rawValue, spec.dimension == .dimensionless ? "1" : spec.dimension.rawValue, spec.meaning])
        }
    }

    // MARK: Text

    /// A table of GitHub's Markdown, names as code.
    public static func markdown(_ columns: [String], _ rows: [Row]) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        let body = rows.map { row in line(["`\(row.cells[0])`"] + row.cells.dropFirst().map(escaped)) }
        return ([line(columns), line(columns.map { _ in "---" })] + body).joined(separator: "\n")
    }

    /// What Markdown would take for markup: bras and kets are no columns and no tags.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += "|<*\\`".contains($1) ? "\\\($1)" : String($1) }
    }
}
