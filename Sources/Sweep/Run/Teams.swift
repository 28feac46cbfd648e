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
    /// nil: nothing is shared.
    private let table: SharingTable?
    /// A death makes all points of a task suspect.
    private static let longest = 8
    private(set) var tasks: [Task] = []
    /// Points that no number of ranks here can compute, with the reason.
    private(set) var refused: [(item: WorkItem, reason: String)] = []

    init(_ plan: RunPlan, _ table: SharingTable?) {
        self.plan = plan
        self.table = table?.isNeeded == true ? table : nil
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
        guard let table else { return spans }
        return spans.compactMap { span in
            var rest = span
            for (bit, decision) in decisions(span, table).enumerated() where span.mask >> UInt64(bit) & 1 == 1 {
                var own = span
                own.mask = 1 << UInt64(bit)
                switch decision {
                case .alone: continue
                case .group(let size, _):
                    for first in stride(from: 0, to: span.count, by: Self.longest) {
                        var piece = own
                        (piece.first, piece.count) = (own.first + first, min(Self.longest, own.count - first))
                        tasks.append(Task(spans: [piece], size: size, isAlone: isAlone))
                    }
                case .impossible(let reason): refused += plan.items(own).map { ($0, reason) }
                }
                rest.mask &= ~own.mask
            }
            return rest.mask == 0 ? nil : rest
        }
    }

    private func decisions(_ span: WorkSpan, _ table: SharingTable) -> [SharingPolicy.Decision] {
        if span.costClass >= 0 { return table[span.part, span.costClass] }
        // A point by itself is told by its place in the grid.
        let own = plan.parts[span.part].classes.firstIndex { $0.contains(gridIndex: span.first) }
        guard let own else { preconditionFailure("a point without a class") }
        return table[span.part, own]
    }
}
