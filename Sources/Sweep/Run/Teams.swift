import Studies

/// Sets aside the points that several ranks share, until there are ranks for them.
///
/// Points come as the work list orders them, dearest first; those for one rank are handed on at once.
final class Teams {
    struct Task {
        var spans: [WorkSpan]
        /// Ranks that share them.
        var size: Int
        /// Their workers died before: nothing else goes along.
        var isAlone = false
    }

    private let plan: RunPlan
    private let policy: SharingPolicy
    /// Nothing is looked up where no study shares.
    private let mayShare: Bool
    private struct ClassKey: Hashable { let part: Int, costClass: Int }
    private var known: [ClassKey: [SharingPolicy.Decision]] = [:]
    private(set) var tasks: [Task] = []
    /// Points that no number of ranks here can compute, with the reason.
    private(set) var refused: [(item: WorkItem, reason: String)] = []

    init(_ plan: RunPlan, _ policy: SharingPolicy) {
        self.plan = plan
        self.policy = policy
        mayShare = plan.mayShare
    }

    var isEmpty: Bool { tasks.isEmpty }
    var next: Task? { tasks.first }
    func removeNext() { tasks.removeFirst() }
    func takeRefused() -> [(item: WorkItem, reason: String)] {
        defer { refused = [] }
        return refused
    }

    /// Keeps what is to be shared, or cannot be computed; the rest is for one rank.
    func sort(_ spans: [WorkSpan], isAlone: Bool = false) -> [WorkSpan] {
        guard mayShare else { return spans }
        return spans.compactMap { span in
            var rest = span
            for (bit, decision) in decisions(span).enumerated() where span.mask >> UInt64(bit) & 1 == 1 {
                var own = span
                own.mask = 1 << UInt64(bit)
                switch decision {
                case .alone: continue
                case .group(let size, _): tasks.append(Task(spans: [own], size: size, isAlone: isAlone))
                case .impossible(let reason): refused += plan.items(own).map { ($0, reason) }
                }
                rest.mask &= ~own.mask
            }
            return rest.mask == 0 ? nil : rest
        }
    }

    private func decisions(_ span: WorkSpan) -> [SharingPolicy.Decision] {
        let part = plan.parts[span.part]
        // A point by itself is not told by its class.
        guard span.costClass >= 0 else { return part.studies.map { policy.decision(for: plan.studies[$0], at: [part.grid[span.first]], count: 1) } }
        let key = ClassKey(part: span.part, costClass: span.costClass)
        if let decisions = known[key] { return decisions }
        let decisions = plan.decisions(part.classes[span.costClass], in: part, policy)
        known[key] = decisions
        return decisions
    }
}
