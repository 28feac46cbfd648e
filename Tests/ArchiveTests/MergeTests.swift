import Archive
import Foundation
import Numbers
import Studies
import Testing

@Suite struct MergeTests {
    /// The merge of archives as files, read back.
    private func merged(_ archives: [Archive], prefer: Archive.Preference = .none) throws -> Archive {
        try Samples.withFolder { folder in
            let sources = try archives.enumerated().map { index, archive -> any RecordSource in
                try archive.write(to: "\(folder)/\(index).h5")
                return try ArchiveFile("\(folder)/\(index).h5")
            }
            var merge = Merge(sources)
            merge.prefer = prefer
            try merge.write(to: folder + "/merged.h5")
            return try Archive(reading: folder + "/merged.h5")
        }
    }

    private func refusal(_ archives: [Archive]) -> String {
        do { _ = try merged(archives); return "" } catch { return "\(error)" }
    }

    @Test func unionOfGridsStudiesAndSources() throws {
        let coarse = Samples.archive([Samples.gapTable(Samples.grid([3, 4], [0.5, 1], [1]))], source: "coarse")
        let fine = Samples.archive([Samples.gapTable(Samples.grid([4, 8], [0.75, 1], [1])), Samples.barrierTable([0.5])], source: "fine", job: "title: Another\n")
        let merged = try merged([coarse, fine])
        let gap = try #require(merged.table("gap"))
        #expect(gap.rows.count == 4 + 4 - 1)                           // (4, 1, 1) is in both
        #expect(merged.table("instanton")?.rows.count == 1)
        #expect(merged.attributes.sources.map(\.name) == ["coarse", "fine"])
        #expect(merged.attributes.jobTexts == ["title: A job\n", "title: Another\n"])
        for row in gap.rows { #expect(row.record.agrees(with: Samples.record(row.coordinates[0], row.coordinates[1], row.coordinates[2]).withoutMissing)) }
        let sources = Dictionary(uniqueKeysWithValues: gap.rows.map { ($0.coordinates, $0.source) })
        #expect(sources[[8, 0.75, 1]] == 1 && sources[[4, 1, 1]] == 0)
    }

    @Test func contradictionNamesPointAndBothSources() throws {
        let old = Samples.archive([Samples.gapTable([[3, 0.5, 1], [4, 0.5, 1]])], modified: "2026-01-01T00:00:00Z", source: "old")
        var changed = Samples.gapTable([[3, 0.5, 1], [4, 0.5, 1]])
        changed.rows[1].record.outputs["gap"] = OutputArray(0.125)
        let new = Samples.archive([changed], modified: "2026-02-01T00:00:00Z", source: "new")
        for text in [refusal([old, new]), refusal([new, old])] {
            for part in ["study gap", "N=4;Gamma=0.5;study.input=1", "output gap", "0.125", "old", "new", "--prefer newest"] { #expect(text.contains(part), "\(text)") }
        }
        for merged in [try merged([old, new], prefer: .newest), try merged([new, old], prefer: .newest)] {
            #expect(merged.table("gap")?.rows.last?.record.outputs["gap"] == OutputArray(0.125))
            #expect(merged.table("gap")?.rows.last.map { merged.attributes.sources[$0.source].name } == "new")
        }
    }

    /// A run to which an observable was added merges with the run from before.
    @Test func outputsOfOneStudyAreUnited() throws {
        var before = Samples.gapTable([[3, 0.5, 1], [4, 0.5, 1]]), after = Samples.gapTable([[4, 0.5, 1], [7, 0.5, 1]])
        before.outputs.removeAll { $0.name == "leak" }
        for row in before.rows.indices { before.rows[row].record.outputs["leak"] = nil }
        after.outputs.removeAll { $0.name == "parity" }
        for row in after.rows.indices { after.rows[row].record.outputs["parity"] = nil }
        let merged = try #require(try merged([Samples.archive([before]), Samples.archive([after])]).table("gap"))
        #expect(Set(merged.outputs.map(\.name)) == Set(Samples.gapOutputs.map(\.name)))
        #expect(merged.rows[0].record.outputs["leak"] == nil && merged.rows[2].record.outputs["parity"] == nil)
        #expect(merged.rows[1].record.agrees(with: Samples.record(4, 0.5, 1).withoutMissing))
    }

    /// A failure never beats a result, a fuller record beats one with fewer outputs; with and without a preference, in either order.
    @Test func whichRecordCounts() throws {
        let point = [4, 0.5, 1.0], full = Samples.record(4, 0.5, 1)
        func one(_ record: Record, _ name: String, _ modified: String) -> Archive {
            Samples.archive([ResultTable(study: "gap", axes: Samples.axes.map(\.name), outputs: Samples.gapOutputs, rows: [.init(coordinates: point, record: record, source: 0)])],
                            modified: modified, source: name)
        }
        var part = full
        part.outputs = full.outputs.filter { $0.key == "gap" }
        let good = one(full, "m-good", "2026-01-01T00:00:00Z"), fewer = one(part, "a-fewer", "2026-03-01T00:00:00Z")
        let failed = one(Record(status: .failed, reason: "no"), "b-failed", "2026-05-01T00:00:00Z")
        let quarantined = one(Record(status: .quarantined, reason: "died"), "c-quarantined", "2026-06-01T00:00:00Z")
        for order in [[good, fewer, failed, quarantined], [failed, good, fewer], [quarantined, fewer, good], [fewer, failed, good]] {
            for prefer in [Archive.Preference.none, .newest] {
                let merged = try merged(order, prefer: prefer), row = try #require(merged.table("gap")?.rows.first)
                #expect(row.record.agrees(with: full.withoutMissing) && merged.attributes.sources[row.source].name == "m-good")
            }
        }
        for order in [[failed, quarantined], [quarantined, failed]] {
            let merged = try merged(order), row = try #require(merged.table("gap")?.rows.first)
            #expect(row.record.status == .quarantined && row.record.reason == "died")
        }
        // An unresolved point is a result, and contradicts one that is resolved.
        #expect(refusal([good, one(Record(status: .unresolved, reason: "flat"), "u", "2026-01-02T00:00:00Z")]).contains("the status is"))
    }

    /// Random grids cut into random overlapping pieces, merged in random trees and orders: the whole, bit for bit, with the source of
    /// every record.
    @Test(arguments: 0..<12) func piecesGiveTheWhole(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let isScattered = seed % 3 == 2
        var points = Samples.grid((0..<(2 + below(4))).map { Double(3 + $0) }, (0..<(1 + below(4))).map { Double($0) / 8 }, [1, 2, 5])
        if isScattered { points = (0..<20).map { _ in [Double(3 + below(40)), Double(below(100)) / 8, Double(below(50))] } }
        points = Array(Set(points))
        let gammas = (0..<(1 + below(5))).map { Double($0) / 4 }
        // Every point belongs to one source, or to several: then to the first by name.
        let count = 2 + below(6)
        var pieces = (0..<count).map { _ in (gap: [[Double]](), barriers: [Double]()) }
        var owner: [[Double]: Int] = [:], barrierOwner: [Double: Int] = [:]
        for point in points {
            for piece in [below(count), below(count)] {
                if !pieces[piece].gap.contains(point) { pieces[piece].gap.append(point) }
                owner[point] = min(owner[point] ?? piece, piece)
            }
        }
        for gamma in gammas {
            for piece in [below(count), below(count)] {
                if !pieces[piece].barriers.contains(gamma) { pieces[piece].barriers.append(gamma) }
                barrierOwner[gamma] = min(barrierOwner[gamma] ?? piece, piece)
            }
        }
        func barriers(_ own: [Double]) -> ResultTable {
            var table = Samples.barrierTable(gammas)
            table.rows.removeAll { !own.contains($0.coordinates[0]) }
            return table
        }
        try Samples.withFolder { folder in
            var files: [String] = []
            for (index, piece) in pieces.enumerated() {
                let path = "\(folder)/piece\(index).h5"
                try Samples.archive([Samples.gapTable(piece.gap), barriers(piece.barriers)], source: "ledger-\(index)").write(to: path)
                files.append(path)
            }
            var made = 0
            while files.count > 1 {
                let size = min(files.count, 2 + below(3))
                var operands: [String] = []
                for _ in 0..<size { operands.append(files.remove(at: below(files.count))) }
                made += 1
                try Merge(operands.map { try ArchiveFile($0) }).write(to: "\(folder)/merged\(made).h5")
                files.append("\(folder)/merged\(made).h5")
            }
            let merged = try Archive(reading: files[0])
            let whole = Samples.archive([Samples.gapTable(points), barriers(gammas)])
            #expect(merged.differences(from: whole) == [])
            for (table, reference) in zip(merged.tables, whole.tables.map(\.canonical)) {
                #expect(table.rows.map(\.coordinates) == reference.rows.map(\.coordinates))
                for (row, expected) in zip(table.rows, reference.rows) {
                    #expect(row.record.status == expected.record.status && row.record.reason == expected.record.reason && row.record.seconds == expected.record.seconds)
                    #expect(row.record.outputs.mapValues { $0.data.map(\.bitPattern) } == expected.record.outputs.mapValues { $0.data.map(\.bitPattern) })
                    let index = table.study == "gap" ? owner[row.coordinates] : barrierOwner[row.coordinates[0]]
                    #expect(merged.attributes.sources[row.source].name == "ledger-\(index ?? -1)")
                }
            }
        }
    }

    /// Numbers of other units, meanings, or own dimensions are not alike, however equal.
    @Test func descriptionsThatDifferAreFound() throws {
        let mine = Samples.archive([Samples.gapTable([[4, 0.5, 1]])])
        var theirs = mine
        theirs.tables[0].outputs[0] = OutputSpec("gap", dimension: .energy, meaning: "Liouvillian gap")
        theirs.tables[0].outputs[2] = OutputSpec("jz_phases", axes: [OutputAxis(name: "phase", extent: 2, labels: ["upper", "lower"])], meaning: "Jz/j in the phases")
        func at(_ middle: Double) -> OutputSpec { OutputSpec("eigenvalue", kind: .complex, axes: [OutputAxis(name: "mode", extent: 3, coordinates: [0, middle, 1])], dimension: .rate, meaning: "slowest eigenvalues") }
        theirs.tables[0].outputs[1] = at(0.25)
        var shifted = theirs
        shifted.tables[0].outputs[1] = at(0.5)
        func comparison(_ first: Archive, _ second: Archive) throws -> Comparison.Result {
            var comparison = try Comparison(archive: first, with: second, names: ("mine", "theirs"))
            comparison.ignoresMissing = true
            return try comparison.run()
        }
        let result = try comparison(mine, theirs)
        #expect(!result.isAlike && result.studies[0].descriptions == ["gap: dimension rate and energy", "eigenvalue: mode without coordinates and 0 … 1 (3 values)",
                                                                      "jz_phases: names along phase (lower, upper) and (upper, lower)"], "\(result)")
        let moved = try comparison(theirs, shifted)
        #expect(!moved.isAlike && moved.studies[0].descriptions == ["eigenvalue: mode[1] 0.25 and 0.5"], "\(moved)")
        #expect(try comparison(mine, mine).isAlike)
    }

    @Test func whatCannotBelongTogetherIsRefused() throws {
        let base = Samples.archive([Samples.gapTable([[3, 0.5, 1]])])
        func refused(_ change: (inout Archive) -> Void) -> String {
            var other = base
            change(&other)
            return refusal([base, other])
        }
        let refusals = [
            (refused { $0.attributes.model = "H = 2*Omega*Jx" }, "models differ"),
            (refused { $0.attributes.units.time = "s" }, "units"),
            (refused { $0.axes[0].isInteger = false }, "axis N"),
            (refused { $0.tables[0].axes.swapAt(1, 2) }, "depends on"),
            (refused { $0.tables[0].outputs[0] = OutputSpec("gap", dimension: .energy, meaning: "another thing") }, "output gap"),
        ]
        for (text, expected) in refusals { #expect(text.contains(expected), "\(text)") }
    }
}

extension Record {
    /// Outputs that are NaN throughout count as missing in an archive.
    var withoutMissing: Record {
        var record = self
        record.outputs = outputs.filter { $0.value.data.isEmpty || !$0.value.data.allSatisfy(\.isNaN) }
        return record
    }
}
