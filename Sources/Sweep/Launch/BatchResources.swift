import Foundation
import Studies

/// What a batch job asks for, from what the plan expects.
public struct BatchResources: Sendable, Equatable {
    /// MPI processes, the coordinator included; 1: one process.
    public var ranks: Int
    public var megabytesPerCore: Int
    /// Of the batch job.
    public var seconds: Double
    /// What the run is expected to take.
    public var expectedSeconds: Double
    /// What its longest point is expected to take: more than the time limit, and it will never end.
    public let longestPointSeconds: Double

    /// Forecasts of time and memory are good to a factor of 1.5 for most models (`docs/performance.md`).
    static let margin = 1.5

    /// - Parameters:
    ///   - ranks: nil: the fewest that finish within an hour, as long as they are half busy.
    ///   - bytesPerWorker: what a point may take on a rank before it is shared; nil: whatever it needs.
    ///   - seconds: nil: with a margin what the run takes, or the partition's limit.
    /// - Throws: `InputError` where no node of the partition has the memory.
    public init(_ plan: RunPlan, ranks: Int?, bytesPerWorker: Double?, seconds: Double?, partition: Partition?) throws {
        let target = 3600.0
        longestPointSeconds = plan.longestPointSeconds
        func line(_ ranks: Int) -> Forecast.Line { Forecast(plan, workers: max(1, ranks - 1), bytesPerWorker: bytesPerWorker).line(ranks: ranks) }
        if let ranks {
            self.ranks = ranks
            expectedSeconds = line(ranks).seconds
        } else {
            let most = partition?.cores ?? 129
            var best = (ranks: 1, seconds: line(1).seconds)
            for count in [3, 5, 9, 17, 33, 65, 129, 257, 513, 1025] where count <= most && best.seconds > target {
                let line = line(count)
                if line.efficiency < 0.5, line.seconds > target { break }
                if line.seconds < 0.9 * best.seconds { best = (count, line.seconds) }
            }
            (self.ranks, expectedSeconds) = best
        }
        let workers = max(1, self.ranks - 1)
        let point = Forecast(plan, workers: workers, bytesPerWorker: bytesPerWorker).bytesPerWorker
        let wanted = Self.margin * (point + Allocation.bytesPerRank) + Double(plan.count) / 8
        megabytesPerCore = Int((wanted / 52_428_800).rounded(.up)) * 50
        if let partition, let most = partition.megabytesPerNode, megabytesPerCore > most {
            let need = Int((point / 1_048_576).rounded(.up))
            guard need <= most else {
                throw InputError("\(plan.title): a point needs \(need) MB, the nodes of partition \(partition.name) have \(most) MB",
                                 hint: "share large points: --memory-per-rank \(String(format: "%.1f", 0.8 * Double(most) / 1000)) --ranks P; or name another --partition")
            }
            megabytesPerCore = most
        }
        let own = 60 * ((Self.margin * expectedSeconds + 600) / 60).rounded(.up)
        self.seconds = seconds ?? min(own, partition?.seconds ?? .infinity)
    }
}
