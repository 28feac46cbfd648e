import CMPI
import CMUMPS
import Glibc
import Numbers

public enum SparseLUError: Error, CustomStringConvertible {
    /// A pivot vanished exactly: the matrix is singular.
    case singular
    /// Any other refusal of MUMPS, with INFOG(1) and INFOG(2) as the manual numbers them.
    case mumps(code: Int, detail: Int)

    public var description: String {
        switch self {
        case .singular: "the matrix is singular to working precision"
        case .mumps(let code, let detail) where code == -13:
            "not enough memory for the sparse factorisation (MUMPS INFOG(1) = -13, \(detail))"
        case .mumps(let code, let detail): "sparse factorisation failed (MUMPS INFOG(1) = \(code), INFOG(2) = \(detail))"
        }
    }
}

/// A number type that MUMPS factors: `Double` (dmumps) and `Complex` (zmumps).
public protocol MUMPSScalar: Sendable {
    associatedtype Instance
    static func call(_ instance: UnsafeMutablePointer<Instance>, job: Int32)
    /// - Parameter communicator: as Fortran knows it; all its ranks begin together.
    static func begin(_ instance: UnsafeMutablePointer<Instance>, communicator: Int32)
    static func set(_ instance: UnsafeMutablePointer<Instance>, icntl: Int32, to value: Int32)
    static func infog(_ instance: UnsafeMutablePointer<Instance>, _ index: Int32) -> Int
    /// Position of each unknown in the elimination (1-based), after the analysis.
    static func ordering(_ instance: UnsafeMutablePointer<Instance>) -> UnsafeMutablePointer<Int32>?
    static func flops(_ instance: UnsafeMutablePointer<Instance>) -> Double
    static func attach(_ instance: UnsafeMutablePointer<Instance>, size: Int, count: Int,
                       rows: UnsafeMutablePointer<Int32>, columns: UnsafeMutablePointer<Int32>, values: UnsafeMutablePointer<Self>)
    static func attach(_ instance: UnsafeMutablePointer<Instance>, rightHandSides: UnsafeMutablePointer<Self>, count: Int, size: Int)
}

/// Sparse LU with the symbolic analysis kept: `factor` may be called for any number of value arrays on one pattern.
///
/// MUMPS on one rank, or with its factors spread over a group of which this rank is the leader. Its value-dependent
/// preprocessing (maximum transversal, scaling) is off, so that the bits of a solution depend on its own values only and never
/// on which matrix the analysis happened to see first.
public final class SparseLU<Scalar: MUMPSScalar> {
    public let pattern: SparsePattern
    private let instance: UnsafeMutablePointer<Scalar.Instance>
    private let rows: UnsafeMutablePointer<Int32>
    private let columns: UnsafeMutablePointer<Int32>
    private let values: UnsafeMutablePointer<Scalar>
    private let group: ProcessGroup?
    /// What the group knows it by.
    private var number = 0

    /// Orders and analyses the pattern.
    /// - Parameter group: ranks that share the factors; nil: this one has them all.
    /// - Throws: `SparseLUError`.
    public init(analyzing pattern: SparsePattern, group: ProcessGroup? = nil) throws {
        NumericalRuntime.ensureInitialized()
        self.pattern = pattern
        self.group = group
        let count = pattern.entryCount
        instance = .allocate(capacity: 1)
        rows = .allocate(capacity: max(count, 1))
        columns = .allocate(capacity: max(count, 1))
        values = .allocate(capacity: max(count, 1))
        for k in 0..<count {
            rows[k] = pattern.rows[k] + 1
            columns[k] = pattern.columns[k] + 1
        }
        memset(values, 0, count * MemoryLayout<Scalar>.stride)
        if let group {
            let instance = instance
            number = group.beginInstance(isComplex: Scalar.self == Complex.self) { Scalar.call(instance, job: -2) }
            Scalar.initialize(instance, communicator: group.communicator.fortranHandle)
        } else {
            Scalar.initialize(instance, communicator: cmpi_comm_c2f(cmpi_comm_self()))
        }
        Scalar.set(instance, icntl: 6, to: 0)
        Scalar.set(instance, icntl: 8, to: 0)
        // AMD beats the nested-dissection stand-ins packaged with MUMPS in analysis time and matches their fill up to
        // here; above, PORD's lower fill pays.
        Scalar.set(instance, icntl: 7, to: pattern.size < 200_000 ? 0 : 4)
        Scalar.set(instance, icntl: 14, to: 40)
        Scalar.attach(instance, size: pattern.size, count: count, rows: rows, columns: columns, values: values)
        call(1)
        try check()
    }

    /// All ranks of a group call MUMPS together.
    private func call(_ job: Int32) {
        group?.callInstance(number, job: job)
        Scalar.call(instance, job: job)
    }

    deinit {
        if let group { group.endInstance(number) } else { Scalar.call(instance, job: -2) }
        instance.deallocate()
        rows.deallocate()
        columns.deallocate()
        values.deallocate()
    }

    /// Factors the matrix with these values (in the order of `pattern.rows`).
    /// - Throws: `SparseLUError`.
    public func factor(_ newValues: [Scalar]) throws {
        precondition(newValues.count == pattern.entryCount)
        newValues.withUnsafeBufferPointer { if let base = $0.baseAddress { values.update(from: base, count: $0.count) } }
        var slack: Int32 = 40
        Scalar.set(instance, icntl: 14, to: slack)
        call(2)
        // −8, −9: the estimate of workspace was too small for the pivoting that the values asked for.
        while [-8, -9].contains(Scalar.infog(instance, 1)), slack < 2000 {
            slack *= 3
            Scalar.set(instance, icntl: 14, to: slack)
            call(2)
        }
        try check()
    }

    /// Solves A X = B (or Aᵀ X = B) with the last factorisation; B is column-major with `size` rows.
    public func solve(_ b: [Scalar], transposed: Bool = false) throws -> [Scalar] {
        var x = b
        try solve(in: &x, transposed: transposed)
        return x
    }

    public func solve(in b: inout [Scalar], transposed: Bool = false) throws {
        let count = b.count / pattern.size
        precondition(count * pattern.size == b.count && count > 0)
        Scalar.set(instance, icntl: 9, to: transposed ? 0 : 1)
        let size = pattern.size
        b.withUnsafeMutableBufferPointer { buffer in
            Scalar.attach(instance, rightHandSides: buffer.baseAddress!, count: count, size: size)
            call(3)
        }
        try check()
    }

    /// Position of each unknown in the elimination that the analysis chose.
    public var ordering: [Int] {
        guard let positions = Scalar.ordering(instance) else { return Array(0..<pattern.size) }
        return (0..<pattern.size).map { Int(positions[$0]) - 1 }
    }

    /// Entries of L and U as the analysis predicts them.
    public var factorEntries: Int {
        let entries = Scalar.infog(instance, 29)
        return entries < 0 ? -entries * 1_000_000 : entries
    }
    /// Floating-point operations of one factorisation, from the analysis.
    public var factorFlops: Double { Scalar.flops(instance) }

    private func check() throws {
        let code = Scalar.infog(instance, 1)
        if code >= 0 { return }
        if code == -10 { throw SparseLUError.singular }
        throw SparseLUError.mumps(code: code, detail: Scalar.infog(instance, 2))
    }
}

extension MUMPSScalar {
    static func initialize(_ instance: UnsafeMutablePointer<Instance>, communicator: Int32) {
        memset(instance, 0, MemoryLayout<Instance>.size)
        begin(instance, communicator: communicator)
        for stream in Int32(1)...3 { set(instance, icntl: stream, to: -1) }   // no chatter on the Fortran units
        set(instance, icntl: 4, to: 0)
    }
}

extension Double: MUMPSScalar {
    public static func call(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, job: Int32) { s.pointee.job = job; dmumps_c(s) }
    public static func begin(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, communicator: Int32) {
        s.pointee.comm_fortran = communicator
        s.pointee.par = 1
        s.pointee.sym = 0
        call(s, job: -1)
    }
    public static func set(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, icntl: Int32, to value: Int32) { cmumps_d_set_icntl(s, icntl, value) }
    public static func infog(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, _ index: Int32) -> Int { Int(cmumps_d_infog(s, index)) }
    public static func ordering(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>) -> UnsafeMutablePointer<Int32>? { s.pointee.sym_perm }
    public static func flops(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>) -> Double { cmumps_d_rinfog(s, 1) }
    public static func attach(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, size: Int, count: Int, rows: UnsafeMutablePointer<Int32>,
                              columns: UnsafeMutablePointer<Int32>, values: UnsafeMutablePointer<Double>) {
        s.pointee.n = Int32(size)
        s.pointee.nnz = Int64(count)
        s.pointee.irn = rows
        s.pointee.jcn = columns
        s.pointee.a = values
    }
    public static func attach(_ s: UnsafeMutablePointer<DMUMPS_STRUC_C>, rightHandSides: UnsafeMutablePointer<Double>, count: Int, size: Int) {
        s.pointee.rhs = rightHandSides
        s.pointee.nrhs = Int32(count)
        s.pointee.lrhs = Int32(size)
    }
}

extension Complex: MUMPSScalar {
    public static func call(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, job: Int32) { s.pointee.job = job; zmumps_c(s) }
    public static func begin(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, communicator: Int32) {
        s.pointee.comm_fortran = communicator
        s.pointee.par = 1
        s.pointee.sym = 0
        call(s, job: -1)
    }
    public static func set(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, icntl: Int32, to value: Int32) { cmumps_z_set_icntl(s, icntl, value) }
    public static func infog(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, _ index: Int32) -> Int { Int(cmumps_z_infog(s, index)) }
    public static func ordering(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>) -> UnsafeMutablePointer<Int32>? { s.pointee.sym_perm }
    public static func flops(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>) -> Double { cmumps_z_rinfog(s, 1) }
    public static func attach(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, size: Int, count: Int, rows: UnsafeMutablePointer<Int32>,
                              columns: UnsafeMutablePointer<Int32>, values: UnsafeMutablePointer<Complex>) {
        s.pointee.n = Int32(size)
        s.pointee.nnz = Int64(count)
        s.pointee.irn = rows
        s.pointee.jcn = columns
        s.pointee.a = UnsafeMutableRawPointer(values).assumingMemoryBound(to: mumps_double_complex.self)
    }
    public static func attach(_ s: UnsafeMutablePointer<ZMUMPS_STRUC_C>, rightHandSides: UnsafeMutablePointer<Complex>, count: Int, size: Int) {
        s.pointee.rhs = UnsafeMutableRawPointer(rightHandSides).assumingMemoryBound(to: mumps_double_complex.self)
        s.pointee.nrhs = Int32(count)
        s.pointee.lrhs = Int32(size)
    }
}
