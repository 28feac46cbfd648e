import Studies

/// What a run's ledgers hold already, and so what is to be done.
struct Inventory {
    let work: WorkList
    private(set) var done = 0
    /// study → status word → count
    private(set) var counts: [String: [String: Int]] = [:]
    private(set) var doneBySpinCount: [Int: Int] = [:]
    /// Failed records by `FailureReason`.
    private(set) var reasons: [String: Int] = [:]
    /// Whether some records lack outputs that the job now asks for.
    private(set) var hasIncomplete = false
    /// To be handed out one by one.
    private(set) var alone: [WorkItem] = []

    /// - Parameters:
    ///   - shards: all ledgers of the run, the one that keeps suspects first.
    /// - Throws: `DatabaseError`, `InputError` for a damaged file.
    init(_ plan: RunPlan, shards: [Ledger]) throws {
        work = WorkList(plan)
        for shard in shards {
            try shard.forEachFailure { study, status, reason in FailureReason.add([FailureReason.key(study: study, status: status, reason: reason): 1], to: &reasons) }
        }
        let suspects = try shards.first?.suspects() ?? []
        for (part, value) in plan.parts.enumerated() {
            let lookup = GridLookup(value.grid)
            for study in value.studies {
                let name = plan.studyName(study), wanted = Set(plan.studies[study].outputs.map(\.name))
                // Few different lists of outputs, many records.
                var verdicts: [Substring: Bool] = [:]
                for shard in shards {
                    try shard.forEachRecord(study: name) { key, status, outputs in
                        let isComplete = verdicts[outputs] ?? wanted.isSubset(of: outputs.split(separator: ",").map(String.init))
                        verdicts[outputs] = isComplete
                        guard isComplete || status == .quarantined else { hasIncomplete = true; return }
                        guard let index = lookup.index(ofKey: key) else { return }
                        let item = WorkItem(study: study, part: part, index: index)
                        guard work.markDone(item, seconds: plan.seconds(item)) else { return }
                        done += 1
                        counts[name, default: [:]][status.word, default: 0] += 1
                        if let n = plan.spinCount(item) { doneBySpinCount[n, default: 0] += 1 }
                    }
                }
                for suspect in suspects where suspect.study == name {
                    guard let index = lookup.index(ofKey: suspect.point) else { continue }
                    let item = WorkItem(study: study, part: part, index: index)
                    // Out of the ordinary chunks; a suspect that has its record from elsewhere is none any more.
                    if work.markDone(item, seconds: 0) { alone.append(item) } else { try shards.first?.dropSuspect(study: name, point: suspect.point) }
                }
            }
        }
    }
}
