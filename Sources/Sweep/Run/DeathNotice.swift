import Foundation

/// What a guardian found when its rank had died: a file `deaths/LAUNCH-RANK.json` in the run directory, read at the next
/// start.
struct DeathNotice: Codable, Sendable {
    var launch: UInt64
    var rank: Int
    var host: String
    /// The lease it was working on.
    var chunk: UInt64
    /// The item of that chunk, from 0.
    var item: Int
    /// Whether it was inside a study when it died, and not between two.
    var wasComputing: Bool
    /// `signal 11 (Segmentation fault)`
    var cause: String

    static func folder(_ directory: String) -> String { directory + "/deaths" }

    /// - Throws: `InputError`.
    func write(_ directory: String) throws {
        try? FileManager.default.createDirectory(atPath: Self.folder(directory), withIntermediateDirectories: true)
        try AtomicFile.write(Array(try JSONEncoder().encode(self)), to: Self.folder(directory) + "/\(launch)-\(rank).json", durable: true)
    }

    static func all(_ directory: String) -> [DeathNotice] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder(directory))) ?? []).filter { $0.hasSuffix(".json") }.sorted()
        return names.compactMap { name in
            FileManager.default.contents(atPath: folder(directory) + "/" + name).flatMap { try? JSONDecoder().decode(DeathNotice.self, from: $0) }
        }
    }

    /// After they have been settled.
    static func removeAll(_ directory: String) { try? FileManager.default.removeItem(atPath: folder(directory)) }
}
