import Archive
import Foundation
import Studies
import Sweep

/// The ledgers of a run as a source of records: points of the run's job in its own order; what an earlier, larger grid left
/// in the ledger stays there. Ids are indices into the grid.
final class LedgerSource: RecordSource {
    let name: String
    let attributes: Archive.Attributes
    let axes: [ArchiveAxis]
    let tables: [TableHeader]
    private let shards: [Ledger]
    private let grids: [String: Grid]
    /// Study → which shard has a point's record, where there are several.
    private var shardOfPoint: [String: [Int32: Int32]] = [:]

    /// - Throws: `InputError` for a run that is being written, is none, or is damaged.
    convenience init(run directory: String) throws {
        let paths = Ledger.shards(directory)
        try self.init(paths.isEmpty ? [Ledger(readOnly: Ledger.path(directory))] : paths.map { try Ledger(readOnly: $0) }, directory: directory)
    }

    /// - Parameter shards: the run's ledgers, the primary one first.
    init(_ shards: [Ledger], directory: String) throws {
        let ledger = shards[0]
        guard let text = try ledger.value(for: "job") else { throw InputError(file: ledger.path, "the ledger holds no job", hint: "run macrospin run first") }
        let job = try Job(text: text, path: Runner.jobPath(directory)), jobText = String(decoding: text, as: UTF8.self)
        let grid = job.grid(inserting: try ledger.insertedPoints())
        let version = try ledger.value(for: "version").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let model = [job.model.hamiltonian.text] + job.model.jumps.map { "\($0.rateText) \($0.operator.text)" }
            + job.model.parameters.map { "\($0.name) = \($0.expression)" } + Tolerances.keys.map { "\($0.name) = \(job.tolerances[keyPath: $0.path])" }
        let sources = try shards.map { shard in
            Archive.Source(name: shard.path, sha256: try SHA256.hexDigest(ofFile: shard.path), version: version,
                           modified: Archive.timestamp(Date(timeIntervalSince1970: try shard.newestRecord() ?? 0)), job: SHA256.hexDigest(of: jobText))
        }
        attributes = Archive.Attributes(title: job.title, jobText: jobText, model: model.joined(separator: "\n"), softwareVersion: SoftwareVersion.current,
                                        units: .init(energy: job.energyUnit, time: job.timeUnit), sources: sources)
        name = directory
        axes = grid.axes.map { ArchiveAxis(name: $0.name, label: $0.label ?? "", unit: $0.unit ?? "", isInteger: $0.isInteger) }
        tables = job.entries.map { TableHeader(study: $0.name, axes: $0.study.axes, outputs: $0.study.outputs, options: job.studyOptions(of: $0)) }
        grids = Dictionary(uniqueKeysWithValues: job.entries.map { ($0.name, grid.projected(on: $0.study.axes)) })
        self.shards = shards
    }

    func scan(_ study: String) throws -> TableScan {
        guard let grid = grids[study], let header = table(study) else { return TableScan() }
        let lookup = GridLookup(grid)
        // Two shards have the same point where outputs were added later: the fuller record counts, then the newer.
        struct Found {
            var outputs: Int32
            var shard: Int32
            var made: Double
            var status: Status
        }
        var found: [Int32: Found] = [:], scan = TableScan()
        for (number, shard) in shards.enumerated() {
            try shard.forEachFullRecord(study: study) { key, record, outputs, made in
                guard let index = lookup.index(ofKey: key) else { return }
                try header.check(record, at: key)
                scan.note(record.outputs, header.outputs)
                if let known = found[Int32(index)], (Int(known.outputs), known.made) >= (outputs, made) { return }
                found[Int32(index)] = Found(outputs: Int32(outputs), shard: Int32(number), made: made, status: record.status)
            }
        }
        for index in found.keys.sorted() {
            guard let one = found[index] else { continue }
            scan.append(id: index, coordinates: grid[Int(index)].values, status: one.status, source: one.shard)
        }
        if shards.count > 1 { shardOfPoint[study] = found.mapValues(\.shard) }
        for shard in shards { try shard.releaseMemory() }
        return scan
    }

    func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) throws {
        guard let grid = grids[study] else { return }
        // A study over fewer axes stands at several points of a list: each record is read once.
        let placesOfID = Dictionary(grouping: zip(ids, places), by: \.0).mapValues { $0.map(\.1) }, known = shardOfPoint[study] ?? [:]
        for (number, shard) in shards.enumerated() {
            let own = placesOfID.keys.filter { known[$0] ?? 0 == Int32(number) }.sorted()
            var next = 0
            let keys = AnyIterator { () -> String? in
                guard next < own.count else { return nil }
                next += 1
                return grid[Int(own[next - 1])].key
            }
            try shard.forEachRecord(study: study, points: keys) { place, record in
                for target in placesOfID[own[place]] ?? [] { batch.set(record, at: target) }
            }
            try shard.releaseMemory()
        }
    }
}

extension Job {
    /// As archives note them.
    fileprivate func studyOptions(of entry: StudyEntry) -> [StudyOption] {
        recordOptions(of: entry).map { StudyOption(name: $0.name, value: $0.value, isDefining: $0.isDefining) }
    }
}
