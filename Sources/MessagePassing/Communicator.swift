/// A message as it came: whoever sends knows how to pack, whoever receives how to unpack.
public struct Message: Sendable {
    public let source: Int
    public let bytes: [UInt8]
    public init(source: Int, bytes: [UInt8]) {
        self.source = source
        self.bytes = bytes
    }
}

/// Ranks that send each other messages. Messages from one rank to another arrive in the order they were sent.
///
/// Waiting sleeps: a rank with nothing to do leaves its core to others.
public protocol Communicator: AnyObject {
    var rank: Int { get }
    var size: Int { get }
    /// Returns at once; the bytes are kept until they have left.
    func send(_ bytes: [UInt8], to rank: Int)
    /// The next message from anyone; nil if none came within `seconds`. Zero: only looks.
    func receive(within seconds: Double) -> Message?
    /// Waits until all that was sent has left; false if that took longer than `seconds`.
    @discardableResult func drain(within seconds: Double) -> Bool
    /// Ends every rank, this one included.
    func abort(code: Int32) -> Never
}

/// Greatest message: counts in MPI are 32 bits wide.
public let greatestMessage = 1 << 30
