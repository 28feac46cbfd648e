import Foundation
import MessagePassing
import Studies

/// What this process may use: cores and memory, of a Slurm allocation or of the machine.
public struct Allocation: Sendable {
    /// Cores for ranks, over all nodes.
    public let cores: Int
    public let nodes: Int
    /// Bytes on each node; nil: unknown.
    public let bytesPerNode: Double?
    /// Where the figures come from: `this machine`, `Slurm job 12`.
    public let source: String

    public init(cores: Int, nodes: Int, bytesPerNode: Double?, source: String) {
        self.cores = cores
        self.nodes = nodes
        self.bytesPerNode = bytesPerNode
        self.source = source
    }

    public static func current(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Allocation {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        let here = ChildProcess.availableCores
        if let job = environment["SLURM_JOB_ID"] {
            let nodes = number("SLURM_JOB_NUM_NODES") ?? number("SLURM_NNODES") ?? 1
            let perNode = number("SLURM_CPUS_ON_NODE") ?? here
            let tasks = number("SLURM_NTASKS") ?? perNode * nodes
            let megabytes = number("SLURM_MEM_PER_NODE").map(Double.init) ?? number("SLURM_MEM_PER_CPU").map { Double($0 * perNode) }
            return Allocation(cores: tasks, nodes: nodes, bytesPerNode: megabytes.map { $0 * 1_048_576 } ?? availableBytes(), source: "Slurm job \(job)")
        }
        return Allocation(cores: here, nodes: 1, bytesPerNode: availableBytes(), source: "this machine")
    }

    /// The least of what the kernel calls available and what the control group still allows.
    private static func availableBytes() -> Double? {
        var found: Double?
        if let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8), let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
           let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) { found = kilobytes * 1024 }
        func value(_ path: String) -> Double? { (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) } }
        for (limit, usage) in [("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")] {
            guard let most = value("/sys/fs/cgroup/\(limit)"), let used = value("/sys/fs/cgroup/\(usage)") else { continue }
            found = min(found ?? .infinity, max(0, most - used))
        }
        return found
    }

    /// What a process takes that runs a job by itself, the archive's writer included; a mere worker takes half of it.
    public static let bytesPerRank = 6e7

    private func workersPerNode(_ workers: Int, _ onThisNode: Int?) -> Int { max(1, min(workers, onThisNode ?? (workers + nodes - 1) / nodes)) }

    /// Bytes that a point may take on a worker; nil: unknown.
    /// - Parameter onThisNode: ranks here, if the launcher says so; else workers are taken to be spread evenly.
    public func bytesPerWorker(_ workers: Int, onThisNode: Int? = nil) -> Double? {
        bytesPerNode.map { max(0, ($0 - Self.bytesPerRank) / Double(workersPerNode(workers, onThisNode)) - Self.bytesPerRank) }
    }

    /// Memory that the busiest node needs, when every worker there has a point of the most expensive kind.
    /// - Parameter perWorker: bytes that a point may take on a worker before it is shared; nil: what there is.
    public func bytesNeeded(_ plan: RunPlan, workers: Int, onThisNode: Int? = nil, perWorker: Double? = nil) -> Double {
        let policy = SharingPolicy(workers: workers, bytesPerWorker: perWorker ?? bytesPerWorker(workers, onThisNode: onThisNode))
        let points = Double(plan.count) / 8                      // one bit a record, on rank 0
        return Double(workersPerNode(workers, onThisNode)) * (Self.bytesPerRank + plan.greatestBytes(policy)) + Self.bytesPerRank + points
    }

    /// - Throws: `InputError` if the run cannot fit.
    public func check(_ plan: RunPlan, workers: Int, onThisNode: Int? = nil, perWorker: Double? = nil) throws {
        guard let most = bytesPerNode else { return }
        let needed = bytesNeeded(plan, workers: workers, onThisNode: onThisNode, perWorker: perWorker)
        guard needed > most else { return }
        let point = plan.greatestBytes(SharingPolicy(workers: workers, bytesPerWorker: perWorker ?? bytesPerWorker(workers, onThisNode: onThisNode)))
        let fitting = Int((most - Self.bytesPerRank) / (Self.bytesPerRank + point)) * nodes
        func gigabytes(_ bytes: Double) -> String { String(format: "%.1f GB", bytes / 1e9) }
        throw InputError("\(plan.title): needs \(gigabytes(needed)) a node with \(workers) worker\(workers == 1 ? "" : "s"), this allocation has \(gigabytes(most)) (\(source))",
                         hint: fitting >= 1 ? "\(fitting) worker\(fitting == 1 ? "" : "s") would fit: --ranks \(fitting + 1); or ask for more memory, or --ignore-memory"
                             : "one point alone needs \(gigabytes(point)): take smaller N, or --ignore-memory")
    }
}
