import Studies

/// Points of a grid that are expected to cost the same, because they agree in the axes that the cost depends on.
struct CostClass: Sendable {
    /// Expected seconds of each study.
    let seconds: [Double]
    /// Points that a worker best computes together.
    let batchWidth: Int
    let count: Int
    /// A point of the class is a choice of one row a block; here the rows that belong, nil: all of them.
    private let rows: [[Int]?]
    private let blockCounts: [Int]

    /// All classes of a grid, most expensive first; equals in the order of the grid.
    static func all(of grid: Grid, studies: [any Study]) -> [CostClass] {
        if grid.isEmpty { return [] }
        let wanted = Set(studies.flatMap(\.costAxes))
        let axes = grid.axes.indices.filter { wanted.contains(grid.axes[$0].name) }
        let blockCounts = grid.blocks.map(\.count)
        // Rows of each block by their values of those axes, in order of first appearance.
        let groups: [[(values: [Double], rows: [Int]?)]] = grid.blocks.map { block in
            let columns = block.axes.indices.filter { axes.contains(block.axes[$0]) }
            if columns.isEmpty { return [([], nil)] }
            var places: [[Double]: Int] = [:], found: [(values: [Double], rows: [Int]?)] = []
            for index in 0..<block.count {
                let row = block.row(index), values = columns.map { row[row.startIndex + $0] }
                if let place = places[values] { found[place].rows?.append(index) } else {
                    places[values] = found.count
                    found.append((values, [index]))
                }
            }
            return found
        }
        var classes: [CostClass] = []
        func visit(_ chosen: [Int]) {
            guard chosen.count == groups.count else {
                for choice in groups[chosen.count].indices { visit(chosen + [choice]) }
                return
            }
            let rows = chosen.indices.map { groups[$0][chosen[$0]].rows }
            let first = CostClass(seconds: [], batchWidth: 1, rows: rows, blockCounts: blockCounts)
            let point = grid[first.gridIndex(0)], costs = studies.map { $0.cost(at: point) }
            classes.append(CostClass(seconds: costs.map { max($0.seconds, 1e-9) },
                                     batchWidth: min(8, studies.map { $0.batchWidth(at: point) }.max() ?? 1), rows: rows, blockCounts: blockCounts))
        }
        visit([])
        let totals = classes.map { $0.seconds.reduce(0, +) }
        return classes.indices.sorted { totals[$0] != totals[$1] ? totals[$0] > totals[$1] : $0 < $1 }.map { classes[$0] }
    }

    private init(seconds: [Double], batchWidth: Int, rows: [[Int]?], blockCounts: [Int]) {
        self.seconds = seconds
        self.batchWidth = batchWidth
        self.rows = rows
        self.blockCounts = blockCounts
        count = zip(rows, blockCounts).reduce(1) { $0 * ($1.0?.count ?? $1.1) }
    }

    /// So many points, rounded up to full batches.
    func wholeBatches(_ count: Int) -> Int { (count + batchWidth - 1) / batchWidth * batchWidth }

    /// The grid's index of the class's n-th point.
    func gridIndex(_ ordinal: Int) -> Int {
        var rest = ordinal, index = 0, stride = 1
        for block in rows.indices.reversed() {
            let extent = rows[block]?.count ?? blockCounts[block], digit = rest % extent
            rest /= extent
            index += (rows[block]?[digit] ?? digit) * stride
            stride *= blockCounts[block]
        }
        return index
    }

    /// Whether a point of the grid belongs to the class.
    func contains(gridIndex: Int) -> Bool {
        var rest = gridIndex
        for block in rows.indices.reversed() {
            if let own = rows[block], !own.contains(rest % blockCounts[block]) { return false }
            rest /= blockCounts[block]
        }
        return true
    }

    /// A few ordinals from all over the class: whether phases coexist, say, differs from point to point.
    var sampleOrdinals: [Int] {
        let most = 9
        return count <= most ? Array(0..<count) : (0..<most).map { (count - 1) * $0 / (most - 1) }
    }

    /// Expected seconds of the studies in `mask`.
    func seconds(of mask: UInt64) -> Double {
        var sum = 0.0
        for (k, value) in seconds.enumerated() where mask >> UInt64(k) & 1 == 1 { sum += value }
        return sum
    }
}
