import Archive
import Foundation
import Studies
@testable import Sweep
import Testing

/// Runs over ranks for tests: few jobs, and a look at what is in their ledgers.
enum Ranks {
    /// Points of the hidden study that sleeps, fails or dies.
    static func rehearsal(points: Int, options: String) -> String {
        """
        title: rehearsal
        model: { preset: bistable-pump }
        sweep: { rehearsal.y: [3, 4], rehearsal.x: { from: 0, to: \(points / 2 - 1), points: \(points / 2) } }
        studies:
          - rehearsal: { \(options) }
        """
    }

    static func write(_ job: String, _ folder: URL) throws { try job.write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8) }

    /// What a record is worth: everything but times.
    struct Row: Equatable {
        let status: Status
        let reason: String
        let outputs: [String: [UInt64]]
    }

    /// All records of a run, over its shards; an Issue for one that is there twice.
    static func rows(_ run: URL, study: String = "rehearsal") throws -> [String: (row: Row, made: Double)] {
        var rows: [String: (Row, Double)] = [:]
        for path in Ledger.shards(run.path) {
            try Ledger(readOnly: path).forEachFullRecord(study: study) { point, record, _, made in
                if rows[point] != nil { Issue.record("\(point) is in two shards") }
                rows[point] = (Row(status: record.status, reason: record.reason, outputs: record.outputs.mapValues { $0.data.map(\.bitPattern) }), made)
            }
        }
        return rows
    }

    /// Values of an archive by study and coordinates, bit by bit.
    static func values(_ archive: URL) throws -> [String: Row] {
        var values: [String: Row] = [:]
        for table in try Archive(reading: archive.path).tables {
            for row in table.rows {
                values["\(table.study) \(row.coordinates)"] = Row(status: row.record.status, reason: row.record.reason, outputs: row.record.outputs.mapValues { $0.data.map(\.bitPattern) })
            }
        }
        return values
    }
}
