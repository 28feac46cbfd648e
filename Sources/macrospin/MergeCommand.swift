import Archive
import Foundation
import Studies
import Sweep

enum MergeCommand: Command {
    static let name = "merge"
    static let usage = "RUN|ARCHIVE… -o FILE [--from LIST] [--prefer newest] [--skip-damaged]"
    static let summary = "join runs and archives into one archive: the union of their grids"
    static let options = [
        OptionDescription("output", "o", value: "FILE", help: "the archive to write"),
        OptionDescription("from", value: "LIST", help: "a file with more runs and archives, one path a line (- : standard input)"),
        OptionDescription("prefer", value: "newest", help: "of two different values for one point take that of the run with the newest record"),
        OptionDescription("skip-damaged", help: "leave out what cannot be read, and say so (exit code 4)"),
    ]
    static let examples = ["macrospin merge runs/quick-start -o runs/all.h5"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        var paths = arguments.operands
        for list in arguments.all("from") { paths += try Self.paths(in: list) }
        guard !paths.isEmpty else { throw InputError("macrospin merge: nothing to merge", hint: "usage: macrospin merge \(usage)") }
        guard let output = arguments.value("output") else { throw InputError("macrospin merge: -o FILE is missing", hint: "usage: macrospin merge \(usage)") }
        if let prefer = arguments.value("prefer"), prefer != "newest" { throw InputError("macrospin merge: --prefer takes newest, found \(prefer)") }
        let skips = arguments.has("skip-damaged"), progress = StepProgress(isQuiet: paths.count < 20)
        var sources: [any RecordSource] = [], skipped: [String] = []
        allowManyFiles()
        func skip(_ path: String, _ error: any Error) throws {
            guard skips, error is InputError || error is DatabaseError else { throw error }
            skipped.append(path)
            progress.line("left out: \(error)")
        }
        for (index, path) in paths.enumerated() {
            // Named twice, or by a file and by a pattern: once is enough.
            if paths[..<index].contains(path) { continue }
            do { sources.append(try JobRun.source(path)) } catch { try skip(path, error) }
            progress.step("opened \(index + 1) of \(paths.count)")
        }
        while true {
            guard !sources.isEmpty else { throw InputError("macrospin merge: nothing is left to merge: all \(paths.count) sources are damaged") }
            var merge = Merge(sources)
            merge.prefer = arguments.has("prefer") ? .newest : .none
            merge.progress = progress.step
            do {
                try merge.write(to: output)
                break
            } catch let damaged as Merge.Damaged {
                try skip(sources[damaged.input].name, damaged.cause)
                sources.remove(at: damaged.input)
            }
        }
        progress.end()
        Console.out(output)
        if skipped.isEmpty { return .done }
        Console.error("\(skipped.count) of \(paths.count) sources were left out:\n" + skipped.map { "  \($0)" }.joined(separator: "\n"))
        return .failedPoints
    }

    /// Ledgers stay open, and locked, until they have been read.
    private static func allowManyFiles() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func paths(in list: String) throws -> [String] {
        // Pipes too: --from <(find …).
        let file = list == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: list)
        guard let file, let data = try? file.readToEnd() ?? Data(), let text = String(data: data, encoding: .utf8) else { throw InputError(file: list, "cannot be read as a list of paths", hint: "one path a line") }
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
}

/// Steps of a command that takes a while, on standard error: one line that changes on a terminal, a line every 10 s elsewhere.
final class StepProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isQuiet: Bool
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant
    private var isShown = false

    /// - Parameter isQuiet: nothing is shown before 2 s have passed.
    init(isQuiet: Bool = true) {
        self.isQuiet = isQuiet
        last = clock.now + .seconds(isQuiet ? 2 : 0)
    }

    func step(_ text: String) {
        let now = clock.now
        guard now >= last else { return }
        last = now + .milliseconds(isTerminal ? 200 : 10_000)
        Words.say(isTerminal ? "\r\u{1B}[K\(text)" : text + "\n")
        isShown = isTerminal
    }

    func line(_ text: String) {
        end()
        Words.say(text + "\n")
    }

    func end() {
        if isShown { Words.say("\r\u{1B}[K") }
        isShown = false
    }
}
