/// A box of a variable that is written or read at once.
struct Block {
    let origin: [Int]
    let shape: [Int]

    var count: Int { shape.reduce(1, *) }

    /// Elements in one chunk at most, own dimensions of an output permitting: half a megabyte of doubles.
    static let elementsPerChunk = 1 << 16

    /// Shape of the chunks of a variable with the given leading (sweep) and own (output) dimensions: an output of one
    /// point is never divided, and neighbours along the last axes share a chunk. nil: nothing to divide into chunks.
    static func chunk(leading: [Int], own: [Int]) -> [Int]? {
        guard !(leading + own).isEmpty, !(leading + own).contains(0) else { return nil }
        var budget = max(1, elementsPerChunk / own.reduce(1, *))
        var chunk = leading
        for axis in leading.indices.reversed() {
            chunk[axis] = min(leading[axis], budget)
            budget = max(1, budget / chunk[axis])
        }
        return chunk + own
    }

    /// Whole chunks in grid order, those at the upper ends clipped.
    static func all(shape: [Int], chunk: [Int]?) -> [Block] {
        guard let chunk else { return shape.isEmpty ? [Block(origin: [], shape: [])] : [] }
        var blocks: [Block] = []
        var origin = [Int](repeating: 0, count: shape.count)
        while true {
            blocks.append(Block(origin: origin, shape: shape.indices.map { min(chunk[$0], shape[$0] - origin[$0]) }))
            var axis = shape.count - 1
            while axis >= 0 {
                origin[axis] += chunk[axis]
                if origin[axis] < shape[axis] { break }
                origin[axis] = 0
                axis -= 1
            }
            if axis < 0 { return blocks }
        }
    }

    /// Linear index, within the whole grid of the leading dimensions, of the first cell that the block covers. A block is
    /// a contiguous range of them: where `chunk` divides an axis, it has one value of each axis before.
    func firstCell(leading: [Int]) -> Int {
        var cell = 0
        for axis in leading.indices { cell = cell * leading[axis] + origin[axis] }
        return cell
    }

    /// How many cells of the leading dimensions the block covers.
    func cellCount(leading: [Int]) -> Int { shape.prefix(leading.count).reduce(1, *) }
}

/// Calls `body` with (index in a row-major array of `shape`, index in one padded to `extents`) for each element.
func forEachPadded(shape: [Int], extents: [Int], _ body: (Int, Int) -> Void) {
    guard !shape.contains(0) else { return }
    let width = shape.last ?? 1, paddedWidth = extents.last ?? 1
    let lines = shape.dropLast().reduce(1, *)
    for line in 0..<lines {
        var rest = line, padded = 0, stride = 1
        for axis in shape.indices.dropLast().reversed() {
            padded += rest % shape[axis] * stride
            rest /= shape[axis]
            stride *= extents[axis]
        }
        for column in 0..<width { body(line * width + column, padded * paddedWidth + column) }
    }
}
