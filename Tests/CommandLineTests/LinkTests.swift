import Foundation
import Testing

/// What README.md and docs/ point to is there.
struct LinkTests {
    private static let project = CommandLineTool.project

    private static var documents: [String] {
        let all = FileManager.default.enumerator(atPath: project.appendingPathComponent("docs").path)?.compactMap { $0 as? String } ?? []
        return ["README.md"] + all.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }.sorted()
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: project.appendingPathComponent(path).path) }

    /// GitHub's: lower case, no punctuation, hyphens for blanks, -1, -2 … for those that are there again.
    static func anchors(_ text: String) -> Set<String> {
        var seen: [String: Int] = [:], anchors: Set<String> = []
        var isCode = false
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode, let heading = line.wholeMatch(of: ##/#{1,6} +(.*)/##)?.1 else { continue }
            let kept = String(heading).lowercased().filter { (c: Character) -> Bool in c.isLetter || c.isNumber || " -_".contains(c) }
            let anchor = kept.trimmingCharacters(in: CharacterSet.whitespaces).replacingOccurrences(of: " ", with: "-")
            let count = seen[anchor, default: 0]
            anchors.insert(count == 0 ? anchor : "\(anchor)-\(count)")
            seen[anchor] = count + 1
        }
        return anchors
    }

    @Test(arguments: documents) func linksLeadSomewhere(_ document: String) throws {
        let text = try String(contentsOf: Self.project.appendingPathComponent(document), encoding: .utf8)
        let folder = (document as NSString).deletingLastPathComponent
        for match in text.matches(of: #/\]\(([^()\s]+)\)/#) {
            let link = String(match.1)
            if link.contains("://") || link.hasPrefix("mailto:") { continue }
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let target = parts[0].isEmpty ? document : ((folder as NSString).appendingPathComponent(parts[0]) as NSString).standardizingPath
            #expect(Self.exists(target), "\(document): there is no \(target)")
            guard parts.count > 1, target.hasSuffix(".md"), Self.exists(target) else { continue }
            let other = try String(contentsOf: Self.project.appendingPathComponent(target), encoding: .utf8)
            #expect(Self.anchors(other).contains(parts[1]), "\(document): \(target) has no heading #\(parts[1])")
        }
    }

    /// Paths named as code (`docs/lmg.md`, `jobs/leggett-garg.yaml`), which the documents prefer to links.
    @Test(arguments: documents) func pathsNamedAreThere(_ document: String) throws {
        let text = try String(contentsOf: Self.project.appendingPathComponent(document), encoding: .utf8)
        for match in text.matches(of: #/`((?:docs|jobs|Sources|Tests|Benchmarks|analysis|slurm)/[A-Za-z0-9_./-]*)`/#) {
            #expect(Self.exists(String(match.1)), "\(document): there is no \(match.1)")
        }
    }

    @Test func anchorsAreGitHubs() {
        #expect(Self.anchors("# A, b & C\n```sh\n# no heading\n```\n## 7. What follows\n## `x_y`\n## `x_y`") == ["a-b--c", "7-what-follows", "x_y", "x_y-1"])
    }
}
