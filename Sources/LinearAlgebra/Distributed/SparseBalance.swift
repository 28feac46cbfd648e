import Foundation

extension SparsePattern {
    /// Values of D⁻¹ A D with D of powers of two such that a row and the column of the same number have about the same norm: what
    /// LAPACK's dgebal does to a dense matrix (James, Langou, Lowery, arXiv 1401.5766: 2-norms). Exact, since scaling by powers of two is.
    public func balanced(_ values: [Double]) -> [Double] {
        var scaled = values
        var rowsOf = [Int](repeating: 0, count: size + 1)
        for row in rows { rowsOf[Int(row) + 1] += 1 }
        for i in 0..<size { rowsOf[i + 1] += rowsOf[i] }
        var order = [Int](repeating: 0, count: entryCount), next = rowsOf
        for k in 0..<entryCount {
            let row = Int(rows[k])
            order[next[row]] = k
            next[row] += 1
        }
        var isChanging = true, sweeps = 0
        while isChanging, sweeps < 30 {
            isChanging = false
            sweeps += 1
            for i in 0..<size {
                var column = 0.0, row = 0.0
                for k in columnStarts[i]..<columnStarts[i + 1] where Int(rows[k]) != i { column += scaled[k] * scaled[k] }
                for place in rowsOf[i]..<rowsOf[i + 1] where Int(columns[order[place]]) != i { row += scaled[order[place]] * scaled[order[place]] }
                guard column > 0, row > 0 else { continue }
                // f minimises f²c² + r²/f² among powers of two.
                let exponent = (0.25 * log2(row / column)).rounded(), factor = exp2(exponent)
                guard exponent != 0, factor * factor * column + row / (factor * factor) < 0.95 * (column + row) else { continue }
                isChanging = true
                for k in columnStarts[i]..<columnStarts[i + 1] { scaled[k] *= factor }
                for place in rowsOf[i]..<rowsOf[i + 1] { scaled[order[place]] /= factor }
            }
        }
        return scaled
    }
}
