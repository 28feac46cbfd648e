import Foundation
import Studies

/// What was handed to Slurm for a run directory: `slurm/submission.json` in it.
public struct Submission: Codable, Sendable {
    /// Job numbers, that of the sweep first; one that joins the parts of an array second.
    public var jobs: [String]
    /// Runs that the sweep is split over; 1: the run directory itself.
    public var parts: Int
    public var submitted: String

    public init(jobs: [String], parts: Int, submitted: String) {
        self.jobs = jobs
        self.parts = parts
        self.submitted = submitted
    }

    public static func directory(_ run: String) -> String { run + "/slurm" }
    private static func path(_ run: String) -> String { directory(run) + "/submission.json" }

    /// nil: the run was not submitted by macrospin.
    public static func read(_ run: String) -> Submission? {
        FileManager.default.contents(atPath: path(run)).flatMap { try? JSONDecoder().decode(Submission.self, from: $0) }
    }

    /// - Throws: `InputError` where it cannot be written.
    public func write(_ run: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(Array(try encoder.encode(self)), to: Self.path(run), durable: true)
    }

    /// Files of a submission, in `directory(run)`, are whole or not there.
    /// - Throws: `InputError` naming the file.
    public static func place(_ text: String, _ name: String, run: String) throws { try write(text, name, folder: directory(run)) }

    /// Writes down which part of a sweep a run is, as `K/M`.
    /// - Throws: `InputError` naming the file.
    public static func note(part: String, run: String) throws { try write("\(part)\n", "part", folder: run) }

    private static func write(_ text: String, _ name: String, folder: String) throws {
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw InputError(file: folder, "cannot be made (\((error as NSError).localizedDescription))", hint: "choose another directory with --out")
        }
        try AtomicFile.write(Array(text.utf8), to: folder + "/" + name, durable: true)
    }

    /// Directories of the runs that an array is split over, in their order.
    public static func parts(of run: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []
        return names.filter { $0.hasPrefix("part-") && Int($0.dropFirst(5)) != nil }.sorted { (Int($0.dropFirst(5)) ?? 0) < (Int($1.dropFirst(5)) ?? 0) }.map { run + "/" + $0 }
    }
}
