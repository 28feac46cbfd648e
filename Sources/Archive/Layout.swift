import Studies

/// How tables are laid out along the dimensions of the file: one dimension an axis, or, where less than 30 % of the
/// grid is filled, one dimension `point` with the axes as coordinates.
struct Layout {
    enum Kind: String, Codable { case grid, points }

    /// Least share of grid cells that hold a record for the grid layout.
    static let leastFill = 0.3

    let kind: Kind
    let axes: [ArchiveAxis]
    /// Ascending distinct values of each axis over all tables; empty for an axis without records.
    let values: [[Double]]
    /// Points layout: all coordinates (one value for each axis that has values, else NaN), in lexicographic order.
    let points: [[Double]]

    init(axes: [ArchiveAxis], tables: [ResultTable]) throws {
        self.axes = axes
        var sets = [Set<Double>](repeating: [], count: axes.count)
        for table in tables {
            let places = try Self.places(of: table, in: axes)
            for row in table.rows { for (value, place) in zip(row.coordinates, places) { sets[place].insert(value) } }
        }
        let values = sets.map { $0.sorted() }
        self.values = values
        var cells = 0.0, records = 0.0
        for table in tables where !table.rows.isEmpty {
            cells += try Self.places(of: table, in: axes).reduce(1.0) { $0 * Double(values[$1].count) }
            records += Double(table.rows.count)
        }
        kind = records < Self.leastFill * cells ? .points : .grid
        points = kind == .points ? try Self.points(axes, tables, values) : []
    }

    /// Indices into `axes` of the table's axes.
    static func places(of table: ResultTable, in axes: [ArchiveAxis]) throws -> [Int] {
        try table.axes.map { name in
            guard let place = axes.firstIndex(where: { $0.name == name }) else {
                throw InputError("study \(table.study) depends on the axis \(name), which the archive does not have")
            }
            return place
        }
    }

    /// Every record of every table finds a point. A table that depends on fewer axes repeats its values along the
    /// others; where no point has its coordinates yet, one is made with the least value of each other axis.
    private static func points(_ axes: [ArchiveAxis], _ tables: [ResultTable], _ values: [[Double]]) throws -> [[Double]] {
        var points = Set<[Double]>()
        for table in tables.sorted(by: { $0.axes.count > $1.axes.count }) {
            let places = try places(of: table, in: axes)
            let covered = Set(points.map { point in places.map { point[$0] } })
            for row in table.rows where !covered.contains(row.coordinates) {
                var point = values.map { $0.first ?? .nan }
                for (value, place) in zip(row.coordinates, places) { point[place] = value }
                points.insert(point)
            }
        }
        return points.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Extents of the leading dimensions of a table's variables.
    func shape(of table: ResultTable) throws -> [Int] {
        switch kind {
        case .grid: try Self.places(of: table, in: axes).map { values[$0].count }
        case .points: [points.count]
        }
    }

    /// For each cell of `shape(of:)`, row-major, the index of the row that it holds, or -1.
    func rows(of table: ResultTable) throws -> [Int32] {
        let places = try Self.places(of: table, in: axes)
        var rowOfKey: [[Double]: Int32] = [:]
        for (index, row) in table.rows.enumerated() {
            if rowOfKey.updateValue(Int32(index), forKey: row.coordinates) != nil {
                throw InputError("study \(table.study) has two records at \(table.key(row))")
            }
        }
        switch kind {
        case .points:
            return points.map { point in rowOfKey[places.map { point[$0] }] ?? -1 }
        case .grid:
            let extents = places.map { values[$0].count }
            let indexOfValue = places.map { place in Dictionary(uniqueKeysWithValues: values[place].enumerated().map { ($1, $0) }) }
            var cells = [Int32](repeating: -1, count: extents.reduce(1, *))
            for (coordinates, row) in rowOfKey {
                var cell = 0
                for (axis, value) in coordinates.enumerated() { cell = cell * extents[axis] + (indexOfValue[axis][value] ?? 0) }
                cells[cell] = row
            }
            return cells
        }
    }
}
