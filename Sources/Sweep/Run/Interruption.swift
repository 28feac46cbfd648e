import Foundation

/// TERM, INT and USR1 ask a run to stop and be resumed later.
public enum Interruption {
    /// The signal that came, 0 for none. Set by the handler, hence global.
    nonisolated(unsafe) private static var received: sig_atomic_t = 0

    public static var isRequested: Bool { received != 0 }
    /// The signal's number; 0: none came.
    public static var number: Int32 { Int32(received) }
    public static var signalName: String {
        switch Int32(received) {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGUSR1: "SIGUSR1"
        default: "a signal"
        }
    }

    /// As early as possible; what has come by then is kept.
    public static func install() {
        for number in [SIGTERM, SIGINT, SIGUSR1] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { Interruption.received = sig_atomic_t($0) }
            sigemptyset(&action.sa_mask)
            action.sa_flags = Int32(SA_RESTART)
            sigaction(number, &action, nil)
        }
        // Whoever started this process from a thread that blocks signals handed that mask down: such a run would hear nothing.
        var asked = sigset_t()
        sigemptyset(&asked)
        for number in [SIGTERM, SIGINT, SIGUSR1] { sigaddset(&asked, number) }
        pthread_sigmask(SIG_UNBLOCK, &asked, nil)
        // A file-size limit must come back as an error of write(), not end the process.
        signal(SIGXFSZ, SIG_IGN)
    }
}
