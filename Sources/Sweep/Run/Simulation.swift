import Foundation

/// A run in virtual time: the real work list, pace and layout, with workers and coordinators replaced by what they cost.
///
/// Coordinators take in messages in turns, each turn ending in one durable commit, as `Coordinator` does. Deaths, disks that
/// stall and network congestion are not in it; the spread of durations is.
struct Simulation {
    /// Measured costs of the machinery (`docs/performance.md` says how to take them).
    struct Costs: Sendable {
        /// Start of all processes.
        var start = 0.35
        /// One durable transaction, whatever it holds.
        var commit = 2.0e-3
        /// One record, from message to table.
        var record = 25e-6
        /// One message heard and answered.
        var message = 40e-6
        /// From a send to its being heard.
        var latency = 0.5e-3
        /// Between two points on a worker.
        var point = 15e-6
        /// One standard deviation of the logarithm of a point's duration about what is expected.
        var spread = 0.2
        /// Archive writing, per record.
        var archive = 15e-6
    }

    struct Result: Sendable {
        let workers: Int
        let subCoordinators: Int
        /// From start to the last record being durable.
        let makespan: Double
        /// Of the workers' time, the share spent on points.
        let efficiency: Double
        /// Share of the time that the busiest coordinator worked.
        let coordinatorLoad: Double
        let chunks: Int
    }

    let plan: RunPlan
    var costs = Costs()
    /// Bytes that a point may take on a worker; what needs more is shared. nil: whatever it needs.
    var bytesPerWorker: Double?

    /// - Parameters:
    ///   - work: what is to be done; used up.
    ///   - subCoordinators: nil: what the layout suggests.
    func run(ranks: Int, work: WorkList, subCoordinators: Int? = nil) -> Result {
        let sharing = SharingTable(plan, SharingPolicy(workers: max(1, ranks - 1), bytesPerWorker: bytesPerWorker))
        let layout = (subCoordinators ?? (sharing.isNeeded ? 0 : nil)).map { Layout(size: ranks, subCoordinators: $0) }
            ?? Layout.suggested(size: ranks, secondsPerRecord: plan.expectedSeconds / Double(max(1, plan.count)))
        _ = work.next(seconds: 0, limit: 0)
        let busyTotal = work.remainingSeconds
        if ranks == 1 {
            // Coordinator and worker share a process, each with a thread.
            return Result(workers: 1, subCoordinators: 0, makespan: busyTotal + Double(plan.count) * (costs.point + costs.archive), efficiency: 1, coordinatorLoad: 0, chunks: 0)
        }
        var state = State(plan: plan, costs: costs, layout: layout, work: work, teams: Teams(plan, layout.subCoordinators > 0 ? nil : sharing))
        state.run()
        let makespan = costs.start + state.end + Double(plan.count) * (layout.subCoordinators > 0 ? 0 : costs.archive)
        return Result(workers: layout.workers, subCoordinators: layout.subCoordinators, makespan: makespan,
                      efficiency: state.busy / (Double(layout.workers) * (costs.start + state.end)), coordinatorLoad: state.coordinatorBusy.max().map { $0 / max(state.end, 1e-9) } ?? 0, chunks: state.chunks)
    }

    private struct Event {
        let time: Double
        /// A worker that ends its chunk, or a coordinator (negative) whose turn comes.
        let who: Int
    }

    private struct State {
        let plan: RunPlan
        let costs: Costs
        let layout: Layout
        let work: WorkList
        let teams: Teams
        let pace: Pace
        let topPace: Pace
        let desks: Int
        var queues: [WorkQueue]
        var toCome: [Double]
        /// [desk]: workers whose messages lie there, with what they bring.
        var inbox: [[(worker: Int, records: Int, messages: Int)]]
        var hasTurn: [Bool]
        var coordinatorBusy: [Double]
        /// When the top coordinator is free again.
        var topFree = 0.0
        /// [worker]: duration and records of the chunk at work, of the one ready.
        var current: [(seconds: Double, records: Int)?]
        var ready: [(seconds: Double, records: Int)?]
        var wants: [Int]
        /// [desk]: workers without work, and those without a reserve.
        var idle: [[Int]]
        var unreserved: [[Int]]
        var heap = Heap()
        var busy = 0.0, end = 0.0, chunks = 0
        var random: UInt64 = 0x9E37_79B9_7F4A_7C15

        init(plan: RunPlan, costs: Costs, layout: Layout, work: WorkList, teams: Teams) {
            self.plan = plan
            self.costs = costs
            self.layout = layout
            self.work = work
            self.teams = teams
            desks = max(1, layout.subCoordinators)
            let perDesk = (layout.workers + desks - 1) / desks
            // At most about 2e6 chunks: beyond that they only tell the same again.
            let chunks = max(work.remainingSeconds / Pace.longestChunk, Double(plan.count) / Double(Pace.greatestChunk))
            pace = Pace(children: perDesk, workersPerChild: 1, stretch: max(1, chunks / 2e6))
            topPace = layout.pace(of: 0)
            queues = (0..<desks).map { _ in WorkQueue(plan) }
            toCome = [Double](repeating: 0, count: desks)
            inbox = [[(Int, Int, Int)]](repeating: [], count: desks)
            hasTurn = [Bool](repeating: false, count: desks)
            coordinatorBusy = [Double](repeating: 0, count: desks + 1)
            current = [(Double, Int)?](repeating: nil, count: layout.workers)
            ready = [(Double, Int)?](repeating: nil, count: layout.workers)
            wants = [Int](repeating: 0, count: layout.workers)
            idle = [[Int]](repeating: [], count: desks)
            unreserved = [[Int]](repeating: [], count: desks)
        }

        mutating func run() {
            for worker in 0..<layout.workers {
                wants[worker] = 2
                deliver(worker, records: 0, messages: 1, at: 0)
            }
            while let event = heap.pop() {
                end = max(end, event.time)
                if event.who < 0 { turn(-1 - event.who, at: event.time) } else { finish(event.who, at: event.time) }
            }
        }

        private func desk(of worker: Int) -> Int { worker % desks }

        private mutating func deliver(_ worker: Int, records: Int, messages: Int, at time: Double) {
            let desk = desk(of: worker)
            inbox[desk].append((worker, records, messages))
            if !hasTurn[desk] {
                hasTurn[desk] = true
                heap.push(Event(time: time + costs.latency, who: -1 - desk))
            }
        }

        private mutating func finish(_ worker: Int, at time: Double) {
            guard let done = current[worker] else { return }
            wants[worker] += 1
            current[worker] = ready[worker]
            ready[worker] = nil
            if let next = current[worker] { heap.push(Event(time: time + next.seconds, who: worker)) }
            deliver(worker, records: done.records, messages: 1 + Int(done.seconds / 0.2), at: time)
        }

        /// One turn of a coordinator: all that lies there, one commit, answers.
        private mutating func turn(_ desk: Int, at time: Double) {
            hasTurn[desk] = false
            let heard = inbox[desk]
            inbox[desk] = []
            if heard.isEmpty { return }
            var seconds = costs.commit
            for (worker, records, messages) in heard {
                seconds += Double(messages) * costs.message + Double(records) * costs.record
                if current[worker] == nil { idle[desk].append(worker) } else { unreserved[desk].append(worker) }
            }
            let until = time + seconds
            coordinatorBusy[desk] += seconds
            refill(desk, at: until)
            assign(desk, at: until + costs.latency)
            // Everything that came meanwhile waits for the next turn.
            hasTurn[desk] = true
            heap.push(Event(time: until, who: -1 - desk))
            if inbox[desk].isEmpty { end = max(end, until) }
        }

        private mutating func refill(_ desk: Int, at time: Double) {
            guard layout.subCoordinators > 0, !work.isEmpty else { return }
            let workers = Double(layout.workers) / Double(desks)
            guard queues[desk].remainingSeconds < max(0.25 * workers, topPace.chunkSeconds(remaining: work.remainingSeconds) / 2) else { return }
            let spans = work.next(seconds: topPace.chunkSeconds(remaining: work.remainingSeconds), limit: .max)
            queues[desk].append(spans)
            toCome[desk] = work.remainingSeconds / Double(desks)
            topFree = max(topFree, time) + costs.message
            coordinatorBusy[desks] += costs.message
        }

        /// Work for one rank; what is to be shared is put aside (there are no sub-coordinators then).
        private mutating func next(_ desk: Int, _ seconds: Double) -> [WorkSpan] {
            if layout.subCoordinators > 0 { return queues[desk].next(seconds: seconds, limit: pace.itemLimit) }
            while true {
                let spans = work.next(seconds: seconds, limit: pace.itemLimit)
                if spans.isEmpty { return [] }
                let own = teams.sort(spans)
                if !own.isEmpty { return own }
            }
        }

        /// Workers that share points begin together; false: too few are idle, and these wait.
        private mutating func makeTeams(_ desk: Int, at time: Double) -> Bool {
            while let task = teams.next {
                idle[desk].removeAll { current[$0] != nil }
                guard idle[desk].count >= task.size else { return false }
                teams.removeNext()
                let records = task.spans.reduce(0) { $0 + plan.itemCount($1) }
                let pure = task.spans.reduce(0) { $0 + plan.sharedSeconds($1, ranks: task.size) } * spreadFactor(records)
                for place in 0..<task.size {
                    let worker = idle[desk].removeLast()
                    wants[worker] -= 1
                    current[worker] = (pure, place == 0 ? records : 0)
                    busy += pure
                    heap.push(Event(time: time + pure, who: worker))
                }
                chunks += task.size
            }
            return true
        }

        private var lastChunk = 0.0

        /// First everyone gets a chunk, then those who are quick a second: as `Coordinator.assign`.
        private mutating func assign(_ desk: Int, at time: Double) {
            guard makeTeams(desk, at: time) else { return }
            while let worker = idle[desk].popLast() {
                guard current[worker] == nil else { unreserved[desk].append(worker); continue }
                guard give(desk, worker, at: time, reserve: false) else {
                    idle[desk].append(worker)
                    _ = makeTeams(desk, at: time)
                    return
                }
                // Points to be shared may have turned up.
                guard makeTeams(desk, at: time) else { return }
                if wants[worker] > 0 { unreserved[desk].append(worker) }
            }
            while let worker = unreserved[desk].popLast() {
                guard wants[worker] > 0, ready[worker] == nil else { continue }
                guard give(desk, worker, at: time, reserve: current[worker] != nil) else { unreserved[desk].append(worker); return }
            }
        }

        private mutating func give(_ desk: Int, _ worker: Int, at time: Double, reserve: Bool) -> Bool {
            let remaining = layout.subCoordinators > 0 ? queues[desk].remainingSeconds + toCome[desk] : work.remainingSeconds
            let target = pace.chunkSeconds(remaining: remaining)
            if reserve, !pace.prefetches(remaining: remaining, chunkSeconds: max(target, lastChunk)) { return false }
            let spans = next(desk, target)
            if spans.isEmpty { return false }
            wants[worker] -= 1
            chunks += 1
            let expected = spans.reduce(0) { $0 + plan.seconds($1) }, records = spans.reduce(0) { $0 + plan.itemCount($1) }
            lastChunk = expected
            let pure = expected * spreadFactor(records), duration = pure + Double(records) * costs.point
            busy += pure
            if reserve { ready[worker] = (duration, records) } else {
                current[worker] = (duration, records)
                heap.push(Event(time: time + duration, who: worker))
            }
            return true
        }

        /// Mean of `records` lognormal durations of mean one, about: normal with the variance divided by their number.
        private mutating func spreadFactor(_ records: Int) -> Double {
            var sum = 0.0
            for _ in 0..<4 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                sum += Double(random >> 11) * 0x1p-53 - 0.5
            }
            return max(0.1, 1 + costs.spread * sum * 3.0.squareRoot() / Double(max(1, records)).squareRoot())
        }
    }

    /// Events by time, the earliest first.
    private struct Heap {
        private var events: [Event] = []

        mutating func push(_ event: Event) {
            events.append(event)
            var child = events.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard events[child].time < events[parent].time else { break }
                events.swapAt(child, parent)
                child = parent
            }
        }

        mutating func pop() -> Event? {
            guard let first = events.first, let last = events.popLast() else { return nil }
            if events.isEmpty { return first }
            events[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < events.count && events[child].time < events[least].time { least = child }
                if least == parent { return first }
                events.swapAt(parent, least)
                parent = least
            }
        }
    }
}
