import SpinAlgebra
import Studies
import Sweep

enum ModelsCommand: Command {
    static let name = "models"
    static let usage = ""
    static let summary = "list the model presets with their equations and defaults"
    static let examples = ["macrospin models"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        for preset in ModelPreset.all {
            Console.out("\(preset.name)\n  \(preset.summary)\n  \(preset.equation)\n  hamiltonian: \(preset.hamiltonian)")
            for jump in preset.jumps { Console.out("  jump: rate \(jump.rate), operator \(jump.operator)") }
            Console.out("  defaults: \(preset.parameters.map { "\($0.name) = \($0.expression)" }.joined(separator: ", "))\n  \(preset.reference)\n")
        }
        return .done
    }
}

enum SchemaCommand: Command {
    static let name = "schema"
    static let usage = ""
    static let summary = "print the JSON Schema of job files, for editors that complete and check"
    static let examples = ["macrospin schema"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        Console.out(JobSchema.json(catalogue: StudyCatalogue.all))
        return .done
    }
}
