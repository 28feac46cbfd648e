import MessagePassing

/// To whom a coordinator answers: the run as a whole, or the coordinator above.
protocol Upstream: AnyObject {
    /// Whether the coordinator decides itself when all is done.
    var endsByItself: Bool { get }
    /// Expected seconds of work that is not in the coordinator's hands yet.
    var toCome: Double { get }
    /// What has just become durable.
    func report(_ tally: Wire.Tally) throws
    /// Once a turn.
    func turn(queued: Double, hasQueue: Bool) throws
    /// Work has come from above.
    func received(_ order: Wire.ChunkOrder, seconds: Double)
    /// All is done: what follows, if anything does.
    func nextRound() throws -> (plan: RunPlan, work: any WorkSource)?
    /// Nothing more follows for a while: pass on what is held back.
    func flush() throws
}

/// The way up from a sub-coordinator.
final class ParentLink: Upstream {
    private let comm: any Communicator
    private let parent: Int
    private let clock = ContinuousClock()
    private var lastSent: ContinuousClock.Instant
    private var held = Wire.Tally()
    /// Blocks asked for and not come.
    private var asked: Int
    private var blockSeconds = 0.0
    private(set) var toCome = 0.0
    let endsByItself = false

    /// - Parameter granted: blocks that come unasked.
    init(comm: any Communicator, parent: Int, granted: Int) {
        self.comm = comm
        self.parent = parent
        asked = granted
        lastSent = clock.now
    }

    func report(_ tally: Wire.Tally) { held.add(tally) }
    func nextRound() -> (plan: RunPlan, work: any WorkSource)? { nil }

    func received(_ order: Wire.ChunkOrder, seconds: Double) {
        if order.isAlone { return }
        asked = max(0, asked - 1)
        blockSeconds = seconds
        toCome = order.toCome
    }

    func turn(queued: Double, hasQueue: Bool) throws {
        if asked == 0, queued < blockSeconds {
            held.wanted += 1
            asked += 1
        }
        let isDue = clock.now - lastSent > .milliseconds(500)
        // When nothing is left to hand out, the top is waiting for the last counts.
        if held.wanted > 0 || (held.count > 0 && (isDue || !hasQueue)) { try flush() }
    }

    func flush() throws {
        guard held.wanted > 0 || held.count > 0 else { return }
        comm.send(try Wire.tally(held).packed(), to: parent)
        held = Wire.Tally()
        lastSent = clock.now
    }
}
