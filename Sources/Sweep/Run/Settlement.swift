import Studies

/// What follows from how an earlier start of the run ended.
///
/// Points that a dead worker had begun become suspect and are handed out alone from now on; one whose worker dies while
/// computing it alone, twice, is quarantined. Ends without a death notice (of rank 0, of the launcher, of the node) count
/// against no point.
struct Settlement: Equatable {
    private(set) var newSuspects = 0
    /// `study at point`
    private(set) var quarantined: [String] = []
    /// Launches in which a point has counted: several ranks of its team may have died of it together.
    private var counted: Set<String> = []

    /// - Parameters:
    ///   - primary: the ledger that keeps suspects and quarantined points.
    ///   - shards: the run's ledgers, `primary` among them. All their leases are dropped: their points are pending again.
    init(_ deaths: [DeathNotice], primary: Ledger, shards: [Ledger]) throws {
        try primary.transaction {
            for death in deaths {
                // A notice that was settled just before a crash must not count twice.
                let mark = "settled:\(death.launch)-\(death.rank)"
                guard try primary.value(for: mark) == nil else { continue }
                try primary.setValue([], for: mark)
                for shard in shards {
                    for lease in try shard.leases() where lease.launch == death.launch && lease.worker == death.rank && lease.id == death.chunk {
                        try settle(lease, death, primary, shard)
                    }
                }
            }
        }
        for shard in shards { try shard.dropLeases() }
    }

    /// Of the chunk, the items that were begun and whose records did not arrive.
    private mutating func settle(_ lease: Ledger.Lease, _ death: DeathNotice, _ primary: Ledger, _ shard: Ledger) throws {
        for name in lease.items.prefix(death.item + 1) {
            let parts = name.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, try !shard.hasRecord(study: parts[0], point: parts[1], since: lease.handed) else { continue }
            guard counted.insert("\(death.launch)\t\(name)").inserted else { continue }
            newSuspects += 1
            let deaths = try primary.addSuspect(study: parts[0], point: parts[1], deaths: lease.isAlone && death.wasComputing ? 1 : 0)
            if deaths >= 2 {
                let reason = "its worker died computing it alone, twice; the last time by \(death.cause)"
                // Outputs of an older record, made before others were added, are kept.
                let earlier = try primary.record(study: parts[0], point: parts[1])?.outputs ?? [:]
                try primary.insert(Ledger.Entry(study: parts[0], point: parts[1], outputNames: earlier.keys.sorted(), record: Record(status: .quarantined, reason: reason, outputs: earlier)))
                try primary.dropSuspect(study: parts[0], point: parts[1])
                quarantined.append("\(parts[0]) at \(parts[1])")
            }
        }
    }
}
