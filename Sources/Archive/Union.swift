import Studies

/// The union of several sources: which records there are at which place of the common grid, and where each of them, and
/// each of its outputs, is read from. Some hundred bytes a record; outputs stay in the sources.
struct Union {
    var attributes: Archive.Attributes
    var axes: [ArchiveAxis]
    /// Ascending distinct values of each axis; empty for an axis without records.
    var values: [[Double]]
    var tables: [Table]
    /// Options of studies that differ between the sources, in sentences.
    var warnings: [String] = []

    struct Table {
        var header: TableHeader
        /// Indices into the union's axes.
        var places: [Int]
        var lengths: [OutputAxis: Int]
        /// One for each point, ascending: the row-major index in the grid of this table's axes.
        var positions: [UInt128] = []
        /// The source that a point's record comes from, and its id there.
        var inputs: [Int32] = []
        var ids: [Int32] = []
        var statuses: [Status] = []
        /// Indices into the union's `attributes.sources`.
        var sources: [Int32] = []
        /// Outputs that come from another source than the rest of the record: the point, where from, and which.
        var additions: [Addition] = []

        var count: Int { positions.count }
    }

    struct Addition {
        let point: Int
        let input: Int32
        let id: Int32
        let outputs: [Int]
    }

    /// `N=20;Gamma=0.5`
    func key(_ table: Table, _ position: UInt128) -> String {
        Point(axes: table.header.axes, canonical: coordinates(table.places, position)).key
    }

    func coordinates(_ places: [Int], _ position: UInt128) -> [Double] {
        var rest = position, point = [Double](repeating: 0, count: places.count)
        for axis in places.indices.reversed() {
            let values = self.values[places[axis]], count = UInt128(values.count)
            point[axis] = values[Int(rest % count)]
            rest /= count
        }
        return point
    }
}

/// A source that could not be read in the middle of a merge.
struct BrokenSource: Error {
    let input: Int
    let cause: any Error
}

/// Builds a `Union`: compatible sources, all keys, and for each key the records that count.
struct UnionBuilder {
    let inputs: [any RecordSource]
    let prefer: Archive.Preference
    var progress: (String) -> Void = { _ in }

    /// One record of one source.
    private struct Entry {
        let position: UInt128
        let input: Int32
        let row: Int32
    }

    /// - Throws: `InputError` where sources contradict each other, `BrokenSource`.
    func build() throws -> Union {
        var union = try Compatibility.join(inputs)
        // Of each source: where its list of ledgers went.
        let sourceIndex = inputs.map { input in input.attributes.sources.map { source in Int32(union.attributes.sources.firstIndex(of: source) ?? 0) } }
        var scans: [[TableScan]] = []
        for (index, input) in inputs.enumerated() {
            scans.append(try union.tables.map { table in
                do { return input.table(table.header.study) == nil ? TableScan() : try input.scan(table.header.study) } catch { throw BrokenSource(input: index, cause: error) }
            })
            progress("looked into \(index + 1) of \(inputs.count)")
        }
        union.values = Self.values(union, scans)
        for place in union.tables.indices { try fill(&union, place, scans.map { $0[place] }, sourceIndex) }
        return union
    }

    private static func values(_ union: Union, _ scans: [[TableScan]]) -> [[Double]] {
        var sets = [Set<Double>](repeating: [], count: union.axes.count)
        for scan in scans {
            for (table, scan) in zip(union.tables, scan) {
                let width = table.places.count
                for (axis, place) in table.places.enumerated() {
                    var last = Double.nan
                    for row in 0..<scan.count {
                        let value = scan.coordinates[row * width + axis]
                        if value != last { sets[place].insert(value) }
                        last = value
                    }
                }
            }
        }
        return sets.map { $0.sorted() }
    }

    private func fill(_ union: inout Union, _ place: Int, _ scans: [TableScan], _ sourceIndex: [[Int32]]) throws {
        var table = union.tables[place]
        for scan in scans { table.lengths.merge(scan.lengths) { max($0, $1) } }
        let rank = table.places.map { place in Dictionary(uniqueKeysWithValues: union.values[place].enumerated().map { ($1, $0) }) }
        let counts = table.places.map { UInt128(union.values[$0].count) }
        var cells: UInt128 = 1
        for count in counts where count > 0 {
            let (product, overflows) = cells.multipliedReportingOverflow(by: count)
            guard !overflows else { throw InputError("study \(table.header.study): the common grid has more than 1e38 cells", hint: "merge fewer runs with scattered points") }
            cells = product
        }
        var entries: [Entry] = []
        entries.reserveCapacity(scans.reduce(0) { $0 + $1.count })
        for (input, scan) in scans.enumerated() {
            let width = counts.count
            // Neighbours mostly share their values: look up what changed.
            var last = [Double](repeating: .nan, count: width), ranks = [UInt128](repeating: 0, count: width)
            for row in 0..<scan.count {
                var position: UInt128 = 0
                for axis in 0..<width {
                    let value = scan.coordinates[row * width + axis]
                    if value != last[axis] {
                        last[axis] = value
                        ranks[axis] = UInt128(rank[axis][value] ?? 0)
                    }
                    position = position * counts[axis] + ranks[axis]
                }
                entries.append(Entry(position: position, input: Int32(input), row: Int32(row)))
            }
        }
        entries.sort { $0.position != $1.position ? $0.position < $1.position : $0.input < $1.input }

        func candidate(_ entry: Entry) -> Candidate {
            let scan = scans[Int(entry.input)], own = Int(scan.sources[Int(entry.row)]), known = sourceIndex[Int(entry.input)]
            return Candidate(input: entry.input, id: scan.ids[Int(entry.row)], status: scan.statuses[Int(entry.row)],
                             source: known.indices.contains(own) ? known[own] : Int32(clamping: own))
        }
        func append(_ position: UInt128, _ winner: Candidate) {
            table.positions.append(position)
            table.inputs.append(winner.input)
            table.ids.append(winner.id)
            table.statuses.append(winner.status)
            table.sources.append(winner.source)
        }
        let choice = Choice(header: table.header, lengths: table.lengths, inputs: inputs, sources: union.attributes.sources, prefer: prefer)
        // Points with several records are settled many at a time: their outputs must be looked at.
        var held: [(point: Int, candidates: [Candidate])] = [], heldCount = 0
        func settle() throws {
            try choice.settle(held.map(\.candidates), key: { union.key(table, table.positions[held[$0].point]) }) { number, winner, additions in
                let point = held[number].point
                table.inputs[point] = winner.input
                table.ids[point] = winner.id
                table.statuses[point] = winner.status
                table.sources[point] = winner.source
                for (candidate, outputs) in additions {
                    table.additions.append(Union.Addition(point: point, input: candidate.input, id: candidate.id, outputs: outputs))
                }
            }
            held = []
            heldCount = 0
        }
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].position == entries[start].position { end += 1 }
            if end == start + 1 {
                append(entries[start].position, candidate(entries[start]))
            } else {
                let candidates = entries[start..<end].map(candidate)
                if zip(candidates, candidates.dropFirst()).contains(where: { $0.input == $1.input }) {
                    throw InputError("study \(table.header.study) has two records at \(union.key(table, entries[start].position))")
                }
                append(entries[start].position, candidates[0])
                held.append((table.count - 1, candidates))
                heldCount += candidates.count
                if heldCount >= choice.batchCount { try settle() }
            }
            start = end
        }
        try settle()
        union.tables[place] = table
    }
}
