/// Where a coordinator takes work from.
protocol WorkSource: AnyObject {
    /// Expected seconds that are left in it.
    var remainingSeconds: Double { get }
    var isEmpty: Bool { get }
    /// The next spans, together about `seconds` long and of at most `limit` items; at least one point. Empty: none is left.
    func next(seconds: Double, limit: Int) -> [WorkSpan]
}

/// All that is to be done, most expensive points first so that a run does not end with one long point. Depends on the
/// plan and on what is done; nothing is stored but one bit a record that is done.
final class WorkList: WorkSource {
    private let plan: RunPlan
    /// (part, class) by falling cost of a point.
    private let order: [(part: Int, costClass: Int)]
    private var place = 0
    private var ordinal = 0
    private(set) var remainingSeconds: Double
    /// [study] → one bit a point of its grid; empty: none is done.
    private var done: [[UInt64]]

    init(_ plan: RunPlan) {
        self.plan = plan
        var order: [(part: Int, costClass: Int, seconds: Double)] = []
        for (part, value) in plan.parts.enumerated() {
            for (number, costClass) in value.classes.enumerated() { order.append((part, number, costClass.seconds(of: .max))) }
        }
        // Stable, so that the order depends on the job alone.
        self.order = order.indices.sorted { order[$0].seconds != order[$1].seconds ? order[$0].seconds > order[$1].seconds : $0 < $1 }.map { (order[$0].part, order[$0].costClass) }
        done = [[UInt64]](repeating: [], count: plan.studies.count)
        remainingSeconds = plan.expectedSeconds
    }

    /// What a grown plan has beyond an older one, all of which is done.
    convenience init(_ plan: RunPlan, beyond old: RunPlan) {
        self.init(plan)
        for (number, part) in plan.parts.enumerated() {
            let before = old.parts[number].grid, hasGrown = part.grid.count > before.count
            let known = hasGrown ? Set(before.map(\.values)) : []
            for (index, point) in part.grid.enumerated() where !hasGrown || known.contains(point.values) { markDone(part, number, index) }
        }
    }

    private func markDone(_ part: RunPlan.Part, _ number: Int, _ index: Int) {
        for study in part.studies {
            let item = WorkItem(study: study, part: number, index: index)
            markDone(item, seconds: plan.seconds(item))
        }
    }

    var isEmpty: Bool { place >= order.count }

    /// - Parameter seconds: expected, taken off what remains.
    /// - Returns: false if it was done already.
    @discardableResult func markDone(_ item: WorkItem, seconds: Double) -> Bool {
        if done[item.study].isEmpty { done[item.study] = [UInt64](repeating: 0, count: (plan.parts[item.part].grid.count + 63) / 64) }
        let bit: UInt64 = 1 << UInt64(item.index % 64)
        guard done[item.study][item.index / 64] & bit == 0 else { return false }
        done[item.study][item.index / 64] |= bit
        remainingSeconds -= seconds
        return true
    }

    func isDone(_ item: WorkItem) -> Bool {
        !done[item.study].isEmpty && done[item.study][item.index / 64] >> UInt64(item.index % 64) & 1 == 1
    }

    func next(seconds: Double, limit: Int) -> [WorkSpan] {
        var spans: [WorkSpan] = [], cost = 0.0, items = 0
        while place < order.count, cost < seconds, items < limit {
            let (part, number) = order[place], value = plan.parts[part], costClass = value.classes[number]
            let left = costClass.count - ordinal
            if left == 0 {
                place += 1
                ordinal = 0
                continue
            }
            let isUntouched = value.studies.allSatisfy { done[$0].isEmpty }
            let mask = isUntouched ? value.allStudies : pendingStudies(value, costClass.gridIndex(ordinal))
            let each = costClass.seconds(of: mask), width = mask.nonzeroBitCount
            if mask == 0 {
                ordinal += 1
                continue
            }
            // A point that would go far beyond what is asked for begins a chunk of its own.
            if cost > 0, cost + each > 1.5 * seconds || items + width > limit { break }
            var count = 1
            if isUntouched {
                let byCost = min(Double(left), max(1, ((seconds - cost) / each).rounded(.up)))
                count = min(costClass.wholeBatches(Int(byCost)), left, max(1, (limit - items) / width))
            } else {
                while count < left, cost + Double(count) * each < seconds || count % costClass.batchWidth != 0, items + (count + 1) * width <= limit,
                      pendingStudies(value, costClass.gridIndex(ordinal + count)) == mask { count += 1 }
            }
            spans.append(WorkSpan(part: part, costClass: number, first: ordinal, count: count, mask: mask))
            ordinal += count
            cost += Double(count) * each
            items += count * width
        }
        // Leave no empty tail behind: `isEmpty` is asked before `next`.
        while place < order.count, isExhausted() { place += 1; ordinal = 0 }
        remainingSeconds = isEmpty ? 0 : remainingSeconds - cost
        return spans
    }

    /// Whether nothing is pending from here to the end of the current class.
    private func isExhausted() -> Bool {
        let (part, number) = order[place], value = plan.parts[part], costClass = value.classes[number]
        if value.studies.allSatisfy({ done[$0].isEmpty }) { return ordinal >= costClass.count }
        while ordinal < costClass.count, pendingStudies(value, costClass.gridIndex(ordinal)) == 0 { ordinal += 1 }
        return ordinal >= costClass.count
    }

    private func pendingStudies(_ part: RunPlan.Part, _ index: Int) -> UInt64 {
        var mask: UInt64 = 0
        for (bit, study) in part.studies.enumerated() where done[study].isEmpty || done[study][index / 64] >> UInt64(index % 64) & 1 == 0 { mask |= 1 << UInt64(bit) }
        return mask
    }
}

/// Work that a sub-coordinator was given and has not handed out.
final class WorkQueue: WorkSource {
    private let plan: RunPlan
    private var spans: [WorkSpan] = []
    private var head = 0
    private(set) var remainingSeconds = 0.0

    init(_ plan: RunPlan) { self.plan = plan }

    var isEmpty: Bool { head >= spans.count }

    func append(_ more: [WorkSpan]) {
        if head > 64 { spans.removeFirst(head); head = 0 }
        spans += more
        remainingSeconds += more.reduce(0) { $0 + plan.seconds($1) }
    }

    func next(seconds: Double, limit: Int) -> [WorkSpan] {
        var taken: [WorkSpan] = [], cost = 0.0, items = 0
        while head < spans.count, cost < seconds, items < limit {
            let span = spans[head], width = span.mask.nonzeroBitCount, each = plan.seconds(span) / Double(span.count)
            if cost > 0, cost + each > 1.5 * seconds || items + width > limit { break }
            let byCost = min(Double(span.count), max(1, ((seconds - cost) / each).rounded(.up)))
            let batches = span.costClass < 0 ? Int(byCost) : plan.parts[span.part].classes[span.costClass].wholeBatches(Int(byCost))
            let count = min(batches, span.count, max(1, (limit - items) / width))
            var part = span
            part.count = count
            taken.append(part)
            spans[head].first += count
            spans[head].count -= count
            if spans[head].count == 0 { head += 1 }
            cost += Double(count) * each
            items += count * width
        }
        remainingSeconds = isEmpty ? 0 : remainingSeconds - cost
        return taken
    }
}
