/// Who answers to whom: rank 0 at the top, then the sub-coordinators if there are any, then the workers, dealt out evenly.
struct Layout: Equatable, Sendable {
    let size: Int
    let subCoordinators: Int

    /// - Precondition: at least two workers a sub-coordinator, or none of them.
    init(size: Int, subCoordinators: Int) {
        self.size = size
        self.subCoordinators = subCoordinators
    }

    /// Beyond this a coordinator's answers, or its commits, begin to hold workers up (`docs/performance.md`).
    static let workersPerCoordinator = 1000
    static let recordsPerSecond = 10_000.0

    /// As many sub-coordinators as the run needs; 0: rank 0 serves the workers itself.
    /// - Parameter secondsPerRecord: expected, on one core.
    static func suggested(size: Int, secondsPerRecord: Double) -> Layout {
        let workers = size - 1, rate = Double(workers) / max(secondsPerRecord, 1e-6)
        if workers <= workersPerCoordinator, rate <= recordsPerSecond || workers < 16 { return Layout(size: size, subCoordinators: 0) }
        let byCount = (workers + workersPerCoordinator - 1) / workersPerCoordinator, byRate = Int(min(1e6, (rate / recordsPerSecond).rounded(.up)))
        return Layout(size: size, subCoordinators: min(max(byCount, byRate), 999, workers / 5))
    }

    var workers: Int { size - 1 - subCoordinators }
    func isSubCoordinator(_ rank: Int) -> Bool { rank >= 1 && rank <= subCoordinators }
    func parent(of rank: Int) -> Int {
        rank <= subCoordinators || subCoordinators == 0 ? 0 : 1 + (rank - 1 - subCoordinators) % subCoordinators
    }
    func children(of rank: Int) -> [Int] {
        if rank == 0 { return subCoordinators == 0 ? Array(1..<size) : Array(1...subCoordinators) }
        return isSubCoordinator(rank) ? Array(stride(from: rank + subCoordinators, to: size, by: subCoordinators)) : []
    }
    /// How the coordinator at `rank` hands out work.
    func pace(of rank: Int) -> Pace {
        let children = self.children(of: rank).count
        return Pace(children: children, workersPerChild: rank == 0 && subCoordinators > 0 ? max(2, workers / subCoordinators) : 1)
    }
}
