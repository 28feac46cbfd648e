import Foundation
import Studies

/// The last bytes of an archive: a SHA-256 of all before them. HDF5 ignores what follows its own end of file.
///
/// HDF5 checks chunks of numbers and object headers, but not its heap of texts, and a spoilt heap can crash the
/// library; so the seal is compared before HDF5 sees the file. A file without a seal (rewritten by other tools) is
/// read on HDF5's own checks alone.
enum Seal {
    private static let mark = Array("\nmacrospin archive, sha256 ".utf8)
    private static let length = mark.count + 64 + 1

    static func bytes(for contents: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        for start in stride(from: 0, to: contents.count, by: 1 << 20) {
            hash.update(contents[start..<min(start + (1 << 20), contents.count)])
        }
        return mark + Array((hash.hexDigest + "\n").utf8)
    }

    /// Whether the file is as it was written; nil: it has no seal.
    static func isIntact(_ path: String) throws -> Bool? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let end = try? file.seekToEnd(), end >= UInt64(length) else { return nil }
        let covered = end - UInt64(length)
        guard (try? file.seek(toOffset: covered)) != nil, let seal = try? file.readToEnd(), seal.starts(with: mark) else { return nil }
        return try SHA256.hexDigest(ofFile: path, upTo: Int(covered)) == String(decoding: seal.dropFirst(mark.count).prefix(64), as: UTF8.self)
    }
}
