import Foundation
import Studies

/// What `plan` says of a job: how long, on how many ranks, with how much memory.
public struct Forecast {
    public let plan: RunPlan
    private let policy: SharingPolicy

    /// - Parameters:
    ///   - workers: ranks that compute, to share large points among.
    ///   - bytesPerWorker: what a point may take on each; nil: whatever it needs.
    public init(_ plan: RunPlan, workers: Int = 1, bytesPerWorker: Double? = nil) {
        self.plan = plan
        policy = SharingPolicy(workers: workers, bytesPerWorker: bytesPerWorker)
    }

    public struct Line: Sendable {
        public let ranks: Int
        public let workers: Int
        public let subCoordinators: Int
        public let seconds: Double
        /// Of the workers' time, the share spent on points.
        public let efficiency: Double
        /// Share of the time that the busiest coordinator works.
        public let coordinatorLoad: Double
        public let chunks: Int
    }

    /// Simulates the run with the coordinator's own scheduling.
    /// - Parameters:
    ///   - subCoordinators: nil: as many as the run would take.
    ///   - bytesPerWorker: what a point may take on each of so many ranks; nil: as the forecast was told.
    public func line(ranks: Int, subCoordinators: Int? = nil, bytesPerWorker: Double? = nil) -> Line {
        let result = Simulation(plan: plan, bytesPerWorker: bytesPerWorker ?? policy.bytesPerWorker).run(ranks: ranks, work: WorkList(plan), subCoordinators: subCoordinators)
        return Line(ranks: ranks, workers: result.workers, subCoordinators: result.subCoordinators, seconds: result.makespan, efficiency: result.efficiency,
                    coordinatorLoad: result.coordinatorLoad, chunks: result.chunks)
    }

    /// Records that no number of the ranks there could compute.
    public var impossibleCount: Int { SharingTable(plan, policy).impossibleCount(plan) }

    /// Bytes of a worker that has a point of the most expensive kind.
    public var bytesPerWorker: Double { Allocation.bytesPerRank + plan.greatestBytes(policy) }

    /// Records, memory and time by class of cost: (study, N, records, bytes, seconds in all).
    public struct Row: Sendable {
        public let spinCount: Int
        public let records: Int
        /// On each of `ranks`.
        public let bytes: Double
        public let seconds: Double
        /// Ranks that share a point; 0: no number of ranks here can compute it.
        public let ranks: Int
        /// Why it cannot be computed.
        public let refusal: String?
        public let workload: Workload?
    }

    /// - Parameter study: index among the plan's studies.
    public func rows(study: Int) -> [Row] {
        guard let part = plan.parts.first(where: { $0.studies.contains(study) }), let bit = part.studies.firstIndex(of: study) else { return [] }
        var byCount: [Int: Row] = [:]
        for costClass in part.classes {
            let point = part.grid[costClass.gridIndex(0)], n = part.spinAxis.map { Int(part.grid.value(ofAxis: $0, at: costClass.gridIndex(0))) } ?? 0
            let before = byCount[n]
            var bytes = plan.bytes(costClass, in: part), ranks = 1, refusal: String?
            var seconds = costClass.seconds[bit]
            switch plan.decisions(costClass, in: part, policy)[bit] {
            case .alone: break
            case .group(let count, let each):
                (bytes, ranks) = (each, count)
                seconds = plan.studies[study].sharedSeconds(at: point, ranks: count) ?? seconds
            case .impossible(let reason): (ranks, refusal) = (0, reason)
            }
            byCount[n] = Row(spinCount: n, records: (before?.records ?? 0) + costClass.count, bytes: max(before?.bytes ?? 0, bytes),
                             seconds: (before?.seconds ?? 0) + seconds * Double(costClass.count), ranks: max(before?.ranks ?? 0, ranks), refusal: before?.refusal ?? refusal,
                             workload: plan.studies[study].workload(at: point))
        }
        return byCount.values.sorted { $0.spinCount < $1.spinCount }
    }
}
