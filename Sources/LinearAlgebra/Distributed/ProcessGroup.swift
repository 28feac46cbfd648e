import CMPI
import MessagePassing
import Numbers

/// Ranks that lend their memory to a leader for one point.
///
/// The leader alone runs the physics; the others wait in `serve` for matrices to work on. Whatever the leader decides (windows,
/// retries, failures) therefore needs no agreement, and a group cannot fall out of step.
public final class ProcessGroup {
    public let communicator: GroupCommunicator
    public var size: Int { communicator.size }
    public var isLeader: Bool { communicator.rank == 0 }
    private var isOpen = true
    private var nextInstance = 0
    /// Ends the leader's part of a sparse factorisation that is still there.
    private var instances: [Int: () -> Void] = [:]

    public init(_ communicator: GroupCommunicator) {
        NumericalRuntime.ensureInitialized()
        self.communicator = communicator
    }

    /// Sizes of groups that can share a matrix: those with a near-square grid.
    public static func isUsable(_ ranks: Int) -> Bool { ProcessGrid.shape(ranks) != nil }

    private enum Command: Int64 {
        case end = 1, spectrum, begin, call, finish
    }

    private func say(_ command: Command, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0) {
        precondition(isLeader && isOpen)
        var words = [command.rawValue, Int64(first), Int64(second), Int64(third)]
        communicator.broadcastSparingly(&words)
    }

    // MARK: Leader

    /// Lets the others go. Factorisations made by the group are of no use afterwards.
    public func close() {
        guard isLeader, isOpen else { return }
        for instance in instances.keys.sorted() { endInstance(instance) }
        say(.end)
        isOpen = false
        communicator.close()
    }

    /// Bytes that each of so many ranks needs for `eigenvalues`.
    public static func spectrumBytes(size: Int, ranks: Int) -> Double { DistributedSpectrum.bytes(size: size, ranks: ranks) }

    /// All eigenvalues of a real matrix, conjugate pairs adjacent, by ScaLAPACK.
    /// - Throws: `EigenvalueError`.
    public func eigenvalues(_ pattern: SparsePattern, _ values: [Double]) throws -> [Complex] {
        guard pattern.size > 0 else { return [] }
        guard Self.isUsable(size) else { throw EigenvalueError("\(size) ranks make no near-square grid") }
        say(.spectrum, pattern.size, pattern.entryCount)
        var starts = pattern.columnStarts.map(Int32.init), rows = pattern.rows, entries = values
        communicator.broadcast(&starts)
        communicator.broadcast(&rows)
        communicator.broadcast(&entries)
        return try share(pattern, entries).get()
    }

    /// What all members do with a matrix.
    private func share(_ pattern: SparsePattern, _ values: [Double]) -> Result<[Complex], Error> {
        let grid = ProcessGrid(communicator)
        defer { grid.close() }
        return Result { try DistributedSpectrum.eigenvalues(grid, communicator, pattern: pattern, values: values).values }
    }

    /// Members' part of a new sparse factorisation.
    func beginInstance(isComplex: Bool, end: @escaping () -> Void) -> Int {
        let number = nextInstance
        nextInstance += 1
        say(.begin, number, isComplex ? 1 : 0)
        instances[number] = end
        return number
    }
    func callInstance(_ number: Int, job: Int32) { say(.call, number, Int(job)) }
    func endInstance(_ number: Int) {
        guard isOpen, let end = instances.removeValue(forKey: number) else { return }
        say(.finish, number)
        end()
    }

    // MARK: Members

    /// Works for the leader until it lets this rank go.
    public func serve() {
        precondition(!isLeader)
        var members: [Int: any SharedInstance] = [:]
        while true {
            var words = [Int64](repeating: 0, count: 4)
            communicator.broadcastSparingly(&words)
            guard let command = Command(rawValue: words[0]) else { preconditionFailure("a group's leader speaks another language") }
            let number = Int(words[1])
            switch command {
            case .end:
                communicator.close()
                return
            case .spectrum:
                var starts = [Int32](repeating: 0, count: number + 1), rows = [Int32](repeating: 0, count: Int(words[2]))
                var entries = [Double](repeating: 0, count: Int(words[2]))
                communicator.broadcast(&starts)
                communicator.broadcast(&rows)
                communicator.broadcast(&entries)
                // The leader tells of failures.
                _ = share(SparsePattern(size: number, columnStarts: starts.map(Int.init), rows: rows), entries)
            case .begin:
                let handle = communicator.fortranHandle
                members[number] = words[2] == 1 ? MemberInstance<Complex>(handle) : MemberInstance<Double>(handle)
            case .call: members[number]?.call(Int32(words[2]))
            case .finish: members.removeValue(forKey: number)?.call(-2)
            }
        }
    }
}

extension ProcessGroup: SpectrumSolver {
    public var ranks: Int { size }

    /// Up to this size the leader asks LAPACK: the others would only wait for each other.
    private static let leastShared = 100

    /// Balanced beforehand, as LAPACK does; condition numbers are not told.
    /// - Throws: `EigenvalueError`.
    public func spectrum(of pattern: SparsePattern, values: [Double]) throws -> DenseSpectrum {
        if pattern.size <= Self.leastShared { return try LAPACKSpectrum().spectrum(of: pattern, values: values) }
        guard values.allSatisfy(\.isFinite) else { throw EigenvalueError("the matrix has entries that are no numbers") }
        let balanced = pattern.balanced(values)
        return DenseSpectrum(values: try eigenvalues(pattern, balanced), norm: balanced.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
}

/// A rank's part of a factorisation that the group's leader holds the matrix of.
private protocol SharedInstance: AnyObject { func call(_ job: Int32) }

private final class MemberInstance<Scalar: MUMPSScalar>: SharedInstance {
    private let instance = UnsafeMutablePointer<Scalar.Instance>.allocate(capacity: 1)

    init(_ communicator: Int32) { Scalar.initialize(instance, communicator: communicator) }
    func call(_ job: Int32) { Scalar.call(instance, job: job) }
    deinit { instance.deallocate() }
}
