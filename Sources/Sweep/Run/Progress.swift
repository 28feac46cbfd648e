import Foundation

/// A bar on a terminal; plain lines with an ETA every 30 s in a log.
final class Progress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let total: Int
    private let reused: Int
    private let log: FileHandle?
    private let start = Date()
    private var lastShown = Date.distantPast

    init(total: Int, reused: Int, log: FileHandle?) {
        self.total = total
        self.reused = reused
        self.log = log
    }

    var elapsed: Double { Date().timeIntervalSince(start) }

    /// Records a second since the start.
    func rate(done: Int) -> Double { elapsed > 0 ? Double(done - reused) / elapsed : 0 }

    func update(done: Int, failed: Int, secondsLeft: Double?) {
        let now = Date()
        guard now.timeIntervalSince(lastShown) >= (isTerminal ? 0.2 : 30) else { return }
        lastShown = now
        let rate = String(format: "%.3g/s", rate(done: done)), left = secondsLeft.map { "ETA \(Self.duration($0))" } ?? "ETA –"
        let tail = "\(done)/\(total)  \(rate)  \(left)" + (failed > 0 ? "  \(failed) failed" : "")
        if isTerminal {
            let width = 30, filled = total > 0 ? width * done / total : width
            write("\r\u{1B}[K[\(String(repeating: "█", count: filled))\(String(repeating: "·", count: width - filled))] \(tail)")
        } else if done > reused || elapsed > 29 {
            line(tail)
        }
    }

    /// A line of its own, on the terminal and in the log file.
    func line(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
        let stamp = ISO8601DateFormatter().string(from: Date())
        log?.write(Data("\(stamp) \(text)\n".utf8))
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 90 { return "\(whole) s" }
        if whole < 5400 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
