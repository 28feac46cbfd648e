import Studies

/// How tables are laid out along the dimensions of the file: one dimension an axis, or, where less than 30 % of the
/// grid is filled, one dimension `point` with the axes as coordinates.
struct Layout {
    enum Kind: String, Codable { case grid, points }

    /// Least share of grid cells that hold a record for the grid layout.
    static let leastFill = 0.3

    let kind: Kind
    /// Points layout: row-major indices in the grid of all axes that have values, ascending.
    let points: [UInt128]
    /// Numbers of values of the union's axes, 1 for those without.
    private let counts: [UInt128]

    /// - Throws: `InputError` where the grid of all axes has too many cells to number them.
    init(_ union: Union) throws {
        counts = union.values.map { UInt128(max(1, $0.count)) }
        var cells = 0.0, records = 0.0
        for table in union.tables where table.count > 0 {
            cells += table.places.reduce(1.0) { $0 * Double(union.values[$1].count) }
            records += Double(table.count)
        }
        kind = records < Self.leastFill * cells ? .points : .grid
        guard kind == .points else { points = []; return }
        var all: UInt128 = 1
        for count in counts {
            let (product, overflows) = all.multipliedReportingOverflow(by: count)
            guard !overflows else { throw InputError("the common grid has more than 1e38 cells", hint: "merge fewer runs with scattered points") }
            all = product
        }
        points = Self.points(union, counts)
    }

    /// Every record of every table finds a point. A table that depends on fewer axes repeats its values along the
    /// others; where no point has its coordinates yet, one is made with the least value of each other axis.
    private static func points(_ union: Union, _ counts: [UInt128]) -> [UInt128] {
        var points: [UInt128] = []
        for table in union.tables.sorted(by: { $0.places.count > $1.places.count }) {
            let covered = Set(points.map { project($0, on: table.places, counts) })
            let fresh = table.positions.filter { !covered.contains($0) }.map { lift($0, from: table.places, counts) }
            if !fresh.isEmpty { points = Set(points + fresh).sorted() }
        }
        return points
    }

    /// The same point among some axes only.
    private static func project(_ point: UInt128, on places: [Int], _ counts: [UInt128]) -> UInt128 {
        var rest = point, ranks = counts
        for axis in counts.indices.reversed() {
            ranks[axis] = rest % counts[axis]
            rest /= counts[axis]
        }
        return places.reduce(0) { $0 * counts[$1] + ranks[$1] }
    }

    private static func lift(_ position: UInt128, from places: [Int], _ counts: [UInt128]) -> UInt128 {
        var rest = position, ranks = [UInt128](repeating: 0, count: counts.count)
        for place in places.reversed() {
            ranks[place] = rest % counts[place]
            rest /= counts[place]
        }
        return counts.indices.reduce(0) { $0 * counts[$1] + ranks[$1] }
    }

    /// Index into the values of an axis, of each point.
    func ranks(ofAxis axis: Int) -> [Int] {
        let stride = counts[(axis + 1)...].reduce(1, *)
        return points.map { Int($0 / stride % counts[axis]) }
    }

    /// Extents of the leading dimensions of a table's variables.
    func shape(of table: Union.Table, _ union: Union) -> [Int] {
        kind == .points ? [points.count] : table.places.map { union.values[$0].count }
    }

    /// For each cell of `shape(of:)`, row-major, the number of the table's point that it holds, or -1.
    func cells(of table: Union.Table, _ union: Union) -> [Int32] {
        switch kind {
        case .grid:
            var cells = [Int32](repeating: -1, count: shape(of: table, union).reduce(1, *))
            for (point, position) in table.positions.enumerated() { cells[Int(position)] = Int32(point) }
            return cells
        case .points:
            return points.map { point in
                let wanted = Self.project(point, on: table.places, counts)
                var low = 0, high = table.count
                while low < high {
                    let middle = (low + high) / 2
                    if table.positions[middle] < wanted { low = middle + 1 } else { high = middle }
                }
                return low < table.count && table.positions[low] == wanted ? Int32(low) : -1
            }
        }
    }
}
