import Foundation

/// Shell lines that documents promise to run as they stand from the project's folder.
enum ShellExamples {
    struct Example: CustomStringConvertible {
        /// Where it is written.
        let source: String
        let line: String
        var description: String { "\(source): \(line)" }

        /// Runs where there is a Slurm to talk to: `SlurmTests` may take these over.
        var needsSlurm: Bool {
            let words = line.split(separator: " ")
            if let first = words.first, ["srun", "sbatch", "squeue", "scancel"].contains(first) { return true }
            return words.starts(with: ["macrospin", "submit"]) && !words.contains("--dry-run")
        }
    }

    /// The subcommands that `macrospin --help` lists, in its order.
    static func commands() throws -> [String] {
        let overview = try CommandLineTool.run("--help").out.components(separatedBy: "\n")
        return overview.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// What a help says after `example:` or `examples:`, on the same line (argparse) or on indented ones.
    static func examples(inHelp help: String, of program: String) -> [Example] {
        let lines = help.components(separatedBy: "\n")
        guard let start = lines.firstIndex(where: { $0.hasPrefix("example") && $0.contains(":") }) else { return [] }
        let heading = lines[start].split(separator: ":", maxSplits: 1).dropFirst().first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        let following = lines[(start + 1)...].prefix { $0.hasPrefix(" ") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return ([heading] + following).filter { !$0.isEmpty }.map { Example(source: "\(program) --help", line: $0) }
    }

    /// Indented lines of a document that call macrospin, or one of its Python programmes.
    static func examples(inDocument path: String) throws -> [Example] {
        let text = try String(contentsOf: CommandLineTool.project.appendingPathComponent(path), encoding: .utf8)
        return text.components(separatedBy: "\n").filter { $0.hasPrefix("    macrospin") }
            .map { Example(source: path, line: $0.trimmingCharacters(in: .whitespaces)) }
    }

    /// Programmes of the Python package, by `pyproject.toml`; none where it is not installed.
    static func pythonPrograms() throws -> [String] {
        let text = try String(contentsOf: CommandLineTool.project.appendingPathComponent("analysis/pyproject.toml"), encoding: .utf8)
        let lines = text.components(separatedBy: "\n")
        guard let start = lines.firstIndex(of: "[project.scripts]") else { return [] }
        return lines[(start + 1)...].prefix { !$0.hasPrefix("[") }.compactMap { $0.contains("=") ? $0.split(separator: " ").first.map(String.init) : nil }
            .filter { FileManager.default.isExecutableFile(atPath: pythonFolder.appendingPathComponent($0).path) }
    }
    static var pythonFolder: URL { CommandLineTool.project.appendingPathComponent(".venv/bin") }

    /// A folder that looks like the project's but has `runs/` to itself: everything else is linked.
    static func withProject(_ body: (URL) throws -> Void) throws {
        try CommandLineTool.withFolder { folder in
            let files = FileManager.default
            for name in try files.contentsOfDirectory(atPath: CommandLineTool.project.path) where name != "runs" && name != ".git" && name != ".build" {
                try files.createSymbolicLink(at: folder.appendingPathComponent(name), withDestinationURL: CommandLineTool.project.appendingPathComponent(name))
            }
            try files.createDirectory(at: folder.appendingPathComponent(".build"), withIntermediateDirectories: false)
            try files.createSymbolicLink(at: folder.appendingPathComponent(".build/release"), withDestinationURL: CommandLineTool.executable.deletingLastPathComponent())
            try files.createDirectory(at: folder.appendingPathComponent("runs"), withIntermediateDirectories: false)
            try body(folder)
        }
    }

    /// As a user would type it, macrospin and the Python programmes in the path.
    static func run(_ line: String, in folder: URL, environment: [String: String] = [:]) throws -> CommandLineTool.Outcome {
        let path = [CommandLineTool.executable.deletingLastPathComponent().path, pythonFolder.path, ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        // Plots are drawn without a screen; a test machine may have fewer cores than an example asks ranks for.
        let settings = ["PATH": path.joined(separator: ":"), "MPLBACKEND": "Agg", "MACROSPIN": CommandLineTool.executable.path]
        return try CommandLineTool.start(["-c", line], program: "/bin/bash", environment: settings.merging(environment) { $1 }, in: folder).finish()
    }
}
