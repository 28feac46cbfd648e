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

enum StudiesCommand: Command {
    static let name = "studies"
    static let usage = ""
    static let summary = "list the studies with their options"
    static let examples = ["macrospin studies"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        for study in StudyCatalogue.all {
            Console.out("\(study.name): \(study.summary)")
            for option in study.options { Console.out("  \(option.name): \(option.help)") }
            for input in study.inputs { Console.out("  axis \(study.name).\(input.name): \(input.meaning)") }
            Console.out("")
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
