import CHDF5
import Foundation
import Studies

extension Archive {
    /// Reads a whole archive into memory.
    /// - Throws: `InputError` for a file that is missing, no HDF5 file, no archive of macrospin, of a newer format, or
    ///   damaged.
    public init(reading path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(file: path, "no such file; expected an archive (HDF5)", hint: "a finished run keeps its archive in RUN/archive.h5")
        }
        guard FileManager.default.isReadableFile(atPath: path) else { throw InputError(file: path, "cannot be read: no permission") }
        HDF5.silence()
        guard H5Fis_hdf5(path) > 0 else {
            throw InputError(file: path, "is not an HDF5 file; expected an archive written by macrospin", hint: "make one with: macrospin merge RUN -o FILE")
        }
        let mend = "write it anew from its run: macrospin merge RUN -o FILE"
        if try Seal.isIntact(path) == false { throw InputError(file: path, "is damaged: its contents do not have the checksum they were written with", hint: mend) }
        do {
            self = try HDF5File.open(path) { file in
                let root = file.root
                guard root.has(Archive.formatAttribute) else {
                    throw InputError(file: path, "is an HDF5 file but no archive of macrospin (no attribute \(Archive.formatAttribute))",
                                     hint: "make one with: macrospin merge RUN -o FILE")
                }
                let format = try root.integer(Archive.formatAttribute)
                guard format == Schema.format else {
                    throw InputError(file: path, "has archive format \(format); this macrospin reads format \(Schema.format)", hint: "read it with the macrospin that wrote it, or a newer one")
                }
                return try ArchiveReader(file: file).read(name: path)
            }
        } catch let failure as HDF5.Failure {
            throw InputError(file: path, "is damaged: cannot \(failure.action) (\(failure.cause))", hint: mend)
        } catch let error as DecodingError {
            throw InputError(file: path, "is damaged: its schema or list of sources cannot be read (\(error))", hint: mend)
        } catch let damage as ArchiveReader.Damage {
            throw InputError(file: path, "is damaged: \(damage.what)", hint: mend)
        }
    }
}

struct ArchiveReader {
    let file: HDF5File

    /// Contents that contradict the schema.
    struct Damage: Error { let what: String }

    func read(name: String) throws -> Archive {
        let root = file.root
        let schema = try JSONDecoder().decode(Schema.self, from: Data(try root.text("schema").utf8))
        var attributes = Archive.Attributes(title: try root.text("title"), model: try root.text("model"), softwareVersion: try root.text("software_version"),
                                            created: try root.text("created"), units: .init(energy: try root.text("unit_energy"), time: try root.text("unit_time")))
        attributes.sources = try JSONDecoder().decode([Archive.Source].self, from: Data(try root.text("sources").utf8))
        var job = "job"
        while root.has(job) {
            attributes.jobTexts.append(try root.text(job))
            job = "job_\(attributes.jobTexts.count + 1)"
        }
        let axes = schema.axes.map { ArchiveAxis(name: $0.name, label: $0.label, unit: $0.unit, isInteger: $0.isInteger) }
        var coordinates: [String: [Double]] = [:]
        for axis in schema.axes {
            coordinates[axis.name] = try axis.variable.map { try axis.isInteger ? numbers($0, Int64(0)).map { Double($0) } : numbers($0, 0.0) } ?? []
        }
        let tables = try schema.tables.map { try table($0, schema, coordinates) }
        return Archive(attributes: attributes, axes: axes, tables: tables, name: name)
    }

    private func numbers<Element: HDF5Element>(_ variable: String, _ zero: Element) throws -> [Element] {
        try file.dataset(variable) { dataset in
            var values = [Element](repeating: zero, count: try dataset.shape.reduce(1, *))
            try dataset.read(into: &values)
            return values
        }
    }

    private func table(_ plan: Schema.Table, _ schema: Schema, _ coordinates: [String: [Double]]) throws -> ResultTable {
        let own = try plan.axes.map { name in
            guard let values = coordinates[name] else { throw Damage(what: "study \(plan.study) uses the axis \(name), which is missing") }
            return values
        }
        let statuses = try numbers(plan.status, Int32(0)), seconds = try numbers(plan.seconds, 0.0), sources = try numbers(plan.source, Int32(0))
        let reasons = try file.dataset(plan.reason) { dataset -> [String] in
            guard try dataset.shape.reduce(1, *) == statuses.count else { throw Damage(what: "the variables of study \(plan.study) differ in shape") }
            return try dataset.readTexts(count: statuses.count)
        }
        let leading = try file.dataset(plan.status) { try $0.shape }
        let expected = schema.layout == .grid ? own.map(\.count) : leading
        guard leading == expected, seconds.count == statuses.count, sources.count == statuses.count else { throw Damage(what: "the variables of study \(plan.study) differ in shape") }

        var cellOfKey: [[Double]: Int] = [:]
        for (cell, status) in statuses.enumerated() where status != Archive.pendingStatus {
            var key = [Double](repeating: 0, count: own.count), rest = cell
            for axis in own.indices.reversed() {
                guard schema.layout == .points ? own[axis].count == statuses.count : true else { throw Damage(what: "the axis \(plan.axes[axis]) has too few values") }
                key[axis] = schema.layout == .points ? own[axis][cell] : own[axis][rest % own[axis].count]
                rest /= max(1, own[axis].count)
            }
            if cellOfKey[key] == nil { cellOfKey[key] = cell }
        }
        var rowOfCell = [Int32](repeating: -1, count: statuses.count)
        var rows: [ResultTable.Row] = []
        for (key, cell) in cellOfKey.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let status = Status(rawValue: statuses[cell]) else { throw Damage(what: "\(plan.status) holds the unknown status \(statuses[cell])") }
            rowOfCell[cell] = Int32(rows.count)
            rows.append(.init(coordinates: key, record: Record(status: status, reason: reasons[cell], seconds: seconds[cell]), source: Int(sources[cell])))
        }
        var table = ResultTable(study: plan.study, axes: plan.axes, outputs: try plan.outputs.map(spec), rows: rows)
        for (output, outputPlan) in zip(table.outputs, plan.outputs) { try read(output, outputPlan, leading, rowOfCell, into: &table) }
        return table
    }

    private func spec(_ plan: Schema.Output) throws -> OutputSpec {
        guard let kind = OutputKind(rawValue: plan.kind), let dimension = Studies.Dimension(rawValue: plan.dimension), plan.variables.count == (kind == .complex ? 2 : 1),
              plan.extents.count == plan.axes.count
        else { throw Damage(what: "the schema of output \(plan.name) is not understood") }
        return OutputSpec(plan.name, kind: kind, axes: plan.axes.map { OutputAxis(name: $0.name, extent: $0.extent, labels: $0.labels, coordinates: $0.coordinates ?? []) },
                          dimension: dimension, meaning: plan.meaning)
    }

    private func read(_ output: OutputSpec, _ plan: Schema.Output, _ leading: [Int], _ rowOfCell: [Int32], into table: inout ResultTable) throws {
        let own = plan.axes.map(\.length), size = own.reduce(1, *), parts = plan.variables.count
        let extents = try plan.extents.map { try $0.map { try numbers($0, Int32(0)) } }
        /// Shape at a cell; nil: missing.
        func shape(_ cell: Int) throws -> [Int]? {
            var shape = own
            for (axis, values) in extents.enumerated() {
                guard let values else { continue }
                guard cell < values.count, values[cell] <= own[axis] else { throw Damage(what: "the extents of \(output.name) do not fit") }
                if values[cell] < 0 { return nil }
                shape[axis] = Int(values[cell])
            }
            return shape
        }
        for (part, variable) in plan.variables.enumerated() {
            try file.dataset(variable) { dataset in
                guard try dataset.shape == leading + own else { throw Damage(what: "\(variable) has an unexpected shape") }
                for block in Block.all(shape: leading + own, chunk: Block.chunk(leading: leading, own: own)) {
                    let buffer = try values(dataset, block, isInteger: output.kind == .integer)
                    for (position, cell) in block.cells(leading: leading).enumerated() where rowOfCell[cell] >= 0 {
                        guard let shape = try shape(cell) else { continue }
                        let row = Int(rowOfCell[cell])
                        // The array is taken out while it is filled, so that it is not copied.
                        var data = table.rows[row].record.outputs.removeValue(forKey: output.name)?.data
                            ?? [Double](repeating: .nan, count: shape.reduce(1, *) * parts)
                        forEachPadded(shape: shape, extents: own) { data[$0 * parts + part] = buffer[position * size + $1] }
                        table.rows[row].record.outputs[output.name] = OutputArray(shape: shape, data: data, isComplex: parts == 2)
                    }
                }
            }
        }
        for row in table.rows.indices where isMissing(table.rows[row].record.outputs[output.name]) {
            table.rows[row].record.outputs[output.name] = nil
        }
    }

    private func values(_ dataset: HDF5Dataset, _ block: Block, isInteger: Bool) throws -> [Double] {
        if isInteger {
            var values = [Int64](repeating: 0, count: block.count)
            try dataset.read(into: &values, block: block)
            return values.map { $0 == Archive.missingInteger ? .nan : Double($0) }
        }
        var values = [Double](repeating: 0, count: block.count)
        try dataset.read(into: &values, block: block)
        return values
    }
}
