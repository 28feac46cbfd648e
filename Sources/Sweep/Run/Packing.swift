/// Numbers and texts as little-endian bytes.
struct Packer {
    private(set) var bytes: [UInt8] = []

    mutating func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    mutating func put(_ value: Double) { put(value.bitPattern) }
    mutating func put(_ text: String) { put(Array(text.utf8)) }
    mutating func put(_ data: [UInt8]) {
        put(UInt64(data.count))
        bytes.append(contentsOf: data)
    }
}

/// - Throws: `Unpacker.CutShort` where bytes are missing.
struct Unpacker {
    struct CutShort: Error, CustomStringConvertible { let description = "a message between ranks is cut short" }
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
        let size = MemoryLayout<T>.size
        guard at + size <= bytes.count else { throw CutShort() }
        defer { at += size }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self)) }
    }
    mutating func takeDouble() throws -> Double { Double(bitPattern: try take(UInt64.self)) }
    mutating func takeData() throws -> [UInt8] {
        let count = Int(try take(UInt64.self))
        guard count >= 0, at + count <= bytes.count else { throw CutShort() }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }
    mutating func takeText() throws -> String { String(decoding: try takeData(), as: UTF8.self) }
}
