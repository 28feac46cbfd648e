/// How much work is handed out at a time. The same for the coordinators of a run and for its simulation.
struct Pace: Sendable {
    /// Ranks that one coordinator serves: workers, or sub-coordinators.
    let children: Int
    /// Workers below each child: 1, or those of a sub-coordinator.
    let workersPerChild: Int

    /// At most this many records in a chunk: a lease names them all, and they are suspect if the worker dies.
    static let greatestChunk = 1000
    /// Expected seconds.
    static let longestChunk = 10.0
    /// A coordinator answers this many messages a second without strain (measured: `docs/performance.md`).
    static let messagesPerSecond = 2000.0

    /// Above 1 for simulations of very long runs alone: chunks so many times larger, to have fewer of them.
    let stretch: Double

    var itemLimit: Int { workersPerChild > 1 ? .max : Int(Double(Self.greatestChunk) * stretch) }

    /// Chunks that a child may hold: one at work and one ready.
    let depth = 2

    init(children: Int, workersPerChild: Int, stretch: Double = 1) {
        self.children = children
        self.workersPerChild = workersPerChild
        self.stretch = stretch
    }

    /// Expected seconds on one core of the next chunk. Shrinks towards the end, so that all workers end together; is never so
    /// small that the coordinator could not keep up, nor so large that a death would make thousands of points suspect.
    func chunkSeconds(remaining: Double) -> Double {
        let workers = Double(children * workersPerChild)
        let share = remaining / (8 * workers)
        if workersPerChild > 1 {
            // A block for a sub-coordinator: its workers' share, at least enough to keep each busy for a while.
            return max(share * Double(workersPerChild), 0.5 * Double(workersPerChild))
        }
        return min(Self.longestChunk * stretch, max(0.1, Double(children) / Self.messagesPerSecond, share))
    }

    /// Whether a child that has one chunk should get another before it asks. Near the end, and before long points, that
    /// would only queue work behind a busy worker.
    func prefetches(remaining: Double, chunkSeconds: Double) -> Bool {
        workersPerChild > 1 || remaining > 2 * Double(children) * chunkSeconds
    }
}
