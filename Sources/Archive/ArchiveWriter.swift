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
    /// safe on disk.
    /// - Throws: `InputError` where the file cannot be written (folder missing, no permission, disk full), or where the
    ///   tables do not fit their own schemas.
    public func write(to path: String) throws { try Merge([MemorySource(self)]).write(to: path) }
}

/// Writes one union of sources into an open file.
struct ArchiveWriter {
    let file: HDF5File
    let union: Union
    let inputs: [any RecordSource]
    let layout: Layout
    let schema: Schema
    var progress: (String) -> Void = { _ in }

    init(file: HDF5File, union: Union, inputs: [any RecordSource], progress: @escaping (String) -> Void) throws {
        self.file = file
        self.union = union
        self.inputs = inputs
        self.progress = progress
        layout = try Layout(union)
        schema = Schema(layout: layout, union: union)
    }

    func write() throws {
        try writeRoot(union.attributes)
        try writeDimensions()
        for (table, plan) in zip(union.tables, schema.tables) {
            try TableWriter(writer: self, table: table, plan: plan).write()
            try file.checkSpace()
        }
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
        for (index, axis) in union.axes.enumerated() {
            guard let variable = schema.axes[index].variable else { continue }
            let values = layout.kind == .grid ? union.values[index] : layout.ranks(ofAxis: index).map { union.values[index][$0] }
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

    fileprivate func integer(_ value: Double, _ what: String) throws -> Int64 {
        if value.isNaN { return Archive.missingInteger }
        guard let integer = Int64(exactly: value) else { throw InputError("\(what): \(value) is not an integer") }
        return integer
    }
}

/// Writes the variables of one study. Cells come in grid order, some at a time; each variable collects them until a chunk of
/// it is whole.
private struct TableWriter {
    let writer: ArchiveWriter
    let table: Union.Table
    let plan: Schema.Table
    let leading: [Int]

    private var file: HDF5File { writer.file }
    private var isList: Bool { writer.layout.kind == .points }

    init(writer: ArchiveWriter, table: Union.Table, plan: Schema.Table) {
        self.writer = writer
        self.table = table
        self.plan = plan
        leading = writer.layout.shape(of: table, writer.union)
    }

    // MARK: Variables

    /// Creates a variable over the sweep dimensions of the table and, for an output, its own.
    private func create(_ name: String, _ type: hid_t, own: [Schema.OwnAxis] = [], isText: Bool = false, _ describe: (HDF5Attributes) throws -> Void) throws {
        let shape = leading + own.map(\.length)
        let chunk = isText ? nil : Block.chunk(leading: leading, own: own.map(\.length))
        try file.create(name, fileType: type, shape: shape, chunk: chunk) { dataset in
            let leadingScales = isList ? [writer.schema.point] : plan.axes
            for (dimension, scale) in (leadingScales + own.map(\.dimension)).enumerated() {
                let variable = !isList && dimension < leadingScales.count ? writer.schema.axes.first { $0.name == scale }?.variable ?? scale : scale
                try file.dataset(variable) { try dataset.attach(scale: $0, dimension: dimension) }
            }
            try describe(dataset.attributes)
            try dataset.attributes.set("study", plan.study)
            if isList {
                try dataset.attributes.set("coordinates", plan.axes.compactMap { name in writer.schema.axes.first { $0.name == name }?.variable }.joined(separator: " "))
            }
        }
    }

    private func createAll() throws {
        try create(plan.status, Int32.fileType) { attributes in
            try attributes.set("long_name", "how the study \(plan.study) ended")
            try attributes.set("flag_values", [Archive.pendingStatus] + Status.allCases.map(\.rawValue))
            try attributes.set("flag_meanings", (["pending"] + Status.allCases.map(\.word)).joined(separator: " "))
        }
        try HDF5Text.withVariableType { type in
            try create(plan.reason, type, isText: true) { try $0.set("long_name", "why the status is not ok") }
        }
        try create(plan.seconds, Double.fileType) { attributes in
            try attributes.set("long_name", "wall-clock time of the computation")
            try attributes.set("units", "s")
            try attributes.set("_FillValue", [Double.nan])
        }
        try create(plan.source, Int32.fileType) { try $0.set("long_name", "index into the root attribute sources, from 0") }
        for (output, outputPlan) in zip(table.header.outputs, plan.outputs) {
            for (part, variable) in outputPlan.variables.enumerated() {
                try create(variable, output.kind == .integer ? Int64.fileType : Double.fileType, own: outputPlan.axes) { attributes in
                    let suffix = output.kind != .complex ? "" : part == 0 ? " (real part)" : " (imaginary part)"
                    try attributes.set("long_name", output.meaning + suffix)
                    try attributes.set("output", output.name)
                    let units = writer.union.attributes.units.label(for: output.dimension)
                    if !units.isEmpty { try attributes.set("units", units) }
                    if output.kind == .integer { try attributes.set("_FillValue", [Archive.missingInteger]) } else { try attributes.set("_FillValue", [Double.nan]) }
                }
            }
            for (place, variable) in outputPlan.extents.enumerated() {
                guard let variable else { continue }
                try create(variable, Int32.fileType) { try $0.set("long_name", "extent of \(output.name) along \(output.axes[place].name) at each point; -1: missing") }
            }
        }
    }

    // MARK: Contents

    func write() throws {
        try createAll()
        let cells = writer.layout.cells(of: table, writer.union)
        // Own lengths as the file has them: an axis that two studies share has the greater of theirs.
        var lengths: [OutputAxis: Int] = [:]
        for (output, outputPlan) in zip(table.header.outputs, plan.outputs) {
            for (axis, own) in zip(output.axes, outputPlan.axes) where axis.extent == nil { lengths[axis] = own.length }
        }
        var statuses = ChunkedVariable<Int32>(file, plan.status, leading, [])
        var seconds = ChunkedVariable<Double>(file, plan.seconds, leading, [])
        var sources = ChunkedVariable<Int32>(file, plan.source, leading, [])
        var reasons = TextVariable(file, plan.reason, leading)
        var outputs = zip(table.header.outputs, plan.outputs).map { OutputVariables(file, $0, $1, leading) }
        let step = RecordBatch.greatestCount(table.header, lengths: lengths)
        for start in stride(from: 0, to: cells.count, by: step) {
            let range = start..<min(cells.count, start + step)
            let batch = try read(cells, range, lengths)
            try statuses.append(batch.statuses)
            try seconds.append(batch.seconds)
            try sources.append(cells[range].map { $0 < 0 ? -1 : table.sources[Int($0)] })
            try reasons.append(batch.reasons, count: range.count)
            for index in outputs.indices {
                try outputs[index].append(batch.columns[index]) { try writer.integer($0, "output \(batch.columns[index].output.name)") }
            }
            try file.checkSpace()
            if cells.count > step { writer.progress("wrote \(range.upperBound) of \(cells.count) points of \(plan.study)") }
        }
    }

    /// The records of a range of cells, from all sources.
    private func read(_ cells: [Int32], _ range: Range<Int>, _ lengths: [OutputAxis: Int]) throws -> RecordBatch {
        var batch = RecordBatch(table.header, lengths: lengths, count: range.count)
        var wanted: [Int32: [(id: Int32, place: Int)]] = [:]
        for cell in range where cells[cell] >= 0 {
            let point = Int(cells[cell])
            wanted[table.inputs[point], default: []].append((table.ids[point], cell - range.lowerBound))
        }
        for (input, items) in wanted.sorted(by: { $0.key < $1.key }) {
            let order = items.sorted { $0.id < $1.id }
            try read(input, order.map(\.id), order.map(\.place), into: &batch)
        }
        if table.additions.isEmpty { return batch }
        // Of each input all at once: one record at a time would inflate its chunks over and over.
        var added: [Int32: [(id: Int32, place: Int, outputs: [Int])]] = [:]
        for cell in range where cells[cell] >= 0 {
            for addition in additions(to: Int(cells[cell])) {
                added[addition.input, default: []].append((addition.id, cell - range.lowerBound, addition.outputs.map { Int($0) }))
            }
        }
        for (input, items) in added.sorted(by: { $0.key < $1.key }) {
            let order = items.sorted { $0.id < $1.id }
            var more = RecordBatch(table.header, lengths: lengths, count: order.count)
            try read(input, order.map(\.id), Array(order.indices), into: &more)
            for (row, item) in order.enumerated() {
                for output in item.outputs { batch.columns[output].copy(from: more.columns[output], row, to: item.place) }
            }
        }
        return batch
    }

    private func read(_ input: Int32, _ ids: [Int32], _ places: [Int], into batch: inout RecordBatch) throws {
        do { try writer.inputs[Int(input)].read(plan.study, ids: ids, places: places, into: &batch) } catch { throw BrokenSource(input: Int(input), cause: error) }
    }

    /// They are in the order of their points.
    private func additions(to point: Int) -> ArraySlice<Union.Addition> {
        var low = 0, high = table.additions.count
        while low < high {
            let middle = (low + high) / 2
            if table.additions[middle].point < point { low = middle + 1 } else { high = middle }
        }
        return table.additions[low...].prefix { $0.point == point }
    }
}

/// The variables of one output.
private struct OutputVariables {
    private var reals: [ChunkedVariable<Double>] = []
    private var integers: [ChunkedVariable<Int64>] = []
    private var extents: [ChunkedVariable<Int32>?]

    init(_ file: HDF5File, _ output: OutputSpec, _ plan: Schema.Output, _ leading: [Int]) {
        let own = plan.axes.map(\.length)
        if output.kind == .integer {
            integers = plan.variables.map { ChunkedVariable(file, $0, leading, own) }
        } else {
            reals = plan.variables.map { ChunkedVariable(file, $0, leading, own) }
        }
        extents = plan.extents.map { $0.map { ChunkedVariable(file, $0, leading, []) } }
    }

    mutating func append(_ column: RecordBatch.Column, integer: (Double) throws -> Int64) throws {
        for part in reals.indices { try reals[part].append(column.parts[part]) }
        for part in integers.indices { try integers[part].append(try column.parts[part].map(integer)) }
        for axis in extents.indices { try extents[axis]?.append(column.extents[axis]) }
    }
}
