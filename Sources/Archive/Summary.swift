import Studies

extension Archive {
    /// What `macrospin show` prints: axes, studies with coverage, statuses and failures, variables, sources.
    public func summary() -> String {
        var lines: [String] = [attributes.title.isEmpty ? name : attributes.title]
        lines.append("written \(attributes.created)" + (attributes.softwareVersion.isEmpty ? "" : " by macrospin \(attributes.softwareVersion)"))
        lines += ["", "axes"]
        let values = Dictionary(uniqueKeysWithValues: axes.map { ($0.name, axisValues($0.name)) })
        lines += Self.columns(axes.map { axis in
            let found = values[axis.name] ?? []
            let range = found.first.map { first in found.count == 1 ? CanonicalNumber.string(first) : "\(CanonicalNumber.string(first)) … \(CanonicalNumber.string(found[found.count - 1]))" }
            let unit = axis.unit.isEmpty || axis.unit == "1" ? "" : " [\(axis.unit)]"
            return [axis.name, range ?? "no values", found.count == 1 ? "1 value" : "\(found.count) values", (axis.label == axis.name ? "" : axis.label) + unit]
        })
        for table in tables { lines += [""] + describe(table, values) }
        lines += ["", "sources"]
        lines += Self.columns(attributes.sources.enumerated().map { index, source in
            [String(index), source.name, source.sha256.isEmpty ? "" : "sha256 \(source.sha256.prefix(16))…", source.version, source.modified]
        })
        return lines.joined(separator: "\n") + "\n"
    }

    /// Ascending distinct values of an axis over all tables.
    public func axisValues(_ axis: String) -> [Double] {
        var found = Set<Double>()
        for table in tables {
            guard let place = table.axes.firstIndex(of: axis) else { continue }
            for row in table.rows { found.insert(row.coordinates[place]) }
        }
        return found.sorted()
    }

    private func describe(_ table: ResultTable, _ values: [String: [Double]]) -> [String] {
        let cells = table.axes.reduce(1.0) { $0 * Double(values[$1]?.count ?? 0) }
        let counts = Dictionary(grouping: table.rows, by: \.record.status).mapValues(\.count)
        let statuses = Status.allCases.compactMap { status in counts[status].map { "\($0) \(status.word)" } }
        let seconds = table.rows.reduce(0.0) { $0 + $1.record.seconds }
        let coverage = cells > 0 ? 100 * Double(table.rows.count) / cells : 0
        let share = Double(table.rows.count) == cells ? "100" : "\((coverage * 10).rounded(.down) / 10)"
        var lines = ["study \(table.study)(\(table.axes.joined(separator: ", "))): \(table.rows.count) of \(Int(cells)) points (\(share) %)"
            + (statuses.isEmpty ? "" : ": " + statuses.joined(separator: ", ")) + ", \((seconds * 10).rounded() / 10) s of computation"]
        lines += Self.columns(table.outputs.map { output in
            let own = output.axes.map { axis in "\(axis.name)\(axis.extent.map { "=\($0)" } ?? "")" }.joined(separator: ", ")
            return [output.name, output.kind.rawValue + (own.isEmpty ? "" : "[\(own)]"), attributes.units.label(for: output.dimension), output.meaning]
        })
        var reasons: [(status: Status, reason: String, first: String, count: Int)] = []
        for row in table.rows where row.record.status != .ok {
            if let known = reasons.firstIndex(where: { $0.status == row.record.status && $0.reason == row.record.reason }) {
                reasons[known].count += 1
            } else {
                reasons.append((row.record.status, row.record.reason, table.key(row), 1))
            }
        }
        let shown = 10
        for entry in reasons.prefix(shown) {
            lines.append("  ! \(entry.status.word) at \(entry.first)\(entry.count > 1 ? " and \(entry.count - 1) more" : "")\(entry.reason.isEmpty ? "" : ": \(entry.reason)")")
        }
        if reasons.count > shown { lines.append("  ! and \(reasons.count - shown) more reasons (variable reason_\(table.study))") }
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
