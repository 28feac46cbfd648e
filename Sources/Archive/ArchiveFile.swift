import CHDF5
import Foundation
import Studies

/// An archive on disk as a source of records: its head is in memory, records are read where they are asked for. Ids are
/// cells of the status variable.
public final class ArchiveFile: RecordSource {
    public let name: String
    public let attributes: Archive.Attributes
    public let axes: [ArchiveAxis]
    public let tables: [TableHeader]
    let schema: Schema
    private var handle: HDF5File.Handle?
    /// Whether the file stays open between reads; of hundreds that are merged only some do.
    var staysOpen = true { didSet { if !staysOpen { handle = nil } } }

    /// Contents that contradict the schema.
    struct Damage: Error { let what: String }

    /// - Parameter checksSeal: reads the whole file once; HDF5's own checks remain without it.
    /// - Throws: `InputError` for a file that is missing, no HDF5 file, no archive of macrospin, of a newer format, or
    ///   damaged.
    public init(_ path: String, checksSeal: Bool = true) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(file: path, "no such file; expected an archive (HDF5)", hint: "a finished run keeps its archive in RUN/archive.h5")
        }
        guard FileManager.default.isReadableFile(atPath: path) else { throw InputError(file: path, "cannot be read: no permission") }
        HDF5.silence()
        guard H5Fis_hdf5(path) > 0 else {
            throw InputError(file: path, "is not an HDF5 file; expected an archive written by macrospin", hint: "make one with: macrospin merge RUN -o FILE")
        }
        if checksSeal, try Seal.isIntact(path) == false {
            throw InputError(file: path, "is damaged: its contents do not have the checksum they were written with", hint: Self.mend)
        }
        name = path
        let opened = try Self.guarded(path) { try HDF5File.Handle(path) }
        let root = opened.file.root
        (schema, attributes) = try Self.guarded(path) {
            guard root.has(Archive.formatAttribute) else {
                throw InputError(file: path, "is an HDF5 file but no archive of macrospin (no attribute \(Archive.formatAttribute))",
                                 hint: "make one with: macrospin merge RUN -o FILE")
            }
            let format = try root.integer(Archive.formatAttribute)
            guard format == Schema.format else {
                throw InputError(file: path, "has archive format \(format); this macrospin reads format \(Schema.format)", hint: "read it with the macrospin that wrote it, or a newer one")
            }
            let schema = try JSONDecoder().decode(Schema.self, from: Data(try root.text("schema").utf8))
            return (schema, try Self.attributes(root))
        }
        axes = schema.axes.map { ArchiveAxis(name: $0.name, label: $0.label, unit: $0.unit, isInteger: $0.isInteger) }
        let plan = schema
        tables = try Self.guarded(path) { try plan.tables.map { TableHeader(study: $0.study, axes: $0.axes, outputs: try $0.outputs.map(Self.spec), options: $0.options) } }
    }

    private static let mend = "write it anew from its run: macrospin merge RUN -o FILE"

    /// Errors of HDF5 and of decoders as those of the user's file.
    private static func guarded<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let failure as HDF5.Failure {
            throw InputError(file: path, "is damaged: cannot \(failure.action) (\(failure.cause))", hint: mend)
        } catch let error as DecodingError {
            throw InputError(file: path, "is damaged: its schema or list of sources cannot be read (\(error))", hint: mend)
        } catch let damage as Damage {
            throw InputError(file: path, "is damaged: \(damage.what)", hint: mend)
        }
    }

    private static func attributes(_ root: HDF5Attributes) throws -> Archive.Attributes {
        var attributes = Archive.Attributes(title: try root.text("title"), model: try root.text("model"), softwareVersion: try root.text("software_version"),
                                            created: try root.text("created"), units: .init(energy: try root.text("unit_energy"), time: try root.text("unit_time")))
        attributes.sources = try JSONDecoder().decode([Archive.Source].self, from: Data(try root.text("sources").utf8))
        var job = "job"
        while root.has(job) {
            attributes.jobTexts.append(try root.text(job))
            job = "job_\(attributes.jobTexts.count + 1)"
        }
        return attributes
    }

    private static func spec(_ plan: Schema.Output) throws -> OutputSpec {
        guard let kind = OutputKind(rawValue: plan.kind), let dimension = Studies.Dimension(rawValue: plan.dimension), plan.variables.count == (kind == .complex ? 2 : 1),
              plan.extents.count == plan.axes.count
        else { throw Damage(what: "the schema of output \(plan.name) is not understood") }
        return OutputSpec(plan.name, kind: kind, axes: plan.axes.map { OutputAxis(name: $0.name, extent: $0.extent, labels: $0.labels, coordinates: $0.coordinates ?? []) },
                          dimension: dimension, meaning: plan.meaning)
    }

    private func withFile<Value>(_ body: (HDF5File) throws -> Value) throws -> Value {
        try Self.guarded(name) {
            let opened = try handle ?? HDF5File.Handle(name)
            if staysOpen { handle = opened }
            return try withExtendedLifetime(opened) { try body(opened.file) }
        }
    }

    private func numbers<Element: HDF5Element>(_ file: HDF5File, _ variable: String, _ zero: Element) throws -> [Element] {
        try file.dataset(variable) { dataset in
            var values = [Element](repeating: zero, count: try dataset.shape.reduce(1, *))
            try dataset.read(into: &values)
            return values
        }
    }

    // MARK: Scan

    public func scan(_ study: String) throws -> TableScan {
        guard let plan = schema.tables.first(where: { $0.study == study }) else { return TableScan() }
        return try withFile { file in
            let own = try plan.axes.map { name -> [Double] in
                guard let axis = schema.axes.first(where: { $0.name == name }) else { throw Damage(what: "study \(study) uses the axis \(name), which is missing") }
                guard let variable = axis.variable else { return [] }
                return try axis.isInteger ? numbers(file, variable, Int64(0)).map { Double($0) } : numbers(file, variable, 0.0)
            }
            let statuses = try numbers(file, plan.status, Int32(0)), sources = try numbers(file, plan.source, Int32(0))
            let leading = try file.dataset(plan.status) { try $0.shape }
            let isGrid = schema.layout == .grid
            guard sources.count == statuses.count, !isGrid || leading == own.map(\.count) else { throw Damage(what: "the variables of study \(study) differ in shape") }
            if !isGrid, let short = own.indices.first(where: { own[$0].count != statuses.count }) { throw Damage(what: "the axis \(plan.axes[short]) has too few values") }
            var scan = TableScan(), key = [Double](repeating: 0, count: own.count)
            // A list of points repeats the records of a study that depends on fewer axes.
            var known: Set<[Double]>? = isGrid || plan.axes.count == schema.axes.filter({ $0.variable != nil }).count ? nil : []
            for (cell, raw) in statuses.enumerated() where raw != Archive.pendingStatus {
                guard let status = Status(rawValue: raw) else { throw Damage(what: "\(plan.status) holds the unknown status \(raw)") }
                if isGrid {
                    var rest = cell
                    for axis in own.indices.reversed() {
                        key[axis] = own[axis][rest % own[axis].count]
                        rest /= own[axis].count
                    }
                } else {
                    for axis in own.indices { key[axis] = own[axis][cell] }
                    if known?.insert(key).inserted == false { continue }
                }
                scan.append(id: Int32(cell), coordinates: key, status: status, source: sources[cell])
            }
            for output in plan.outputs {
                for axis in output.axes where axis.extent == nil {
                    scan.lengths[OutputAxis(name: axis.name, extent: nil, labels: axis.labels, coordinates: axis.coordinates ?? [])] = axis.length
                }
            }
            return scan
        }
    }

    // MARK: Records

    public func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) throws {
        guard let plan = schema.tables.first(where: { $0.study == study }), !ids.isEmpty else { return }
        try withFile { file in
            let leading = try file.dataset(plan.status) { try $0.shape }
            try blocks(file, plan.status, leading, [], ids) { (values: [Int32], item, offset) in batch.statuses[places[item]] = values[offset] }
            try blocks(file, plan.seconds, leading, [], ids) { (values: [Double], item, offset) in batch.seconds[places[item]] = values[offset] }
            let failed = ids.indices.filter { batch.statuses[places[$0]] != Status.ok.rawValue }
            if !failed.isEmpty {
                try file.dataset(plan.reason) { dataset in
                    try forEachBlock(leading, [], failed.map { ids[$0] }) { block, items in
                        let texts = try dataset.readTexts(block: block)
                        for (item, offset) in items where !texts[offset].isEmpty { batch.reasons[places[failed[item]]] = texts[offset] }
                    }
                }
            }
            for output in plan.outputs {
                guard let index = batch.columnOfOutput[output.name] else { continue }
                try read(file, output, leading, ids, places, into: &batch.columns[index])
            }
        }
    }

    private func read(_ file: HDF5File, _ plan: Schema.Output, _ leading: [Int], _ ids: [Int32], _ places: [Int], into column: inout RecordBatch.Column) throws {
        let own = plan.axes.map(\.length), size = own.reduce(1, *)
        guard own.count == column.lengths.count, zip(own, column.lengths).allSatisfy({ $0 <= $1 }) else { throw Damage(what: "the extents of \(plan.name) do not fit") }
        for (axis, variable) in plan.extents.enumerated() {
            guard let variable, !column.extents[axis].isEmpty else { continue }
            try blocks(file, variable, leading, [], ids) { (values: [Int32], item, offset) in
                guard values[offset] <= own[axis] else { throw Damage(what: "the extents of \(plan.name) do not fit") }
                column.extents[axis][places[item]] = values[offset]
            }
        }
        let isSame = own == column.lengths, target = column.size
        for (part, variable) in plan.variables.enumerated() {
            func put(_ item: Int, _ offset: Int, _ value: (Int) -> Double) {
                let place = places[item] * target
                if isSame {
                    for element in 0..<size { column.parts[part][place + element] = value(offset * size + element) }
                } else {
                    forEachPadded(shape: own, extents: column.lengths) { column.parts[part][place + $1] = value(offset * size + $0) }
                }
            }
            if column.output.kind == .integer {
                try blocks(file, variable, leading, own, ids) { (values: [Int64], item, offset) in
                    put(item, offset) { values[$0] == Archive.missingInteger ? .nan : Double(values[$0]) }
                }
            } else {
                try blocks(file, variable, leading, own, ids) { (values: [Double], item, offset) in put(item, offset) { values[$0] } }
            }
        }
    }

    /// Reads the chunks that hold the wanted cells; `body` gets a chunk's numbers, the number of a wanted cell and its place
    /// in the chunk.
    private func blocks<Element: HDF5Element & ExpressibleByIntegerLiteral>(_ file: HDF5File, _ variable: String, _ leading: [Int], _ own: [Int], _ ids: [Int32],
                                                                            _ body: ([Element], Int, Int) throws -> Void) throws {
        try file.dataset(variable) { dataset in
            guard try dataset.shape == leading + own else { throw Damage(what: "\(variable) has an unexpected shape") }
            try forEachBlock(leading, own, ids) { block, items in
                var values = [Element](repeating: 0, count: block.count)
                try dataset.read(into: &values, block: block)
                for (item, offset) in items { try body(values, item, offset) }
            }
        }
    }

    private func forEachBlock(_ leading: [Int], _ own: [Int], _ ids: [Int32], _ body: (Block, [(item: Int, offset: Int)]) throws -> Void) throws {
        var item = 0
        for block in Block.all(shape: leading + own, chunk: Block.chunk(leading: leading, own: own)) {
            let first = block.firstCell(leading: leading), end = first + block.cellCount(leading: leading)
            var items: [(item: Int, offset: Int)] = []
            while item < ids.count, Int(ids[item]) < end {
                items.append((item, Int(ids[item]) - first))
                item += 1
            }
            if !items.isEmpty { try body(block, items) }
            if item == ids.count { return }
        }
        guard item == ids.count else { throw Damage(what: "a variable has too few values") }
    }
}

extension Archive {
    /// Reads a whole archive into memory.
    /// - Throws: as `ArchiveFile`.
    public init(reading path: String) throws { try self.init(reading: ArchiveFile(path)) }

    /// All records of a source in memory, in canonical form.
    public init(reading source: any RecordSource) throws {
        let tables = try source.tables.map { header in
            let scan = try source.scan(header.study), width = header.axes.count
            let step = RecordBatch.greatestCount(header, lengths: scan.lengths)
            var rows: [ResultTable.Row] = []
            for start in stride(from: 0, to: scan.count, by: step) {
                let range = start..<min(scan.count, start + step)
                var batch = RecordBatch(header, lengths: scan.lengths, count: range.count)
                try source.read(header.study, ids: Array(scan.ids[range]), places: Array(0..<range.count), into: &batch)
                for index in range {
                    guard let record = batch.record(index - start) else { continue }
                    rows.append(.init(coordinates: Array(scan.coordinates[index * width ..< (index + 1) * width]), record: record, source: Int(scan.sources[index])))
                }
            }
            return ResultTable(study: header.study, axes: header.axes, outputs: header.outputs, rows: rows).canonical
        }
        self.init(attributes: source.attributes, axes: source.axes, tables: tables, name: source.name)
    }
}
