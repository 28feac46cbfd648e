import Archive
import Foundation
import Studies
import Sweep

enum ExportCommand: Command {
    static let name = "export"
    static let usage = "ARCHIVE|RUN --format csv|parquet|netcdf [-o FILE] [--study S] [--select N=100 Gamma=0.5:1]"
    static let summary = "write an archive, or part of it, as CSV, Parquet or netCDF"
    static let options = [
        OptionDescription("format", "f", value: "FORMAT", help: "csv, parquet or netcdf"),
        OptionDescription("output", "o", value: "FILE", help: "csv, parquet: a folder; netcdf: a file; csv of one study: - is standard output"),
        OptionDescription("study", value: "S", help: "only this study (may be given several times)"),
        OptionDescription("select", "s", value: "AXIS=VALUE", takesMany: true, help: "only points with this value, or AXIS=FROM:TO (several may follow)"),
    ]
    static let examples = ["macrospin export runs/quick-start/archive.h5 --format csv -o runs/quick-start/csv"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let path = try single(arguments, "archive or run")
        guard let format = arguments.value("format") else { throw InputError("macrospin export: --format is missing", hint: "csv, parquet or netcdf") }
        guard ["csv", "parquet", "netcdf"].contains(format) else {
            throw InputError("macrospin export: there is no format \(format)", hint: "csv, parquet or netcdf")
        }
        let source = try selection(path, arguments), progress = StepProgress(), stem = stem(path)
        switch format {
        case "netcdf":
            let output = arguments.value("output") ?? stem + ".nc"
            guard output != path else { throw InputError("macrospin export: \(path) would be replaced by what is chosen of it", hint: "name another file with -o") }
            var merge = Merge([source])
            merge.progress = progress.step
            try merge.write(to: output)
            progress.end()
            Console.out(output)
        case "csv":
            var export = TableExport(source)
            export.progress = progress.step
            if arguments.value("output") == "-" {
                guard source.tables.count == 1 else {
                    throw InputError("macrospin export: standard output takes one study", hint: "choose one with --study: \(source.tables.map(\.study).joined(separator: ", "))")
                }
                try export.writeMain(source.tables[0].study) { Words.write($0, to: STDOUT_FILENO) }
                progress.end()
            } else {
                let files = try export.write(toFolder: arguments.value("output") ?? stem + "-csv")
                progress.end()
                for file in files { Console.out(file) }
            }
        default:
            return try parquet(source, arguments.value("output") ?? stem + "-parquet", progress)
        }
        return .done
    }

    /// Beside an archive, within a run.
    private static func stem(_ path: String) -> String {
        let url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return path + (path.hasSuffix("/") ? "archive" : "/archive") }
        return url.pathExtension.isEmpty ? path : String(path.dropLast(url.pathExtension.count + 1))
    }

    private static func selection(_ path: String, _ arguments: Arguments) throws -> Selection {
        let base = try JobRun.source(path)
        let conditions = try arguments.all("select").map { text -> Selection.Condition in
            func refuse() -> InputError { InputError("macrospin export: expected AXIS=VALUE or AXIS=FROM:TO with numbers, found \(text)") }
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw refuse() }
            let ends = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { Double($0) }
            guard let lower = ends.first ?? nil, let upper = ends.last ?? nil, lower <= upper else { throw refuse() }
            return Selection.Condition(axis: parts[0], CanonicalNumber.rounded(lower)...CanonicalNumber.rounded(upper))
        }
        let selection = try Selection(base, studies: arguments.all("study"), conditions: conditions)
        // Studies that do not depend on these axes keep all their points: they do not count.
        let limited = selection.tables.filter { table in conditions.contains { table.axes.contains($0.axis) } }
        if !limited.isEmpty, try limited.allSatisfy({ try selection.scan($0.study).count == 0 }) {
            throw InputError(file: path, "has no point with \(arguments.all("select").joined(separator: ", "))", hint: "macrospin show \(path) lists the values of its axes")
        }
        return selection
    }

    // MARK: Parquet

    /// By the Python package (pyarrow), from a netCDF file of what is wanted.
    private static func parquet(_ source: Selection, _ folder: String, _ progress: StepProgress) throws -> ExitCode {
        let python = try Python.withModule("pyarrow", for: "export --format parquet")
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("macrospin-\(UUID().uuidString).nc").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        var merge = Merge([source])
        merge.progress = progress.step
        try merge.write(to: file)
        progress.end()
        return ExitCode(rawValue: try Python.run(python, ["-m", "macrospin.export", file, "--out", folder])) ?? .unexpected
    }
}

/// The Python interpreter that has the project's package.
enum Python {
    static let variable = "MACROSPIN_PYTHON"

    /// The first of `$MACROSPIN_PYTHON`, the project's `.venv` and `python3` on the path that can import the package and a module.
    /// - Throws: `InputError` that tells how to install them.
    static func withModule(_ module: String, for what: String) throws -> String {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        // .build/ARCHITECTURE/release/macrospin
        let project = (0..<4).reduce(own) { folder, _ in folder.deletingLastPathComponent() }
        let named = ProcessInfo.processInfo.environment[variable]
        let candidates = named.map { [$0] } ?? [project.appendingPathComponent(".venv/bin/python").path, ".venv/bin/python", "python3"]
        for candidate in candidates where Shell.run([candidate, "-c", "import macrospin, \(module)"]).code == 0 { return candidate }
        throw InputError("macrospin \(what) needs Python with the macrospin package and \(module); tried \(candidates.joined(separator: ", "))",
                         hint: "make setup installs both, or: pip install \(module) ./analysis; name another interpreter in \(variable)")
    }

    static func run(_ python: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python.contains("/") ? python : "/usr/bin/env")
        process.arguments = (python.contains("/") ? [] : [python]) + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
