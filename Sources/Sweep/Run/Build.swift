import Foundation

/// Which executable this is: two ranks of one run must be the same, or their numbers could differ.
enum Build {
    /// Version and a checksum (FNV-1a over words) of the executable file.
    static let identity: String = {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped) else { return SoftwareVersion.current }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        data.withUnsafeBytes { bytes in
            for word in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
                hash = (hash ^ bytes.loadUnaligned(fromByteOffset: word, as: UInt64.self)) &* 0x100_0000_01B3
            }
            for byte in bytes.suffix(bytes.count % 8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return SoftwareVersion.current + "-" + String(hash, radix: 16)
    }()
}
