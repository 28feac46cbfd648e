import Studies

extension OutputSpec {
    /// One respect in which two descriptions of an output differ.
    struct Difference: Hashable {
        let what: String
        let mine: String
        let theirs: String
        /// `until[3] 0.3 and 0.6`
        var text: String { "\(what) \(mine) and \(theirs)" }
    }

    /// In what respects another description of an output of this name differs; empty if they are equal.
    func differences(from other: OutputSpec) -> [Difference] {
        var list: [Difference] = []
        func add(_ what: String, _ mine: String, _ theirs: String) { if mine != theirs { list.append(Difference(what: what, mine: mine, theirs: theirs)) } }
        add("kind", kind.rawValue, other.kind.rawValue)
        add("dimension", dimension.rawValue, other.dimension.rawValue)
        add("meaning", "\"\(meaning)\"", "\"\(other.meaning)\"")
        func names(_ axes: [OutputAxis]) -> String { "(\(axes.map(\.name).joined(separator: ", ")))" }
        add("own dimensions", names(axes), names(other.axes))
        guard names(axes) == names(other.axes) else { return list }
        func ends(_ values: [Double]) -> String {
            guard let first = values.first, let last = values.last else { return "without coordinates" }
            return "\(CanonicalNumber.string(first)) … \(CanonicalNumber.string(last)) (\(values.count) values)"
        }
        for (a, b) in zip(axes, other.axes) where a != b {
            add("extent of \(a.name)", a.extent.map(String.init) ?? "any", b.extent.map(String.init) ?? "any")
            add("names along \(a.name)", "(\(a.labels.joined(separator: ", ")))", "(\(b.labels.joined(separator: ", ")))")
            if a.coordinates.count != b.coordinates.count {
                add(a.name, ends(a.coordinates), ends(b.coordinates))
            } else if let place = a.coordinates.indices.first(where: { a.coordinates[$0] != b.coordinates[$0] }) {
                add("\(a.name)[\(place)]", "\(a.coordinates[place])", "\(b.coordinates[place])")
            }
        }
        return list
    }
}
