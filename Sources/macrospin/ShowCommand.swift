import Archive
import Studies

enum ShowCommand: Command {
    static let name = "show"
    static let usage = "FILE|RUN [--json] [--job]"
    static let summary = "tell what an archive holds: axes, coverage, failures, variables, sources"
    static let options = [
        OptionDescription("json", help: "print the same as JSON, in full"),
        OptionDescription("job", help: "print the job the archive was made from instead"),
    ]
    static let examples = ["macrospin show runs/quick-start/archive.h5"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let source = try JobRun.source(try single(arguments, "archive"))
        if arguments.has("job") {
            Console.out(source.attributes.jobTexts.joined(separator: "\n"))
        } else {
            let summary = try Summary(source)
            Console.out(arguments.has("json") ? try summary.json : summary.text)
        }
        return .done
    }
}
