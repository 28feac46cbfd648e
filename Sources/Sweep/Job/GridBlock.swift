/// Axes that do not vary independently, with all combinations of their values: one axis, zipped axes, an explicit list
/// of points, or what a condition leaves of a product. A grid is a product of blocks.
struct GridBlock: Sendable {
    /// Indices into the grid's axes.
    let axes: [Int]
    /// Row-major, one row a combination, in the order of `axes`. Canonical.
    let values: [Double]

    var count: Int { values.count / axes.count }
    func row(_ index: Int) -> ArraySlice<Double> { values[index * axes.count ..< (index + 1) * axes.count] }

    /// The combinations of some of the axes, each once, in order of first appearance. nil: none of the axes is here.
    func projected(onAxes kept: Set<Int>) -> GridBlock? {
        let columns = axes.indices.filter { kept.contains(axes[$0]) }
        if columns.isEmpty { return nil }
        if columns.count == axes.count { return self }
        var seen: Set<[Double]> = [], values: [Double] = []
        for index in 0..<count {
            let row = self.row(index), part = columns.map { row[row.startIndex + $0] }
            if seen.insert(part).inserted { values += part }
        }
        return GridBlock(axes: columns.map { axes[$0] }, values: values)
    }

    /// All combinations of all blocks, the last fastest, that `isWanted` keeps (called with one value an axis of
    /// `product.axes`).
    static func product(_ blocks: [GridBlock], where isWanted: ([Double]) throws -> Bool) rethrows -> GridBlock {
        let axes = blocks.flatMap(\.axes), total = blocks.reduce(1) { $0 * $1.count }
        var values: [Double] = []
        for index in 0..<total {
            var rest = index, row: [Double] = []
            for block in blocks.reversed() {
                row.insert(contentsOf: block.row(rest % block.count), at: 0)
                rest /= block.count
            }
            if try isWanted(row) { values += row }
        }
        return GridBlock(axes: axes, values: values)
    }

    static func product(_ blocks: [GridBlock]) -> GridBlock {
        blocks.count == 1 ? blocks[0] : product(blocks) { _ in true }
    }

    /// Rows with the columns in another order of the same axes.
    func rows(inOrder order: [Int]) -> Set<[Double]> {
        let columns = order.compactMap(axes.firstIndex(of:))
        return Set((0..<count).map { index in
            let row = self.row(index)
            return columns.map { row[row.startIndex + $0] }
        })
    }
}
