import Archive
import Foundation
import MessagePassing
import SpinAlgebra
import Studies
import Sweep

@main enum Macrospin {
    static let commands: [any Command.Type] = [
        RunCommand.self, PlanCommand.self, SubmitCommand.self, StatusCommand.self, MergeCommand.self, ShowCommand.self, ExportCommand.self, DiffCommand.self,
        ReproduceCommand.self, PointCommand.self, CheckCommand.self,
        ModelsCommand.self, StudiesCommand.self, SchemaCommand.self,
    ]

    static func main() {
        setvbuf(stdout, nil, Int32(_IOLBF), 0)
        // A reader that stops reading (head, less) is no error of ours.
        signal(SIGPIPE, SIG_IGN)
        // A limit on the size of files is an error to be told of, not a death.
        signal(SIGXFSZ, SIG_IGN)
        if ProcessArguments.words.count > 2, ProcessArguments.words[1] == Supervisor.shieldWord { Supervisor.shield(Array(ProcessArguments.words.dropFirst(2))) }
        exit(dispatch(Array(ProcessArguments.words.dropFirst())).rawValue)
    }

    private static func dispatch(_ words: [String]) -> ExitCode {
        guard let name = words.first, !["--help", "-h", "help"].contains(name) else {
            Console.out(overview)
            return words.isEmpty ? .badInput : .done
        }
        if name == "--version" {
            Console.out("macrospin \(SoftwareVersion.current)")
            return .done
        }
        do {
            guard let command = commands.first(where: { $0.name == name }) else {
                let near = Nearest.word(to: name, among: commands.map { $0.name })
                throw InputError("macrospin: there is no command \(name)", hint: near.map { "did you mean \($0)?" } ?? "macrospin --help lists them")
            }
            let rest = Array(words.dropFirst())
            if rest.contains("--help") || rest.contains("-h") {
                Console.out(command.help)
                return .done
            }
            return try command.run(Arguments(rest, options: command.options, command: name))
        } catch let error as InputError {
            Console.error("error: \(error)")
            return .badInput
        } catch {
            Console.error("error: \(error)")
            return .unexpected
        }
    }

    private static var overview: String {
        let list = commands.map { "  \($0.name.padding(toLength: 10, withPad: " ", startingAt: 0)) \($0.summary)" }
        return (["macrospin \(SoftwareVersion.current): parameter sweeps of metastable collective spins", "", "usage: macrospin COMMAND …", ""] + list
            + ["", "macrospin COMMAND --help shows options and an example.",
               "Exit codes: 0 done, 1 unexpected error, 2 bad input, 3 interrupted and resumable, 4 finished with failed points."]).joined(separator: "\n")
    }
}
