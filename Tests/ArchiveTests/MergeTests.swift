import Archive
import Studies
import Testing

@Suite struct MergeTests {
    @Test func unionOfGridsStudiesAndSources() throws {
        let coarse = Samples.archive([Samples.gapTable(Samples.grid([3, 4], [0.5, 1], [1]))], source: "coarse")
        let fine = Samples.archive([Samples.gapTable(Samples.grid([4, 8], [0.75, 1], [1])), Samples.barrierTable([0.5])], source: "fine", job: "title: Another\n")
        let merged = try coarse.merged(with: fine)
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
        let error = #expect(throws: InputError.self) { _ = try old.merged(with: new) }
        let text = error?.description ?? ""
        for part in ["study gap", "N=4;Gamma=0.5;study.input=1", "output gap", "0.125", "old", "new", "--prefer newest"] { #expect(text.contains(part), "\(text)") }
        for merged in [try old.merged(with: new, prefer: .newest), try new.merged(with: old, prefer: .newest)] {
            #expect(merged.table("gap")?.rows.last?.record.outputs["gap"] == OutputArray(0.125))
        }
    }

    /// A run to which an observable was added merges with the run from before.
    @Test func outputsOfOneStudyAreUnited() throws {
        var before = Samples.gapTable([[3, 0.5, 1], [4, 0.5, 1]]), after = Samples.gapTable([[4, 0.5, 1], [7, 0.5, 1]])
        before.outputs.removeAll { $0.name == "leak" }
        for row in before.rows.indices { before.rows[row].record.outputs["leak"] = nil }
        after.outputs.removeAll { $0.name == "parity" }
        for row in after.rows.indices { after.rows[row].record.outputs["parity"] = nil }
        let merged = try #require(try Samples.archive([before]).merged(with: Samples.archive([after])).table("gap"))
        #expect(Set(merged.outputs.map(\.name)) == Set(Samples.gapOutputs.map(\.name)))
        #expect(merged.rows[0].record.outputs["leak"] == nil && merged.rows[2].record.outputs["parity"] == nil)
        #expect(merged.rows[1].record.agrees(with: Samples.record(4, 0.5, 1).withoutMissing))
    }

    @Test func whatCannotBelongTogetherIsRefused() throws {
        let base = Samples.archive([Samples.gapTable([[3, 0.5, 1]])])
        func refusal(_ change: (inout Archive) -> Void) -> String {
            var other = base
            change(&other)
            do { _ = try base.merged(with: other); return "" } catch { return "\(error)" }
        }
        let refusals = [
            (refusal { $0.attributes.model = "H = 2*Omega*Jx" }, "models differ"),
            (refusal { $0.attributes.units.time = "s" }, "units"),
            (refusal { $0.axes[0].isInteger = false }, "axis N"),
            (refusal { $0.tables[0].axes.swapAt(0, 1) }, "depends on"),
            (refusal { $0.tables[0].outputs[0] = OutputSpec("gap", kind: .integer, meaning: "") }, "output gap"),
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
