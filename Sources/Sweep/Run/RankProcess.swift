import Foundation
import MessagePassing
import Studies

/// What every rank but 0 does: learn the job, take its place in the layout, serve until told to leave.
public struct RankProcess {
    private let comm: any Communicator
    private let page: SharedPage?
    private let makePlan: ([UInt8]) throws -> RunPlan

    /// - Parameter makePlan: the plan that the job's text stands for: the same on every rank.
    public init(comm: any Communicator, page: SharedPage?, makePlan: @escaping ([UInt8]) throws -> RunPlan) {
        self.comm = comm
        self.page = page
        self.makePlan = makePlan
    }

    public func serve() throws {
        while true {
            guard let message = comm.receive(within: 1) else { continue }
            switch try? Wire(message.bytes) {
            case .leave: return
            case .job(let briefing): return try take(briefing)
            case nil: try refuse("rank \(comm.rank) on \(host) does not understand rank 0: it runs another build of macrospin; use one executable on all nodes")
            default: continue
            }
        }
    }

    private var host: String { ProcessInfo.processInfo.hostName }

    private func take(_ briefing: Wire.Briefing) throws {
        let layout = Layout(size: comm.size, subCoordinators: briefing.subCoordinators), parent = layout.parent(of: comm.rank)
        guard briefing.build == Build.identity else {
            return try refuse("rank \(comm.rank) on \(host) runs another build of macrospin (\(Build.identity)) than rank 0 (\(briefing.build)); use one executable on all nodes", tell: parent)
        }
        let plan: RunPlan
        do { plan = try makePlan(briefing.jobText) } catch {
            return try refuse("rank \(comm.rank) on \(host) cannot read the job that rank 0 has read: \(error)", tell: parent)
        }
        if layout.isSubCoordinator(comm.rank) {
            try coordinate(plan, briefing, layout)
        } else {
            try Worker(plan: plan, comm: comm, parent: parent, launch: briefing.launch, page: page).serve()
        }
    }

    /// Says why this rank cannot take part, and waits for the end.
    private func refuse(_ text: String, tell parent: Int = 0) throws {
        comm.send(try Wire.trouble(text, isInput: true).packed(), to: parent)
        try awaitEnd()
    }

    private func awaitEnd() throws {
        while true {
            if let message = comm.receive(within: 1), case .leave? = try? Wire(message.bytes) { return }
        }
    }

    // MARK: Sub-coordinator

    private func coordinate(_ plan: RunPlan, _ briefing: Wire.Briefing, _ layout: Layout) throws {
        let rank = comm.rank
        do {
            let (ending, isClean) = try serve(plan, briefing, layout)
            // With workers still at long points rank 0 must not take this part of the tree for stopped: it ends it by force.
            if isClean { comm.send(try Wire.stopped.packed(), to: 0) }
            if ending == .finished { return }
        } catch let error as InputError {
            comm.send(try Wire.trouble("\(error)", isInput: true).packed(), to: 0)
        } catch {
            comm.send(try Wire.trouble("sub-coordinator \(rank) on \(host) cannot go on (\(error)); what is in its ledger is safe, make room and run the same command again", isInput: false).packed(), to: 0)
        }
        try awaitEnd()
    }

    /// The ledger is closed when this returns.
    private func serve(_ plan: RunPlan, _ briefing: Wire.Briefing, _ layout: Layout) throws -> (ending: Coordinator.Ending, isClean: Bool) {
        let ledger = try Ledger(path: Ledger.path(briefing.directory, shard: comm.rank), patience: 6)
        try ledger.setValue(briefing.jobText, for: "job")
        try ledger.setValue(Array(SoftwareVersion.current.utf8), for: "version")
        comm.send(try Wire.hello(host: host).packed(), to: 0)
        let pace = layout.pace(of: comm.rank)
        let children = layout.children(of: comm.rank)
        let coordinator = try Coordinator(plan: plan, comm: comm, children: children, pace: pace, source: WorkQueue(plan), ledger: ledger,
                                      launch: briefing.launch, grace: 0.7 * briefing.grace, upstream: ParentLink(comm: comm, parent: 0, granted: pace.depth),
                                      sharing: { SharingTable($0, SharingPolicy(workers: children.count, bytesPerWorker: briefing.bytesPerWorker)) })
        let ending = try coordinator.serve()
        return (ending, ending == .finished || coordinator.hasStoppedCleanly)
    }
}
