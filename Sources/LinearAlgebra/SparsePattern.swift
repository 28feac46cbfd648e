/// Positions of the entries of a square sparse matrix, in compressed columns with rows ascending.
public struct SparsePattern: Sendable {
    public let size: Int
    /// `size + 1` offsets into `rows`.
    public let columnStarts: [Int]
    public let rows: [Int32]
    /// Column of each entry: the twin of `rows` for coordinate formats and matrix–vector products.
    public let columns: [Int32]

    public var entryCount: Int { rows.count }

    public init(size: Int, columnStarts: [Int], rows: [Int32]) {
        self.size = size
        self.columnStarts = columnStarts
        self.rows = rows
        var columns = [Int32](repeating: 0, count: rows.count)
        for column in 0..<size {
            for k in columnStarts[column]..<columnStarts[column + 1] { columns[k] = Int32(column) }
        }
        self.columns = columns
    }

    /// y = A x, or y = Aᵀ x. `values` follow `rows`; x and y have `size` entries.
    public func multiply(_ values: [Double], _ x: [Double], transposed: Bool = false) -> [Double] {
        var y = [Double](repeating: 0, count: size)
        y.withUnsafeMutableBufferPointer { y in
            if transposed {
                for column in 0..<size {
                    var sum = 0.0
                    for k in columnStarts[column]..<columnStarts[column + 1] { sum += values[k] * x[Int(rows[k])] }
                    y[column] = sum
                }
            } else {
                for column in 0..<size {
                    let factor = x[column]
                    if factor == 0 { continue }
                    for k in columnStarts[column]..<columnStarts[column + 1] { y[Int(rows[k])] += values[k] * factor }
                }
            }
        }
        return y
    }

    /// |A| |x|: the scale on which rounding of A x happens.
    public func multiplyMagnitudes(_ values: [Double], _ x: [Double]) -> [Double] {
        var y = [Double](repeating: 0, count: size)
        for column in 0..<size {
            let factor = abs(x[column])
            if factor == 0 { continue }
            for k in columnStarts[column]..<columnStarts[column + 1] { y[Int(rows[k])] += abs(values[k]) * factor }
        }
        return y
    }
}
