import Archive
import Foundation
import Studies
import Testing

/// A disk without space, as a small file system in memory: needs the right to mount one.
@Suite struct DiskFullTests {
    @Test(.enabled(if: Self.canMount, "needs the right to mount a small disk"))
    func fullDiskLeavesTheOldFile() throws {
        try Samples.withFolder { folder in
            try #require(Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]))
            defer { _ = Self.run("/bin/umount", [folder]) }
            let path = folder + "/a.h5"
            let small = Samples.archive([Samples.gapTable([[3, 0.5, 1]])])
            try small.write(to: path)
            // From what fails in the last flush to what fails in the middle.
            for count in [2_000, 20_000, 200_000] {
                let noise = OutputSpec("noise", axes: [OutputAxis(name: "cell", extent: nil)], meaning: "numbers that do not compress")
                let row = ResultTable.Row(coordinates: [1], record: Record(status: .ok, outputs: ["noise": OutputArray((0..<20 * count).map { sin(Double($0)) })]), source: 0)
                let large = Samples.archive([ResultTable(study: "noise", axes: ["N"], outputs: [noise], rows: [row])])
                let error = #expect(throws: InputError.self) { try large.write(to: path) }
                #expect(error?.description.contains("No space left on device") == true, "\(String(describing: error))")
                #expect(try Archive(reading: path).differences(from: small) == [])
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
            }
            try small.write(to: path)
        }
    }

    static let canMount: Bool = (try? Samples.withFolder { folder in
        run("/bin/mount", ["-t", "tmpfs", "tmpfs", folder]) && run("/bin/umount", [folder])
    }) ?? false

    static func run(_ path: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
