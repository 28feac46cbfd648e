import Foundation
import Studies

/// Keeps two processes out of one run directory. The lock goes with the process, however it ends.
final class LockFile {
    private let descriptor: Int32

    /// - Parameter patience: seconds to wait for another process to let go.
    /// - Throws: `InputError` if another process holds it or it cannot be made.
    init(path: String, patience: Double = 0) throws {
        // Kept in a local until the lock is held: a failing initialiser of a complete object also runs deinit.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw InputError(file: path, "cannot be written: \(String(cString: strerror(errno)))", hint: "choose another directory with --out")
        }
        let clock = ContinuousClock(), start = clock.now
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            // Readers are soon done; a batch job should not end because someone looks at its run.
            let isOnlyRead = patience > 0 && flock(descriptor, LOCK_SH | LOCK_NB) == 0
            if isOnlyRead { flock(descriptor, LOCK_UN) }
            if clock.now < start + .seconds(isOnlyRead ? 50 * patience : patience) {
                usleep(50_000)
                continue
            }
            if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
                close(descriptor)
                throw InputError(file: path, "this run is being read by another process (merge, show, diff, reproduce)", hint: "wait for that, or choose another directory with --out")
            }
            let holder = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            close(descriptor)
            throw InputError(file: path, "another process is running in this directory" + (holder.isEmpty ? "" : " (\(holder))"),
                             hint: "wait for it, or choose another directory with --out")
        }
        let text = "pid \(getpid()) on \(ProcessInfo.processInfo.hostName)\n"
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
        self.descriptor = descriptor
    }

    /// A reader's lock: many may hold it, none while a run writes. nil where there is no lock file (a copied ledger).
    /// - Throws: `InputError` if a run holds it.
    init?(reading path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else {
            close(descriptor)
            throw InputError(file: path, "a run is writing this ledger", hint: "wait until it ends, or look at its archive.partial.h5")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
