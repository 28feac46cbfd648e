/// Traces of the first powers of a sparse matrix, from its entries alone: what a spectrum must add up to.
public struct MatrixMoments: Sendable {
    /// tr A, tr A², tr A³.
    public let traces: [Double]
    /// Scales of rounding in these: Σ|a_ii| cannot serve for the first (it may vanish), so ‖A‖_F, ‖A‖_F², ‖A‖_F‖A²‖_F, which bound
    /// the effect of a perturbation of A of relative size one up to the power.
    public let scales: [Double]
    /// Frobenius norm of A.
    public var norm: Double { scales[0] }

    public init(_ pattern: SparsePattern, _ values: [Double]) {
        let size = pattern.size
        var first = 0.0, second = 0.0, third = 0.0, squares = 0.0, fourth = 0.0
        var rowStarts = [Int](repeating: 0, count: size + 1)
        for row in pattern.rows { rowStarts[Int(row) + 1] += 1 }
        for row in 0..<size { rowStarts[row + 1] += rowStarts[row] }
        var next = rowStarts, columns = [Int32](repeating: 0, count: values.count), entries = [Double](repeating: 0, count: values.count)
        for k in values.indices {
            let row = Int(pattern.rows[k])
            (columns[next[row]], entries[next[row]]) = (pattern.columns[k], values[k])
            next[row] += 1
            if pattern.rows[k] == pattern.columns[k] { first += values[k] }
            squares += values[k] * values[k]
        }
        // Column c of A² by A (A e_c), then against row c of A.
        var image = [Double](repeating: 0, count: size), touched: [Int] = []
        for column in 0..<size {
            for k in pattern.columnStarts[column]..<pattern.columnStarts[column + 1] where values[k] != 0 {
                let inner = Int(pattern.rows[k])
                for m in pattern.columnStarts[inner]..<pattern.columnStarts[inner + 1] {
                    let row = Int(pattern.rows[m])
                    image[row] += values[m] * values[k]
                    touched.append(row)
                }
            }
            second += image[column]
            for k in rowStarts[column]..<rowStarts[column + 1] { third += entries[k] * image[Int(columns[k])] }
            for row in touched {
                fourth += image[row] * image[row]
                image[row] = 0
            }
            touched.removeAll(keepingCapacity: true)
        }
        traces = [first, second, third]
        let norm = squares.squareRoot()
        scales = [norm, norm * norm, norm * fourth.squareRoot()]
    }
}
