import CMPI
import Glibc

/// MPI_COMM_WORLD. For the main thread only.
public final class MPICommunicator: Communicator {
    public let rank: Int
    public let size: Int
    private let world = cmpi_comm_world()
    private var outgoing: [Outgoing] = []
    /// Messages that are on their way in, in the order in which they were found.
    private var incoming: [Incoming] = []
    private static let tag: Int32 = 1

    /// Longest sleep between two looks at the network. A look takes about 10 µs: under 1 % of a core.
    private static let longestSleep: UInt32 = 2000

    private struct Outgoing {
        var request: CMPIRequest
        let bytes: UnsafeMutableBufferPointer<UInt8>
    }

    private struct Incoming {
        var request: CMPIRequest
        let source: Int
        let bytes: UnsafeMutableBufferPointer<UInt8>
    }

    public init() {
        MPIRuntime.ensureInitialized()
        var rank: Int32 = 0, size: Int32 = 0
        MPI_Comm_rank(world, &rank)
        MPI_Comm_size(world, &size)
        self.rank = Int(rank)
        self.size = Int(size)
    }

    public func send(_ bytes: [UInt8], to rank: Int) {
        precondition(bytes.count <= greatestMessage)
        progress()
        let kept = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        _ = kept.initialize(from: bytes)
        var request = CMPIRequest(handle: cmpi_request_null())
        MPI_Isend(kept.baseAddress, Int32(bytes.count), cmpi_byte(), Int32(rank), Self.tag, world, &request.handle)
        outgoing.append(Outgoing(request: request, bytes: kept))
    }

    public func receive(within seconds: Double) -> Message? {
        if let message = look() { return message }
        if seconds <= 0 { return nil }
        let clock = ContinuousClock(), end = clock.now + .seconds(seconds)
        // Open MPI would spin; short sleeps first, since an answer is often near.
        var pause: UInt32 = 20
        while true {
            usleep(pause)
            if let message = look() { return message }
            if clock.now >= end { return nil }
            pause = min(2 * pause, Self.longestSleep)
        }
    }

    private func look() -> Message? {
        progress()
        var found: Int32 = 0, status = MPI_Status(), message = cmpi_message_null()
        MPI_Improbe(MPI_ANY_SOURCE, Self.tag, world, &found, &message, &status)
        if found != 0 {
            var count: Int32 = 0, request = CMPIRequest(handle: cmpi_request_null())
            MPI_Get_count(&status, cmpi_byte(), &count)
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, Int(count)))
            MPI_Imrecv(buffer.baseAddress, count, cmpi_byte(), &message, &request.handle)
            incoming.append(Incoming(request: request, source: Int(status.MPI_SOURCE), bytes: UnsafeMutableBufferPointer(rebasing: buffer[..<Int(count)])))
        }
        return firstComplete()
    }

    /// A large message comes only as its sender looks at the network, and that may be hours away: others go first, but none
    /// overtakes another of the same rank.
    private func firstComplete() -> Message? {
        var waiting: Set<Int> = []
        for place in incoming.indices where !waiting.contains(incoming[place].source) {
            var request = incoming[place].request, isDone: Int32 = 0
            MPI_Test(&request.handle, &isDone, cmpi_status_ignore())
            incoming[place].request = request
            if isDone != 0 {
                let item = incoming.remove(at: place)
                defer { item.bytes.baseAddress?.deallocate() }
                return Message(source: item.source, bytes: Array(item.bytes))
            }
            waiting.insert(incoming[place].source)
        }
        return nil
    }

    /// Frees what has left.
    private func progress() {
        guard !outgoing.isEmpty else { return }
        outgoing.removeAll { item in
            var request = item.request, isDone: Int32 = 0
            MPI_Test(&request.handle, &isDone, cmpi_status_ignore())
            if isDone != 0 { item.bytes.deallocate() }
            return isDone != 0
        }
    }

    @discardableResult public func drain(within seconds: Double) -> Bool {
        let clock = ContinuousClock(), end = clock.now + .seconds(seconds)
        var pause: UInt32 = 10
        while true {
            progress()
            if outgoing.isEmpty { return true }
            if clock.now >= end { return false }
            usleep(pause)
            pause = min(2 * pause, 500)
        }
    }

    public func abort(code: Int32) -> Never {
        MPI_Abort(world, code)
        _exit(code)
    }
}
