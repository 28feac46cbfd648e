import Studies

extension Archive {
    /// An output without a single number says the same as no output.
    static func isMissing(_ array: OutputArray?) -> Bool {
        guard let array else { return true }
        return !array.data.isEmpty && array.data.allSatisfy(\.isNaN)
    }
}

extension Record {
    /// Without outputs that are missing in the sense of archives.
    var canonical: Record {
        var record = self
        record.outputs = outputs.filter { !Archive.isMissing($0.value) }
        return record
    }
}

extension ResultTable {
    /// Rows in lexicographic order of their coordinates, records in canonical form.
    public var canonical: ResultTable {
        var table = self
        table.rows = rows.sorted { $0.coordinates.lexicographicallyPrecedes($1.coordinates) }
        for index in table.rows.indices { table.rows[index].record = table.rows[index].record.canonical }
        return table
    }

    /// `N=20;Gamma=0.5`
    func key(_ row: Row) -> String { Point(axes: axes, values: row.coordinates).key }

    var header: TableHeader { TableHeader(study: study, axes: axes, outputs: outputs) }
}

/// An archive in memory as a source of records: ids are the rows' numbers.
final class MemorySource: RecordSource {
    let archive: Archive
    var name: String { archive.name }
    var attributes: Archive.Attributes { archive.attributes }
    var axes: [ArchiveAxis] { archive.axes }
    var tables: [TableHeader] { archive.tables.map(\.header) }

    /// - Throws: `InputError` where the tables do not fit their own schemas.
    init(_ archive: Archive) throws {
        self.archive = archive
        for (index, table) in archive.tables.enumerated() {
            for row in table.rows {
                guard row.coordinates.count == table.axes.count else {
                    throw InputError("study \(table.study): a record has \(row.coordinates.count) coordinates for the axes (\(table.axes.joined(separator: ", ")))")
                }
                try table.header.check(row.record, at: table.key(row))
            }
            if archive.tables[..<index].contains(where: { $0.study == table.study }) { throw InputError("two tables of the study \(table.study) in one archive") }
        }
    }

    func scan(_ study: String) throws -> TableScan {
        guard let table = archive.table(study) else { return TableScan() }
        var scan = TableScan()
        for (index, row) in table.rows.enumerated() {
            scan.append(id: Int32(index), coordinates: row.coordinates, status: row.record.status, source: Int32(row.source))
            scan.note(row.record.outputs, table.outputs)
        }
        return scan
    }

    func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) throws {
        guard let table = archive.table(study) else { return }
        for (id, place) in zip(ids, places) { batch.set(table.rows[Int(id)].record, at: place) }
    }
}
