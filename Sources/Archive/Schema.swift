import Studies

/// Which variable holds what: the root attribute `schema` (JSON), by which an archive is read back exactly.
struct Schema: Codable {
    static let format: Int64 = 1

    struct Axis: Codable {
        var name: String
        var label: String
        var unit: String
        var isInteger: Bool
        /// nil: no record has a value of it.
        var variable: String?
    }

    struct OwnAxis: Codable {
        var name: String
        var extent: Int?
        var labels: [String]
        /// Absent where the entries have no coordinates, and in archives from before there were any.
        var coordinates: [Double]?
        var dimension: String
        /// Extent in the file.
        var length: Int
    }

    struct Output: Codable {
        var name: String
        var kind: String
        var dimension: String
        var meaning: String
        var axes: [OwnAxis]
        /// One; for a complex output two, real and imaginary part.
        var variables: [String]
        /// For each of `axes`: the variable with the extents of single records, where these may differ.
        var extents: [String?]
    }

    struct Table: Codable {
        var study: String
        var axes: [String]
        var status: String
        var reason: String
        var seconds: String
        var source: String
        var outputs: [Output]
        /// Absent where they are not known, as in archives from before they were noted.
        var options: [StudyOption]?
    }

    var layout: Layout.Kind
    /// Name of the point dimension in the points layout.
    var point: String
    var axes: [Axis]
    var tables: [Table]
}

extension Schema {
    /// Names for all variables and dimensions. An output that shares its name with another study's output, an axis or
    /// a dimension is called `<study>_<output>`, whichever comes first, so that adding studies at the end of a job is
    /// the only thing that can rename a variable.
    init(layout: Layout, union: Union) {
        self.layout = layout.kind
        let tables = union.tables.map(\.header)
        var names = Names()
        axes = union.axes.indices.map { index in
            let axis = union.axes[index]
            return Axis(name: axis.name, label: axis.label, unit: axis.unit, isInteger: axis.isInteger,
                        variable: layout.kind == .points && union.values[index].isEmpty ? nil : names.take(axis.name))
        }
        point = names.take("point", "point_index")
        self.tables = tables.map { table in
            Table(study: table.study, axes: table.axes, status: names.take("status_\(table.study)"), reason: names.take("reason_\(table.study)"),
                  seconds: names.take("seconds_\(table.study)"), source: names.take("source_\(table.study)"), outputs: [],
                  options: table.options)
        }
        var dimensions: [OutputAxis: String] = [:]
        var lengths: [OutputAxis: Int] = [:]
        for (table, lengthOfAxis) in zip(tables, union.tables.map(\.lengths)) {
            for output in table.outputs {
                for axis in output.axes {
                    if dimensions[axis] == nil { dimensions[axis] = names.take(axis.name, "\(axis.name)_\(table.study)", "\(axis.name)_\(output.name)") }
                    let needed = axis.extent ?? lengthOfAxis[axis] ?? 1
                    lengths[axis] = max(lengths[axis] ?? 1, needed)
                }
            }
        }
        var wanted: [String: Int] = [:]
        for table in tables { for output in table.outputs { for name in Self.variables(output) { wanted[name, default: 0] += 1 } } }
        for (index, table) in tables.enumerated() {
            self.tables[index].outputs = table.outputs.map { output in
                let own = output.axes.map { axis in
                    OwnAxis(name: axis.name, extent: axis.extent, labels: axis.labels, coordinates: axis.coordinates.isEmpty ? nil : axis.coordinates,
                            dimension: dimensions[axis] ?? axis.name, length: lengths[axis] ?? 1)
                }
                let ragged = output.axes.filter { $0.extent == nil }.count
                return Output(
                    name: output.name, kind: output.kind.rawValue, dimension: output.dimension.rawValue, meaning: output.meaning, axes: own,
                    variables: Self.variables(output).map { names.take(wanted[$0] == 1 ? $0 : "\(table.study)_\($0)", "\(table.study)_\($0)") },
                    extents: output.axes.map { axis in
                        axis.extent != nil ? nil
                            : names.take(ragged == 1 ? "extent_\(output.name)" : "extent_\(output.name)_\(axis.name)", "extent_\(table.study)_\(output.name)_\(axis.name)")
                    })
            }
        }
    }

    private static func variables(_ output: OutputSpec) -> [String] {
        output.kind == .complex ? ["\(output.name)_re", "\(output.name)_im"] : [output.name]
    }
}

/// Hands out each name once.
private struct Names {
    private var taken: Set<String> = []

    /// The first of `choices` that is free, else the last with a number.
    mutating func take(_ choices: String...) -> String {
        var name = choices.first { !taken.contains($0) } ?? ""
        var number = 2
        while name.isEmpty || taken.contains(name) {
            name = "\(choices.last ?? "variable")_\(number)"
            number += 1
        }
        taken.insert(name)
        return name
    }
}
