import Archive
import Foundation
import Studies
import Sweep

/// From a job to a run's plan, and from ledgers to an archive.
enum JobRun {
    static func plan(_ job: Job) -> RunPlan {
        RunPlan(title: job.title, jobText: job.text, studies: job.entries.map(\.study), sweep: job.grid, keptStates: ArchivedStates(), refinement: job.refinement)
    }

    /// The archive of one run, its job decoded from the run directory.
    static func archive(ofRun directory: String) throws -> Archive {
        let paths = Ledger.shards(directory)
        return try archive(paths.isEmpty ? [Ledger(readOnly: Ledger.path(directory))] : paths.map { try Ledger(readOnly: $0) }, directory: directory)
    }

    /// - Parameter shards: the run's ledgers, the primary one first.
    static func archive(_ shards: [Ledger], directory: String) throws -> Archive {
        let ledger = shards[0]
        guard let text = try ledger.value(for: "job") else { throw InputError(file: ledger.path, "the ledger holds no job", hint: "run macrospin run first") }
        let job = try Job(text: text, path: Runner.jobPath(directory))
        let grid = job.grid(inserting: try ledger.insertedPoints())
        let version = try ledger.value(for: "version").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let tables = try job.entries.map { entry in
            // Two shards have the same point where outputs were added later: the fuller record counts, then the newer.
            var records: [String: (record: Record, outputs: Int, made: Double, source: Int)] = [:]
            for (source, shard) in shards.enumerated() {
                try shard.forEachFullRecord(study: entry.name) { point, record, outputs, made in
                    if let known = records[point], (known.outputs, known.made) >= (outputs, made) { return }
                    records[point] = (record, outputs, made, source)
                }
            }
            // Points of the job in its own order; what an earlier, larger grid left in the ledger stays there.
            let rows = grid.projected(on: entry.study.axes).compactMap { point in
                records[point.key].map { ResultTable.Row(coordinates: point.values, record: $0.record, source: $0.source) }
            }
            return ResultTable(study: entry.name, axes: entry.study.axes, outputs: entry.study.outputs, rows: rows)
        }
        let model = [job.model.hamiltonian.text] + job.model.jumps.map { "\($0.rateText) \($0.operator.text)" }
            + job.model.parameters.map { "\($0.name) = \($0.expression)" } + Tolerances.keys.map { "\($0.name) = \(job.tolerances[keyPath: $0.path])" }
        let sources = try shards.map { shard in
            let changed = (try? FileManager.default.attributesOfItem(atPath: shard.path))?[.modificationDate] as? Date
            return Archive.Source(name: shard.path, sha256: try SHA256.hexDigest(ofFile: shard.path), version: version,
                                  modified: Archive.timestamp(changed ?? Date(timeIntervalSince1970: 0)))
        }
        let attributes = Archive.Attributes(title: job.title, jobText: String(decoding: text, as: UTF8.self), model: model.joined(separator: "\n"),
                                            softwareVersion: SoftwareVersion.current, units: .init(energy: job.energyUnit, time: job.timeUnit),
                                            sources: sources)
        return Archive(attributes: attributes, axes: job.grid.axes.map { ArchiveAxis(name: $0.name, label: $0.label ?? "", unit: $0.unit ?? "", isInteger: $0.isInteger) },
                       tables: tables, name: directory)
    }
}
