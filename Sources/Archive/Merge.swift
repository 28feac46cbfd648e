import Foundation
import Studies

/// The union of runs and archives as one archive: of the grids, the studies, and the outputs of a study. Records that
/// agree are kept once, and `Choice` tells which of several counts.
///
/// Memory is bounded: an index of about 200 bytes a record, and some 100 MB of records at a time. Each source is read once,
/// in its own order; records of which there are several are read twice.
public struct Merge {
    public var inputs: [any RecordSource]
    public var prefer = Archive.Preference.none
    /// Called with a line a step.
    public var progress: (String) -> Void = { _ in }
    /// Called with a sentence for what is merged and may not belong together: options of a study that differ.
    public var warn: (String) -> Void = { FileHandle.standardError.write(Data("warning: \($0)\n".utf8)) }

    public init(_ inputs: [any RecordSource]) { self.inputs = inputs }

    /// So many files stay open at a time.
    private static let mostOpen = 100

    /// A source that turned out to be damaged in mid-merge.
    public struct Damaged: Error {
        /// Index into `inputs`.
        public let input: Int
        public let cause: any Error
    }

    /// Writes the archive, whole or not at all.
    /// - Throws: `InputError` where sources contradict each other or the file cannot be written, `Damaged` for what a source
    ///   throws when it is read.
    public func write(to path: String) throws {
        // What cannot be written is said before the work.
        try AtomicFile.check(path)
        for (index, input) in inputs.enumerated() where index >= Self.mostOpen { (input as? ArchiveFile)?.staysOpen = false }
        do {
            let union = try UnionBuilder(inputs: inputs, prefer: prefer, progress: progress).build()
            for warning in union.warnings { warn(warning) }
            try AtomicFile.replace(path) { descriptor in
                try HDF5File.build(onto: descriptor, { file in
                    try ArchiveWriter(file: file, union: union, inputs: inputs, progress: progress).write()
                }, tail: Seal.bytes)
            }
        } catch let broken as BrokenSource {
            if inputs.count == 1 { throw broken.cause }
            throw Damaged(input: broken.input, cause: broken.cause)
        }
    }
}

extension Archive {
    /// What to do where two sources hold different records for one key.
    public enum Preference: Sendable {
        /// It is an error.
        case none
        /// The record whose ledger has the newest record counts.
        case newest
    }

    /// What differs between the two, in sentences, at most `limit` of them; empty if they hold the same results.
    /// Provenance, titles and times are no results.
    public func differences(from other: Archive, limit: Int = 20) -> [String] {
        do {
            let comparison = Comparison(try MemorySource(self), try MemorySource(other))
            return Array(try comparison.run().lines(limit: limit).prefix(limit))
        } catch { return ["\(error)"] }
    }
}
