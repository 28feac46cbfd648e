import Foundation
import Studies

/// Outputs of a record as bytes: version, count, then for each output (by name) its name, kind, shape and data, little-endian,
/// closed by a CRC-32 of all that.
public enum RecordCodec {
    public struct Damaged: Error, CustomStringConvertible, Sendable {
        public let description: String
    }
    private static let version: UInt8 = 1

    public static func encode(_ outputs: [String: OutputArray]) -> [UInt8] {
        var bytes: [UInt8] = [version]
        func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        put(UInt32(outputs.count))
        for (name, array) in outputs.sorted(by: { $0.key < $1.key }) {
            put(UInt16(name.utf8.count))
            bytes.append(contentsOf: name.utf8)
            bytes.append(array.isComplex ? 1 : 0)
            bytes.append(UInt8(array.shape.count))
            for extent in array.shape { put(UInt64(extent)) }
            for value in array.data { put(value.bitPattern) }
        }
        put(checksum(bytes[...]))
        return bytes
    }

    /// - Throws: `Damaged` unless every byte is as it was written.
    public static func decode(_ bytes: [UInt8]) throws -> [String: OutputArray] {
        guard bytes.count >= 9, bytes[0] == version else { throw Damaged(description: "a record's payload is cut short or of an unknown version") }
        let body = bytes[..<(bytes.count - 4)]
        var stored: UInt32 = 0
        for k in 0..<4 { stored |= UInt32(bytes[bytes.count - 4 + k]) << (8 * UInt32(k)) }
        guard checksum(body) == stored else { throw Damaged(description: "a record's payload does not match its checksum") }
        var at = 1
        func take<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
            let size = MemoryLayout<T>.size
            guard at + size <= body.count else { throw Damaged(description: "a record's payload is cut short") }
            var value: T = 0
            for k in (0..<size).reversed() { value = (size > 1 ? value << 8 : 0) | T(truncatingIfNeeded: body[at + k]) }
            at += size
            return value
        }
        var outputs: [String: OutputArray] = [:]
        for _ in 0..<(try take(UInt32.self)) {
            let length = Int(try take(UInt16.self))
            guard at + length <= body.count else { throw Damaged(description: "a record's payload is cut short") }
            let name = String(decoding: body[at..<at + length], as: UTF8.self)
            at += length
            let isComplex = try take(UInt8.self) == 1
            var shape: [Int] = []
            for _ in 0..<(try take(UInt8.self)) { shape.append(Int(try take(UInt64.self))) }
            let count = shape.reduce(1, *) * (isComplex ? 2 : 1)
            guard at + 8 * count <= body.count else { throw Damaged(description: "a record's payload is cut short") }
            var data: [Double] = []
            data.reserveCapacity(count)
            for _ in 0..<count { data.append(Double(bitPattern: try take(UInt64.self))) }
            outputs[name] = OutputArray(shape: shape, data: data, isComplex: isComplex)
        }
        return outputs
    }

    /// CRC-32 (IEEE 802.3).
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return ~crc
    }
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
}
