import Foundation
import MessagePassing
import Studies

public enum RunOutcome: Sendable, Equatable {
    case finished(failed: Int)
    /// Stopped in good order; the same command goes on from here.
    case interrupted(reason: String)
}

/// Runs a plan in a run directory: `job.yaml`, `ledger/0000.sqlite`, `status.json`, `log.txt`. What rank 0 does; the other
/// ranks are `RankProcess`.
public struct Runner: @unchecked Sendable {
    public let plan: RunPlan
    public let directory: String
    /// Decides whether a run made from another job text may go on with this one; throws `InputError` to refuse.
    public var acceptChange: (_ old: [UInt8], _ new: [UInt8]) throws -> Void
    /// Called every `checkpointSeconds` with the ledgers: writes the archive to look at while the run goes on. Not with
    /// sub-coordinators, whose ledgers are their own.
    public var onCheckpoint: (([Ledger]) throws -> Void)?
    public var checkpointSeconds = 180.0
    /// Called after each durable commit with what it contained.
    public var onCommit: (([Ledger.Entry]) -> Void)?
    /// Drop records of failed and unconverged points first, so that they are computed again.
    public var retriesFailures = false
    /// The same for points whose worker died.
    public var retriesQuarantined = false
    /// Seconds between a signal and giving up the points that are being computed.
    public var grace = 8.0
    /// nil: as many as the number of ranks and records calls for.
    public var subCoordinators: Int?
    /// Bytes that a point may take on a worker; what needs more is shared by several. nil: whatever it needs.
    public var bytesPerWorker: Double?
    /// nil: the run may take as long as it takes.
    public var timeLimit: TimeLimit?
    /// Seconds to wait for the lock of a process that is just ending.
    public var patience = 6.0

    public init(plan: RunPlan, directory: String, acceptChange: @escaping ([UInt8], [UInt8]) throws -> Void) {
        self.plan = plan
        self.directory = directory
        self.acceptChange = acceptChange
    }

    public static func jobPath(_ directory: String) -> String { directory + "/job.yaml" }

    // MARK: Without a launcher

    /// Coordinator and one worker in this process: the coordinator on a thread of its own, since libraries want the worker
    /// on the main one.
    /// - Throws: `InputError` before anything is computed; `DatabaseError`.
    public func run() throws -> RunOutcome {
        let (top, worker) = LocalCommunicator.pair()
        Interruption.install()
        // Before there are two threads: it may call libraries that are for one.
        let sharing = sharing(workers: 1)
        nonisolated(unsafe) var result: Result<RunOutcome, Error>?
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            result = Result { try lead(top, sharing) }
            done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        try RankProcess(comm: worker, page: nil) { _ in plan }.serve()
        done.wait()
        guard let result else { preconditionFailure("the coordinator ended without a result") }
        return try result.get()
    }

    // MARK: Rank 0

    /// Coordinates the run over all ranks; when it returns or throws, they are free to leave.
    /// - Throws: `InputError` before anything is computed; `DatabaseError`.
    public func lead(_ comm: any Communicator) throws -> RunOutcome { try lead(comm, sharing(workers: comm.size - 1)) }

    private func policy(workers: Int) -> SharingPolicy { SharingPolicy(workers: workers, bytesPerWorker: bytesPerWorker) }
    private func sharing(workers: Int) -> SharingTable { SharingTable(plan, policy(workers: workers)) }

    private func lead(_ comm: any Communicator, _ sharing: SharingTable) throws -> RunOutcome {
        var isAborted = false
        defer {
            if !isAborted { Self.dismiss(comm) }
        }
        var shards: [Ledger]
        let inventory: Inventory, settlement: Settlement, plan: RunPlan, rounds: Int?
        var refiner: Refiner?
        do {
            shards = try open()
            settlement = try Settlement(DeathNotice.all(directory), primary: shards[0], shards: shards)
            DeathNotice.removeAll(directory)
            for shard in shards {
                if retriesFailures {
                    for status in [Status.failed, .notConverged] { try shard.forget(status) }
                    try shard.dropAttempts()
                }
                if retriesQuarantined { try shard.forget(.quarantined) }
            }
            let insertions = self.plan.refinement == nil ? [] : try shards[0].insertions()
            plan = self.plan.inserting(insertions.map(\.point))
            rounds = plan.refinement.map { _ in insertions.last?.round ?? 0 }
            inventory = try Inventory(plan, shards: shards)
            refiner = try plan.refinement.map { try Refiner($0, shards: shards) }
        } catch let error as DatabaseError where error.isDiskFull {
            return .interrupted(reason: "the ledger cannot be written (\(error)); make room and run the same command again")
        }
        let log = FileHandle(forWritingAtPath: directory + "/log.txt")
        _ = try? log?.seekToEnd()
        let progress = Progress(total: plan.count, reused: inventory.done, log: log)
        let layout = self.layout(size: comm.size, sharing)
        announce(plan, progress, inventory, settlement, layout, comm)
        try warnOfClock(shards, progress)

        let isTree = layout.subCoordinators > 0, policy = self.policy(workers: comm.size - 1)
        // Nothing is being computed when a plan grows: what a look at the model calls has one thread then too.
        let makeSharing = { (plan: RunPlan) in plan.inserted.isEmpty ? sharing : SharingTable(plan, policy) }
        // With sub-coordinators each opens its own shard: no lock of theirs may be held here.
        if isTree { shards.removeLast(shards.count - 1) }
        let primary = shards[0], kept = shards
        let tracker = RunTracker(plan: plan, directory: directory, progress: progress, inventory: inventory, checkpointSeconds: checkpointSeconds,
                                 onCheckpoint: isTree ? nil : onCheckpoint.map { write in { try write(kept) } },
                                 refiner: refiner, round: rounds, insert: { try primary.insert($0, round: $1) })
        for text in settlement.quarantined { tracker.note(failure: "\(text): quarantined") }
        let outcome = try withExtendedLifetime(kept) { try coordinate(comm, layout, primary: primary, kept: kept, inventory: inventory, sharing: makeSharing, tracker: tracker) }
        switch outcome {
        case .clean(let outcome):
            return outcome
        case .stuck(let outcome):
            // A point lasts longer than the grace period: what is committed is safe, the ranks are ended from here.
            isAborted = true
            if case .interrupted(let reason) = outcome, !isTeardown(comm) {
                Words.say("macrospin: \(reason); the current point lasts too long to wait for. Resume with the same command (run directory \(directory)).\n")
            }
            comm.abort(code: 3)
        }
    }

    /// Tells all other ranks that the run is over.
    public static func dismiss(_ comm: any Communicator) {
        guard let leave = try? Wire.leave.packed() else { return }
        for rank in 1..<comm.size { comm.send(leave, to: rank) }
        comm.drain(within: 30)
    }

    /// The launcher ends all ranks because one died: the supervisor will tell.
    private func isTeardown(_ comm: any Communicator) -> Bool { Interruption.number == SIGTERM && Supervisor.isWatching && !(comm is LocalCommunicator) }

    private enum Ending { case clean(RunOutcome), stuck(RunOutcome) }

    private func coordinate(_ comm: any Communicator, _ layout: Layout, primary: Ledger, kept: [Ledger], inventory: Inventory, sharing: @escaping (RunPlan) -> SharingTable,
                            tracker: RunTracker) throws -> Ending {
        let progress = tracker.progress, plan = tracker.plan
        var serving: Coordinator?
        /// Ranks that are busy with a long point would keep all others waiting.
        func dismissable() -> Bool { serving?.standDown() ?? true }
        do {
            try tracker.writeStatus("running", force: true)
            let launch = UInt64.random(in: 1...UInt64(Int64.max))
            let briefing = Wire.Briefing(build: Build.identity, launch: launch, subCoordinators: layout.subCoordinators, directory: directory, grace: grace,
                                         bytesPerWorker: bytesPerWorker, jobText: plan.jobText)
            let job = try Wire.job(briefing).packed()
            for rank in 1..<comm.size { comm.send(job, to: rank) }
            let lookUp: ((String, String) throws -> Record?)? = inventory.hasIncomplete && layout.subCoordinators == 0 ? { name, key in
                // A damaged one is computed anew.
                for shard in kept { if let record = try? shard.record(study: name, point: key) { return record } }
                return nil
            } : nil
            let coordinator = try Coordinator(plan: plan, comm: comm, children: layout.children(of: 0), pace: layout.pace(of: 0), source: inventory.work, ledger: primary,
                                          launch: launch, grace: grace, upstream: tracker,
                                          sharing: sharing, alone: inventory.alone, lookUpEarlier: lookUp)
            coordinator.onCommit = onCommit
            coordinator.timeLimit = timeLimit
            serving = coordinator
            switch try coordinator.serve() {
            case .finished:
                if layout.subCoordinators > 0 { closeShards(comm, layout) }
                try tracker.writeStatus("finished", force: true)
                progress.line("finished: \(tracker.plan.count) records, \(tracker.plan.count - inventory.done) of them computed in \(Progress.duration(progress.elapsed))" + (tracker.failedCount > 0 ? ", \(tracker.failedCount) failed" : ""))
                return .clean(.finished(failed: tracker.failedCount))
            case .interrupted(let reason):
                try tracker.writeStatus("interrupted", force: true)
                if !isTeardown(comm) { progress.line("\(reason) with \(tracker.doneCount) of \(tracker.plan.count) records done; the same command resumes") }
                return coordinator.hasStoppedCleanly ? .clean(.interrupted(reason: reason)) : .stuck(.interrupted(reason: reason))
            }
        } catch let error as DatabaseError where error.isDiskFull || error.cannotOpen {
            return diskFull("\(error)", tracker, isClean: dismissable())
        } catch let error as InputError where error.file?.hasPrefix(directory) == true {
            // Only files of the run directory are written here.
            return diskFull("\(error)", tracker, isClean: dismissable())
        } catch {
            if !dismissable() {
                Words.say("error: \(error)\n")
                comm.abort(code: error is InputError ? 2 : 1)
            }
            throw error
        }
    }

    private func diskFull(_ detail: String, _ tracker: RunTracker, isClean: Bool) -> Ending {
        let reason = "nothing more can be written (\(detail)); what is in the ledger is safe, make room and run the same command again"
        tracker.progress.line(reason)
        try? tracker.writeStatus("interrupted", force: true)
        return isClean ? .clean(.interrupted(reason: reason)) : .stuck(.interrupted(reason: reason))
    }

    /// Sub-coordinators close their ledgers before the archive is made from them.
    private func closeShards(_ comm: any Communicator, _ layout: Layout) {
        var open = Set(layout.children(of: 0))
        for rank in open { comm.send((try? Wire.leave.packed()) ?? [], to: rank) }
        let clock = ContinuousClock(), end = clock.now + .seconds(30)
        while !open.isEmpty, clock.now < end {
            guard let message = comm.receive(within: 0.1) else { continue }
            if case .stopped? = try? Wire(message.bytes) { open.remove(message.source) }
        }
    }

    private func layout(size: Int, _ sharing: SharingTable) -> Layout {
        if let subCoordinators { return Layout(size: size, subCoordinators: subCoordinators) }
        // Teams are made of the workers of one coordinator.
        if sharing.isNeeded { return Layout(size: size, subCoordinators: 0) }
        return Layout.suggested(size: size, secondsPerRecord: plan.expectedSeconds / Double(max(1, plan.count)))
    }

    private func announce(_ plan: RunPlan, _ progress: Progress, _ inventory: Inventory, _ settlement: Settlement, _ layout: Layout, _ comm: any Communicator) {
        let ranks = comm is LocalCommunicator ? "" : " over \(layout.workers) worker\(layout.workers == 1 ? "" : "s")" + (layout.subCoordinators > 0 ? " and \(layout.subCoordinators) sub-coordinators" : "")
        progress.line("\(plan.title): \(plan.count) records in \(directory)\(ranks)" + (inventory.done > 0 ? ", \(inventory.done) of them done before" : ""))
        for text in settlement.quarantined { progress.line("  quarantined \(text): its worker died computing it alone, twice (--retry-quarantined tries again)") }
        if !inventory.alone.isEmpty { progress.line("  \(inventory.alone.count) records whose worker died are computed one by one") }
    }

    /// Results and intervals do not depend on the wall clock; time stamps do.
    private func warnOfClock(_ shards: [Ledger], _ progress: Progress) throws {
        let now = Date().timeIntervalSince1970
        guard let newest = try shards.compactMap({ try $0.newestRecord() }).max(), newest > now + 60 else { return }
        progress.line("the clock of this machine is \(Progress.duration(newest - now)) behind the newest record of this run: time stamps will be out of order, results are not affected")
    }

    /// Makes or opens the run directory and its ledgers, the primary one first.
    private func open() throws -> [Ledger] {
        let manager = FileManager.default
        do { try manager.createDirectory(atPath: directory + "/ledger", withIntermediateDirectories: true) } catch {
            throw InputError(file: directory, "the run directory cannot be made (\((error as NSError).localizedDescription))", hint: "choose another directory with --out")
        }
        let path = Ledger.path(directory), ledger = try Ledger(path: path, patience: patience)
        if let old = try ledger.value(for: "job") {
            if old != plan.jobText {
                try acceptChange(old, plan.jobText)
                try ledger.setValue(plan.jobText, for: "job")
            }
        } else {
            try ledger.setValue(plan.jobText, for: "job")
            try ledger.setValue(Array(ISO8601DateFormatter().string(from: Date()).utf8), for: "created")
        }
        try ledger.setValue(Array(SoftwareVersion.current.utf8), for: "version")
        try AtomicFile.write(plan.jobText, to: Self.jobPath(directory), durable: true)
        if !manager.fileExists(atPath: directory + "/log.txt") { try AtomicFile.write([], to: directory + "/log.txt", durable: false) }
        return [ledger] + (try Ledger.shards(directory).filter { $0 != path }.map { try Ledger(path: $0, patience: patience) })
    }
}
