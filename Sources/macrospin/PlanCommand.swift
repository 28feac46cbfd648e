import Foundation
import Studies
import Sweep

enum PlanCommand: Command {
    static let name = "plan"
    static let usage = "JOB [--ranks P]"
    static let summary = "tell what a job would compute: records, memory and time, on how many ranks"
    static let options = [
        OptionDescription("ranks", "n", value: "P|auto", help: "MPI processes, the coordinator included (default: 1, 2, 4, … to cores + 1)"),
        OptionDescription("memory-per-rank", value: "GB", help: "what a point may take on one rank; larger ones are shared by several (default: what there is)"),
        OptionDescription("coordinators", value: "COUNT", help: "sub-coordinators (default: what the size calls for)"),
    ]
    static let examples = ["macrospin plan jobs/quick-start.yaml", "macrospin plan jobs/bistable-transition.yaml --ranks 1000"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let job = try Job.load(path: try single(arguments, "job file")), allocation = Allocation.current()
        Console.out("\(job.title)\n\(job.grid.count) grid points over " + job.grid.axes.map { "\($0.name) (\($0.values.count))" }.joined(separator: " × "))
        if let rule = job.refinement {
            let coarse = job.grid.axis(named: rule.axis)?.values.count ?? 1
            Console.out("refined: at most \(rule.limit) points more on each line of \(coarse) values of \(rule.axis), until \(CanonicalNumber.string(rule.until)) apart (" + rule.targets.map { "\($0.feature.rawValue) of \($0.output)" }.joined(separator: ", ") + "); below without them")
        }
        let plan = JobRun.plan(job), asked = try RunCommand.ranks(arguments, allocation), granted = try RunCommand.perWorker(arguments)
        // Ranks that were asked for on some other machine are not judged by this one.
        let workers = max(1, (asked ?? allocation.cores + 1) - 1), here = min(workers, max(1, allocation.cores))
        let forecast = Forecast(plan, workers: workers, bytesPerWorker: granted ?? allocation.bytesPerWorker(here))
        for (number, entry) in job.entries.enumerated() {
            Console.out("\n\(entry.name)" + (entry.study.axes.isEmpty ? "" : " over \(entry.study.axes.joined(separator: ", "))"))
            print(forecast.rows(study: number), constantSpinCount: Int(job.constants["N"] ?? 0))
        }
        Console.out("\nexpected on one core: \(duration(plan.expectedSeconds)); memory of a worker: \(memory(forecast.bytesPerWorker))")
        let subs = try count(arguments, "coordinators", 0...999)
        Console.out("    ranks    workers  sub-coordinators       expected   efficiency   coordinator busy     memory")
        var all: [Int] = []
        if let asked { all = [asked] } else {
            all = [1]
            var workers = 1
            while workers < allocation.cores { all.append(workers + 1); workers *= 2 }
            all.append(allocation.cores + 1)
        }
        for ranks in all {
            if let subs, subs > 0, ranks - 1 - subs < 2 * subs { throw InputError("macrospin plan: \(ranks) ranks are too few for \(subs) sub-coordinators", hint: "at least two workers each: \(1 + 3 * subs) ranks") }
            let each = granted ?? allocation.bytesPerWorker(min(max(1, ranks - 1), max(1, allocation.cores)))
            let line = forecast.line(ranks: ranks, subCoordinators: subs, bytesPerWorker: each)
            Console.out(String(format: "%9d %10d %17d %14@ %10.1f %% %16.1f %% %@", ranks, line.workers, line.subCoordinators, duration(line.seconds) as NSString,
                               100 * line.efficiency, 100 * line.coordinatorLoad, padded(memory(Double(line.workers) * forecast.bytesPerWorker)) as NSString))
        }
        try allocation.check(plan, workers: min(max(1, (asked ?? 2) - 1), max(1, allocation.cores)), perWorker: granted)
        let cores = "\(allocation.source): \(allocation.cores) core\(allocation.cores == 1 ? "" : "s")" + (allocation.nodes > 1 ? " on \(allocation.nodes) nodes" : "")
        let free = allocation.bytesPerNode.map { String(format: ", %.1f GB of memory free a node", $0 / 1e9) } ?? ""
        let impossible = forecast.impossibleCount
        Console.out(cores + free + (impossible > 0 ? ": \(impossible) record\(impossible == 1 ? "" : "s") would fail" : free.isEmpty ? "" : ": it fits"))
        return impossible > 0 ? .failedPoints : .done
    }

    /// One line an N; of points that consist of large matrices, what these are and how many ranks share them.
    private static func print(_ rows: [Forecast.Row], constantSpinCount: Int) {
        let isShared = rows.contains { $0.workload != nil || $0.ranks != 1 }
        Console.out("        N    records     memory  time a record        total" + (isShared ? "   ranks      flops   sectors" : ""))
        for row in rows {
            let n = row.spinCount > 0 ? row.spinCount : constantSpinCount
            var line = String(format: "%9d %10d %@ %12.3g s %12@", n, row.records, padded(memory(row.bytes)) as NSString, row.seconds / Double(row.records), duration(row.seconds) as NSString)
            if isShared { line += String(format: " %7d ", row.ranks) + (row.workload.map { String(format: "%10.2g   ", $0.flops) + sectors($0.sectors) } ?? "         –") }
            Console.out(line)
            if let refusal = row.refusal { Console.out("          cannot be computed here: \(refusal)") }
        }
    }

    /// Sizes, those that stand many times once.
    private static func sectors(_ sizes: [Int]) -> String {
        var groups: [(size: Int, count: Int)] = []
        for size in sizes { if groups.last?.size == size { groups[groups.count - 1].count += 1 } else { groups.append((size, 1)) } }
        let words = groups.map { $0.count == 1 ? "\($0.size)" : "\($0.count) × \($0.size)" }
        return words.count <= 6 ? words.joined(separator: " + ") : words.prefix(4).joined(separator: " + ") + " + … (\(sizes.count) sectors)"
    }

    private static func memory(_ bytes: Double) -> String {
        bytes < 0.9995e9 ? String(format: "%.0f MB", bytes / 1e6) : String(format: bytes < 9.995e9 ? "%.2f GB" : "%.1f GB", bytes / 1e9)
    }

    /// Foundation ignores the width of %@ here.
    private static func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 10 - text.count)) + text }

    static func duration(_ seconds: Double) -> String {
        if seconds < 120 { return String(format: "%.3g s", seconds) }
        if seconds < 7200 { return String(format: "%.0f min", seconds / 60) }
        return seconds < 172_800 ? String(format: "%.1f h", seconds / 3600) : String(format: "%.1f days", seconds / 86_400)
    }
}
