import CHDF5
import Foundation

/// An HDF5 library call that failed.
struct HDF5Error: Error, CustomStringConvertible {
    let description: String
}

/// The few HDF5 calls that archives need. Handles are closed with the objects that hold them.
final class HDF5File {
    let path: String
    private let file: hid_t

    static func silence() { H5Eset_auto2(ch5_e_default(), ch5_no_handler(), nil) }

    init(creating path: String) throws {
        Self.silence()
        self.path = path
        file = H5Fcreate(path, ch5_acc_trunc(), ch5_p_default(), ch5_p_default())
        if file < 0 { throw HDF5Error(description: "cannot be created: \(String(cString: strerror(errno)))") }
    }
    init(reading path: String) throws {
        Self.silence()
        self.path = path
        file = H5Fopen(path, ch5_acc_rdonly(), ch5_p_default())
        if file < 0 { throw HDF5Error(description: "cannot be opened as HDF5") }
    }
    private var isClosed = false
    /// Flushes and closes; errors of the disk show here.
    func close() throws {
        isClosed = true
        if H5Fclose(file) < 0 { throw HDF5Error(description: "cannot be written to the end (is the disk full?)") }
    }
    deinit { if !isClosed { H5Fclose(file) } }

    enum Values {
        case doubles([Double]), longs([Int64]), ints([Int32]), strings([String])
        var count: Int {
            switch self {
            case .doubles(let x): x.count
            case .longs(let x): x.count
            case .ints(let x): x.count
            case .strings(let x): x.count
            }
        }
    }

    private static func stringType(_ length: Int?) -> hid_t {
        let type = H5Tcopy(ch5_c_s1())
        H5Tset_size(type, length ?? ch5_t_variable())
        H5Tset_cset(type, H5T_CSET_UTF8)
        return type
    }

    // MARK: Datasets

    /// Writes an array in whole chunks, compressed and checksummed; `fill` (of the same kind) stands for what is missing.
    func write(_ name: String, _ values: Values, shape: [Int]) throws {
        precondition(values.count == shape.reduce(1, *))
        let (type, memory, isString): (hid_t, hid_t, Bool) = switch values {
        case .doubles: (ch5_ieee_f64le(), ch5_native_double(), false)
        case .longs: (ch5_std_i64le(), ch5_native_int64(), false)
        case .ints: (ch5_std_i32le(), ch5_native_int32(), false)
        case .strings: (Self.stringType(nil), Self.stringType(nil), true)
        }
        defer { if isString { H5Tclose(type); H5Tclose(memory) } }
        let extents = shape.map { hsize_t($0) }
        let space = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), extents, nil)
        defer { H5Sclose(space) }
        let properties = H5Pcreate(ch5_p_dataset_create())
        defer { H5Pclose(properties) }
        if !shape.isEmpty, values.count > 0, !isString {
            // Whole trailing dimensions up to about a megabyte a chunk.
            var chunk = extents, size = values.count * 8
            for k in chunk.indices where size > 1 << 20 {
                let before = chunk[k]
                chunk[k] = max(1, before * hsize_t(1 << 20) / hsize_t(size))
                size = size / Int(before) * Int(chunk[k])
            }
            H5Pset_chunk(properties, Int32(chunk.count), chunk)
            H5Pset_shuffle(properties)
            H5Pset_deflate(properties, 4)
            H5Pset_fletcher32(properties)
        }
        let dataset = H5Dcreate2(file, name, type, space, ch5_p_default(), properties, ch5_p_default())
        guard dataset >= 0 else { throw HDF5Error(description: "variable \(name) cannot be created") }
        defer { H5Dclose(dataset) }
        guard values.count > 0 else { return }
        let status: herr_t = switch values {
        case .doubles(let x): H5Dwrite(dataset, memory, ch5_s_all(), ch5_s_all(), ch5_p_default(), x)
        case .longs(let x): H5Dwrite(dataset, memory, ch5_s_all(), ch5_s_all(), ch5_p_default(), x)
        case .ints(let x): H5Dwrite(dataset, memory, ch5_s_all(), ch5_s_all(), ch5_p_default(), x)
        case .strings(let x):
            {
                let copies = x.map { UnsafePointer(strdup($0)) }
                defer { for copy in copies { free(UnsafeMutablePointer(mutating: copy)) } }
                return H5Dwrite(dataset, memory, ch5_s_all(), ch5_s_all(), ch5_p_default(), copies)
            }()
        }
        if status < 0 { throw HDF5Error(description: "variable \(name) cannot be written (is the disk full?)") }
    }

    func exists(_ name: String) -> Bool { H5Lexists(file, name, ch5_p_default()) > 0 }

    func shape(_ name: String) throws -> [Int] {
        let dataset = try open(name)
        defer { H5Dclose(dataset) }
        let space = H5Dget_space(dataset)
        defer { H5Sclose(space) }
        let rank = H5Sget_simple_extent_ndims(space)
        var extents = [hsize_t](repeating: 0, count: max(0, Int(rank)))
        H5Sget_simple_extent_dims(space, &extents, nil)
        return extents.map { Int($0) }
    }

    private func open(_ name: String) throws -> hid_t {
        let dataset = H5Dopen2(file, name, ch5_p_default())
        guard dataset >= 0 else { throw HDF5Error(description: "variable \(name) is missing") }
        return dataset
    }

    private func read(_ name: String, into buffer: UnsafeMutableRawPointer, _ type: hid_t) throws {
        let dataset = try open(name)
        defer { H5Dclose(dataset) }
        if H5Dread(dataset, type, ch5_s_all(), ch5_s_all(), ch5_p_default(), buffer) < 0 {
            throw HDF5Error(description: "variable \(name) cannot be read: the file is damaged")
        }
    }
    func doubles(_ name: String) throws -> [Double] {
        var values = [Double](repeating: 0, count: try shape(name).reduce(1, *))
        if !values.isEmpty { try values.withUnsafeMutableBytes { try read(name, into: $0.baseAddress!, ch5_native_double()) } }
        return values
    }
    func longs(_ name: String) throws -> [Int64] {
        var values = [Int64](repeating: 0, count: try shape(name).reduce(1, *))
        if !values.isEmpty { try values.withUnsafeMutableBytes { try read(name, into: $0.baseAddress!, ch5_native_int64()) } }
        return values
    }
    func strings(_ name: String) throws -> [String] {
        let count = try shape(name).reduce(1, *)
        if count == 0 { return [] }
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        let type = Self.stringType(nil)
        defer { H5Tclose(type) }
        try pointers.withUnsafeMutableBytes { try read(name, into: $0.baseAddress!, type) }
        return pointers.map { pointer in
            guard let pointer else { return "" }
            defer { H5free_memory(pointer) }
            return String(cString: pointer)
        }
    }

    // MARK: Dimension scales

    func makeScale(_ name: String) throws {
        let dataset = try open(name)
        defer { H5Dclose(dataset) }
        if H5DSset_scale(dataset, name) < 0 { throw HDF5Error(description: "dimension \(name) cannot be made") }
    }
    func attach(_ name: String, _ scales: [String]) throws {
        let dataset = try open(name)
        defer { H5Dclose(dataset) }
        for (position, scaleName) in scales.enumerated() {
            let scale = try open(scaleName)
            defer { H5Dclose(scale) }
            if H5DSattach_scale(dataset, scale, UInt32(position)) < 0 { throw HDF5Error(description: "dimension \(scaleName) cannot be attached to \(name)") }
        }
    }

    // MARK: Attributes (of the root for name "/")

    func setAttribute(_ name: String, _ key: String, _ text: String) throws {
        let length = max(1, text.utf8.count), type = Self.stringType(length)
        defer { H5Tclose(type) }
        try setAttribute(name, key, type, type, H5Screate(H5S_SCALAR), Array(text.utf8) + [0])
    }
    func setAttribute(_ name: String, _ key: String, doubles: [Double]) throws {
        try setAttribute(name, key, ch5_ieee_f64le(), ch5_native_double(), Self.vector(doubles.count), doubles)
    }
    func setAttribute(_ name: String, _ key: String, ints: [Int32]) throws {
        try setAttribute(name, key, ch5_std_i32le(), ch5_native_int32(), Self.vector(ints.count), ints)
    }
    func setAttribute(_ name: String, _ key: String, long: Int64) throws {
        try setAttribute(name, key, ch5_std_i64le(), ch5_native_int64(), H5Screate(H5S_SCALAR), [long])
    }
    func setAttribute(_ name: String, _ key: String, double: Double) throws {
        try setAttribute(name, key, ch5_ieee_f64le(), ch5_native_double(), H5Screate(H5S_SCALAR), [double])
    }
    private static func vector(_ count: Int) -> hid_t { H5Screate_simple(1, [hsize_t(count)], nil) }

    private func setAttribute<T: BitwiseCopyable>(_ name: String, _ key: String, _ type: hid_t, _ memory: hid_t, _ space: hid_t, _ data: [T]) throws {
        defer { H5Sclose(space) }
        let attribute = H5Acreate_by_name(file, name, key, type, space, ch5_p_default(), ch5_p_default(), ch5_p_default())
        guard attribute >= 0 else { throw HDF5Error(description: "attribute \(key) of \(name) cannot be made") }
        defer { H5Aclose(attribute) }
        if H5Awrite(attribute, memory, data) < 0 { throw HDF5Error(description: "attribute \(key) of \(name) cannot be written") }
    }

    func attribute(_ name: String, _ key: String) -> String? {
        guard H5Aexists_by_name(file, name, key, ch5_p_default()) > 0 else { return nil }
        let attribute = H5Aopen_by_name(file, name, key, ch5_p_default(), ch5_p_default())
        guard attribute >= 0 else { return nil }
        defer { H5Aclose(attribute) }
        let stored = H5Aget_type(attribute)
        defer { H5Tclose(stored) }
        guard H5Tget_class(stored) == H5T_STRING, H5Tis_variable_str(stored) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: H5Tget_size(stored) + 1)
        guard H5Aread(attribute, stored, &bytes) >= 0 else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    func longAttribute(_ name: String, _ key: String) -> Int64? {
        guard H5Aexists_by_name(file, name, key, ch5_p_default()) > 0 else { return nil }
        let attribute = H5Aopen_by_name(file, name, key, ch5_p_default(), ch5_p_default())
        defer { H5Aclose(attribute) }
        var value: Int64 = 0
        return H5Aread(attribute, ch5_native_int64(), &value) >= 0 ? value : nil
    }
}
