import Studies

/// An output without a single number says the same as no output.
func isMissing(_ array: OutputArray?) -> Bool {
    guard let array else { return true }
    return !array.data.isEmpty && array.data.allSatisfy(\.isNaN)
}

extension Record {
    /// Without outputs that are missing in the sense of archives.
    var canonical: Record {
        var record = self
        record.outputs = outputs.filter { !isMissing($0.value) }
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

    /// What does not fit its own description; such a table is a mistake in the programme that made it.
    func validate() throws {
        for row in rows {
            guard row.coordinates.count == axes.count else {
                throw InputError("study \(study): a record has \(row.coordinates.count) coordinates for the axes (\(axes.joined(separator: ", ")))")
            }
            for (name, array) in row.record.outputs {
                guard let output = outputs.first(where: { $0.name == name }) else {
                    throw InputError("study \(study) at \(key(row)): output \(name) is not among its declared outputs")
                }
                let fits = array.shape.count == output.axes.count && array.isComplex == (output.kind == .complex)
                    && zip(array.shape, output.axes).allSatisfy { $1.extent == nil || $0 == $1.extent }
                guard fits else {
                    let wanted = output.axes.map { "\($0.name): \($0.extent.map(String.init) ?? "any")" }.joined(separator: ", ")
                    throw InputError("study \(study) at \(key(row)): output \(name) is \(array.isComplex ? "complex" : "real") of shape \(array.shape), declared \(output.kind.rawValue) [\(wanted)]")
                }
            }
        }
    }
}
