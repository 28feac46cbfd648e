import SpinAlgebra
import Studies

/// What an axis of the job may be called: N, a name in the model, or an input of one of its studies.
struct AxisNames {
    let model: Model
    /// Parameters that the job itself fixes, which no axis may vary.
    let constants: Set<String>
    /// `study.input` of the studies that the job names.
    let inputs: [String]

    private var known: Set<String> { model.usedNames.union(model.parameters.map(\.name)) }

    /// - Throws: `InputError` at the key.
    func check(_ name: String, _ node: JobNode) throws {
        if name == "N" || inputs.contains(name) { return }
        if let meaning = ReservedName.meaning(of: name) {
            throw node.keyError("the axis \(name) shadows \(meaning)", hint: name == "j" ? "sweep N = 2j instead" : "rename it")
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ ReservedName.isIdentifier(String($0)) }) else {
            throw node.keyError("\"\(name)\" is no name for an axis", hint: "names are letters, digits and _ and do not begin with a digit")
        }
        if constants.contains(name) {
            throw node.keyError("\(name) is both a constant under model.parameters and an axis", hint: "remove one of them")
        }
        guard known.contains(name) else { throw unused(name, node) }
    }

    private func unused(_ name: String, _ node: JobNode) -> InputError {
        let near = Nearest.word(to: name, among: ["N"] + known.sorted() + inputs + JobKeys.grid.map(\.name))
        return node.keyError("nothing uses the axis \(name): it is neither in the model nor an input of a study of this job",
                             hint: near.map { "did you mean \($0)?" } ?? "axes may be N\(known.isEmpty ? "" : ", ")\((known.sorted() + inputs).joined(separator: ", "))")
    }
}
