import Foundation
import Studies

/// What `plan` says of a job: how long, on how many ranks, with how much memory.
public struct Forecast {
    public let plan: RunPlan
    public init(_ plan: RunPlan) { self.plan = plan }

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
    /// - Parameter subCoordinators: nil: as many as the run would take.
    public func line(ranks: Int, subCoordinators: Int? = nil) -> Line {
        let result = Simulation(plan: plan).run(ranks: ranks, work: WorkList(plan), subCoordinators: subCoordinators)
        return Line(ranks: ranks, workers: result.workers, subCoordinators: result.subCoordinators, seconds: result.makespan, efficiency: result.efficiency,
                    coordinatorLoad: result.coordinatorLoad, chunks: result.chunks)
    }

    /// Bytes of a worker that has a point of the most expensive kind.
    public var bytesPerWorker: Double { Allocation.bytesPerRank + plan.greatestBytes }

    /// Records, memory and time by class of cost: (study, N, records, bytes, seconds in all).
    public struct Row: Sendable {
        public let spinCount: Int
        public let records: Int
        public let bytes: Double
        public let seconds: Double
    }

    /// - Parameter study: index among the plan's studies.
    public func rows(study: Int) -> [Row] {
        guard let part = plan.parts.first(where: { $0.studies.contains(study) }), let bit = part.studies.firstIndex(of: study) else { return [] }
        var byCount: [Int: Row] = [:]
        for costClass in part.classes {
            let n = part.spinAxis.map { Int(part.grid.value(ofAxis: $0, at: costClass.gridIndex(0))) } ?? 0
            let before = byCount[n]
            byCount[n] = Row(spinCount: n, records: (before?.records ?? 0) + costClass.count, bytes: max(before?.bytes ?? 0, plan.bytes(costClass, in: part)),
                             seconds: (before?.seconds ?? 0) + costClass.seconds[bit] * Double(costClass.count))
        }
        return byCount.values.sorted { $0.spinCount < $1.spinCount }
    }
}
