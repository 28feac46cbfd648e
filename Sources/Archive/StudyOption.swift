import Studies

/// An option that a study's records were computed with, where its outputs alone do not tell.
public struct StudyOption: Hashable, Codable, Sendable {
    public var name: String
    /// As text, defaults filled in; `absent` where there is none. Several in an archive that was merged from such jobs.
    public var values: [String]
    /// It decides what the outputs are (an initial state, a field that varies): records of different values do not belong
    /// in one variable. Others may decide it, or only what is computed beside or how exactly: a merge warns.
    public var isDefining: Bool

    public init(name: String, value: String?, isDefining: Bool) {
        self.name = name
        values = [value ?? Self.absent]
        self.isDefining = isDefining
    }

    static let absent = "absent"

    /// `{state: coherent, theta: 0} or {state: ground}`; nil: no job gives it.
    var text: String? { values == [Self.absent] ? nil : values.joined(separator: " or ") }

    /// Whether records of both may be in one archive.
    func allows(_ other: StudyOption) -> Bool {
        guard isDefining, other.isDefining else { return true }
        let mine = Set(values).subtracting([Self.absent]), theirs = Set(other.values).subtracting([Self.absent])
        return mine.isEmpty || theirs.isEmpty || mine == theirs
    }
}
