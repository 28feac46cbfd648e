import Foundation
import Studies

/// The results of one or more runs with all that is needed to understand them: one HDF5 file, or the same in memory.
///
/// An archive keeps tables in canonical form: rows in order of their coordinates, and an output whose elements are all
/// NaN counts as missing (it is absent from the record that is read back). Everything else survives the way through
/// a file bit by bit.
public struct Archive: Sendable {
    public var attributes: Attributes
    /// Sweep axes in the order of the job file; the union over all tables.
    public var axes: [ArchiveAxis]
    public var tables: [ResultTable]
    /// What messages call this archive: the path it was read from, else its title.
    public var name: String

    public init(attributes: Attributes, axes: [ArchiveAxis], tables: [ResultTable], name: String? = nil) {
        self.attributes = attributes
        self.axes = axes
        self.tables = tables
        self.name = name ?? (attributes.title.isEmpty ? "archive" : attributes.title)
    }

    public func table(_ study: String) -> ResultTable? { tables.first { $0.study == study } }
}

/// One axis of the sweep as the archive labels it.
public struct ArchiveAxis: Hashable, Sendable {
    public var name: String
    /// How plots write it (`Γ/γ`); empty: its name.
    public var label: String
    /// Empty: not known (no `units` attribute); `"1"`: dimensionless.
    public var unit: String
    /// Stored as 64-bit integers (N).
    public var isInteger: Bool

    public init(name: String, label: String = "", unit: String = "", isInteger: Bool = false) {
        self.name = name
        self.label = label
        self.unit = unit
        self.isInteger = isInteger
    }
}

extension Archive {
    /// Where the numbers come from.
    public struct Attributes: Sendable {
        public var title: String
        /// The jobs that were merged, as they stood in their files.
        public var jobTexts: [String]
        /// Canonical text of model, constants and tolerances. Archives merge only if theirs agree; empty: not known.
        public var model: String
        /// Version and git revision of the software that wrote the archive.
        public var softwareVersion: String
        /// ISO 8601 in UTC, `2026-11-21T09:30:00Z`.
        public var created: String
        public var units: Units
        /// The ledgers that the rows' `source` points into.
        public var sources: [Source]

        public init(title: String = "", jobText: String = "", model: String = "", softwareVersion: String = "",
                    created: String = Archive.timestamp(), units: Units = Units(), sources: [Source] = []) {
            self.title = title
            jobTexts = jobText.isEmpty ? [] : [jobText]
            self.model = model
            self.softwareVersion = softwareVersion
            self.created = created
            self.units = units
            self.sources = sources
        }
    }

    /// One ledger.
    public struct Source: Hashable, Codable, Sendable {
        public var name: String
        /// Of the ledger file when it was read; see `SHA256`.
        public var sha256: String
        /// Software that made the records.
        public var version: String
        /// When its newest record was made, ISO 8601 in UTC: decides what is newest in a merge.
        public var modified: String
        /// SHA-256 of the job text that its records were made from, one of `jobTexts`; nil in archives from before it
        /// was noted.
        public var job: String?

        public init(name: String, sha256: String = "", version: String = "", modified: String = "", job: String? = nil) {
            self.name = name
            self.sha256 = sha256
            self.version = version
            self.modified = modified
            self.job = job
        }
    }

    /// The unit labels of a job; empty where it names none.
    public struct Units: Hashable, Sendable {
        public var energy: String
        public var time: String

        public init(energy: String = "", time: String = "") {
            self.energy = energy
            self.time = time
        }

        /// The `units` attribute of an output; empty: not known, so no attribute.
        public func label(for dimension: Studies.Dimension) -> String {
            switch dimension {
            case .dimensionless: "1"
            case .energy: energy
            case .time: time
            // A time counted in 1/gamma makes rates count in gamma.
            case .rate where time.hasPrefix("1/") && time.dropFirst(2).allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }): String(time.dropFirst(2))
            case .rate: time.isEmpty ? "" : time.allSatisfy { $0.isLetter } ? "1/\(time)" : "1/(\(time))"
            }
        }
    }

    /// The present moment as archives write it.
    public static func timestamp(_ date: Date = Date()) -> String { date.ISO8601Format() }
}
