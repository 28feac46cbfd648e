import Foundation

/// A bar on a terminal; plain lines with an ETA every 30 s in a log. Times are those of a clock that cannot be set.
final class Progress {
    /// Set by the supervisor for a rank 0 whose words reach a terminal in the end.
    static let terminalVariable = "MACROSPIN_TERMINAL"
    private let isTerminal = isatty(STDERR_FILENO) == 1 || ProcessInfo.processInfo.environment[terminalVariable] == "1"
    var total: Int
    private let reused: Int
    private let log: FileHandle?
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant?

    init(total: Int, reused: Int, log: FileHandle?) {
        self.total = total
        self.reused = reused
        self.log = log
        start = clock.now
    }

    var elapsed: Double { (clock.now - start) / .seconds(1) }

    /// Records a second since the start.
    func rate(done: Int) -> Double { elapsed > 0 ? Double(done - reused) / elapsed : 0 }

    func update(done: Int, failed: Int, secondsLeft: Double?) {
        if let lastShown, clock.now - lastShown < .milliseconds(isTerminal ? 200 : 30_000) { return }
        guard isTerminal || lastShown != nil else { lastShown = clock.now; return }
        lastShown = clock.now
        let rate = String(format: "%.3g/s", rate(done: done)), left = secondsLeft.map { "ETA \(Self.duration($0))" } ?? "ETA –"
        let tail = "\(done)/\(total)  \(rate)  \(left)" + (failed > 0 ? "  \(failed) failed" : "")
        if isTerminal {
            let width = 30, filled = total > 0 ? width * done / total : width
            write("\r\u{1B}[K[\(String(repeating: "█", count: filled))\(String(repeating: "·", count: width - filled))] \(tail)")
        } else {
            line(tail)
        }
    }

    /// A line of its own, on the terminal and in the log file.
    func line(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
        let stamp = ISO8601DateFormatter().string(from: Date())
        try? log?.write(contentsOf: Data("\(stamp) \(text)\n".utf8))
    }

    private func write(_ text: String) { Words.say(text) }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e15).rounded())
        if whole < 90 { return "\(whole) s" }
        if whole < 5400 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}

/// Standard error, whatever has become of it: a reader that went away is no reason to end a run.
public enum Words {
    public static func say(_ text: String) { write(text, to: STDERR_FILENO) }

    public static func write(_ text: String, to stream: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(stream, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}
