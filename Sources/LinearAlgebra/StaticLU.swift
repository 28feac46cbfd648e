import Kernels

/// Sparse LU without pivoting on a pattern whose ordering and fill are found once.
///
/// Liouvillians in the multipole basis are diagonally dominant enough for it; `factor` proves that anew for each matrix by
/// a residual and refuses one that is not, whose owner then takes the pivoting `SparseLU`. Against that, solves are several
/// times faster on the small fronts of these matrices.
public final class StaticLU {
    public let pattern: SparsePattern
    /// Position of each unknown in the order of elimination.
    private let place: [Int]
    private let starts: [Int64]
    private let rows: [Int32]
    private var lower: [Double]
    private var upper: [Double]
    private var diagonal: [Double]
    /// Where entry k of the pattern goes, in whichever of the three it belongs to.
    private let target: [Int]
    private let lowerEntries: [Int]
    private let upperEntries: [Int]
    private let diagonalEntries: [Int]

    public var factorEntries: Int { 2 * rows.count + pattern.size }

    /// - Parameter ordering: position of each unknown in the elimination, a permutation of 0 ..< n.
    /// - Returns: nil where the fill would exceed `entryLimit` entries.
    public init?(pattern: SparsePattern, ordering: [Int], entryLimit: Int) {
        let n = pattern.size
        self.pattern = pattern
        place = ordering
        guard let columns = EliminationTree(pattern: pattern, ordering: ordering, entryLimit: entryLimit)?.columns else { return nil }
        var starts = [Int64(0)]
        starts.reserveCapacity(n + 1)
        for column in columns { starts.append(starts[starts.count - 1] + Int64(column.count)) }
        let rows = columns.flatMap { $0 }
        var target = [Int](repeating: 0, count: pattern.entryCount), kinds: [[Int]] = [[], [], []]
        func find(_ column: Int, _ row: Int) -> Int {
            var low = Int(starts[column]), high = Int(starts[column + 1]) - 1
            while low < high {
                let middle = (low + high) / 2
                if Int(rows[middle]) < row { low = middle + 1 } else { high = middle }
            }
            return low
        }
        for k in 0..<pattern.entryCount {
            let row = ordering[Int(pattern.rows[k])], column = ordering[Int(pattern.columns[k])]
            target[k] = row == column ? row : find(min(row, column), max(row, column))
            kinds[row > column ? 0 : row < column ? 1 : 2].append(k)
        }
        self.starts = starts
        self.rows = rows
        self.target = target
        (lowerEntries, upperEntries, diagonalEntries) = (kinds[0], kinds[1], kinds[2])
        lower = [Double](repeating: 0, count: rows.count)
        upper = lower
        diagonal = [Double](repeating: 0, count: n)
    }

    /// - Returns: whether the factors are good: no vanishing pivot, and a solve with a residual at rounding level.
    public func factor(_ values: [Double]) -> Bool {
        let n = pattern.size
        for k in lower.indices { lower[k] = 0 }
        for k in upper.indices { upper[k] = 0 }
        for k in 0..<n { diagonal[k] = 0 }
        for entry in lowerEntries { lower[target[entry]] = values[entry] }
        for entry in upperEntries { upper[target[entry]] = values[entry] }
        for entry in diagonalEntries { diagonal[target[entry]] = values[entry] }
        var work = [Double](repeating: 0, count: 2 * n), head = [Int32](repeating: -1, count: n), next = head
        var position = [Int64](repeating: 0, count: n)
        guard macrospin_lu_factor(Int64(n), starts, rows, &lower, &upper, &diagonal, &work, &head, &next, &position) < 0 else { return false }
        // The proof: residual of one solve, relative to |A||x|.
        let b = Arnoldi.startVector(n, seed: 7), x = solve(b)
        guard x.allSatisfy(\.isFinite) else { return false }
        let image = pattern.multiply(values, x), scale = pattern.multiplyMagnitudes(values, x).reduce(0) { max($0, $1) }
        let defect = zip(image, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return defect <= 1e-12 * scale
    }

    /// Solves A X = B (or AᵀX = B); B column-major with n rows and any number of columns.
    public func solve(_ b: [Double], transposed: Bool = false) -> [Double] {
        let n = pattern.size, count = b.count / n
        var result = b, block = [Double](repeating: 0, count: 4 * n)
        for first in stride(from: 0, to: count, by: 4) {
            let width = min(4, count - first)
            for c in 0..<4 {
                for i in 0..<n { block[4 * place[i] + c] = c < width ? b[(first + c) * n + i] : 0 }
            }
            macrospin_lu_solve4(Int64(n), starts, rows, lower, upper, diagonal, &block, transposed ? 1 : 0)
            for c in 0..<width { for i in 0..<n { result[(first + c) * n + i] = block[4 * place[i] + c] } }
        }
        return result
    }
}
