import Foundation
import MessagePassing

/// The parent of a rank: it does nothing but wait, and leaves word of how the rank died. Only so can a point that kills its
/// worker be told from a worker that was ended with all others.
public enum Guardian {
    private static let variable = "MACROSPIN_GUARDED"

    /// Whether this process is a rank that has its guardian.
    public static var isOnDuty: Bool { ProcessInfo.processInfo.environment[variable] == String(getppid()) }

    /// In the rank itself: it dies with its guardian.
    public static func serveUnder() {
        ChildProcess.dieWithParent(signal: SIGKILL)
        // The guardian may have died before that call.
        if !isOnDuty { _exit(1) }
    }

    /// Starts this programme again as the rank proper and waits for its end.
    /// - Parameter directory: the run directory; nil if it cannot be told.
    /// - Returns: the exit code to pass on.
    public static func run(rank: Int, directory: String) -> Int32 {
        // When the launcher's daemon dies nobody else ends this rank.
        ChildProcess.dieWithParent(signal: SIGTERM)
        Interruption.install()
        let page = SharedPage()
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = String(getpid())
        if let page { environment[SharedPage.variable] = String(page.descriptor) }
        let child: ChildProcess
        do { child = try ChildProcess(["/proc/self/exe"] + ProcessArguments.words.dropFirst(), environment: environment, ownGroup: false) } catch {
            Words.say("error: rank \(rank) cannot be started: \(error)\n")
            return 1
        }
        var forwarded: Int32 = 0
        let ending = child.wait {
            let number = Interruption.number
            if number != 0, number != forwarded {
                forwarded = number
                child.signal(number)
            }
        }
        switch ending {
        case .exited(let code):
            if code != 0, !isOrderly(code), !Interruption.isRequested, let page, page[3] == 1 { write(page, rank, directory, "exit code \(code)") }
            return code
        case .signaled(let number):
            if !Interruption.isRequested, let page { write(page, rank, directory, "signal \(number) (\(String(cString: strsignal(number))))") }
            // So that the launcher sees what became of the rank.
            signal(number, SIG_DFL)
            kill(getpid(), number)
            return 128 + number
        }
    }

    /// Exit codes by which a run ends on purpose.
    static func isOrderly(_ code: Int32) -> Bool { [0, 2, 3, 4].contains(code) }

    private static func write(_ page: SharedPage, _ rank: Int, _ directory: String, _ cause: String) {
        guard page[0] != 0 else { return }                       // not at work yet
        let notice = DeathNotice(launch: page[0], rank: rank, host: ProcessInfo.processInfo.hostName, chunk: page[1], item: Int(page[2]), wasComputing: page[3] == 1, cause: cause)
        try? notice.write(directory)
    }
}
