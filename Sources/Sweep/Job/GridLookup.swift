import Studies

/// The way back: from a point's key to its index in a grid.
public struct GridLookup {
    private let grid: Grid
    /// [block] → values → row
    private let rows: [[[Double]: Int]]
    private let places: [String: Int]

    public init(_ grid: Grid) {
        self.grid = grid
        places = Dictionary(uniqueKeysWithValues: grid.axes.enumerated().map { ($1.name, $0) })
        rows = grid.blocks.map { block in
            var table: [[Double]: Int] = [:]
            table.reserveCapacity(block.count)
            for row in 0..<block.count { table[Array(block.row(row))] = row }
            return table
        }
    }

    /// The index of the point with this key (see `Point.key`); nil: the grid has no such point.
    public func index(ofKey key: String) -> Int? {
        var values = [Double?](repeating: nil, count: grid.axes.count), given = 0
        var rest = Substring(key)
        while !rest.isEmpty {
            let end = rest.firstIndex(of: ";") ?? rest.endIndex
            let field = rest[..<end]
            guard let sign = field.firstIndex(of: "="), let place = places[String(field[..<sign])],
                  let value = Double(field[field.index(after: sign)...]), values[place] == nil else { return nil }
            values[place] = value
            given += 1
            rest = end == rest.endIndex ? "" : rest[rest.index(after: end)...]
        }
        guard given == values.count else { return nil }
        var index = 0
        for (block, table) in zip(grid.blocks, rows) {
            guard let row = table[block.axes.map { values[$0] ?? .nan }] else { return nil }
            index = index * block.count + row
        }
        return index
    }
}

extension Grid {
    /// Value of one axis at a point, without making the point.
    func value(ofAxis axis: Int, at index: Int) -> Double {
        var rest = index
        for block in blocks.reversed() {
            if let column = block.axes.firstIndex(of: axis) {
                let row = block.row(rest % block.count)
                return row[row.startIndex + column]
            }
            rest /= block.count
        }
        preconditionFailure("every axis is in a block")
    }

    /// How many points have which value of an axis.
    func counts(ofAxis axis: Int) -> [Double: Int] {
        guard let block = blocks.first(where: { $0.axes.contains(axis) }), let column = block.axes.firstIndex(of: axis) else { return [:] }
        var counts: [Double: Int] = [:]
        for index in 0..<block.count {
            let row = block.row(index)
            counts[row[row.startIndex + column], default: 0] += count / block.count
        }
        return counts
    }
}
