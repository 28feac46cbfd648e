import Foundation
import Studies
import Testing

/// docs/studies: every study has its page, whose tables are those of the programme and whose example runs.
@Suite(.serialized) struct StudyDocumentationTests {
    private static let folder = CommandLineTool.project.appendingPathComponent("docs/studies")
    private static let names = StudyCatalogue.all.map { $0.name }

    private static func text(_ name: String) throws -> String { try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8) }

    /// What stands between `<!-- mark -->` and `<!-- /mark -->`.
    private static func block(_ mark: String, of page: String) -> String? {
        guard let start = page.range(of: "<!-- \(mark) -->\n"), let end = page.range(of: "\n<!-- /\(mark) -->"), start.upperBound <= end.lowerBound else { return nil }
        return String(page[start.upperBound..<end.lowerBound])
    }

    @Test(arguments: names) func pageIsUpToDate(_ name: String) throws {
        let page = try Self.text("\(name).md"), stale = "stale: run docs/studies/update"
        let outcome = try CommandLineTool.run("studies", name, "--markdown", "--job", "docs/studies/examples/\(name).yaml")
        #expect(outcome.code == 0, "\(outcome.error)")
        for mark in ["options", "outputs"] {
            let shown = try #require(Self.block(mark, of: page), "docs/studies/\(name).md has no block \(mark)")
            #expect(try #require(Self.block(mark, of: outcome.out)) == shown, "docs/studies/\(name).md, \(mark): \(stale)")
        }
        let example = try Self.text("examples/\(name).yaml").trimmingCharacters(in: .newlines)
        #expect(Self.block("example", of: page) == "```yaml\n\(example)\n```", "docs/studies/\(name).md, example: \(stale)")
        for heading in ["Theory", "Options", "Outputs", "Statuses", "Cost", "Example", "Limits", "Sources"] {
            #expect(page.contains("\n## \(heading)\n"), "docs/studies/\(name).md has no section \(heading)")
        }
        #expect(page.contains("](figures/\(name).png)"))
        let figure = try Data(contentsOf: Self.folder.appendingPathComponent("figures/\(name).png"))
        #expect(figure.starts(with: [0x89, 0x50, 0x4E, 0x47]) && figure.count < 120_000, "\(figure.count) bytes")
    }

    /// The statuses that the example shows are among those that the page explains.
    @Test(arguments: names) func exampleRuns(_ name: String) throws {
        let page = try Self.text("\(name).md")
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("Statuses") } ?? ""
        try CommandLineTool.withFolder { folder in
            let job = Self.folder.appendingPathComponent("examples/\(name).yaml").path
            let outcome = try CommandLineTool.run("run", job, "--out", "run", in: folder)
            #expect(outcome.code == 0, "\(outcome.error)")
            let status = try CommandLineTool.run("status", "run", in: folder).out
            let line = try #require(status.components(separatedBy: "\n").first { $0.hasPrefix("  \(name): ") }, "\(status)")
            let words = line.dropFirst("  \(name): ".count).components(separatedBy: ", ").compactMap { $0.components(separatedBy: " ").first }
            #expect(words.contains("ok"), "\(line)")
            for word in words { #expect(section.contains("`\(word)`"), "the page of \(name) does not explain \(word)") }
        }
    }

    @Test func indexListsEveryStudy() throws {
        let index = try Self.text("README.md"), readme = try String(contentsOf: CommandLineTool.project.appendingPathComponent("README.md"), encoding: .utf8)
        for name in Self.names {
            #expect(index.contains("(\(name).md)"), "docs/studies/README.md has no link to \(name).md")
            #expect(readme.contains("`\(name)`"), "README.md does not name \(name)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".md") && $0 != "README.md" }
        #expect(Set(files) == Set(Self.names.map { "\($0).md" }))
    }

    @Test func badWords() throws {
        let unknown = try CommandLineTool.run("studies", "gapp")
        #expect(unknown.code == 2 && unknown.error.contains("did you mean gap?"), "\(unknown)")
        let absent = try CommandLineTool.run("studies", "rates", "--job", "jobs/quick-start.yaml")
        #expect(absent.code == 2 && absent.error.contains("its studies are steadyState, gap"), "\(absent)")
    }
}
