import Studies

extension Grid {
    /// This grid with further values of one axis on some of its lines. Axes that a point does not name take all the values
    /// they have with those it names; points that are there already, or are on no line of this grid, change nothing.
    /// - Precondition: the axis is tied to no other.
    func inserting(_ points: [Point], along axis: String) -> Grid {
        guard let place = axisNames.firstIndex(of: axis), let own = blocks.first(where: { $0.axes == [place] }), !points.isEmpty else { return self }
        let naming = Set(points.flatMap(\.axes)).subtracting([axis])
        let isTied = { (block: GridBlock) in block.axes.contains { naming.contains(self.axisNames[$0]) } }
        let tied = blocks.filter(isTied)
        // Points by the axes they name, then by their line.
        var groups: [(columns: [Int], values: [[Double]: [Double]])] = []
        let lines = tied.isEmpty ? nil : GridBlock.product(tied)
        for (names, members) in Dictionary(grouping: points, by: { $0.axes.filter { $0 != axis } }).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let columns = names.compactMap { name in axisNames.firstIndex(of: name).flatMap { lines?.axes.firstIndex(of: $0) } }
            if columns.count < names.count { continue }
            groups.append((columns, Dictionary(grouping: members) { point in names.map { point[$0] ?? .nan } }.mapValues { $0.compactMap { $0[axis] } }))
        }
        var rows: [Double] = []
        for line in 0..<(lines?.count ?? 1) {
            let fixed = lines.map { Array($0.row(line)) } ?? []
            let inserted = groups.reduce(into: Set<Double>()) { $0.formUnion($1.values[$1.columns.map { fixed[$0] }] ?? []) }.subtracting(own.values)
            for value in own.values + inserted.sorted() { rows += fixed + [value] }
        }
        let grown = GridBlock(axes: (lines?.axes ?? []) + [place], values: rows)
        let others = blocks.filter { $0.axes != [place] && !isTied($0) }
        return Grid(axes: axes, blocks: (others + [grown]).sorted { ($0.axes.min() ?? 0) < ($1.axes.min() ?? 0) })
    }
}

extension Point {
    /// The point of a key (see `Point.key`); nil: it is none.
    init?(key: String) {
        var axes: [String] = [], values: [Double] = []
        for field in key.split(separator: ";", omittingEmptySubsequences: false) where !key.isEmpty {
            guard let sign = field.firstIndex(of: "="), let value = Double(field[field.index(after: sign)...]) else { return nil }
            axes.append(String(field[..<sign]))
            values.append(value)
        }
        self.init(axes: axes, canonical: values)
    }
}
