import CProcess
import Glibc

/// A child of this process, waited for without being deaf to signals.
public struct ChildProcess: Sendable {
    public let pid: pid_t

    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signaled(Int32)
    }

    /// - Parameter ownGroup: keeps the terminal's Ctrl-C from the child.
    /// - Throws: `errno` as `POSIXFailure`.
    public init(_ arguments: [String], environment: [String: String], ownGroup: Bool, silent: Bool = false) throws {
        var attributes = posix_spawnattr_t(), actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigemptyset(&all)
        for number in [SIGTERM, SIGINT, SIGUSR1, SIGCHLD] { sigaddset(&all, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (ownGroup ? POSIX_SPAWN_SETPGROUP : 0)))
        if ownGroup { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        if silent { for stream in [STDOUT_FILENO, STDERR_FILENO] { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0) } }
        let words = arguments.map { strdup($0) } + [nil], variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, words, variables)
        guard code == 0 else { throw POSIXFailure(code: code) }
        self.pid = pid
    }

    /// nil while it runs.
    public func poll() -> Ending? {
        var status: Int32 = 0
        let found = waitpid(pid, &status, WNOHANG)
        if found == 0 || (found < 0 && errno == EINTR) { return nil }
        return found < 0 ? .exited(1) : Self.ending(status)
    }

    /// Looks at shrinking rate: a run lasts, and its end need not be seen within a millisecond.
    public func wait(meanwhile body: () -> Void) -> Ending {
        var pause: UInt32 = 2000
        while true {
            if let ending = poll() { return ending }
            body()
            usleep(pause)
            pause = min(pause + 1000, 50_000)
        }
    }

    public func signal(_ number: Int32) { kill(pid, number) }

    private static func ending(_ status: Int32) -> Ending {
        let number = status & 0x7F
        return number == 0 ? .exited((status >> 8) & 0xFF) : .signaled(number)
    }

    /// Cores that this process may use.
    public static var availableCores: Int { max(1, Int(cprocess_available_cores())) }

    /// This process gets `signal` when the one that started it dies.
    public static func dieWithParent(signal: Int32) { _ = cprocess_die_with_parent(signal) }
}

public struct POSIXFailure: Error, CustomStringConvertible, Sendable {
    public let code: Int32
    public var description: String { String(cString: strerror(code)) }
}
