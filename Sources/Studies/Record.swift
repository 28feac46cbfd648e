/// What one study returns for one point. Outputs that are missing are NaN in the archive.
public struct Record: Equatable, Sendable {
    public var status: Status
    /// Why the status is not `ok`, in words for the user; empty when it is.
    public var reason: String
    public var outputs: [String: OutputArray]
    /// Wall-clock seconds that the computation took. No part of the result: two records that differ only here agree.
    public var seconds: Double

    public init(status: Status, reason: String = "", outputs: [String: OutputArray] = [:], seconds: Double = 0) {
        self.status = status
        self.reason = reason
        self.outputs = outputs
        self.seconds = seconds
    }

    /// Same status, reason and bits (NaN equals NaN), whatever the time taken.
    public func agrees(with other: Record) -> Bool {
        guard status == other.status, reason == other.reason, outputs.count == other.outputs.count else { return false }
        return outputs.allSatisfy { name, mine in
            guard let theirs = other.outputs[name] else { return false }
            return mine.shape == theirs.shape && mine.isComplex == theirs.isComplex
                && zip(mine.data, theirs.data).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        }
    }
}
