import Archive
import Foundation
import Studies
import Sweep

/// From a job to a run's plan, and from ledgers to an archive.
enum JobRun {
    static func plan(_ job: Job) -> RunPlan {
        RunPlan(title: job.title, jobText: job.text, studies: job.entries.map(\.study),
                points: job.entries.map { job.grid.points(projectedOn: $0.study.axes) })
    }

    /// The archive of one run, its job decoded from the run directory.
    static func archive(ofRun directory: String) throws -> Archive {
        let ledger = try Ledger(readOnly: Runner.ledgerPath(directory))
        return try archive(ledger, directory: directory)
    }

    static func archive(_ ledger: Ledger, directory: String) throws -> Archive {
        let path = Runner.ledgerPath(directory)
        guard let text = try ledger.value(for: "job") else { throw InputError(file: path, "the ledger holds no job", hint: "run macrospin run first") }
        let job = try Job(text: text, path: Runner.jobPath(directory))
        let version = try ledger.value(for: "version").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let tables = try job.entries.map { entry in
            let records = try ledger.records(study: entry.name)
            // Points of the job in its own order; what an earlier, larger grid left in the ledger stays there.
            let rows = job.grid.points(projectedOn: entry.study.axes).compactMap { point in
                records[point.key].map { ResultTable.Row(coordinates: point.values, record: $0, source: 0) }
            }
            return ResultTable(study: entry.name, axes: entry.study.axes, outputs: entry.study.outputs, rows: rows)
        }
        let model = [job.model.hamiltonian.text] + job.model.jumps.map { "\($0.rateText) \($0.operator.text)" }
            + job.model.parameters.map { "\($0.name) = \($0.expression)" } + Tolerances.keys.map { "\($0.name) = \(job.tolerances[keyPath: $0.path])" }
        let changed = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        let modified = Archive.timestamp(changed ?? Date(timeIntervalSince1970: 0))
        let attributes = Archive.Attributes(title: job.title, jobText: String(decoding: text, as: UTF8.self), model: model.joined(separator: "\n"),
                                            softwareVersion: SoftwareVersion.current, units: .init(energy: job.energyUnit, time: job.timeUnit),
                                            sources: [.init(name: path, sha256: try SHA256.hexDigest(ofFile: path), version: version, modified: modified)])
        return Archive(attributes: attributes, axes: job.grid.axes.map { ArchiveAxis(name: $0.name, label: $0.label ?? "", unit: $0.unit ?? "", isInteger: $0.isInteger) },
                       tables: tables, name: directory)
    }
}
