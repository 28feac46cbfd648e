import CHDF5
import Foundation
import Studies

extension Archive {
    /// Root attribute that marks a file as one of ours and numbers the format.
    static let formatAttribute = "macrospin_archive"
    /// Fill of integer outputs: netCDF's default for 64-bit integers.
    static let missingInteger: Int64 = -9_223_372_036_854_775_806
    /// In `status_<study>`: no record yet.
    static let pendingStatus: Int32 = -1

    /// Writes the archive as one HDF5 file, whole or not at all: a file already at `path` stays until the new one is
    /// safe on disk. Memory beyond the tables: the compressed file, and a few bytes for each cell of the grid.
    /// - Throws: `InputError` where the file cannot be written (folder missing, no permission, disk full), or where the
    ///   tables do not fit their own schemas.
    public func write(to path: String) throws {
        let tables = self.tables.map(\.canonical)
        for (index, table) in tables.enumerated() {
            try table.validate()
            if tables[..<index].contains(where: { $0.study == table.study }) { throw InputError("two tables of the study \(table.study) in one archive") }
        }
        let layout = try Layout(axes: axes, tables: tables)
        try AtomicFile.replace(path) { write in
            try HDF5File.build({ file in
                try ArchiveWriter(file: file, layout: layout, schema: Schema(layout: layout, tables: tables), units: attributes.units).write(attributes, tables)
            }, consume: { contents in
                try write(contents)
                try Seal.bytes(for: contents).withUnsafeBytes(write)
            })
        }
    }
}

/// Writes one archive into an open file.
struct ArchiveWriter {
    let file: HDF5File
    let layout: Layout
    let schema: Schema
    let units: Archive.Units

    func write(_ attributes: Archive.Attributes, _ tables: [ResultTable]) throws {
        try writeRoot(attributes)
        try writeDimensions()
        for (table, plan) in zip(tables, schema.tables) { try write(table, plan) }
    }

    // MARK: Root attributes

    private func writeRoot(_ attributes: Archive.Attributes) throws {
        let root = file.root
        try root.set(Archive.formatAttribute, Schema.format)
        try root.set("title", attributes.title)
        try root.set("software_version", attributes.softwareVersion)
        try root.set("created", attributes.created)
        try root.set("unit_energy", attributes.units.energy)
        try root.set("unit_time", attributes.units.time)
        for (index, text) in attributes.jobTexts.enumerated() { try root.set(index == 0 ? "job" : "job_\(index + 1)", text) }
        try root.set("model", attributes.model)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try root.set("sources", String(decoding: try encoder.encode(attributes.sources), as: UTF8.self))
        try root.set("schema", String(decoding: try encoder.encode(schema), as: UTF8.self))
    }

    // MARK: Dimensions

    private func writeDimensions() throws {
        if layout.kind == .points { try makeBareDimension(schema.point, layout.points.count) }
        for (index, axis) in layout.axes.enumerated() {
            guard let variable = schema.axes[index].variable else { continue }
            let values = layout.kind == .grid ? layout.values[index] : layout.points.map { $0[index] }
            if axis.isInteger {
                try writeCoordinate(variable, axis, try values.map { try integer($0, "axis \(axis.name)") })
            } else {
                try writeCoordinate(variable, axis, values)
            }
        }
        var made: Set<String> = []
        for own in schema.tables.flatMap(\.outputs).flatMap(\.axes) where made.insert(own.dimension).inserted {
            if let values = own.coordinates, values.count == own.length {
                try file.create(own.dimension, fileType: Double.fileType, shape: [own.length]) { dataset in
                    try dataset.becomeScale(label: own.dimension, extent: own.length)
                    try dataset.write(values)
                }
                continue
            }
            guard own.labels.count == own.length, !own.labels.isEmpty else { try makeBareDimension(own.dimension, own.length); continue }
            try HDF5Text.withVariableType { type in
                try file.create(own.dimension, fileType: type, shape: [own.length]) { dataset in
                    try dataset.becomeScale(label: own.dimension, extent: own.length)
                    try dataset.write(texts: own.labels)
                }
            }
        }
    }

    private func writeCoordinate<Element: HDF5Element>(_ variable: String, _ axis: ArchiveAxis, _ values: [Element]) throws {
        try file.create(variable, fileType: Element.fileType, shape: [values.count], chunk: Block.chunk(leading: [values.count], own: [])) { dataset in
            if layout.kind == .grid {
                try dataset.becomeScale(label: variable, extent: values.count)
            } else {
                try file.dataset(schema.point) { try dataset.attach(scale: $0, dimension: 0) }
            }
            try dataset.write(values)
            try dataset.attributes.set("long_name", axis.label.isEmpty ? axis.name : axis.label)
            if !axis.unit.isEmpty { try dataset.attributes.set("units", axis.unit) }
        }
    }

    /// A dimension without coordinate values, as netCDF-4 writes it.
    private func makeBareDimension(_ name: String, _ extent: Int) throws {
        try file.create(name, fileType: ch5_ieee_f32be(), shape: [extent]) { try $0.becomeScale(label: nil, extent: extent) }
    }

    // MARK: Tables

    private func write(_ table: ResultTable, _ plan: Schema.Table) throws {
        let rows = try layout.rows(of: table), leading = try layout.shape(of: table)
        func column<Value>(_ missing: Value, _ value: (ResultTable.Row) -> Value) -> [Value] {
            rows.map { $0 < 0 ? missing : value(table.rows[Int($0)]) }
        }
        let variables = TableVariables(table: table, plan: plan, rows: rows, leading: leading)
        try create(plan.status, variables, Int32.fileType) { dataset in
            try dataset.write(column(Archive.pendingStatus) { $0.record.status.rawValue })
            try dataset.attributes.set("long_name", "how the study \(table.study) ended")
            try dataset.attributes.set("flag_values", [Archive.pendingStatus] + Status.allCases.map(\.rawValue))
            try dataset.attributes.set("flag_meanings", (["pending"] + Status.allCases.map(\.word)).joined(separator: " "))
        }
        try HDF5Text.withVariableType { type in
            try create(plan.reason, variables, type, isText: true) { dataset in
                try dataset.write(texts: column("") { $0.record.reason })
                try dataset.attributes.set("long_name", "why the status is not ok")
            }
        }
        try create(plan.seconds, variables, Double.fileType) { dataset in
            try dataset.write(column(.nan) { $0.record.seconds })
            try dataset.attributes.set("long_name", "wall-clock time of the computation")
            try dataset.attributes.set("units", "s")
            try dataset.attributes.set("_FillValue", [Double.nan])
        }
        try create(plan.source, variables, Int32.fileType) { dataset in
            try dataset.write(column(-1) { Int32($0.source) })
            try dataset.attributes.set("long_name", "index into the root attribute sources, from 0")
        }
        for (output, outputPlan) in zip(table.outputs, plan.outputs) { try write(output, outputPlan, variables) }
    }

    /// What the variables of one table share.
    private struct TableVariables {
        let table: ResultTable
        let plan: Schema.Table
        let rows: [Int32]
        let leading: [Int]
    }

    /// A variable over the sweep dimensions of a table and, for an output, its own.
    private func create(_ name: String, _ variables: TableVariables, _ type: hid_t, own: [Schema.OwnAxis] = [], isText: Bool = false,
                        _ body: (HDF5Dataset) throws -> Void) throws {
        let shape = variables.leading + own.map(\.length)
        let chunk = isText ? nil : Block.chunk(leading: variables.leading, own: own.map(\.length))
        try file.create(name, fileType: type, shape: shape, chunk: chunk) { dataset in
            let leadingScales = layout.kind == .points ? [schema.point] : variables.plan.axes
            for (dimension, scale) in (leadingScales + own.map(\.dimension)).enumerated() {
                let variable = layout.kind == .grid && dimension < leadingScales.count ? schema.axes.first { $0.name == scale }?.variable ?? scale : scale
                try file.dataset(variable) { try dataset.attach(scale: $0, dimension: dimension) }
            }
            try body(dataset)
            try dataset.attributes.set("study", variables.plan.study)
            if layout.kind == .points {
                try dataset.attributes.set("coordinates", variables.plan.axes.compactMap { name in schema.axes.first { $0.name == name }?.variable }.joined(separator: " "))
            }
        }
    }

    private func write(_ output: OutputSpec, _ plan: Schema.Output, _ variables: TableVariables) throws {
        for (part, variable) in plan.variables.enumerated() {
            try create(variable, variables, output.kind == .integer ? Int64.fileType : Double.fileType, own: plan.axes) { dataset in
                try writeValues(dataset, output, plan, variables, part: part)
                let suffix = output.kind != .complex ? "" : part == 0 ? " (real part)" : " (imaginary part)"
                try dataset.attributes.set("long_name", output.meaning + suffix)
                try dataset.attributes.set("output", output.name)
                let units = self.units.label(for: output.dimension)
                if !units.isEmpty { try dataset.attributes.set("units", units) }
                if output.kind == .integer {
                    try dataset.attributes.set("_FillValue", [Archive.missingInteger])
                } else {
                    try dataset.attributes.set("_FillValue", [Double.nan])
                }
            }
        }
        for (place, variable) in plan.extents.enumerated() {
            guard let variable else { continue }
            try create(variable, variables, Int32.fileType) { dataset in
                try dataset.write(variables.rows.map { row in
                    row < 0 ? -1 : Int32(variables.table.rows[Int(row)].record.outputs[output.name]?.shape[place] ?? -1)
                })
                try dataset.attributes.set("long_name", "extent of \(output.name) along \(output.axes[place].name) at each point; -1: missing")
            }
        }
    }

    private func writeValues(_ dataset: HDF5Dataset, _ output: OutputSpec, _ plan: Schema.Output, _ variables: TableVariables, part: Int) throws {
        let own = plan.axes.map(\.length), size = own.reduce(1, *), stride = output.kind == .complex ? 2 : 1
        for block in Block.all(shape: variables.leading + own, chunk: Block.chunk(leading: variables.leading, own: own)) {
            var buffer = [Double](repeating: .nan, count: block.count)
            for (position, cell) in block.cells(leading: variables.leading).enumerated() where variables.rows[cell] >= 0 {
                guard let array = variables.table.rows[Int(variables.rows[cell])].record.outputs[output.name] else { continue }
                forEachPadded(shape: array.shape, extents: own) { buffer[position * size + $1] = array.data[$0 * stride + part] }
            }
            if output.kind == .integer {
                try dataset.write(try buffer.map { try integer($0, "output \(output.name)") }, block: block)
            } else {
                try dataset.write(buffer, block: block)
            }
        }
    }

    private func integer(_ value: Double, _ what: String) throws -> Int64 {
        if value.isNaN { return Archive.missingInteger }
        guard let integer = Int64(exactly: value) else { throw InputError("\(what): \(value) is not an integer") }
        return integer
    }
}
