import Foundation
import Studies

/// What `macrospin show` tells of a source: axes, studies with coverage, statuses and failures, variables, sources. Outputs
/// are not read.
public struct Summary: Codable, Sendable {
    public struct Axis: Codable, Sendable {
        public var name: String
        public var label: String
        public var unit: String
        public var isInteger: Bool
        public var values: [Double]
    }

    public struct Study: Codable, Sendable {
        public var study: String
        public var axes: [String]
        public var points: Int
        /// Of the grid of the values of its axes.
        public var cells: Double
        public var statuses: [String: Int]
        /// N → status → count, where N is an axis; `cells` is the number of grid points with that N.
        public var bySpinCount: [SpinCount]
        public var seconds: Double
        public var outputs: [Output]
        /// Options that the outputs do not tell; nil: not known.
        public var options: [StudyOption]?
        /// Most frequent first.
        public var failures: [Failure]
    }

    public struct SpinCount: Codable, Sendable {
        public var n: Double
        public var cells: Double
        public var points: Int
        public var statuses: [String: Int]
    }

    public struct Output: Codable, Sendable {
        public var name: String
        public var kind: String
        public var axes: [String]
        public var unit: String
        public var meaning: String
    }

    public struct Failure: Codable, Sendable {
        public var status: String
        /// Of the first of these points; others may have other numbers in it.
        public var reason: String
        public var count: Int
        public var examples: [String]
    }

    public struct Source: Codable, Sendable {
        public var name: String
        public var sha256: String
        public var version: String
        public var modified: String
        public var records: Int
    }

    public var name: String
    public var title: String
    public var created: String
    public var softwareVersion: String
    public var axes: [Axis]
    public var studies: [Study]
    public var sources: [Source]

    /// - Throws: `InputError` for a damaged source.
    public init(_ source: any RecordSource) throws {
        name = source.name
        title = source.attributes.title
        created = source.attributes.created
        softwareVersion = source.attributes.softwareVersion
        sources = source.attributes.sources.map { Source(name: $0.name, sha256: $0.sha256, version: $0.version, modified: $0.modified, records: 0) }
        studies = []
        var values: [String: Set<Double>] = [:], scans: [TableScan] = []
        for header in source.tables {
            let scan = try source.scan(header.study), width = header.axes.count
            for (axis, name) in header.axes.enumerated() {
                var last = Double.nan, own = values.removeValue(forKey: name) ?? []
                for row in 0..<scan.count {
                    let value = scan.coordinates[row * width + axis]
                    if value != last { own.insert(value) }
                    last = value
                }
                values[name] = own
            }
            for index in scan.sources where sources.indices.contains(Int(index)) { sources[Int(index)].records += 1 }
            scans.append(scan)
        }
        axes = source.axes.map { Axis(name: $0.name, label: $0.label, unit: $0.unit, isInteger: $0.isInteger, values: (values[$0.name] ?? []).sorted()) }
        for (header, scan) in zip(source.tables, scans) { studies.append(try Self.study(header, scan, source, values)) }
    }

    private static func study(_ header: TableHeader, _ scan: TableScan, _ source: any RecordSource, _ values: [String: Set<Double>]) throws -> Study {
        let cells = header.axes.reduce(1.0) { $0 * Double(values[$1]?.count ?? 0) }, width = header.axes.count
        var statuses: [String: Int] = [:], counts: [Double: [Status: Int]] = [:], all: [Status: Int] = [:]
        let spins = header.axes.firstIndex(of: "N")
        for row in 0..<scan.count {
            all[scan.statuses[row], default: 0] += 1
            if let spins { counts[scan.coordinates[row * width + spins], default: [:]][scan.statuses[row], default: 0] += 1 }
        }
        for (status, count) in all { statuses[status.word] = count }
        let bySpinCount = counts.sorted { $0.key < $1.key }.map { n, found in
            SpinCount(n: n, cells: cells / Double(max(1, counts.count)), points: found.values.reduce(0, +), statuses: Dictionary(uniqueKeysWithValues: found.map { ($0.key.word, $0.value) }))
        }
        // Reasons and seconds: variables of their own, without the outputs.
        let bare = TableHeader(study: header.study, axes: header.axes, outputs: [])
        var seconds = 0.0, failures: [String: (failure: Failure, order: Int)] = [:]
        for start in stride(from: 0, to: scan.count, by: 1 << 18) {
            let range = start..<min(scan.count, start + 1 << 18)
            var batch = RecordBatch(bare, lengths: [:], count: range.count)
            try source.read(header.study, ids: Array(scan.ids[range]), places: Array(0..<range.count), into: &batch)
            for row in range {
                if batch.seconds[row - start].isFinite { seconds += batch.seconds[row - start] }
                let status = scan.statuses[row]
                guard status != .ok else { continue }
                let reason = batch.reasons[row - start] ?? "", kind = "\(status.rawValue) \(withoutNumbers(reason))"
                let key = Point(axes: header.axes, canonical: Array(scan.coordinates[row * width ..< (row + 1) * width])).key
                if var known = failures.removeValue(forKey: kind) {
                    known.failure.count += 1
                    if known.failure.examples.count < 3 { known.failure.examples.append(key) }
                    failures[kind] = known
                } else {
                    failures[kind] = (Failure(status: status.word, reason: reason, count: 1, examples: [key]), failures.count)
                }
            }
        }
        let units = source.attributes.units
        return Study(study: header.study, axes: header.axes, points: scan.count, cells: cells, statuses: statuses, bySpinCount: bySpinCount, seconds: seconds,
                     outputs: header.outputs.map { output in
                         Output(name: output.name, kind: output.kind.rawValue, axes: output.axes.map { "\($0.name)\($0.extent.map { "=\($0)" } ?? "")" },
                                unit: units.label(for: output.dimension), meaning: output.meaning)
                     },
                     options: header.options,
                     failures: failures.values.sorted { $0.failure.count != $1.failure.count ? $0.failure.count > $1.failure.count : $0.order < $1.order }.map(\.failure))
    }

    /// Reasons that differ in numbers alone are one reason.
    private static func withoutNumbers(_ text: String) -> String {
        var result = "", isNumber = false
        for character in text {
            let belongs = character.isNumber || (isNumber && ".eE+-".contains(character))
            if belongs {
                if !isNumber { result.append("#") }
            } else {
                result.append(character)
            }
            isNumber = belongs
        }
        return result
    }
}

extension Summary {
    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    public var text: String {
        var lines: [String] = [title.isEmpty ? name : title]
        lines.append("written \(created)" + (softwareVersion.isEmpty ? "" : " by macrospin \(softwareVersion)"))
        lines += ["", "axes"]
        lines += Self.columns(axes.map { axis in
            let unit = axis.unit.isEmpty || axis.unit == "1" ? "" : " [\(axis.unit)]"
            return [axis.name, Self.range(axis.values), axis.values.count == 1 ? "1 value" : "\(axis.values.count) values", (axis.label == axis.name ? "" : axis.label) + unit]
        })
        for study in studies { lines += [""] + Self.describe(study) }
        lines += ["", "sources"]
        let most = 20
        lines += Self.columns(sources.prefix(most).enumerated().map { index, source in
            [String(index), source.name, "\(source.records) records", source.sha256.isEmpty ? "" : "sha256 \(source.sha256.prefix(16))…", source.version, source.modified]
        })
        if sources.count > most { lines.append("  and \(sources.count - most) more (--json lists all)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All of a few values, the ends of many.
    private static func range(_ values: [Double]) -> String {
        guard let first = values.first, let last = values.last else { return "no values" }
        if values.count <= 6 { return values.map(CanonicalNumber.string).joined(separator: ", ") }
        return "\(CanonicalNumber.string(first)) … \(CanonicalNumber.string(last))"
    }

    private static func share(_ points: Int, _ cells: Double) -> String {
        if cells == 0 { return "0" }
        return Double(points) == cells ? "100" : "\((1000 * Double(points) / cells).rounded(.down) / 10)"
    }

    private static func counts(_ statuses: [String: Int]) -> String {
        Status.allCases.compactMap { status in statuses[status.word].map { "\($0) \(status.word)" } }.joined(separator: ", ")
    }

    private static func describe(_ study: Study) -> [String] {
        let cells = study.cells < 1e15 ? "\(Int(study.cells))" : "\(Float(study.cells))"
        var lines = ["study \(study.study)(\(study.axes.joined(separator: ", "))): \(study.points) of \(cells) points (\(share(study.points, study.cells)) %)"
            + (study.statuses.isEmpty ? "" : ": " + counts(study.statuses)) + ", \((study.seconds * 10).rounded() / 10) s of computation"]
        lines += columns(study.outputs.map { output in
            [output.name, output.kind + (output.axes.isEmpty ? "" : "[\(output.axes.joined(separator: ", "))]"), output.unit, output.meaning]
        })
        let options = (study.options ?? []).compactMap { option in option.text.map { "\(option.name): \($0)" } }
        if !options.isEmpty { lines.append("  options: \(options.joined(separator: ", "))") }
        // Where all N are alike there is nothing to tell.
        let isEven = study.bySpinCount.allSatisfy { Double($0.points) == $0.cells && $0.statuses.count == 1 && $0.statuses["ok"] != nil }
        if !isEven, study.bySpinCount.count > 1 {
            let most = 30
            lines += columns(study.bySpinCount.prefix(most).map { ["N = \(CanonicalNumber.string($0.n))", "\(share($0.points, $0.cells)) %", counts($0.statuses)] })
            if study.bySpinCount.count > most { lines.append("  and \(study.bySpinCount.count - most) more N (--json lists all)") }
        }
        let shown = 10
        for entry in study.failures.prefix(shown) {
            let more = entry.count - entry.examples.count
            lines.append("  ! \(entry.status) at \(entry.examples.joined(separator: ", "))\(more > 0 ? " and \(more) more" : "")\(entry.reason.isEmpty ? "" : ": \(entry.reason)")")
        }
        if study.failures.count > shown { lines.append("  ! and \(study.failures.count - shown) more reasons (variable reason_\(study.study))") }
        return lines
    }

    /// Left-aligned columns, indented by two.
    private static func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() where widths[column] > 0 {
                line += "  " + cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}

extension Archive {
    public func summary() -> String { (try? Summary(MemorySource(self)))?.text ?? name }
}
