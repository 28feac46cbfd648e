import Foundation

/// Sees a launcher that hangs: after all its children have ended, which Open MPI 4.1 may do when a rank dies at the wrong
/// moment, or long after rank 0 has left, as srun does when the daemon of a step is lost. Nobody else would ever end it.
struct LauncherWatch {
    private let pid: pid_t
    private let directory: String
    private let begun = Date()
    private let clock = ContinuousClock()
    private var lastLook: ContinuousClock.Instant
    private var desertedSince: ContinuousClock.Instant?
    private var hadChildren = false
    /// What the launcher may take to clean up.
    private let patience = 5.0
    /// What ranks and launcher may take to leave after rank 0 has.
    private let patienceWithRanks = 60.0
    private var endedSince: ContinuousClock.Instant?

    init(pid: pid_t, directory: String) {
        self.pid = pid
        self.directory = directory
        lastLook = clock.now
    }

    /// Looks once a second.
    var isDeserted: Bool {
        mutating get {
            guard clock.now - lastLook > .seconds(1) else { return false }
            lastLook = clock.now
            if hasOutlivedRun() { return true }
            let living = livingChildren()
            if living > 0 { hadChildren = true }
            guard hadChildren, living == 0 else { desertedSince = nil; return false }
            let since = desertedSince ?? clock.now
            desertedSince = since
            return clock.now - since > .seconds(patience)
        }
    }

    private mutating func hasOutlivedRun() -> Bool {
        guard hasRunEnded else { endedSince = nil; return false }
        let since = endedSince ?? clock.now
        endedSince = since
        return clock.now - since > .seconds(patienceWithRanks)
    }

    /// Whether rank 0 of this start has nothing more to do: it has said that it stopped, or has written the archive.
    private var hasRunEnded: Bool {
        func changed(_ path: String) -> Date { (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date ?? .distantPast }
        let told = changed(RunStatus.path(directory))
        guard told > begun, let status = try? RunStatus.read(directory) else { return false }
        return status.state == "interrupted" || (status.state == "finished" && changed(directory + "/archive.h5") > told)
    }

    private func livingChildren() -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        let children = tasks.flatMap { ((try? String(contentsOfFile: "/proc/\(pid)/task/\($0)/children", encoding: .utf8)) ?? "").split(separator: " ") }
        return children.filter { child in
            // The state stands behind the name in parentheses.
            guard let stat = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8), let end = stat.lastIndex(of: ")") else { return false }
            return !stat[end...].dropFirst(2).hasPrefix("Z")
        }.count
    }
}
