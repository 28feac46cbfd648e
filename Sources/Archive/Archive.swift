import Foundation
import Studies

/// A sweep axis as archives keep it.
public struct ArchiveAxis: Equatable, Codable, Sendable {
    public var name: String
    /// For plots; empty: the name.
    public var label: String
    public var unit: String
    public var isInteger: Bool
    public init(name: String, label: String = "", unit: String = "1", isInteger: Bool = false) {
        self.name = name
        self.label = label
        self.unit = unit
        self.isInteger = isInteger
    }
}

/// A ledger that values come from.
public struct ArchiveSource: Equatable, Codable, Sendable {
    public var name: String
    public var sha256: String
    public var version: String
    public init(name: String, sha256: String, version: String) {
        self.name = name
        self.sha256 = sha256
        self.version = version
    }
}

/// Merged results with their labels: what is written as one HDF5 file. Layout: `docs/archive.md`.
public struct Archive: Sendable {
    public var title: String
    public var jobText: String
    public var softwareVersion: String
    /// ISO 8601.
    public var created: String
    public var energyUnit: String
    public var timeUnit: String
    public var sources: [ArchiveSource]
    public var axes: [ArchiveAxis]
    /// One per study; rows sorted by coordinates.
    public private(set) var tables: [ResultTable]

    public init(title: String, jobText: String, softwareVersion: String, created: String, energyUnit: String, timeUnit: String,
                sources: [ArchiveSource], axes: [ArchiveAxis], tables: [ResultTable]) {
        self.title = title
        self.jobText = jobText
        self.softwareVersion = softwareVersion
        self.created = created
        self.energyUnit = energyUnit
        self.timeUnit = timeUnit
        self.sources = sources
        self.axes = axes
        self.tables = tables.map(Self.canonical)
    }

    /// Rows in order; an output that is NaN throughout counts as absent, so that writing and reading is the identity.
    static func canonical(_ table: ResultTable) -> ResultTable {
        var table = table
        table.rows = table.rows.map { row in
            var row = row
            row.record.outputs = row.record.outputs.filter { !$0.value.data.allSatisfy(\.isNaN) }
            return row
        }
        table.rows.sort { a, b in a.coordinates.lexicographicallyPrecedes(b.coordinates) }
        return table
    }

    /// The union of two archives. Rows that agree are one; of two that differ, with `preferNewest` the other's wins.
    /// - Throws: `InputError` for differing values, axes or outputs.
    public func merging(_ other: Archive, preferNewest: Bool) throws -> Archive {
        var merged = self
        let shift = sources.count
        merged.sources += other.sources
        if merged.title != other.title { merged.title = [title, other.title].filter { !$0.isEmpty }.joined(separator: " + ") }
        if (energyUnit, timeUnit) != (other.energyUnit, other.timeUnit) {
            throw InputError("\"\(title)\" has units \(energyUnit), \(timeUnit) and \"\(other.title)\" \(other.energyUnit), \(other.timeUnit)", hint: "only archives in the same units can be merged")
        }
        for axis in other.axes {
            guard let known = axes.first(where: { $0.name == axis.name }) else { merged.axes.append(axis); continue }
            if known.unit != axis.unit || known.isInteger != axis.isInteger {
                throw InputError("the axis \(axis.name) has unit \(known.unit) in one archive and \(axis.unit) in another", hint: "only archives in the same units can be merged")
            }
        }
        for table in other.tables {
            guard let index = merged.tables.firstIndex(where: { $0.study == table.study }) else {
                merged.tables.append(Self.shifted(table, shift))
                continue
            }
            merged.tables[index] = try Self.join(merged.tables[index], Self.shifted(table, shift), sources: merged.sources, preferNewest: preferNewest)
        }
        return merged
    }

    private static func shifted(_ table: ResultTable, _ shift: Int) -> ResultTable {
        var table = table
        for k in table.rows.indices { table.rows[k].source += shift }
        return table
    }

    private static func join(_ a: ResultTable, _ b: ResultTable, sources: [ArchiveSource], preferNewest: Bool) throws -> ResultTable {
        guard a.axes == b.axes else {
            throw InputError("\(a.study) depends on \(a.axes.joined(separator: ", ")) in one archive and on \(b.axes.joined(separator: ", ")) in another",
                             hint: "merge sweeps over the same axes")
        }
        var joined = a
        for output in b.outputs {
            guard let known = a.outputs.first(where: { $0.name == output.name }) else { joined.outputs.append(output); continue }
            if known != output {
                throw InputError("\(a.study): the output \(output.name) means \"\(known.meaning)\" in one archive and \"\(output.meaning)\" in another", hint: "rename one of them")
            }
        }
        var places: [[Double]: Int] = [:]
        for (k, row) in a.rows.enumerated() { places[row.coordinates] = k }
        for row in b.rows {
            guard let place = places[row.coordinates] else { joined.rows.append(row); continue }
            let mine = joined.rows[place]
            if mine.record.agrees(with: row.record) { continue }
            if preferNewest { joined.rows[place] = row; continue }
            let at = zip(a.axes, row.coordinates).map { "\($0)=\(CanonicalNumber.string($1))" }.joined(separator: ", ")
            throw InputError("\(a.study) at \(at) differs between \(sources[mine.source].name) and \(sources[row.source].name)", hint: "--prefer newest takes the one named later")
        }
        return canonical(joined)
    }

    /// Text for `macrospin show`.
    public func summary() -> String {
        var lines = [title.isEmpty ? "(no title)" : title, "made \(created) by macrospin \(softwareVersion)", "", "axes"]
        for axis in axes {
            let values = Set(tables.flatMap { table -> [Double] in
                table.axes.firstIndex(of: axis.name).map { k in table.rows.map { $0.coordinates[k] } } ?? []
            }).sorted()
            guard let first = values.first, let last = values.last else { continue }
            let range = values.count <= 8 ? values.map(CanonicalNumber.string).joined(separator: ", ") : "\(values.count) values from \(CanonicalNumber.string(first)) to \(CanonicalNumber.string(last))"
            lines.append("  \(axis.name): \(range)" + (axis.label.isEmpty ? "" : "  (\(axis.label))"))
        }
        for table in tables {
            let product = table.axes.indices.reduce(1) { product, k in product * Set(table.rows.map { $0.coordinates[k] }).count }
            let statuses = Dictionary(grouping: table.rows) { $0.record.status }.sorted { $0.key.rawValue < $1.key.rawValue }
            lines.append("")
            lines.append("\(table.study) over \(table.axes.isEmpty ? "nothing" : table.axes.joined(separator: ", ")): \(table.rows.count) of \(product) points"
                + String(format: " (%.1f %%)", product > 0 ? 100 * Double(table.rows.count) / Double(product) : 100))
            lines.append("  " + statuses.map { "\($0.key.word) \($0.value.count)" }.joined(separator: ", "))
            for row in table.rows.filter({ $0.record.status.isFailure }).prefix(5) {
                lines.append("  \(row.record.status.word) at \(zip(table.axes, row.coordinates).map { "\($0)=\(CanonicalNumber.string($1))" }.joined(separator: ", ")): \(row.record.reason)")
            }
            for output in table.outputs {
                let axes = output.axes.map { $0.name }.joined(separator: ", ")
                lines.append("    \(output.name)\(axes.isEmpty ? "" : " (\(axes))") [\(unit(output.dimension))]: \(output.meaning)")
            }
        }
        lines += ["", "from"] + sources.map { "  \($0.name)  (sha256 \($0.sha256.prefix(12))…, macrospin \($0.version))" }
        return lines.joined(separator: "\n")
    }

    func unit(_ dimension: Studies.Dimension) -> String {
        switch dimension {
        case .dimensionless: "1"
        case .energy: energyUnit.isEmpty ? "1" : energyUnit
        case .time: timeUnit.isEmpty ? "1" : timeUnit
        case .rate where timeUnit.isEmpty: "1"
        case .rate: timeUnit.hasPrefix("1/") && !timeUnit.dropFirst(2).contains("/") ? String(timeUnit.dropFirst(2)) : "1/(\(timeUnit))"
        }
    }
}
