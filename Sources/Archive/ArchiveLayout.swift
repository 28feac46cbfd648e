import Studies

/// Where the rows of a table go in its variables.
struct TablePlacement {
    /// Names of the leading dimensions, in order.
    let dimensions: [String]
    let extents: [Int]
    /// Flat place of each row.
    let places: [Int]
    var count: Int { extents.reduce(1, *) }
}

/// Grid or list of points: below 30 % fill a product grid wastes more than it explains.
struct ArchiveLayout {
    static let leastFill = 0.3

    let isGrid: Bool
    /// Grid: values of each axis, ascending.
    let axisValues: [String: [Double]]
    let placements: [TablePlacement]
    /// List: name of each point dimension with its axes and coordinates, one row a point.
    let pointLists: [(dimension: String, axes: [String], coordinates: [[Double]])]

    init(axes: [ArchiveAxis], tables: [ResultTable]) {
        var values: [String: Set<Double>] = [:]
        for table in tables {
            for (k, axis) in table.axes.enumerated() { for row in table.rows { values[axis, default: []].insert(row.coordinates[k]) } }
        }
        let sorted = values.mapValues { $0.sorted() }
        axisValues = sorted
        isGrid = tables.allSatisfy { table in
            let product = table.axes.reduce(1.0) { $0 * Double(sorted[$1]?.count ?? 0) }
            return table.rows.isEmpty || Double(table.rows.count) >= Self.leastFill * product
        }
        if isGrid {
            let index = sorted.mapValues { list in Dictionary(uniqueKeysWithValues: list.enumerated().map { ($1, $0) }) }
            placements = tables.map { table in
                let extents = table.axes.map { sorted[$0]?.count ?? 0 }
                let places = table.rows.map { row in
                    table.axes.indices.reduce(0) { $0 * extents[$1] + (index[table.axes[$1]]?[row.coordinates[$1]] ?? 0) }
                }
                return TablePlacement(dimensions: table.axes, extents: extents, places: places)
            }
            pointLists = []
        } else {
            // Studies over the same axes share one list, so that their variables stand side by side.
            var lists: [(dimension: String, axes: [String], coordinates: [[Double]])] = []
            for table in tables {
                let rows = table.rows.map(\.coordinates)
                if let known = lists.firstIndex(where: { $0.axes == table.axes }) {
                    lists[known].coordinates = Array(Set(lists[known].coordinates).union(rows))
                } else {
                    lists.append((lists.isEmpty ? "point" : "point_\(table.study)", table.axes, rows))
                }
            }
            for k in lists.indices { lists[k].coordinates.sort { $0.lexicographicallyPrecedes($1) } }
            pointLists = lists
            placements = tables.map { table in
                let list = lists.first { $0.axes == table.axes }!
                let index = Dictionary(uniqueKeysWithValues: list.coordinates.enumerated().map { ($1, $0) })
                return TablePlacement(dimensions: [list.dimension], extents: [list.coordinates.count], places: table.rows.map { index[$0.coordinates] ?? 0 })
            }
        }
    }

    /// Name of the coordinate variable of an axis in a point list: plain in the first, with the study's name in others.
    static func coordinateName(_ axis: String, dimension: String) -> String {
        dimension == "point" ? axis : axis + dimension.dropFirst("point".count)
    }
}

/// The part of an archive that variables do not carry by themselves, kept as JSON in the root attribute `macrospin_schema`.
struct ArchiveSchema: Codable {
    struct Axis: Codable { var name: String; var extent: Int?; var labels: [String] }
    struct Output: Codable { var name: String; var kind: String; var axes: [Axis]; var dimension: String; var meaning: String }
    struct Table: Codable { var study: String; var axes: [String]; var outputs: [Output] }
    var axes: [ArchiveAxis]
    var energyUnit: String
    var timeUnit: String
    var sources: [ArchiveSource]
    var isGrid: Bool
    var tables: [Table]

    static func output(_ spec: OutputSpec) -> Output {
        Output(name: spec.name, kind: spec.kind.rawValue, axes: spec.axes.map { Axis(name: $0.name, extent: $0.extent, labels: $0.labels) },
               dimension: spec.dimension.rawValue, meaning: spec.meaning)
    }
    static func spec(_ output: Output) -> OutputSpec? {
        guard let kind = OutputKind(rawValue: output.kind), let dimension = Dimension(rawValue: output.dimension) else { return nil }
        return OutputSpec(output.name, kind: kind, axes: output.axes.map { OutputAxis(name: $0.name, extent: $0.extent, labels: $0.labels) },
                          dimension: dimension, meaning: output.meaning)
    }
}

/// Integers that are missing (netCDF's own choice for 64 bits).
let missingInteger: Int64 = -9_223_372_036_854_775_806
/// `status_<study>` where there is no record.
let pendingStatus: Int32 = -1
let archiveVersion: Int64 = 1
