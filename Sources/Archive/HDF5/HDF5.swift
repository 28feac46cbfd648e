import CHDF5

/// Thin layer over the HDF5 C library: every handle is closed where the closure that uses it ends, every return code
/// is checked, and HDF5 never prints by itself.
enum HDF5 {
    /// A call that failed: what was being done, and HDF5's innermost message.
    struct Failure: Error {
        let action: String
        let cause: String
    }

    /// Error printing is a per-thread setting of the library; called whenever a file is opened.
    static func silence() { _ = H5Eset_auto2(ch5_e_default(), nil, nil) }

    @discardableResult
    static func check<Code: SignedInteger>(_ code: Code, _ action: @autoclosure () -> String) throws -> Code {
        guard code >= 0 else { throw Failure(action: action(), cause: innermostMessage()) }
        return code
    }

    /// Runs `body` with the handle and closes it, whether or not `body` throws.
    @discardableResult
    static func using<Value>(_ handle: hid_t, closedBy close: (hid_t) -> herr_t, _ action: @autoclosure () -> String,
                             _ body: (hid_t) throws -> Value) throws -> Value {
        try check(handle, action())
        let outcome = Result { try body(handle) }
        let closed = close(handle)
        let value = try outcome.get()
        try check(closed, action())
        return value
    }

    /// HDF5 files its errors innermost last when walked upwards; only the first carries what happened.
    private static func innermostMessage() -> String {
        var text = ""
        withUnsafeMutablePointer(to: &text) { pointer in
            _ = H5Ewalk2(ch5_e_default(), H5E_WALK_UPWARD, { position, entry, target in
                guard position == 0, let entry, let words = entry.pointee.desc else { return 0 }
                target?.assumingMemoryBound(to: String.self).pointee = String(cString: words)
                return 0
            }, pointer)
        }
        return text
    }
}

/// A Swift type whose arrays HDF5 reads and writes directly.
protocol HDF5Element: BitwiseCopyable {
    static var memoryType: hid_t { get }
    static var fileType: hid_t { get }
}

extension Double: HDF5Element {
    static var memoryType: hid_t { ch5_native_double() }
    static var fileType: hid_t { ch5_ieee_f64le() }
}

extension Int64: HDF5Element {
    static var memoryType: hid_t { ch5_native_int64() }
    static var fileType: hid_t { ch5_std_i64le() }
}

extension Int32: HDF5Element {
    static var memoryType: hid_t { ch5_native_int32() }
    static var fileType: hid_t { ch5_std_i32le() }
}
