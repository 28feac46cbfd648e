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
        return isDirectory.boolValue ? try LedgerSource(run: path) : try ArchiveFile(path)
    }
}
