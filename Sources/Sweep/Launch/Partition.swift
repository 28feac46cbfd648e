import Foundation
import Studies

/// Part of a cluster, as sinfo tells.
public struct Partition: Sendable, Equatable {
    public var name: String
    public var cores: Int?
    public var megabytesPerNode: Int?
    /// Greatest time of a job; nil: no limit.
    public var seconds: Double?

    public init(name: String, cores: Int?, megabytesPerNode: Int?, seconds: Double?) {
        self.name = name
        self.cores = cores
        self.megabytesPerNode = megabytesPerNode
        self.seconds = seconds
    }

    /// The partition of that name, or the cluster's default; nil: there is no Slurm here.
    /// - Throws: `InputError` for a name that Slurm does not know.
    public static func find(_ name: String?) throws -> Partition? {
        guard let text = Shell.output(["sinfo", "--noheader", "--format=%P|%c|%m|%l|%D"]) else { return nil }
        let rows = text.split(separator: "\n").map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }.filter { $0.count == 5 }
        let names = rows.map { $0[0].hasSuffix("*") ? String($0[0].dropLast()) : $0[0] }
        let wanted = name?.split(separator: ",").map(String.init)
        if let missing = wanted?.first(where: { !names.contains($0) }) {
            throw InputError("macrospin submit: Slurm has no partition \(missing)", hint: "it has \(Array(Set(names)).sorted().joined(separator: ", "))")
        }
        // One line a kind of node.
        let mine = zip(names, rows).filter { name, row in wanted?.contains(name) ?? row[0].hasSuffix("*") }
        guard let first = mine.first else { return nil }
        func number(_ text: String) -> Int? { Int(text.prefix { $0.isASCII && $0.isNumber }) }
        let cores = mine.reduce(0) { $0 + (number($1.1[1]) ?? 0) * (number($1.1[4]) ?? 0) }
        return Partition(name: first.0, cores: cores > 0 ? cores : nil, megabytesPerNode: mine.compactMap { number($0.1[2]) }.max(),
                         seconds: mine.compactMap { TimeLimit.seconds(slurm: $0.1[3]) }.max())
    }
}
