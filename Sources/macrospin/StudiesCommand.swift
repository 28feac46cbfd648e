import SpinAlgebra
import Studies
import Sweep

enum StudiesCommand: Command {
    static let name = "studies"
    static let usage = "[NAME …] [--job JOB] [--markdown]"
    static let summary = "list the studies with their options; of a job also the outputs"
    static let options = [
        OptionDescription("job", "j", value: "JOB", help: "also the outputs, which depend on options: as in this job (its studies, unless named)"),
        OptionDescription("markdown", help: "tables as in docs/studies"),
    ]
    static let examples = ["macrospin studies", "macrospin studies gap rates", "macrospin studies --job jobs/quick-start.yaml"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let job = try arguments.value("job").map { try Job.load(path: $0) }
        let names = arguments.operands.isEmpty ? job.map { $0.entries.map(\.name) } ?? StudyCatalogue.all.map { $0.name } : arguments.operands
        let described = try names.map { name in (study: try study(named: name), outputs: try job.map { try outputs(of: name, in: $0) }) }
        for (study, outputs) in described { Console.out(arguments.has("markdown") ? markdown(study, outputs) : plain(study, outputs)) }
        return .done
    }

    private static func study(named name: String) throws -> any Study.Type {
        if let known = StudyCatalogue.study(named: name) { return known }
        let near = Nearest.word(to: name, among: StudyCatalogue.all.map { $0.name })
        throw InputError("macrospin studies: there is no study \(name)", hint: near.map { "did you mean \($0)?" } ?? "macrospin studies lists them")
    }

    private static func outputs(of name: String, in job: Job) throws -> [OutputSpec] {
        guard let entry = job.entries.first(where: { $0.name == name }) else {
            throw InputError("macrospin studies: the job \(job.title) does not ask for \(name)", hint: "its studies are \(job.entries.map(\.name).joined(separator: ", "))")
        }
        return entry.study.outputs
    }

    private static func plain(_ study: any Study.Type, _ outputs: [OutputSpec]?) -> String {
        var lines = ["\(study.name): \(study.summary)"]
        for row in StudyTables.options(of: study) {
            let kind = row.cells[1] + (row.cells[2].isEmpty ? "" : "; default \(row.cells[2])")
            lines.append("  \(row.cells[0]) (\(kind)): \(row.cells[3])")
        }
        if let outputs {
            lines.append("  outputs:")
            for row in StudyTables.outputs(outputs) {
                let shape = row.cells[1].isEmpty ? "" : " over \(row.cells[1])", unit = row.cells[3] == "1" ? "" : ", \(row.cells[3])"
                lines.append("    \(row.cells[0]) (\(row.cells[2])\(unit))\(shape): \(row.cells[4])")
            }
        }
        return (lines + [""]).joined(separator: "\n")
    }

    /// Between marks, by which `docs/studies/update` puts them into the pages.
    private static func markdown(_ study: any Study.Type, _ outputs: [OutputSpec]?) -> String {
        func marked(_ mark: String, _ table: String) -> String { "<!-- \(mark) -->\n\(table)\n<!-- /\(mark) -->" }
        let options = marked("options", StudyTables.markdown(StudyTables.optionColumns, StudyTables.options(of: study)))
        guard let outputs else { return options }
        return options + "\n" + marked("outputs", StudyTables.markdown(StudyTables.outputColumns, StudyTables.outputs(outputs)))
    }
}
