import CHDF5

/// Attributes of a file or a dataset.
struct HDF5Attributes {
    let object: hid_t
    let owner: String

    func set(_ name: String, _ text: String) throws {
        try HDF5Text.withFixedType(bytes: text.utf8.count) { type in
            try create(name, type, type, [], Array(text.utf8CString), "write attribute \(name) of \(owner)")
        }
    }

    func set<Element: HDF5Element>(_ name: String, _ value: Element) throws {
        try create(name, Element.fileType, Element.memoryType, [], [value], "write attribute \(name) of \(owner)")
    }

    func set<Element: HDF5Element>(_ name: String, _ values: [Element]) throws {
        try create(name, Element.fileType, Element.memoryType, [values.count], values, "write attribute \(name) of \(owner)")
    }

    private func create(_ name: String, _ fileType: hid_t, _ memoryType: hid_t, _ shape: [Int], _ bytes: UnsafeRawPointer, _ action: String) throws {
        try HDF5Dataset.withSpace(shape) { space in
            try HDF5.using(H5Acreate2(object, name, fileType, space, ch5_p_default(), ch5_p_default()), closedBy: H5Aclose, action) {
                try HDF5.check(H5Awrite($0, memoryType, bytes), action)
            }
        }
    }

    func has(_ name: String) -> Bool { H5Aexists(object, name) > 0 }

    func integer(_ name: String) throws -> Int64 {
        let action = "read attribute \(name) of \(owner)"
        return try HDF5.using(H5Aopen(object, name, ch5_p_default()), closedBy: H5Aclose, action) { attribute in
            var value: Int64 = 0
            try HDF5.check(H5Aread(attribute, Int64.memoryType, &value), action)
            return value
        }
    }

    func text(_ name: String) throws -> String {
        let action = "read attribute \(name) of \(owner)"
        return try HDF5.using(H5Aopen(object, name, ch5_p_default()), closedBy: H5Aclose, action) { attribute in
            try HDF5.using(H5Aget_type(attribute), closedBy: H5Tclose, action) { type in
                guard H5Tget_class(type) == H5T_STRING, H5Tis_variable_str(type) == 0 else { throw HDF5.Failure(action: action, cause: "it is no text of fixed length") }
                var bytes = [UInt8](repeating: 0, count: H5Tget_size(type) + 1)
                try HDF5.check(H5Aread(attribute, type, &bytes), action)
                return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }
}

/// HDF5's two kinds of UTF-8 string.
enum HDF5Text {
    @discardableResult
    static func withVariableType<Value>(_ body: (hid_t) throws -> Value) throws -> Value {
        try withType(size: ch5_t_variable(), body)
    }

    static func withFixedType<Value>(bytes: Int, _ body: (hid_t) throws -> Value) throws -> Value {
        try withType(size: max(1, bytes), body)
    }

    private static func withType<Value>(size: Int, _ body: (hid_t) throws -> Value) throws -> Value {
        try HDF5.using(H5Tcopy(ch5_c_s1()), closedBy: H5Tclose, "describe a text") { type in
            try HDF5.check(H5Tset_size(type, size), "describe a text")
            try HDF5.check(H5Tset_cset(type, H5T_CSET_UTF8), "describe a text")
            return try body(type)
        }
    }

    /// C strings with the lifetime of `body`.
    @discardableResult
    static func withPointers<Value>(to texts: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Value) throws -> Value {
        // Most texts are empty: those share the first byte.
        var offsets: [Int] = [], bytes: [CChar] = [0]
        offsets.reserveCapacity(texts.count)
        for text in texts {
            offsets.append(text.isEmpty ? 0 : bytes.count)
            if !text.isEmpty { bytes.append(contentsOf: text.utf8CString) }
        }
        return try bytes.withUnsafeBufferPointer { buffer in
            try body(offsets.map { offset in buffer.baseAddress.map { UnsafePointer($0 + offset) } })
        }
    }
}
