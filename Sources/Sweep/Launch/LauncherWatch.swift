import Foundation

/// Sees a launcher that hangs after all its children have ended, which Open MPI 4.1 may do when a rank dies at the wrong
/// moment. Nobody else would ever end it.
struct LauncherWatch {
    private let pid: pid_t
    private let clock = ContinuousClock()
    private var lastLook: ContinuousClock.Instant
    private var desertedSince: ContinuousClock.Instant?
    private var hadChildren = false
    /// What the launcher may take to clean up.
    private let patience = 5.0

    init(pid: pid_t) {
        self.pid = pid
        lastLook = clock.now
    }

    /// Looks once a second.
    var isDeserted: Bool {
        mutating get {
            guard clock.now - lastLook > .seconds(1) else { return false }
            lastLook = clock.now
            let living = livingChildren()
            if living > 0 { hadChildren = true }
            guard hadChildren, living == 0 else { desertedSince = nil; return false }
            let since = desertedSince ?? clock.now
            desertedSince = since
            return clock.now - since > .seconds(patience)
        }
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
