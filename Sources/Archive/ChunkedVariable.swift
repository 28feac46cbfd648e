import CHDF5

/// A variable that is written in grid order: numbers are collected until a chunk is whole, so that none is ever read back.
struct ChunkedVariable<Element: HDF5Element> {
    private let file: HDF5File
    private let name: String
    /// Elements of one cell.
    private let size: Int
    private let blocks: [Block]
    private var next = 0
    private var pending: [Element] = []

    init(_ file: HDF5File, _ name: String, _ leading: [Int], _ own: [Int]) {
        self.file = file
        self.name = name
        size = own.reduce(1, *)
        blocks = Block.all(shape: leading + own, chunk: Block.chunk(leading: leading, own: own))
    }

    /// - Parameter values: of the cells that follow.
    mutating func append(_ values: [Element]) throws {
        pending += values
        var start = 0
        while next < blocks.count, pending.count - start >= blocks[next].count {
            let block = blocks[next]
            let chunk = start == 0 && pending.count == block.count ? pending : Array(pending[start ..< start + block.count])
            try file.dataset(name) { try $0.write(chunk, block: block) }
            start += block.count
            next += 1
            try file.checkSpace()
        }
        pending = start == pending.count ? [] : Array(pending[start...])
    }
}

/// The same for texts, which are mostly empty. They are not stored in chunks, but written block by block.
struct TextVariable {
    private let file: HDF5File
    private let name: String
    private let blocks: [Block]
    private var next = 0
    /// Cells before the next block, and all so far.
    private var start = 0
    private var end = 0
    private var pending: [Int: String] = [:]

    init(_ file: HDF5File, _ name: String, _ leading: [Int]) {
        self.file = file
        self.name = name
        blocks = Block.all(shape: leading, chunk: Block.chunk(leading: leading, own: []))
    }

    /// - Parameters:
    ///   - texts: by place among the cells that follow.
    ///   - count: how many follow.
    mutating func append(_ texts: [Int: String], count: Int) throws {
        for (place, text) in texts { pending[end + place] = text }
        end += count
        while next < blocks.count, end - start >= blocks[next].count {
            let block = blocks[next]
            let values = (start ..< start + block.count).map { pending.removeValue(forKey: $0) ?? "" }
            try file.dataset(name) { try $0.write(texts: values, block: block) }
            start += block.count
            next += 1
            try file.checkSpace()
        }
    }
}
