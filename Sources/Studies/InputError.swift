/// Bad input from outside: exit code 2. One clear sentence that names the file, the place and the mend.
public struct InputError: Error, CustomStringConvertible, Sendable {
    public var file: String?
    /// 1-based.
    public var line: Int?
    public var column: Int?
    /// `studies[0].steadyState.observables.jz`
    public var keyPath: String?
    public var message: String
    /// The mend.
    public var hint: String?

    public init(file: String? = nil, line: Int? = nil, column: Int? = nil, keyPath: String? = nil,
                _ message: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.keyPath = keyPath
        self.message = message
        self.hint = hint
    }

    /// `jobs/a.yaml:12:5: studies[0].gap.modes: expected an integer from 1 to 64, found "four" (hint: …)`
    public var description: String {
        var place = file ?? ""
        if let line { place += ":\(line)" + (column.map { ":\($0)" } ?? "") }
        if !place.isEmpty { place += ": " }
        if let keyPath, !keyPath.isEmpty { place += "\(keyPath): " }
        return place + message + (hint.map { " (hint: \($0))" } ?? "")
    }
}
