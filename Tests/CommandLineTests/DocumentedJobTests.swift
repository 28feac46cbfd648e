import Foundation
import Testing

/// Jobs that documents show, and those that come with the project, are sound.
struct DocumentedJobTests {
    private static let project = CommandLineTool.project

    private static func files(_ folder: String, _ ending: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: project.appendingPathComponent(folder).path)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
    }

    private static func text(_ path: String) throws -> String { try String(contentsOf: project.appendingPathComponent(path), encoding: .utf8) }

    /// Fenced blocks with all that a job needs; others are parts of one.
    private static func jobs(in document: String) -> [String] {
        document.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }.filter { block in
            let keys = block.components(separatedBy: "\n").compactMap { line -> String? in line.firstIndex(of: ":").map { String(line[..<$0]) } }
            return Set(keys).isSuperset(of: ["model", "sweep", "studies"])
        }
    }

    @Test func jobsShownAreSound() throws {
        var count = 0
        for document in Self.files("docs", ".md") {
            for job in Self.jobs(in: try Self.text(document)) {
                count += 1
                try CommandLineTool.withFolder { folder in
                    try job.write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
                    let outcome = try CommandLineTool.run("check", "job.yaml", in: folder)
                    #expect(outcome.code == 0, "\(document): \(outcome.error)\n\(job)")
                }
            }
        }
        #expect(count >= 18)
    }

    @Test func jobsOfTheProjectAreSound() throws {
        let jobs = Self.files("jobs", ".yaml")
        #expect(jobs.contains("jobs/quick-start.yaml"))
        for job in jobs {
            let outcome = try CommandLineTool.run("check", job)
            #expect(outcome.code == 0, "\(outcome.error)")
        }
    }

    /// Also where they are named within a command.
    @Test func jobsNamedAreThere() throws {
        for document in ["README.md"] + Self.files("docs", ".md") + Self.files("jobs", ".yaml") {
            for match in try Self.text(document).matches(of: #/\b(?:docs/studies/examples|jobs)/[A-Za-z0-9_-]+\.yaml/#) {
                #expect(FileManager.default.fileExists(atPath: Self.project.appendingPathComponent(String(match.0)).path), "\(document): there is no \(match.0)")
            }
        }
    }
}
