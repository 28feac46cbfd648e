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

    /// The matrix with rows and columns exchanged.
    public var transposed: ExtendedMatrix {
        var starts = [Int64](repeating: 0, count: size + 1)
        for column in columns { starts[Int(column) + 1] += 1 }
        for i in 0..<size { starts[i + 1] += starts[i] }
        var next = starts, places = [Int32](repeating: 0, count: columns.count)
        var transposedHigh = [Double](repeating: 0, count: columns.count), transposedLow = transposedHigh
        for row in 0..<size {
            for entry in Int(rowStarts[row])..<Int(rowStarts[row + 1]) {
                let place = Int(next[Int(columns[entry])])
                next[Int(columns[entry])] += 1
                places[place] = Int32(row)
                transposedHigh[place] = high[entry]
                transposedLow[place] = low[entry]
            }
        }
        return ExtendedMatrix(size: size, rowStarts: starts, columns: places, high: transposedHigh, low: transposedLow)
    }

    /// |A| x for magnitudes x, in double precision.
    public func multiplyMagnitudes(_ x: [Double]) -> [Double] {
        (0..<size).map { row in
            var sum = 0.0
            for entry in Int(rowStarts[row])..<Int(rowStarts[row + 1]) { sum += abs(high[entry]) * x[Int(columns[entry])] }
            return sum
        }
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
