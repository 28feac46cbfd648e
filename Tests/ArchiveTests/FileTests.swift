import Archive
import Foundation
import Studies
import Testing

@Suite struct FileTests {
    // Closures stay outside of #expect: in release builds of Swift 6.3 one inside and one outside may get the same
    // symbol, and one of them is then run in the place of the other.
    private func message(_ body: () throws -> Void) -> String {
        do { try body(); return "" } catch let error as InputError { return error.description } catch { return "no InputError: \(error)" }
    }

    @Test func filesThatAreNoArchives() throws {
        try Samples.withFolder { folder in
            let missing = message { _ = try Archive(reading: folder + "/none.h5") }
            #expect(missing.contains("no such file"))
            try "title: not HDF5".write(toFile: folder + "/job.yaml", atomically: true, encoding: .utf8)
            let text = message { _ = try Archive(reading: folder + "/job.yaml") }
            #expect(text.hasPrefix(folder + "/job.yaml: ") && text.contains("not an HDF5 file") && text.contains("macrospin merge"), "\(text)")
            let directory = message { _ = try Archive(reading: folder) }
            #expect(directory.contains("not an HDF5 file"))
        }
    }

    /// One byte after another spoilt (in strides): the archive reads back right or is called damaged, never wrong.
    @Test func damageIsFound() throws {
        try Samples.withFolder { folder in
            let path = folder + "/a.h5", copy = folder + "/b.h5"
            let archive = Samples.archive([Samples.gapTable(Samples.grid([3, 4, 7, 8], [0.5, 1, 2], [1, 2]))])
            try archive.write(to: path)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: copy))
            let half = message { _ = try Archive(reading: copy) }
            #expect(half.contains("is damaged"))
            // Rewritten by other tools: without the seal HDF5's own checks remain.
            try bytes.dropLast(80).write(to: URL(fileURLWithPath: copy))
            #expect(try Archive(reading: copy).differences(from: archive) == [])
            var damaged = 0
            for offset in stride(from: 1, to: bytes.count, by: 1009) {
                var spoilt = bytes
                spoilt[offset] ^= 0xff
                try spoilt.write(to: URL(fileURLWithPath: copy))
                let text = message {
                    let read = try Archive(reading: copy)
                    #expect(read.differences(from: archive) == [], "byte \(offset)")
                }
                if !text.isEmpty { damaged += 1 }
                #expect(text.isEmpty || text.hasPrefix(copy), "\(text)")
            }
            #expect(damaged > 10)
        }
    }

    @Test func failedWritesLeaveTheOldFile() throws {
        try Samples.withFolder { folder in
            let path = folder + "/a.h5"
            try Samples.archive([Samples.gapTable([[3, 0.5, 1]])]).write(to: path)
            let before = try SHA256.hexDigest(ofFile: path)
            var table = Samples.gapTable([[3, 0.5, 1]])
            table.rows[0].record.outputs["parity"] = OutputArray([0.5, 0, 0])          // found only when the file is half written
            func refusal(_ archive: Archive, _ path: String) -> String { message { try archive.write(to: path) } }
            let fraction = refusal(Samples.archive([table]), path)
            #expect(fraction.contains("0.5 is not an integer"))
            #expect(try SHA256.hexDigest(ofFile: path) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
            table.rows[0].record.outputs["parity"] = OutputArray([0.0])
            let shape = refusal(Samples.archive([table]), path)
            #expect(shape.contains("declared integer [mode: 3]"))
            let empty = Samples.archive([])
            #expect(refusal(empty, folder).contains("is a folder"))
            #expect(refusal(empty, folder + "/no/a.h5").contains("does not exist"))
            #expect(refusal(empty, "/proc/a.h5").contains("cannot be written"))
        }
    }

    @Test func leftoversOfKilledWritersGo() throws {
        try Samples.withFolder { folder in
            let dead = "\(folder)/.a.h5.\(ProcessInfo.processInfo.hostName)-4194305.tmp"   // above the greatest process id
            try "".write(toFile: dead, atomically: false, encoding: .utf8)
            try Samples.archive([]).write(to: folder + "/a.h5")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
        }
    }

    /// FIPS 180-4 examples, and the lengths around a block's end (from coreutils' sha256sum).
    @Test func sha256() {
        #expect(SHA256.hexDigest(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hexDigest(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hexDigest(of: String(repeating: "a", count: 55)) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318")
        #expect(SHA256.hexDigest(of: String(repeating: "a", count: 64)) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb")
    }

    @Test func summaryTellsCoverageAndFailures() {
        let text = Samples.archive([Samples.gapTable(Samples.grid([3, 5, 6], [0.5, 1], [1]).dropLast())]).summary()
        for part in ["5 of 6 points (83.3 %): 2 ok, 2 unresolved, 1 failed", "! failed at N=6;Gamma=0.5;study.input=1: rate Γ is negative",
                     "! unresolved at N=5;Gamma=0.5;study.input=1, N=5;Gamma=1;study.input=1: below", "N = 6  50.0 %  1 failed",
                     "complex[mode=3]", "1/(hbar/J)", "3, 5, 6", "3 values", "5 records", "ledger/0000.sqlite"] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }
}
