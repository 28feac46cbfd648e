import Foundation
import Studies

/// SHA-256 (FIPS 180-4), for the provenance of merged ledgers.
public enum SHA256 {
    /// Hexadecimal digest of a file.
    /// - Throws: `InputError` if it cannot be read.
    public static func digest(ofFile path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw InputError(file: path, "cannot be read") }
        return digest(Array(data))
    }

    static func digest(_ message: [UInt8]) -> String {
        var state = initial
        var padded = message
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) { padded.append(UInt8(truncatingIfNeeded: UInt64(message.count) * 8 >> UInt64(shift))) }
        var w = [UInt32](repeating: 0, count: 64)
        for block in stride(from: 0, to: padded.count, by: 64) {
            for t in 0..<16 { w[t] = (0..<4).reduce(0) { $0 << 8 | UInt32(padded[block + 4 * t + $1]) } }
            for t in 16..<64 {
                let a = w[t - 15], b = w[t - 2]
                w[t] = w[t - 16] &+ (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) &+ w[t - 7] &+ (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10))
            }
            var v = state
            for t in 0..<64 {
                let choice = (v[4] & v[5]) ^ (~v[4] & v[6]), majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
                let sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25), sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
                let first = v[7] &+ sum1 &+ choice &+ constants[t] &+ w[t], second = sum0 &+ majority
                v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
            }
            for k in 0..<8 { state[k] = state[k] &+ v[k] }
        }
        return state.map { String(format: "%08x", $0) }.joined()
    }

    private static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

    private static let primes: [Int] = {
        var found: [Int] = [], candidate = 2
        while found.count < 64 {
            if !found.contains(where: { candidate % $0 == 0 }) { found.append(candidate) }
            candidate += 1
        }
        return found
    }()
    /// First 32 bits of the fractional parts of cube roots (square roots) of the first primes,.
    private static func fraction(_ prime: Int, power: Int) -> UInt32 {
        // 53 bits hold the integer part (≤ 4 bits here is ≤ 5) and 32 bits of fraction with room to spare.
        let root = power == 2 ? Double(prime).squareRoot() : cbrt(Double(prime))
        return UInt32((root - root.rounded(.down)) * 4_294_967_296)
    }
    private static let constants: [UInt32] = primes.map { fraction($0, power: 3) }
    private static let initial: [UInt32] = primes.prefix(8).map { fraction($0, power: 2) }
}
