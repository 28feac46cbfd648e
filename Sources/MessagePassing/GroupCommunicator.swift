import CMPI
import Glibc

/// Some ranks of MPI_COMM_WORLD among themselves: they share one point. All calls are made by all members together, on the
/// main thread.
public final class GroupCommunicator {
    /// In the order in which they were named: 0 is the leader.
    public let rank: Int
    public let size: Int
    private var communicator = CMPIComm(handle: cmpi_comm_null())

    /// Made by its members alone; ranks outside go on with what they do.
    /// - Parameters:
    ///   - ranks: of MPI_COMM_WORLD, the leader first.
    ///   - tag: tells groups apart that are made at the same time.
    public init(ranks: [Int], tag: Int) {
        MPIRuntime.ensureInitialized()
        var world = cmpi_group_null(), group = cmpi_group_null()
        MPI_Comm_group(cmpi_comm_world(), &world)
        MPI_Group_incl(world, Int32(ranks.count), ranks.map(Int32.init), &group)
        // The tag has at least 15 bits everywhere.
        MPI_Comm_create_group(cmpi_comm_world(), group, Int32(tag & 0x7FFF), &communicator.handle)
        MPI_Group_free(&group)
        MPI_Group_free(&world)
        var rank: Int32 = 0, size: Int32 = 0
        MPI_Comm_rank(communicator.handle, &rank)
        MPI_Comm_size(communicator.handle, &size)
        (self.rank, self.size) = (Int(rank), Int(size))
    }

    /// What Fortran libraries know it by.
    public var fortranHandle: Int32 { cmpi_comm_c2f(communicator.handle) }

    /// Frees it; all members do so together.
    public func close() {
        if communicator.handle != cmpi_comm_null() { MPI_Comm_free(&communicator.handle) }
    }

    /// Ends all ranks of the run, as BLACS does on an error.
    public func abort() -> Never {
        MPI_Abort(cmpi_comm_world(), 1)
        _exit(1)
    }

    /// The leader's numbers, to everyone.
    public func broadcast<Number: BroadcastNumber>(_ numbers: inout [Number]) {
        let most = 1 << 28
        numbers.withUnsafeMutableBufferPointer { buffer in
            for start in stride(from: 0, to: buffer.count, by: most) {
                MPI_Bcast(buffer.baseAddress! + start, Int32(min(most, buffer.count - start)), Number.datatype.handle, 0, communicator.handle)
            }
        }
    }

    /// The same for a few numbers that may be long in coming: waiting sleeps, and leaves the core to others.
    public func broadcastSparingly(_ numbers: inout [Int64]) {
        numbers.withUnsafeMutableBufferPointer { buffer in
            var request = cmpi_request_null(), isDone: Int32 = 0, pause: UInt32 = 5
            MPI_Ibcast(buffer.baseAddress, Int32(buffer.count), cmpi_int64(), 0, communicator.handle, &request)
            while true {
                MPI_Test(&request, &isDone, cmpi_status_ignore())
                if isDone != 0 { return }
                usleep(pause)
                pause = min(2 * pause, 1000)
            }
        }
    }

    /// Greatest of the members' numbers, place by place, for everyone.
    public func greatest(_ numbers: [Double]) -> [Double] { reduce(numbers, CMPIOp(handle: cmpi_max())) }

    /// Sum of the members' numbers, place by place, for everyone.
    public func sum(_ numbers: [Double]) -> [Double] { reduce(numbers, CMPIOp(handle: cmpi_sum())) }

    private func reduce(_ numbers: [Double], _ operation: CMPIOp) -> [Double] {
        var result = numbers
        MPI_Allreduce(numbers, &result, Int32(numbers.count), cmpi_double(), operation.handle, communicator.handle)
        return result
    }
}

/// A number that messages of MPI are made of.
public protocol BroadcastNumber { static var datatype: CMPIDatatype { get } }
extension Double: BroadcastNumber { public static var datatype: CMPIDatatype { CMPIDatatype(handle: cmpi_double()) } }
extension Int32: BroadcastNumber { public static var datatype: CMPIDatatype { CMPIDatatype(handle: cmpi_int32()) } }
