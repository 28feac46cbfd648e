import SpinAlgebra
import Studies

/// Every name that the archive will hold must mean one thing: outputs, axes, dimensions of outputs, status variables.
struct OutputNames {
    private struct Use {
        let meaning: String
        /// Where the user chose the name, if he did.
        let choice: JobNode?
    }

    private var uses: [String: Use] = ["point": Use(meaning: "the archive's dimension of listed points", choice: nil)]

    /// - Parameter axes: names of the sweep with their places.
    /// - Throws: `InputError` for a name that is bad or taken.
    static func check(axes: [String: JobNode], studies: [(decoder: StudyDecoder, study: any Study)]) throws {
        var names = OutputNames(), dimensions: Set<String> = []
        for (decoder, study) in studies {
            for prefix in ["status", "source"] {
                try names.add("\(prefix)_\(decoder.name)", "the archive's \(prefix) of \(decoder.name)", nil, otherwise: decoder.node)
            }
            for dimension in study.outputs.flatMap(\.axes) where dimensions.insert(dimension.name).inserted {
                try names.add(dimension.name, "a dimension of outputs of \(decoder.name)", nil, otherwise: decoder.node)
            }
        }
        for axis in axes.keys.sorted() { if let node = axes[axis] { try names.add(axis, "an axis of the sweep", node, otherwise: node) } }
        for (decoder, study) in studies {
            for output in study.outputs { try names.add(output, of: decoder) }
        }
    }

    private mutating func add(_ output: OutputSpec, of decoder: StudyDecoder) throws {
        let choice = decoder.choice(ofOutput: output.name)
        guard ReservedName.isIdentifier(output.name) else {
            throw (choice ?? decoder.node).keyError("\"\(output.name)\" is no name for an output", hint: "names are letters, digits and _ and do not begin with a digit")
        }
        try add(output.name, "an output of \(decoder.name)", choice, otherwise: decoder.node)
        guard output.kind == .complex else { return }
        for part in ["re", "im"] { try add("\(output.name)_\(part)", "a part of the complex output \(output.name) of \(decoder.name)", choice, otherwise: decoder.node) }
    }

    private mutating func add(_ name: String, _ meaning: String, _ choice: JobNode?, otherwise node: JobNode) throws {
        guard let taken = uses.updateValue(Use(meaning: meaning, choice: choice), forKey: name) else { return }
        // The name that the user chose is the one to change, whichever came first.
        let fault = choice ?? taken.choice
        throw (fault ?? node).keyError("the name \(name) of \(meaning) is taken by \(taken.meaning)", hint: fault == nil ? nil : "choose another name here")
    }
}
