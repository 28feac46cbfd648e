/// Where the factors of a structurally symmetrised pattern have entries, and which columns need which.
struct EliminationTree {
    /// Rows below the diagonal of each column of L, ascending, in positions of the ordering.
    let columns: [[Int32]]
    /// The parent of a column is its first row.
    let children: [[Int]]

    /// - Parameters:
    ///   - ordering: position of each unknown in the elimination, a permutation of 0 ..< n.
    ///   - entryLimit: greatest number of entries of L and U together.
    /// - Returns: nil where there would be more.
    init?(pattern: SparsePattern, ordering: [Int], entryLimit: Int = .max) {
        let n = pattern.size
        // Strictly upper part of the permuted pattern, by column.
        var above = [[Int32]](repeating: [], count: n)
        for k in 0..<pattern.entryCount {
            let a = ordering[Int(pattern.rows[k])], b = ordering[Int(pattern.columns[k])]
            if a != b { above[min(a, b)].append(Int32(max(a, b))) }
        }
        // A column has its own entries and those of its children.
        var columns = [[Int32]](repeating: [], count: n), children = [[Int]](repeating: [], count: n)
        var mark = [Int](repeating: -1, count: n), count = 0
        for k in 0..<n {
            var column: [Int32] = []
            mark[k] = k
            func take(_ rows: [Int32]) {
                for row in rows where mark[Int(row)] != k {
                    mark[Int(row)] = k
                    column.append(row)
                }
            }
            take(above[k])
            for child in children[k] { take(columns[child]) }
            column.sort()
            if let parent = column.first { children[Int(parent)].append(k) }
            count += column.count
            if 2 * count + n > entryLimit { return nil }
            columns[k] = column
        }
        self.columns = columns
        self.children = children
    }
}
