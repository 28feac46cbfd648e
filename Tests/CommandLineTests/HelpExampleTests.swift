import Foundation
import Testing

/// Every example of every `--help`, and every command of the README's tour, run as it stands.
@Suite(.serialized) struct HelpExampleTests {
    /// What `make demo` leaves behind, and what examples may look at: here of a smaller grid.
    private static let demo = "macrospin run jobs/quick-start.yaml --out runs/demo"

    private func run(_ examples: [ShellExamples.Example], in folder: URL) throws {
        for example in examples {
            if example.needsSlurm {
                print("needs Slurm, not run here: \(example)")
                continue
            }
            let outcome = try ShellExamples.run(example.line, in: folder)
            #expect(outcome.code == 0, "\(example)\n\(outcome.error.suffix(2000))")
        }
    }

    @Test func helpExamplesRun() throws {
        let commands = try ShellExamples.commands()
        #expect(commands.count >= 10 && commands.contains("run"), "macrospin --help lists \(commands)")
        // Others look at what run leaves.
        let ordered = ["run"] + commands.filter { $0 != "run" }
        let examples = try ordered.flatMap { command in
            let found = ShellExamples.examples(inHelp: try CommandLineTool.run(command, "--help").out, of: "macrospin \(command)")
            #expect(!found.isEmpty, "macrospin \(command) --help shows no example")
            #expect(found.contains { $0.line.contains("macrospin \(command)") }, "no example of macrospin \(command) calls it")
            return found
        }
        let python = try ShellExamples.pythonPrograms().flatMap { program in
            let help = try ShellExamples.run("COLUMNS=1000 \(program) --help", in: CommandLineTool.project)
            let found = ShellExamples.examples(inHelp: help.out, of: program)
            #expect(!found.isEmpty, "\(program) --help shows no example: \(help.error)")
            return found
        }
        try ShellExamples.withProject { folder in
            #expect(try ShellExamples.run(Self.demo, in: folder).code == 0)
            try run(examples + python, in: folder)
        }
    }

    @Test func tourOfTheReadmeRuns() throws {
        let tour = try ShellExamples.examples(inDocument: "README.md")
        #expect(tour.count >= 6)
        let hasPython = try !ShellExamples.pythonPrograms().isEmpty
        if !hasPython { print("the Python package is not installed (make setup): its lines of the tour are not run") }
        try ShellExamples.withProject { folder in
            try run(tour.filter { hasPython || !$0.line.hasPrefix("macrospin-") }, in: folder)
        }
    }

    /// The tour shows the job that it runs.
    @Test func jobOfTheTourIsTheOneInTheFile() throws {
        func lines(_ text: String) -> [String] {
            text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        }
        func text(_ path: String) throws -> String { try String(contentsOf: CommandLineTool.project.appendingPathComponent(path), encoding: .utf8) }
        let readme = try text("README.md").components(separatedBy: "\n"), job = lines(try text("jobs/quick-start.yaml"))
        let start = try #require(readme.firstIndex(of: "    model:"))
        let shown = lines(readme[start...].prefix { $0.isEmpty || $0.hasPrefix("    ") }.filter { !$0.hasPrefix("    macrospin") }.joined(separator: "\n"))
        #expect(shown == job.filter { !$0.hasPrefix("title:") && !$0.hasPrefix("units:") })
    }

    /// A help without an example must not pass for one.
    @Test func examplesAreFound() {
        func lines(_ help: String) -> [String] { ShellExamples.examples(inHelp: help, of: "a").map(\.line) }
        #expect(lines("usage: a\n\nexamples:").isEmpty && lines("usage: a\n").isEmpty)
        #expect(lines("usage: a\n\nexamples:\n  a b\n  srun a c\n") == ["a b", "srun a c"])
        #expect(lines("usage: a\n\nexample: a b --out c\n") == ["a b --out c"])
        func needsSlurm(_ line: String) -> Bool { ShellExamples.Example(source: "", line: line).needsSlurm }
        #expect(needsSlurm("srun --mpi=pmix a") && needsSlurm("macrospin submit job") && !needsSlurm("macrospin submit job --dry-run") && !needsSlurm("macrospin run srun"))
    }
}
