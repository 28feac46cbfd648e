import LinearAlgebra
import MessagePassing

/// What a point asks of the machine: for `plan`.
public struct Workload: Sendable {
    /// Unknowns of each symmetry sector, largest first.
    public var sectors: [Int]
    /// Floating-point operations.
    public var flops: Double
    public init(sectors: [Int], flops: Double) {
        self.sectors = sectors.sorted(by: >)
        self.flops = flops
    }
}

extension Study {
    /// Whether so many ranks can share a point.
    public static func canShare(among ranks: Int) -> Bool { ProcessGroup.isUsable(ranks) }
}

extension StudyContext {
    /// Runs `body` with other ranks to share its points with; this one is the leader, the others are in `serve`.
    public func shared<Result>(with communicator: GroupCommunicator, _ body: () throws -> Result) rethrows -> Result {
        forget()
        let group = ProcessGroup(communicator)
        (self.group, spectrumSolver) = (group, group)
        defer {
            (self.group, spectrumSolver) = (nil, nil)
            group.close()
        }
        return try body()
    }

    /// Works for the leader of a group until it lets this rank go.
    public func serve(_ communicator: GroupCommunicator) {
        forget()
        ProcessGroup(communicator).serve()
    }
}
