import Foundation

/// The batch job that a process runs in, or one that is asked about.
public struct SlurmJob: Sendable, Equatable {
    /// As squeue names it: 12, or 12_3 for a task of an array.
    public let identifier: String

    public init(_ identifier: String) { self.identifier = identifier }

    /// The job around this process; nil: there is none.
    public static var current: SlurmJob? {
        let environment = ProcessInfo.processInfo.environment
        if let array = environment["SLURM_ARRAY_JOB_ID"], let task = environment["SLURM_ARRAY_TASK_ID"] { return SlurmJob("\(array)_\(task)") }
        return environment["SLURM_JOB_ID"].map { SlurmJob($0) }
    }

    /// What Slurm says of it: `RUNNING, 0:40 of 1:00:00`; nil: nothing (no Slurm here, or it is long forgotten).
    public var state: String? {
        guard let text = Shell.output(["squeue", "--noheader", "--states=all", "--jobs=\(identifier)", "--format=%i|%T|%r|%M|%l|%S|%N"]) else { return nil }
        let lines = text.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }.filter { $0.count == 7 }
        if lines.isEmpty { return nil }
        return lines.map { fields in
            var words = "\(fields[1].lowercased())"
            switch fields[1] {
            case "PENDING": words += " (\(fields[2]))" + (fields[5].isEmpty || fields[5] == "N/A" ? "" : ", expected to start \(fields[5])")
            case "RUNNING": words += ", \(fields[3]) of \(fields[4])" + (fields[6].isEmpty ? "" : " on \(fields[6])")
            default: words += fields[2] == "None" || fields[2].isEmpty ? "" : " (\(fields[2]))"
            }
            return lines.count > 1 ? "\(fields[0]) \(words)" : words
        }.joined(separator: "; ")
    }
}
