/// Positions of the entries of a square sparse matrix by rows: what repeated products A x want, which gather and never scatter.
public struct CompressedRows: Sendable {
    public let size: Int
    private let starts: [Int32]
    private let columns: [Int32]
    public var entryCount: Int { columns.count }

    /// - Parameters:
    ///   - rows, columns: of each entry, in any order.
    /// - Returns: also the place of each entry among `values` of `multiply`.
    public static func make(size: Int, rows: [Int32], columns: [Int32]) -> (rows: CompressedRows, places: [Int]) {
        var starts = [Int32](repeating: 0, count: size + 1)
        for row in rows { starts[Int(row) + 1] += 1 }
        for row in 0..<size { starts[row + 1] += starts[row] }
        var next = starts, places = [Int](repeating: 0, count: rows.count), ordered = [Int32](repeating: 0, count: rows.count)
        for (k, row) in rows.enumerated() {
            places[k] = Int(next[Int(row)])
            ordered[places[k]] = columns[k]
            next[Int(row)] += 1
        }
        return (CompressedRows(size: size, starts: starts, columns: ordered), places)
    }

    private init(size: Int, starts: [Int32], columns: [Int32]) {
        self.size = size
        self.starts = starts
        self.columns = columns
    }

    /// y = A x on `size` numbers each.
    func multiply(_ values: UnsafePointer<Double>, _ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>) {
        starts.withUnsafeBufferPointer { starts in
            columns.withUnsafeBufferPointer { columns in
                for row in 0..<size {
                    var k = Int(starts[row])
                    let end = Int(starts[row + 1])
                    var a = 0.0, b = 0.0
                    while k + 1 < end {
                        a += values[k] * x[Int(columns[k])]
                        b += values[k + 1] * x[Int(columns[k + 1])]
                        k += 2
                    }
                    if k < end { a += values[k] * x[Int(columns[k])] }
                    y[row] = a + b
                }
            }
        }
    }

    /// y = A x
    public func multiply(_ values: [Double], _ x: [Double]) -> [Double] {
        var y = [Double](repeating: 0, count: size)
        y.withUnsafeMutableBufferPointer { y in if let base = y.baseAddress { multiply(values, x, into: base) } }
        return y
    }

    /// Greatest sum of magnitudes in a row: ‖A‖_∞.
    public func norm(_ values: [Double]) -> Double {
        (0..<size).reduce(0) { greatest, row in
            max(greatest, values[Int(starts[row])..<Int(starts[row + 1])].reduce(0) { $0 + abs($1) })
        }
    }
}
