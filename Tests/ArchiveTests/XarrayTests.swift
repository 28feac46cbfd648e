import Archive
import Foundation
import Testing

/// The promise of the layout: xarray opens an archive without help, with either engine, and sees what was written.
@Suite struct XarrayTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let python = root.appendingPathComponent(".venv/bin/python")

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python.path), "needs make setup"))
    func openWithBothEngines() throws {
        try Samples.withFolder { folder in
            var points = Samples.grid([20, 5, 6, 7, 8], [0.5, 1.25, 0.1], [2, -1])
            points.removeLast()
            let tables = [Samples.gapTable(points), Samples.barrierTable([0.5, 0.1, 3])]
            try Samples.archive(tables, job: String(repeating: "# a comment\n", count: 10_000)).write(to: folder + "/grid.h5")
            let diagonal = (3..<15).map { (k: Int) -> [Double] in [Double(k), 0.1 * Double(k), 1 / Double(k + 1)] }
            try Samples.archive([Samples.gapTable(diagonal), Samples.barrierTable([77])]).write(to: folder + "/points.h5")
            try Samples.archive([Samples.gapTable([])]).write(to: folder + "/empty.h5")

            let process = Process(), output = Pipe()
            process.executableURL = Self.python
            process.arguments = [Self.root.appendingPathComponent("analysis/tests/open_archive.py").path, folder]
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(text)")
        }
    }
}
