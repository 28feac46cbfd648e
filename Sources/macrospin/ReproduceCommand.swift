import Archive
import Foundation
import Numbers
import Studies
import Sweep

enum ReproduceCommand: Command {
    static let name = "reproduce"
    static let usage = "ARCHIVE|RUN [--points K] [--study S] [--rtol R] [--atol A] [--within-errors]"
    static let summary = "compute points of an archive again from the job inside it, and compare; exit code 4 if they differ"
    static let options = [
        OptionDescription("points", value: "K", help: "only K points of each study, spread over the archive, always the same (default: all)"),
        OptionDescription("study", value: "S", help: "only this study (may be given several times)"),
    ] + DiffCommand.tolerances
    static let examples = ["macrospin reproduce runs/quick-start/archive.h5 --points 3"]

    /// Another processor rounds differently.
    static let relativeTolerance = 1e-8

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let path = try single(arguments, "archive or run"), source = try Selection(JobRun.source(path), studies: arguments.all("study"))
        let limit = try arguments.value("points").map { text -> Int in
            guard let count = Int(text), count > 0 else { throw InputError("macrospin reproduce: --points takes a positive number, found \(text)") }
            return count
        }
        let jobs = try EmbeddedJobs(source.attributes, path: path), progress = StepProgress(isQuiet: false)
        tell(source)
        var hasDifference = false
        for header in source.tables {
            let scan = try source.scan(header.study)
            let rows = sample(scan, header, limit)
            if rows.isEmpty { continue }
            var done = 0
            let results = try jobs.grouped(rows, scan, header).map { group -> Comparison.Result in
                let entry = try jobs.entry(group.job, header)
                // The new record's outputs are those of the job that made the old one.
                let common = TableHeader(study: header.study, axes: header.axes, outputs: header.outputs.filter { output in entry.study.outputs.contains { $0.name == output.name } })
                let context = StudyContext(keptStates: ArchivedStates())
                var old = ResultTable(study: header.study, axes: header.axes, outputs: common.outputs, rows: []), new = old
                for row in group.rows {
                    let values = Array(scan.coordinates[row * header.axes.count ..< (row + 1) * header.axes.count])
                    var batch = RecordBatch(common, lengths: scan.lengths, count: 1)
                    try source.read(header.study, ids: [scan.ids[row]], places: [0], into: &batch)
                    if let record = batch.record(0) { old.rows.append(.init(coordinates: values, record: record, source: 0)) }
                    var record = try entry.study.run(at: Point(axes: header.axes, canonical: values), in: context)
                    record.outputs = record.outputs.filter { name, _ in common.outputs.contains { $0.name == name } }
                    new.rows.append(.init(coordinates: values, record: record, source: 0))
                    done += 1
                    progress.step("\(header.study): \(done) of \(rows.count) points computed again")
                }
                let archives = [old, new].map { Archive(attributes: .init(), axes: source.axes, tables: [$0], name: "") }
                var comparison = try Comparison(archive: archives[0], with: archives[1], names: (path, "the new computation"))
                try DiffCommand.set(&comparison, arguments, command: name, relative: relativeTolerance)
                return try comparison.run()
            }
            progress.end()
            for result in results {
                for line in result.lines() { Console.out(line) }
                if !result.isAlike { hasDifference = true }
            }
            let isAlike = results.allSatisfy(\.isAlike)
            Console.out("study \(header.study): \(rows.count) of \(scan.count) points computed again: \(isAlike ? "the same within tolerance" : "DIFFERENT")")
        }
        return hasDifference ? .failedPoints : .done
    }

    /// What wrote the records, and what computes them now.
    private static func tell(_ source: any RecordSource) {
        let versions = Set(source.attributes.sources.map { $0.version.isEmpty ? "an unknown version" : $0.version }).sorted()
        Console.out("written by macrospin \(versions.isEmpty ? source.attributes.softwareVersion : versions.joined(separator: ", ")), computed again by macrospin \(SoftwareVersion.current)")
    }

    /// Rows in order, all or a sample that depends on the points alone.
    private static func sample(_ scan: TableScan, _ header: TableHeader, _ limit: Int?) -> [Int] {
        // A quarantined point killed its process: it is not tried here.
        let rows = (0..<scan.count).filter { scan.statuses[$0] != .quarantined }
        guard let limit, limit < rows.count else { return rows }
        let width = header.axes.count
        func hash(_ row: Int) -> UInt64 {
            var generator = SplitMix64(seed: 0)
            for value in scan.coordinates[row * width ..< (row + 1) * width] { generator.stir(value.bitPattern) }
            return generator.next()
        }
        let keyed = rows.map { (hash: hash($0), row: $0) }.sorted { $0.hash < $1.hash }
        return keyed.prefix(limit).map(\.row).sorted()
    }
}

/// The jobs inside an archive, and which of its records each has made.
private struct EmbeddedJobs {
    private let path: String
    private let jobs: [Job]
    /// Index into the archive's sources → index into `jobs`; nil: not noted.
    private let jobOfSource: [Int?]

    init(_ attributes: Archive.Attributes, path: String) throws {
        guard !attributes.jobTexts.isEmpty else { throw InputError(file: path, "has no job inside: nothing says how to compute it again") }
        self.path = path
        jobs = try attributes.jobTexts.enumerated().map { try Job(text: Array($1.utf8), path: "\(path) (job \($0 + 1) inside)") }
        let digests = attributes.jobTexts.map { SHA256.hexDigest(of: $0) }
        jobOfSource = attributes.sources.map { source in source.job.flatMap { digests.firstIndex(of: $0) } }
    }

    /// Rows by the job that made them.
    /// - Throws: `InputError` where an archive of several jobs does not tell.
    func grouped(_ rows: [Int], _ scan: TableScan, _ header: TableHeader) throws -> [(job: Int, rows: [Int])] {
        var groups: [Int: [Int]] = [:]
        for row in rows {
            let source = Int(scan.sources[row]), noted = jobOfSource.indices.contains(source) ? jobOfSource[source] : nil
            let able = jobs.indices.filter { job in jobs[job].entries.contains { $0.name == header.study } }
            guard let job = noted ?? (able.count == 1 ? able[0] : nil) else {
                throw InputError(file: path, "holds several jobs and does not tell which made the records of \(header.study)", hint: "merge the runs again with this version")
            }
            groups[job, default: []].append(row)
        }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func entry(_ job: Int, _ header: TableHeader) throws -> Job.StudyEntry {
        guard let entry = jobs[job].entries.first(where: { $0.name == header.study }) else {
            throw InputError(file: path, "the job inside does not ask for the study \(header.study)")
        }
        guard entry.study.axes == header.axes else {
            throw InputError(file: path, "the study \(header.study) of this version depends on (\(entry.study.axes.joined(separator: ", "))), in the archive on (\(header.axes.joined(separator: ", ")))")
        }
        return entry
    }
}
