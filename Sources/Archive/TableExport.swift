import Foundation
import Studies

/// A source as tables of text (RFC 4180), one for the numbers that a study has at a point and one for each shape of its arrays:
///
/// - `S.csv`: a row a point: the axes, `status`, `reason`, `seconds`, `source`, one column a scalar output;
/// - `S.mode.csv`: a row an element of the arrays over `mode`: the axes of the sweep, the index along `mode` from 0 (and its name
///   or coordinate in `mode_label`), one column an output;
/// - `columns.csv`: what each column of each file means, and its unit.
///
/// Complex outputs are two columns, `_re` and `_im`. A missing number is an empty field; numbers are written with as many digits
/// as read back the same double.
public struct TableExport {
    public let source: any RecordSource
    public var progress: (String) -> Void = { _ in }
    public init(_ source: any RecordSource) { self.source = source }

    /// One file to be written.
    private struct File {
        let name: String
        let header: TableHeader
        let axes: [OutputAxis]
        /// Columns that describe the point beside its axes.
        let isMain: Bool
    }

    private func files() -> [File] {
        source.tables.flatMap { header -> [File] in
            var shapes: [[OutputAxis]] = [[]]
            for output in header.outputs where !shapes.contains(output.axes) { shapes.append(output.axes) }
            var names: Set<String> = []
            return shapes.map { axes in
                var name = ([header.study] + axes.map(\.name)).joined(separator: "."), number = 2
                while !names.insert(name).inserted {
                    name = ([header.study] + axes.map(\.name)).joined(separator: ".") + "-\(number)"
                    number += 1
                }
                let own = TableHeader(study: header.study, axes: header.axes, outputs: header.outputs.filter { $0.axes == axes })
                return File(name: name, header: own, axes: axes, isMain: axes.isEmpty)
            }
        }
    }

    /// Writes all files into a folder, which is made. A file that is there is replaced whole.
    /// - Returns: their paths.
    /// - Throws: `InputError` for what cannot be read or written.
    public func write(toFolder folder: String) throws -> [String] {
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw InputError(file: folder, "cannot be made: \((error as NSError).localizedDescription)", hint: "choose another place with -o")
        }
        var paths: [String] = [], columns = "file,column,meaning,unit\r\n"
        for file in files() {
            let path = "\(folder)/\(file.name).csv"
            try AtomicFile.replace(path) { descriptor in
                try write(file) { try Self.put($0, descriptor, path) }
            }
            paths.append(path)
            for column in self.columns(file) { columns += [file.name + ".csv", column.name, column.meaning, column.unit].map(Self.quoted).joined(separator: ",") + "\r\n" }
        }
        let path = folder + "/columns.csv"
        try AtomicFile.replace(path) { try Self.put(columns, $0, path) }
        return paths + [path]
    }

    /// The table of the numbers of one study, a row a point.
    public func writeMain(_ study: String, _ put: (String) throws -> Void) throws {
        guard let file = files().first(where: { $0.isMain && $0.header.study == study }) else { return }
        try write(file, put)
    }

    private static func put(_ text: String, _ descriptor: Int32, _ path: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileImage.Failure(code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: Columns

    private func columns(_ file: File) -> [(name: String, meaning: String, unit: String)] {
        var columns = file.header.axes.map { name -> (name: String, meaning: String, unit: String) in
            let axis = source.axes.first { $0.name == name }
            return (name, axis.map { $0.label.isEmpty ? $0.name : $0.label } ?? name, axis?.unit ?? "")
        }
        if file.isMain {
            columns += [("status", "how the study \(file.header.study) ended", ""), ("reason", "why the status is not ok", ""), ("seconds", "wall-clock time of the computation", "s"),
                        ("source", "ledger that the record comes from", "")]
        }
        for axis in file.axes {
            columns.append((axis.name, "index along \(axis.name), from 0", ""))
            if !axis.labels.isEmpty || !axis.coordinates.isEmpty { columns.append((axis.name + "_label", axis.labels.isEmpty ? "coordinate along \(axis.name)" : "name of the entry", "")) }
        }
        for output in file.header.outputs {
            let unit = source.attributes.units.label(for: output.dimension)
            if output.kind == .complex {
                columns += [(output.name + "_re", output.meaning + " (real part)", unit), (output.name + "_im", output.meaning + " (imaginary part)", unit)]
            } else {
                columns.append((output.name, output.meaning, unit))
            }
        }
        return columns
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private static func number(_ value: Double, isInteger: Bool = false) -> String {
        if value.isNaN { return "" }
        if isInteger, let integer = Int64(exactly: value) { return String(integer) }
        return "\(value)"
    }

    // MARK: Rows

    private func write(_ file: File, _ put: (String) throws -> Void) throws {
        try put(columns(file).map { Self.quoted($0.name) }.joined(separator: ",") + "\r\n")
        let scan = try source.scan(file.header.study), width = file.header.axes.count
        let step = RecordBatch.greatestCount(file.header, lengths: scan.lengths), order = scan.order(width)
        let isInteger = file.header.axes.map { name in source.axes.first { $0.name == name }?.isInteger ?? false }
        for start in stride(from: 0, to: order.count, by: step) {
            let rows = order[start..<min(order.count, start + step)]
            var batch = RecordBatch(file.header, lengths: scan.lengths, count: rows.count)
            let byID = rows.enumerated().sorted { scan.ids[$0.element] < scan.ids[$1.element] }
            try source.read(file.header.study, ids: byID.map { scan.ids[$0.element] }, places: byID.map(\.offset), into: &batch)
            var text = ""
            for (place, row) in rows.enumerated() {
                var head = ""
                for axis in 0..<width { head += Self.number(scan.coordinates[row * width + axis], isInteger: isInteger[axis]) + "," }
                if file.isMain {
                    let index = Int(scan.sources[row]), sources = source.attributes.sources
                    head += "\(scan.statuses[row].word),\(Self.quoted(batch.reasons[place] ?? "")),\(Self.number(batch.seconds[place])),\(Self.quoted(sources.indices.contains(index) ? sources[index].name : "")),"
                }
                append(file, batch, place, head, to: &text)
                if text.utf8.count > 1 << 20 {
                    try put(text)
                    text = ""
                }
            }
            try put(text)
            progress("wrote \(rows.endIndex) of \(order.count) points of \(file.name).csv")
        }
    }

    /// The rows of one record.
    private func append(_ file: File, _ batch: RecordBatch, _ place: Int, _ head: String, to text: inout String) {
        let shapes = batch.columns.map { $0.isMissing(place) ? nil : $0.shape(place) }
        let extents = file.axes.indices.map { axis in shapes.reduce(0) { max($0, $1?[axis] ?? 0) } }
        if !file.isMain, shapes.allSatisfy({ $0 == nil }) { return }
        for element in 0 ..< extents.reduce(1, *) {
            var rest = element, index = extents
            for axis in extents.indices.reversed() {
                index[axis] = rest % extents[axis]
                rest /= extents[axis]
            }
            var fields: [String] = []
            for (axis, own) in zip(file.axes, index) {
                fields.append(String(own))
                if !axis.labels.isEmpty { fields.append(own < axis.labels.count ? Self.quoted(axis.labels[own]) : "") }
                else if !axis.coordinates.isEmpty { fields.append(own < axis.coordinates.count ? Self.number(axis.coordinates[own]) : "") }
            }
            for (column, shape) in zip(batch.columns, shapes) {
                let isThere = shape.map { zip(index, $0).allSatisfy { $0 < $1 } } ?? false
                let offset = zip(index, column.lengths).reduce(0) { $0 * $1.1 + $1.0 }
                for part in column.parts { fields.append(isThere ? Self.number(part[place * column.size + offset], isInteger: column.output.kind == .integer) : "") }
            }
            text += head + fields.joined(separator: ",")
            if fields.isEmpty { text.removeLast() }
            text += "\r\n"
        }
    }
}
