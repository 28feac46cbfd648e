import SpinAlgebra
import Studies

/// Reads `model`, and takes errors of the model language to their place in the file.
struct ModelDecoder {
    let node: JobNode
    let model: Model
    /// Parameters that the job itself gives (a preset's defaults are not among them).
    let constants: Set<String>

    /// - Throws: `InputError`.
    init(_ node: JobNode) throws {
        let keys = try node.map(JobKeys.model)
        let own = try keys["parameters"].map(Self.parameters) ?? []
        self.node = node
        constants = Set(own.map(\.name))
        do {
            if let named = keys["preset"] {
                if let other = keys["hamiltonian"] ?? keys["jumps"] {
                    throw other.keyError("the preset has its own hamiltonian and jumps", hint: "remove preset, or this key")
                }
                let preset = try Self.preset(named)
                model = try preset.model(parameters: own)
                if let stray = own.first(where: { !model.usedNames.contains($0.name) && !preset.parameters.map(\.name).contains($0.name) }) {
                    let known = preset.parameters.map(\.name)
                    let hint = Nearest.word(to: stray.name, among: known).map { "did you mean \($0)?" }
                    throw node.descending(["parameters", stray.name])
                        .keyError("the preset \(preset.name) has no parameter \(stray.name)", hint: hint ?? "its parameters are \(known.joined(separator: ", "))")
                }
            } else {
                guard let hamiltonian = keys["hamiltonian"] else {
                    throw node.error("the key hamiltonian is missing", hint: "write hamiltonian: 0 for none, or name a preset")
                }
                model = try Model(hamiltonian: try hamiltonian.expression("an expression such as Omega*Jx"),
                                  jumps: try keys["jumps"].map(Self.jumps) ?? [], parameters: own)
            }
        } catch let failure as ModelError { throw Self.located(failure, in: node) }
    }

    private static func preset(_ node: JobNode) throws -> ModelPreset {
        let name = try node.text("the name of a preset"), known = ModelPreset.all.map(\.name)
        if let preset = ModelPreset.named(name) { return preset }
        throw node.error("unknown preset \"\(name)\"", hint: Nearest.word(to: name, among: known).map { "did you mean \($0)?" } ?? "known are \(known.joined(separator: ", "))")
    }

    private static func parameters(_ node: JobNode) throws -> [(name: String, expression: String)] {
        if node.isNull { return [] }
        return try node.entries("a map from names to numbers or expressions").map { entry in
            if entry.key == "N" { throw entry.value.keyError("N is no parameter of the model", hint: "write N under sweep; a single number will do") }
            return (entry.key, try entry.value.expression("a number or an expression of parameters"))
        }
    }

    private static func jumps(_ node: JobNode) throws -> [(rate: String, operator: String)] {
        try node.items("a list of {rate, operator}").map { item in
            let keys = try item.map(JobKeys.jump)
            return (try keys["rate"]?.expression("an expression such as gamma/j") ?? "1", try keys["operator"]?.expression("an operator such as Jm") ?? "")
        }
    }

    /// Names without a value, once the axes are known.
    /// - Throws: `InputError`.
    func checkNames(axes: [String]) throws {
        if let missing = model.freeNames.subtracting(axes).sorted().first {
            throw Self.located(model.unknownName(missing, known: axes), in: node)
        }
    }

    /// The same at its place in the file.
    func located(_ failure: ModelError) -> InputError { Self.located(failure, in: node) }

    private static func located(_ failure: ModelError, in node: JobNode) -> InputError {
        let place = node.descending(failure.place)
        if failure.place.first == "parameters", let name = failure.place.last,
           ReservedName.meaning(of: name) != nil || !ReservedName.isIdentifier(name) {
            return place.keyError(failure.message, hint: failure.hint)
        }
        return place.error(failure.message, hint: failure.hint, offset: failure.offset)
    }
}
