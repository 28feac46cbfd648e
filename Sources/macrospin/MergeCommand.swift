import Archive
import Foundation
import Studies
import Sweep

enum MergeCommand: Command {
    static let name = "merge"
    static let usage = "RUN|ARCHIVE… -o FILE [--prefer newest]"
    static let summary = "join runs and archives into one archive: the union of their grids"
    static let options = [
        OptionDescription("output", "o", value: "FILE", help: "the archive to write"),
        OptionDescription("prefer", value: "newest", help: "of two different values for one point take that of the source named later"),
    ]
    static let examples = ["macrospin merge runs/quick-start -o runs/all.h5"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        guard !arguments.operands.isEmpty else { throw InputError("macrospin merge: nothing to merge", hint: "usage: macrospin merge \(usage)") }
        guard let output = arguments.value("output") else { throw InputError("macrospin merge: -o FILE is missing", hint: "usage: macrospin merge \(usage)") }
        if let prefer = arguments.value("prefer"), prefer != "newest" { throw InputError("macrospin merge: --prefer takes newest, found \(prefer)") }
        var merged: Archive?
        for source in arguments.operands {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) else { throw InputError(file: source, "there is no such file or run directory") }
            let archive = try isDirectory.boolValue ? JobRun.archive(ofRun: source) : Archive(reading: source)
            merged = try merged?.merged(with: archive, prefer: arguments.has("prefer") ? .newest : .none) ?? archive
        }
        try merged?.write(to: output)
        Console.out(output)
        return .done
    }
}

enum ShowCommand: Command {
    static let name = "show"
    static let usage = "FILE|RUN [--job]"
    static let summary = "tell what an archive holds: axes, coverage, failures, variables"
    static let options = [OptionDescription("job", help: "print the job the archive was made from instead")]
    static let examples = ["macrospin show runs/quick-start/archive.h5"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let path = try single(arguments, "archive")
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let archive = try isDirectory.boolValue ? JobRun.archive(ofRun: path) : Archive(reading: path)
        Console.out(arguments.has("job") ? archive.attributes.jobTexts.joined(separator: "\n") : archive.summary())
        return .done
    }
}
