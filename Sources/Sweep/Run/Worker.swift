import Studies

/// Computes chunks. Under MPI each rank but the coordinator is one; in a lone process the coordinator calls it in turn.
protocol WorkerLink: AnyObject {
    /// Hands a chunk to the worker; `next` delivers its records, in order, as they come.
    func perform(_ chunk: Chunk, shouldStop: () -> Bool, deliver: (WorkItem, Record) throws -> Void) throws
}

/// The worker in the coordinator's own process.
final class LocalWorker: WorkerLink {
    private let studies: [any Study]
    private let context = StudyContext()

    init(studies: [any Study]) { self.studies = studies }

    func perform(_ chunk: Chunk, shouldStop: () -> Bool, deliver: (WorkItem, Record) throws -> Void) throws {
        for item in chunk {
            if shouldStop() { return }
            try deliver(item, compute(item))
        }
    }

    /// One study failing at one point is a record of that, and no end of the sweep.
    func compute(_ item: WorkItem) -> Record {
        let study = studies[item.study], start = ContinuousClock.now
        var record: Record
        do {
            if let earlier = item.earlier, let completed = try study.completed(earlier, at: item.point, in: context) { return completed }
            record = try study.run(at: item.point, in: context)
        } catch {
            record = Record(status: .failed, reason: "\(error)")
        }
        if record.seconds == 0 {
            let elapsed = (ContinuousClock.now - start).components
            record.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        }
        return record
    }
}
