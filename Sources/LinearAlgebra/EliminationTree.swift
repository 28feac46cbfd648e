/// Where the factors of a structurally symmetrised pattern have entries, and which columns need which.
struct EliminationTree {
    /// Rows below the diagonal of each column of L, ascending, in positions of the ordering.
    let columns: [[Int32]]
    /// The parent of a column is its first row.
    let children: [[Int]]

    /// - Parameter ordering: position of each unknown in the elimination, a permutation of 0 ..< n.
    init(pattern: SparsePattern, ordering: [Int]) {
        let n = pattern.size
        // Strictly upper part of the permuted pattern, by column.
        var above = [[Int32]](repeating: [], count: n)
        for k in 0..<pattern.entryCount {
            let a = ordering[Int(pattern.rows[k])], b = ordering[Int(pattern.columns[k])]
            if a != b { above[min(a, b)].append(Int32(max(a, b))) }
        }
        // A column has its own entries and those of its children.
        var columns = [[Int32]](repeating: [], count: n), children = [[Int]](repeating: [], count: n)
        var mark = [Int](repeating: -1, count: n)
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
            columns[k] = column
        }
        self.columns = columns
        self.children = children
    }
}
