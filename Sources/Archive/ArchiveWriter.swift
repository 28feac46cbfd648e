import Foundation
import Studies

extension Archive {
    /// Writes the archive: a temporary file beside it, flushed to disk, then renamed. An old file stays as it was until the
    /// new one is whole.
    /// - Throws: `InputError` naming the file.
    public func write(to path: String) throws {
        let temporary = path + ".tmp"
        do {
            unlink(temporary)
            let file = try HDF5File(creating: temporary)
            do {
                try ArchiveWriter(archive: self, file: file).write()
                try file.close()
            } catch {
                try? file.close()
                throw error
            }
            let descriptor = open(temporary, O_RDONLY)
            let synced = fsync(descriptor)
            close(descriptor)
            guard synced == 0, rename(temporary, path) == 0 else { throw HDF5Error(description: "cannot be written: \(String(cString: strerror(errno)))") }
            let directory = open((path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY)
            if directory >= 0 {
                fsync(directory)
                close(directory)
            }
        } catch let error as HDF5Error {
            unlink(temporary)
            throw InputError(file: path, "\(error)", hint: "choose another place with -o, or make room")
        }
    }
}

struct ArchiveWriter {
    let archive: Archive
    let file: HDF5File

    func write() throws {
        let layout = ArchiveLayout(axes: archive.axes, tables: archive.tables)
        try writeRoot(layout)
        try writeAxes(layout)
        try writeOutputAxes()
        for (table, placement) in zip(archive.tables, layout.placements) { try write(table, placement) }
    }

    private func writeRoot(_ layout: ArchiveLayout) throws {
        try file.setAttribute("/", "title", archive.title)
        try file.setAttribute("/", "Conventions", "CF-1.10")
        try file.setAttribute("/", "source", "macrospin \(archive.softwareVersion)")
        try file.setAttribute("/", "software_version", archive.softwareVersion)
        try file.setAttribute("/", "created", archive.created)
        try file.setAttribute("/", "macrospin_archive_version", long: archiveVersion)
        try setText("job", archive.jobText)
        try setText("ledgers", archive.sources.map { "\($0.name) sha256:\($0.sha256) macrospin \($0.version)" }.joined(separator: "\n"))
        let schema = ArchiveSchema(axes: archive.axes, energyUnit: archive.energyUnit, timeUnit: archive.timeUnit, sources: archive.sources, isGrid: layout.isGrid,
                                   tables: archive.tables.map { .init(study: $0.study, axes: $0.axes, outputs: $0.outputs.map(ArchiveSchema.output)) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let json = try? encoder.encode(schema) else { throw HDF5Error(description: "the schema cannot be encoded") }
        try setText("macrospin_schema", String(decoding: json, as: UTF8.self))
    }

    /// HDF5 attributes end at 64 KB: longer texts go on in `<key>_1`, `<key>_2`, …
    private func setText(_ key: String, _ text: String) throws {
        var rest = Substring(text), part = 0
        repeat {
            var piece = rest.prefix(60_000)
            while piece.utf8.count > 60_000 { piece = piece.dropLast(1000) }
            try file.setAttribute("/", part == 0 ? key : "\(key)_\(part)", String(piece))
            rest = rest[piece.endIndex...]
            part += 1
        } while !rest.isEmpty
    }

    private func writeAxes(_ layout: ArchiveLayout) throws {
        func write(_ axis: ArchiveAxis, _ name: String, _ values: [Double]) throws {
            try file.write(name, axis.isInteger ? .longs(values.map { Int64($0) }) : .doubles(values), shape: [values.count])
            try file.setAttribute(name, "long_name", axis.label.isEmpty ? axis.name : axis.label)
            try file.setAttribute(name, "units", axis.unit)
        }
        if layout.isGrid {
            for axis in archive.axes {
                guard let values = layout.axisValues[axis.name] else { continue }
                try write(axis, axis.name, values)
                try file.makeScale(axis.name)
            }
            return
        }
        for list in layout.pointLists {
            try file.write(list.dimension, .longs((0..<list.coordinates.count).map(Int64.init)), shape: [list.coordinates.count])
            try file.makeScale(list.dimension)
            var names: [String] = []
            for (k, name) in list.axes.enumerated() {
                guard let axis = archive.axes.first(where: { $0.name == name }) else { continue }
                let coordinate = ArchiveLayout.coordinateName(name, dimension: list.dimension)
                try write(axis, coordinate, list.coordinates.map { $0[k] })
                try file.attach(coordinate, [list.dimension])
                names.append(coordinate)
            }
        }
    }

    /// Greatest extent of each output axis over all records, and its dimension scale.
    private func outputExtents() -> [(axis: OutputAxis, extent: Int)] {
        var order: [String] = [], known: [String: (OutputAxis, Int)] = [:]
        for table in archive.tables {
            for output in table.outputs {
                for (position, axis) in output.axes.enumerated() {
                    var extent = axis.extent ?? 1
                    for row in table.rows {
                        if let shape = row.record.outputs[output.name]?.shape, position < shape.count { extent = max(extent, shape[position]) }
                    }
                    if let (first, before) = known[axis.name] { known[axis.name] = (first, max(before, extent)) } else {
                        known[axis.name] = (axis, extent)
                        order.append(axis.name)
                    }
                }
            }
        }
        return order.compactMap { known[$0].map { (axis: $0.0, extent: $0.1) } }
    }

    private func writeOutputAxes() throws {
        for (axis, extent) in outputExtents() {
            if axis.labels.count == extent { try file.write(axis.name, .strings(axis.labels), shape: [extent]) } else {
                try file.write(axis.name, .longs((0..<extent).map(Int64.init)), shape: [extent])
            }
            try file.makeScale(axis.name)
        }
    }

    private func write(_ table: ResultTable, _ placement: TablePlacement) throws {
        let study = table.study, count = placement.count
        var status = [Int32](repeating: pendingStatus, count: count), source = [Int32](repeating: -1, count: count)
        var reason = [String](repeating: "", count: count), seconds = [Double](repeating: .nan, count: count)
        for (row, place) in zip(table.rows, placement.places) {
            status[place] = row.record.status.rawValue
            reason[place] = row.record.reason
            seconds[place] = row.record.seconds
            source[place] = Int32(row.source)
        }
        func finish(_ name: String, _ dimensions: [String], _ attributes: [(String, String)]) throws {
            try file.attach(name, dimensions)
            for (key, text) in attributes { try file.setAttribute(name, key, text) }
            try file.setAttribute(name, "study", study)
        }
        try file.write("status_\(study)", .ints(status), shape: placement.extents)
        try finish("status_\(study)", placement.dimensions, [("long_name", "how \(study) ended"), ("flag_meanings", (["pending"] + Status.allCases.map(\.word)).joined(separator: " "))])
        try file.setAttribute("status_\(study)", "flag_values", ints: [pendingStatus] + Status.allCases.map(\.rawValue))
        try file.write("reason_\(study)", .strings(reason), shape: placement.extents)
        try finish("reason_\(study)", placement.dimensions, [("long_name", "why \(study) is not ok")])
        try file.write("seconds_\(study)", .doubles(seconds), shape: placement.extents)
        try finish("seconds_\(study)", placement.dimensions, [("long_name", "wall-clock time of \(study)"), ("units", "s")])
        try file.write("source_\(study)", .ints(source), shape: placement.extents)
        try finish("source_\(study)", placement.dimensions, [("long_name", "line of the root attribute ledgers that the value comes from")])

        let extents = Dictionary(uniqueKeysWithValues: outputExtents().map { ($0.axis.name, $0.extent) })
        for output in table.outputs {
            let inner = output.axes.map { extents[$0.name] ?? 1 }, innerCount = inner.reduce(1, *)
            let parts = output.kind == .complex ? ["_re", "_im"] : [""]
            for (part, suffix) in parts.enumerated() {
                var values = [Double](repeating: .nan, count: count * innerCount)
                for (row, place) in zip(table.rows, placement.places) {
                    guard let array = row.record.outputs[output.name] else { continue }
                    scatter(array, part: part, into: &values, at: place * innerCount, extents: inner)
                }
                let name = output.name + suffix
                let stored: HDF5File.Values = output.kind == .integer ? .longs(values.map { $0.isNaN ? missingInteger : Int64($0) }) : .doubles(values)
                try file.write(name, stored, shape: placement.extents + inner)
                try finish(name, placement.dimensions + output.axes.map(\.name),
                           [("long_name", output.meaning + (part == 1 ? " (imaginary part)" : parts.count == 2 ? " (real part)" : "")), ("units", archive.unit(output.dimension))])
                if output.kind == .integer { try file.setAttribute(name, "_FillValue", long: missingInteger) } else { try file.setAttribute(name, "_FillValue", double: .nan) }
            }
            if output.axes.contains(where: { $0.extent == nil }) {
                var shapes = [Int64](repeating: 0, count: count * output.axes.count)
                for (row, place) in zip(table.rows, placement.places) {
                    for (k, extent) in (row.record.outputs[output.name]?.shape ?? []).enumerated() { shapes[place * output.axes.count + k] = Int64(extent) }
                }
                let rank = "rank_\(output.axes.count)"
                if !file.exists(rank) {
                    try file.write(rank, .longs((0..<output.axes.count).map(Int64.init)), shape: [output.axes.count])
                    try file.makeScale(rank)
                }
                try file.write("shape_\(output.name)", .longs(shapes), shape: placement.extents + [output.axes.count])
                try finish("shape_\(output.name)", placement.dimensions + [rank], [("long_name", "extents of \(output.name) at each point; the rest is padding")])
            }
        }
    }

    private func scatter(_ array: OutputArray, part: Int, into values: inout [Double], at base: Int, extents: [Int]) {
        let step = array.isComplex ? 2 : 1
        for k in 0..<(array.data.count / step) {
            var rest = k, place = 0, stride = 1
            for axis in array.shape.indices.reversed() {
                place += rest % array.shape[axis] * stride
                rest /= array.shape[axis]
                stride *= extents[axis]
            }
            values[base + place] = array.data[step * k + part]
        }
    }
}
