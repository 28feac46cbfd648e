import Kernels
import Numbers

/// A square sparse matrix in double-double precision, by rows.
public struct ExtendedMatrix: Sendable {
    public let size: Int
    /// `size + 1` offsets into `columns`.
    public let rowStarts: [Int64]
    public let columns: [Int32]
    public let high: [Double]
    public let low: [Double]

    public init(size: Int, rowStarts: [Int64], columns: [Int32], high: [Double], low: [Double]) {
        self.size = size
        self.rowStarts = rowStarts
        self.columns = columns
        self.high = high
        self.low = low
    }

    /// A x for each of the vectors.
    public func multiply(_ vectors: [[DoubleDouble]]) -> [[DoubleDouble]] {
        var result: [[DoubleDouble]] = []
        var x = [Double](repeating: 0, count: 8 * size), y = x
        for first in stride(from: 0, to: vectors.count, by: 4) {
            let width = min(4, vectors.count - first)
            for c in 0..<4 {
                for i in 0..<size {
                    let value = c < width ? vectors[first + c][i] : .zero
                    x[8 * i + c] = value.high
                    x[8 * i + 4 + c] = value.low
                }
            }
            macrospin_dd_multiply4(Int64(size), rowStarts, columns, high, low, x, &y)
            for c in 0..<width {
                result.append((0..<size).map { DoubleDouble(sum: y[8 * $0 + c], y[8 * $0 + 4 + c]) })
            }
        }
        return result
    }
}
