import Studies

/// The points of a sweep: a collection indexed without being stored, so that 10⁹ points cost nothing.
///
/// Points come in a fixed order, the same on every machine: blocks of axes in the order of the job, the last fastest.
public struct Grid: Sendable, RandomAccessCollection {
    public static let greatestCount = 1_000_000_000
    /// Rows of one block (axes that a condition or a list ties together), which are stored.
    static let greatestBlock = 10_000_000

    /// In the order of the job.
    public let axes: [GridAxis]
    let blocks: [GridBlock]
    private let names: [String]
    public let count: Int

    /// - Precondition: every axis is in exactly one block, and the product of counts is at most `greatestCount`.
    init(axes: [GridAxis], blocks: [GridBlock]) {
        self.axes = axes
        self.blocks = blocks
        names = axes.map(\.name)
        count = blocks.reduce(1) { $0 * $1.count }
    }

    /// Every combination of the axes' values.
    public init(productOf axes: [GridAxis]) {
        self.init(axes: axes, blocks: axes.enumerated().map { GridBlock(axes: [$0], values: $1.values.map(CanonicalNumber.rounded)) })
    }

    public var axisNames: [String] { names }
    public func axis(named name: String) -> GridAxis? { axes.first { $0.name == name } }

    // MARK: Points

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(index: Int) -> Point {
        precondition(index >= 0 && index < count, "the grid has \(count) points")
        var rest = index, values = [Double](repeating: 0, count: axes.count)
        for block in blocks.reversed() {
            let row = block.row(rest % block.count)
            rest /= block.count
            for (axis, value) in zip(block.axes, row) { values[axis] = value }
        }
        return Point(axes: names, canonical: values)
    }

    /// The grid that remains when only the named axes are looked at: each combination once, by the same order. Axes keep
    /// the order of the job; names that are no axes are ignored. Without any axis it has one point, the empty one.
    public func projected(on wanted: [String]) -> Grid {
        let kept = axes.indices.filter { wanted.contains(axes[$0].name) }
        let place = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        let parts = blocks.compactMap { $0.projected(onAxes: Set(kept)) }
        return Grid(axes: kept.map { axes[$0] }, blocks: parts.map { GridBlock(axes: $0.axes.compactMap { place[$0] }, values: $0.values) })
    }

    /// The distinct points of `projected(on:)`, stored: meant for up to about 10⁷.
    public func points(projectedOn wanted: [String]) -> [Point] { Array(projected(on: wanted)) }

    // MARK: Comparison

    /// A point that this grid has and `other`, with the same axes, has not; nil: all points are in `other`.
    ///
    /// Blocks are compared and not points, after tied axes of either grid have been tied in both.
    func firstPoint(missingIn other: Grid) -> Point? {
        precondition(names == other.names)
        for group in Self.jointGroups(blocks.map(\.axes) + other.blocks.map(\.axes)) {
            let mine = GridBlock.product(blocks.filter { group.contains($0.axes[0]) })
            let theirs = GridBlock.product(other.blocks.filter { group.contains($0.axes[0]) })
            let order = group.sorted(), known = theirs.rows(inOrder: order)
            let columns = order.compactMap(mine.axes.firstIndex(of:))
            for index in 0..<mine.count {
                let row = mine.row(index), values = columns.map { row[row.startIndex + $0] }
                if !known.contains(values) { return Point(axes: order.map { names[$0] }, values: values) }
            }
        }
        return nil
    }

    /// The finest partition of the axes in which no given set is torn apart.
    private static func jointGroups(_ sets: [[Int]]) -> [Set<Int>] {
        sets.reduce(into: [Set<Int>]()) { groups, set in
            let touching = groups.filter { !$0.isDisjoint(with: set) }
            groups.removeAll { !$0.isDisjoint(with: set) }
            groups.append(touching.reduce(into: Set(set)) { $0.formUnion($1) })
        }
    }
}
