import CMPI
import CScaLAPACK
import MessagePassing

/// Ranks of a communicator in rows and columns, and which entries of a matrix each of them holds: blocks of `block` × `block`
/// dealt out in turn over both (ScaLAPACK Users' Guide, 4.3).
package final class ProcessGrid {
    let rows: Int
    let columns: Int
    /// This rank's place; row by row in the order of ranks.
    let row: Int
    let column: Int
    let context: Int32
    private let handle: Int32

    /// - Parameter communicator: all of its ranks take part, and make the grid together.
    /// - Precondition: `Self.shape` has a grid for that many.
    package init(_ communicator: GroupCommunicator) {
        guard let shape = Self.shape(communicator.size) else { preconditionFailure("no near-square grid of \(communicator.size) ranks") }
        handle = Csys2blacs_handle(cmpi_comm_address(communicator.fortranHandle))
        var context = handle, rows = Int32(shape.rows), columns = Int32(shape.columns), row: Int32 = 0, column: Int32 = 0
        Cblacs_gridinit(&context, "R", rows, columns)
        Cblacs_gridinfo(context, &rows, &columns, &row, &column)
        self.context = context
        (self.rows, self.columns, self.row, self.column) = (shape.rows, shape.columns, Int(row), Int(column))
    }

    /// Ends the grid; all its ranks do so together.
    package func close() {
        Cblacs_gridexit(context)
        Cfree_blacs_system_handle(handle)
    }

    /// The grid for so many ranks: 1 × 1, 1 × 2, 2 × 2, 2 × 3, … with at most twice as many columns as rows; nil where there is
    /// none.
    ///
    /// Rule 5 of PDHSEQR (ScaLAPACK 2.2.1): it hangs on rows of 3 or 5 processes; near-square grids are right.
    package static func shape(_ ranks: Int) -> (rows: Int, columns: Int)? {
        guard ranks > 0 else { return nil }
        let root = Int(Double(ranks).squareRoot() + 1e-9)
        guard let rows = (1...root).reversed().first(where: { ranks % $0 == 0 }), ranks / rows <= 2 * rows else { return nil }
        return (rows, ranks / rows)
    }

    /// Length of what one of `processes` holds of n rows (or columns).
    static func localCount(_ n: Int, block: Int, process: Int, of processes: Int) -> Int {
        let blocks = n / block, rest = n % block, mine = blocks / processes * block, extra = blocks % processes
        return mine + (process < extra ? block : process == extra ? rest : 0)
    }
}

/// This rank's part of a square matrix that is spread over a grid.
struct BlockCyclicMatrix {
    let size: Int
    let block: Int
    let rows: Int
    let columns: Int
    private(set) var descriptor: [Int32]
    /// Column-major, `rows` × `columns`.
    var local: [Double]

    /// Of a sparse matrix, put straight into place: no rank holds the whole as a dense one.
    init(_ grid: ProcessGrid, block: Int, pattern: SparsePattern, values: [Double]) {
        size = pattern.size
        self.block = block
        rows = ProcessGrid.localCount(size, block: block, process: grid.row, of: grid.rows)
        columns = ProcessGrid.localCount(size, block: block, process: grid.column, of: grid.columns)
        var n = Int32(size), nb = Int32(block), zero: Int32 = 0, context = grid.context, leading = Int32(max(1, rows)), info: Int32 = 0
        descriptor = [Int32](repeating: 0, count: 9)
        descinit_(&descriptor, &n, &n, &nb, &nb, &zero, &zero, &context, &leading, &info)
        precondition(info == 0, "descinit refuses argument \(-info)")
        local = [Double](repeating: 0, count: max(1, rows * columns))
        let stride = rows
        local.withUnsafeMutableBufferPointer { local in
            for column in 0..<size where column / block % grid.columns == grid.column {
                let offset = (column / block / grid.columns * block + column % block) * stride
                for k in pattern.columnStarts[column]..<pattern.columnStarts[column + 1] {
                    let row = Int(pattern.rows[k])
                    guard row / block % grid.rows == grid.row else { continue }
                    local[offset + row / block / grid.rows * block + row % block] += values[k]
                }
            }
        }
    }

    func globalRow(_ i: Int, _ grid: ProcessGrid) -> Int { (i / block * grid.rows + grid.row) * block + i % block }
    func globalColumn(_ j: Int, _ grid: ProcessGrid) -> Int { (j / block * grid.columns + grid.column) * block + j % block }

    /// Zeros below the first subdiagonal.
    mutating func clearBelowSubdiagonal(_ grid: ProcessGrid) {
        for j in 0..<columns {
            let first = globalColumn(j, grid) + 2
            // Rows ascend with their global number.
            for i in (0..<rows).reversed() {
                if globalRow(i, grid) < first { break }
                local[j * rows + i] = 0
            }
        }
    }

    struct Tridiagonal {
        /// Entries (k, k), n of them; (k + 1, k) and (k, k + 1), n − 1 of them.
        var diagonal: [Double], below: [Double], above: [Double]
    }

    /// The three middle diagonals, on every rank.
    func tridiagonal(_ grid: ProcessGrid, _ communicator: GroupCommunicator) -> Tridiagonal {
        var band = [Double](repeating: 0, count: 3 * size)
        for j in 0..<columns {
            let column = globalColumn(j, grid)
            for row in max(0, column - 1)...min(size - 1, column + 1) where row / block % grid.rows == grid.row {
                let i = row / block / grid.rows * block + row % block
                band[(row - column + 1) * size + min(row, column)] = local[j * rows + i]
            }
        }
        // Each entry is one rank's: the others add zero.
        let sum = communicator.sum(band)
        return Tridiagonal(diagonal: Array(sum[size..<2 * size]), below: Array(sum[2 * size..<3 * size - 1]), above: Array(sum[0..<size - 1]))
    }
}
