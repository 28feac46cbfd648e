import CLAPACK
import CScaLAPACK
import MessagePassing
import Numbers

/// All eigenvalues of a real matrix that is spread over a grid: PDGEHRD, then PDHSEQR.
///
/// PDHSEQR of ScaLAPACK 2.2.1 gives wrong values with INFO = 0 unless eight rules are kept, each found by comparing with LAPACK
/// (they stand as tests in `DistributedSpectrumTests`): 1. room in the query of workspace, 2. four times the workspace that it asks
/// for, 3. JOB = 'S' always, 4. blocks of 6 at least, 5. near-square grids (`ProcessGrid.shape`), 6. reflectors cleared by
/// the caller, 7. eigenvalues read from the Schur form and not from WR and WI, 8. more rows than a block has.
package enum DistributedSpectrum {
    /// Blocks of 32 and 64 are the quickest; of these the smaller needs less workspace.
    package static let block = 32
    /// Rule 4: NB = 2 returns wrong values, NB = 4 ends MPI; the routine's own check is lost in the query.
    static let leastBlock = 6

    package struct Result {
        /// On every rank; members of a pair adjacent, the upper one first. Empty where only memory was asked for.
        package var values: [Complex]
        /// Bytes that this rank allocated for the matrix and the work on it.
        package var bytes: Int
    }

    /// Called by all ranks of the grid together.
    /// - Parameter onlyAllocates: stops when all memory has been taken, to tell how much that is.
    /// - Throws: `EigenvalueError`, on all ranks alike.
    package static func eigenvalues(_ grid: ProcessGrid, _ communicator: GroupCommunicator, pattern: SparsePattern, values: [Double],
                                    block: Int = block, onlyAllocates: Bool = false) throws -> Result {
        guard block >= leastBlock else { throw EigenvalueError("PDHSEQR is wrong with blocks of \(block)") }
        // Rule 8: with 12 ≤ n ≤ NB values are wrong.
        guard pattern.size > block else { throw EigenvalueError("PDHSEQR is wrong with n = \(pattern.size) and blocks of \(block)") }
        var matrix = BlockCyclicMatrix(grid, block: block, pattern: pattern, values: values)
        let workspace = try Workspace(&matrix, communicator)
        var reals = [Double](repeating: 0, count: workspace.reals), integers = [Int32](repeating: 0, count: workspace.integers)
        var re = [Double](repeating: 0, count: max(1, pattern.size)), im = re, reflections = re
        let bytes = 8 * (matrix.local.count + reals.count + 3 * re.count) + 4 * integers.count
        if onlyAllocates { return Result(values: [], bytes: bytes) }

        var n = Int32(pattern.size), one: Int32 = 1, info: Int32 = 0, descriptor = matrix.descriptor, none = [0.0]
        var realCount = Int32(reals.count), integerCount = Int32(integers.count)
        pdgehrd_(&n, &one, &n, &matrix.local, &one, &one, &descriptor, &reflections, &reals, &realCount, &info)
        try agree(info, communicator) { "ScaLAPACK pdgehrd refuses an argument (INFO = -\($0))" }
        // Rule 6: PDHSEQR takes what PDGEHRD keeps below the subdiagonal for entries of the matrix.
        matrix.clearBelowSubdiagonal(grid)
        for k in reals.indices { reals[k] = 0 }
        // Rule 3: JOB = 'E' is wrong with INFO = 0 from n = 450 on, on one process too; 'S' costs more and is right.
        pdhseqr_("S", "N", &n, &one, &n, &matrix.local, &descriptor, &re, &im, &none, &descriptor, &reals, &realCount, &integers, &integerCount,
                 &info, 1, 1)
        try agree(info, communicator) { "ScaLAPACK pdhseqr did not converge (|INFO| = \($0), n = \(pattern.size))" }
        return Result(values: eigenvalues(matrix.tridiagonal(grid, communicator)), bytes: bytes)
    }

    /// All ranks throw, or none: one that left alone would keep the others waiting.
    private static func agree(_ info: Int32, _ communicator: GroupCommunicator, _ text: (Int) -> String) throws {
        let worst = Int(communicator.greatest([Double(abs(info))])[0])
        guard worst == 0 else { throw EigenvalueError(text(worst)) }
    }

    /// What the two routines work in.
    private struct Workspace {
        let reals: Int
        let integers: Int

        /// - Throws: `EigenvalueError`.
        init(_ matrix: inout BlockCyclicMatrix, _ communicator: GroupCommunicator) throws {
            var n = Int32(matrix.size), one: Int32 = 1, info: Int32 = 0, descriptor = matrix.descriptor, asked: Int32 = -1
            // Rule 1: inside PDHSEQR's query PDTRORD takes IWORK(1:N) for a selection and writes its maximum over all ranks back: with
            // less room the heap is damaged, which shows as wrong values from n ≈ 250 on.
            let room = 2 * matrix.size + 64
            var real = [Double](repeating: 0, count: room), integer = [Int32](repeating: 0, count: room), askedIntegers: Int32 = -1
            var re = [Double](repeating: 0, count: room), im = re, none = [0.0]
            pdgehrd_(&n, &one, &n, &matrix.local, &one, &one, &descriptor, &re, &real, &asked, &info)
            let reduction = Int(real[0])
            for k in real.indices { real[k] = 0 }
            pdhseqr_("S", "N", &n, &one, &n, &matrix.local, &descriptor, &re, &im, &none, &descriptor, &real, &asked, &integer, &askedIntegers, &info, 1, 1)
            try agree(info, communicator) { "ScaLAPACK pdhseqr does not tell its workspace (|INFO| = \($0))" }
            // Rule 2: with what it asks for, an inner routine fails on its workspace from n ≈ 500 on, then hangs.
            reals = max(reduction, 4 * Int(real[0]))
            integers = 4 * Int(integer[0]) + 8 * matrix.size
            let size = matrix.size
            try agree(reals < Int(Int32.max) ? 0 : 1, communicator) { _ in
                "n = \(size) needs more workspace than 32-bit ScaLAPACK can count; take more ranks"
            }
        }
    }

    /// Of a quasi-triangular matrix, from its three middle diagonals.
    ///
    /// Rule 7: where n is a multiple of NB and the last eigenvalue is real, PDHSEQR returns WR(N) = 0, with T right.
    private static func eigenvalues(_ t: BlockCyclicMatrix.Tridiagonal) -> [Complex] {
        var values: [Complex] = [], k = 0
        while k < t.diagonal.count {
            guard k + 1 < t.diagonal.count, t.below[k] != 0 else {
                values.append(Complex(t.diagonal[k]))
                k += 1
                continue
            }
            var a = t.diagonal[k], b = t.above[k], c = t.below[k], d = t.diagonal[k + 1]
            var first = (re: 0.0, im: 0.0), second = first, cosine = 0.0, sine = 0.0
            dlanv2_(&a, &b, &c, &d, &first.re, &first.im, &second.re, &second.im, &cosine, &sine)
            values += [Complex(first.re, first.im), Complex(second.re, second.im)]
            k += 2
        }
        return values
    }

    /// Bytes of one rank of a grid, as `eigenvalues` takes them: its part of the matrix, and workspace that is constant but for a part of
    /// that (PDHSEQR's answers at n = 300 … 20000; they rise in steps, and this is the upper edge).
    package static func bytes(size: Int, ranks: Int) -> Double {
        guard let shape = ProcessGrid.shape(ranks) else { return .infinity }
        let rows = Double(size) / Double(shape.rows) + Double(block), columns = Double(size) / Double(shape.columns) + Double(block)
        // ScaLAPACK counts entries of a rank in 32 bits.
        guard rows * columns < Double(Int32.max) else { return .infinity }
        return 8 * rows * columns * (size < 6000 ? 1.08 : 1.27) + 29e6 + 60 * Double(size)
    }
}
