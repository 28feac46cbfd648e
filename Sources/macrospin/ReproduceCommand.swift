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
        let path = try single(arguments, "archive or run")
        let tolerance = try DiffCommand.Tolerance(arguments, command: name, relative: relativeTolerance)
        let limit = try arguments.value("points").map { text -> Int in
            guard let count = Int(text), count > 0 else { throw InputError("macrospin reproduce: --points takes a positive number, found \(text)") }
            return count
        }
        let progress = StepProgress(isQuiet: false), (axes, studies) = try read(path, arguments, limit, progress)
        var hasDifference = false
        for study in studies {
            var done = 0, missing = 0, missingNames: Set<String> = []
            let results = try study.pieces.map { piece -> Comparison.Result in
                let (old, absent) = piece.comparable
                missing += absent.count
                missingNames.formUnion(absent.names)
                var new = old
                let context = StudyContext(keptStates: ArchivedStates()), names = Set(old.outputs.map(\.name))
                for index in old.rows.indices {
                    var record = try piece.entry.study.run(at: Point(axes: old.axes, canonical: old.rows[index].coordinates), in: context)
                    record.outputs = record.outputs.filter { name, _ in names.contains(name) }
                    new.rows[index].record = record
                    done += 1
                    progress.step("\(old.study): \(done) of \(study.count) points computed again")
                }
                let archives = [old, new].map { Archive(attributes: .init(), axes: axes, tables: [$0], name: "") }
                var comparison = try Comparison(archive: archives[0], with: archives[1], names: (path, "the new computation"))
                tolerance.set(&comparison)
                return try comparison.run()
            }
            progress.end()
            for result in results {
                for line in result.lines() { Console.out(line) }
                if !result.isAlike { hasDifference = true }
            }
            if missing > 0 {
                Console.out("study \(study.name): outputs \(missingNames.sorted().joined(separator: ", ")) of \(missing) points come from other jobs and were not computed")
            }
            let isAlike = results.allSatisfy(\.isAlike)
            Console.out("study \(study.name): \(study.count) of \(study.total) points computed again: \(isAlike ? "the same within tolerance" : "DIFFERENT")"
                + (isAlike && missing > 0 ? " in all that was computed" : ""))
        }
        return hasDifference ? .failedPoints : .done
    }

    /// The records of one study that are looked at.
    private struct StudyPieces {
        let name: String
        /// Records looked at, and all.
        let count: Int
        let total: Int
        let pieces: [Piece]
    }

    /// Those of them that one job has made.
    private struct Piece {
        let entry: Job.StudyEntry
        let records: ResultTable

        /// The records without outputs that the job does not ask for (a merge has joined them from another); these
        /// outputs, and how many records have any.
        var comparable: (records: ResultTable, absent: (count: Int, names: Set<String>)) {
            let own = Set(entry.study.outputs.map(\.name))
            var table = records, count = 0, names: Set<String> = []
            table.outputs = records.outputs.filter { own.contains($0.name) }
            for index in table.rows.indices {
                let foreign = table.rows[index].record.outputs.keys.filter { !own.contains($0) }
                if foreign.isEmpty { continue }
                count += 1
                names.formUnion(foreign)
                for name in foreign { table.rows[index].record.outputs[name] = nil }
            }
            return (table, (count, names))
        }
    }

    /// All records that are looked at, some at a time. Afterwards the source is closed: while points are computed nothing
    /// keeps the run from going on.
    private static func read(_ path: String, _ arguments: Arguments, _ limit: Int?, _ progress: StepProgress) throws -> (axes: [ArchiveAxis], studies: [StudyPieces]) {
        let source = try Selection(JobRun.source(path), studies: arguments.all("study"))
        let jobs = try EmbeddedJobs(source.attributes, path: path)
        tell(source)
        let studies = try source.tables.compactMap { header -> StudyPieces? in
            let scan = try source.scan(header.study), rows = sample(scan, header, limit)
            if rows.isEmpty { return nil }
            let pieces = try jobs.grouped(rows, scan, header).map { group in
                Piece(entry: try jobs.entry(group.job, header), records: try records(source, header, scan, group.rows))
            }
            progress.step("\(header.study): read")
            return StudyPieces(name: header.study, count: rows.count, total: scan.count, pieces: pieces)
        }
        progress.end()
        return (source.axes, studies)
    }

    private static func records(_ source: any RecordSource, _ header: TableHeader, _ scan: TableScan, _ rows: [Int]) throws -> ResultTable {
        var table = ResultTable(study: header.study, axes: header.axes, outputs: header.outputs, rows: [])
        let width = header.axes.count, step = RecordBatch.greatestCount(header, lengths: scan.lengths)
        let order = rows.sorted { scan.ids[$0] < scan.ids[$1] }
        for start in stride(from: 0, to: order.count, by: step) {
            let part = order[start..<min(order.count, start + step)]
            var batch = RecordBatch(header, lengths: scan.lengths, count: part.count)
            try source.read(header.study, ids: part.map { scan.ids[$0] }, places: Array(0..<part.count), into: &batch)
            for (place, row) in part.enumerated() {
                guard let record = batch.record(place) else { continue }
                table.rows.append(.init(coordinates: Array(scan.coordinates[row * width ..< (row + 1) * width]), record: record, source: 0))
            }
        }
        return table
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
