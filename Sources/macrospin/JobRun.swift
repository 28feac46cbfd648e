import Archive
import Foundation
import Studies
import Sweep

/// From a job to a run's plan, and from ledgers to an archive.
enum JobRun {
    static func plan(_ job: Job) -> RunPlan {
        RunPlan(title: job.title, jobText: job.text, studies: job.entries.map(\.study), sweep: job.grid, keptStates: ArchivedStates(), refinement: job.refinement)
    }

    /// Runs and archives alike.
    /// - Throws: `InputError` for what is neither.
    static func source(_ path: String) throws -> any RecordSource {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw InputError(file: path, "there is no such file or run directory", hint: "name a run directory, or an archive such as RUN/archive.h5")
        }
        guard isDirectory.boolValue else { return try ArchiveFile(path) }
        // Of an array each part has ledgers of its own.
        let parts = Submission.parts(of: path), joined = path + "/archive.h5"
        if !parts.isEmpty, Ledger.shards(path).isEmpty {
            guard FileManager.default.fileExists(atPath: joined) else {
                throw InputError(file: path, "its \(parts.count) parts have not been joined", hint: "macrospin merge \(path)/part-* -o \(joined)")
            }
            return try ArchiveFile(joined)
        }
        return try LedgerSource(run: path)
    }
}
