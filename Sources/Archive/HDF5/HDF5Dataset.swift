import CHDF5

/// An open dataset (a variable, in the words of archives).
struct HDF5Dataset {
    let id: hid_t
    let name: String

    var attributes: HDF5Attributes { HDF5Attributes(object: id, owner: name) }

    @discardableResult
    static func withSpace<Value>(_ shape: [Int], _ body: (hid_t) throws -> Value) throws -> Value {
        let extents = shape.map { hsize_t($0) }
        let space = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), extents, nil)
        return try HDF5.using(space, closedBy: H5Sclose, "describe a shape", body)
    }

    var shape: [Int] {
        get throws {
            try HDF5.using(H5Dget_space(id), closedBy: H5Sclose, "read shape of \(name)") { space in
                let rank = try HDF5.check(H5Sget_simple_extent_ndims(space), "read shape of \(name)")
                var extents = [hsize_t](repeating: 0, count: Int(rank))
                try HDF5.check(H5Sget_simple_extent_dims(space, &extents, nil), "read shape of \(name)")
                return extents.map { Int($0) }
            }
        }
    }

    // MARK: Numbers

    func write<Element: HDF5Element>(_ values: [Element]) throws {
        guard !values.isEmpty else { return }
        try HDF5.check(H5Dwrite(id, Element.memoryType, ch5_s_all(), ch5_s_all(), ch5_p_default(), values), "write variable \(name)")
    }

    func write<Element: HDF5Element>(_ values: [Element], block: Block) throws {
        guard !block.shape.isEmpty else { return try write(values) }
        try select(block) { memory, file in
            try HDF5.check(H5Dwrite(id, Element.memoryType, memory, file, ch5_p_default(), values), "write variable \(name)")
        }
    }

    func read<Element: HDF5Element>(into values: inout [Element]) throws {
        guard !values.isEmpty else { return }
        try HDF5.check(H5Dread(id, Element.memoryType, ch5_s_all(), ch5_s_all(), ch5_p_default(), &values), "read variable \(name)")
    }

    func read<Element: HDF5Element>(into values: inout [Element], block: Block) throws {
        guard !block.shape.isEmpty else { return try read(into: &values) }
        try select(block) { memory, file in
            try HDF5.check(H5Dread(id, Element.memoryType, memory, file, ch5_p_default(), &values), "read variable \(name)")
        }
    }

    private func select(_ block: Block, _ body: (hid_t, hid_t) throws -> Void) throws {
        try HDF5.using(H5Dget_space(id), closedBy: H5Sclose, "select in \(name)") { file in
            let start = block.origin.map { hsize_t($0) }, count = block.shape.map { hsize_t($0) }
            try HDF5.check(H5Sselect_hyperslab(file, H5S_SELECT_SET, start, nil, count, nil), "select in \(name)")
            try HDF5Dataset.withSpace(block.shape) { try body($0, file) }
        }
    }

    // MARK: Text

    func write(texts: [String], block: Block? = nil) throws {
        guard !texts.isEmpty else { return }
        try HDF5Text.withPointers(to: texts) { pointers in
            try HDF5Text.withVariableType { type in
                guard let block, !block.shape.isEmpty else {
                    try HDF5.check(H5Dwrite(id, type, ch5_s_all(), ch5_s_all(), ch5_p_default(), pointers), "write variable \(name)")
                    return
                }
                try select(block) { memory, file in
                    try HDF5.check(H5Dwrite(id, type, memory, file, ch5_p_default(), pointers), "write variable \(name)")
                }
            }
        }
    }

    func readTexts(block: Block) throws -> [String] {
        guard block.count > 0 else { return [] }
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: block.count)
        return try HDF5Text.withVariableType { type in
            func take(_ memory: hid_t, _ file: hid_t) throws { try HDF5.check(H5Dread(id, type, memory, file, ch5_p_default(), &pointers), "read variable \(name)") }
            if block.shape.isEmpty { try take(ch5_s_all(), ch5_s_all()) } else { try select(block, take) }
            let texts = pointers.map { $0.map { String(cString: $0) } ?? "" }
            try HDF5Dataset.withSpace(block.shape) {
                try HDF5.check(H5Dvlen_reclaim(type, $0, ch5_p_default(), &pointers), "read variable \(name)")
            }
            return texts
        }
    }

    // MARK: Dimension scales

    /// Makes the dataset the scale of a dimension. `label` nil: netCDF's mark for a dimension without coordinate values.
    func becomeScale(label: String?, extent: Int) throws {
        let digits = String(extent)
        let padded = String(repeating: " ", count: max(0, 10 - digits.count)) + digits
        let text = label ?? "This is a netCDF dimension but not a netCDF variable." + padded
        try HDF5.check(H5DSset_scale(id, text), "make \(name) a dimension")
    }

    func attach(scale: HDF5Dataset, dimension: Int) throws {
        try HDF5.check(H5DSattach_scale(id, scale.id, UInt32(dimension)), "label dimension \(dimension) of \(name)")
    }
}
