import Archive
import Foundation
import Studies
import Testing

/// Sources that make their records when they are asked, and count how many are asked for at a time.
private final class Made: RecordSource {
    let name: String
    let attributes: Archive.Attributes
    let axes: [ArchiveAxis] = [ArchiveAxis(name: "N", isInteger: true), ArchiveAxis(name: "x")]
    let tables: [TableHeader]
    let own: [Double]
    private(set) var most = 0
    private(set) var total = 0
    static let wide = OutputSpec("wide", axes: [OutputAxis(name: "cell", extent: 4096)], meaning: "32 kB a record")

    init(_ name: String, _ own: [Double]) {
        self.name = name
        self.own = own
        attributes = .init(created: "2026-11-21T09:30:00Z", sources: [.init(name: name)])
        tables = [TableHeader(study: "made", axes: ["N", "x"], outputs: [Self.wide])]
    }

    func scan(_ study: String) -> TableScan {
        var scan = TableScan()
        for (row, x) in own.enumerated() { scan.append(id: Int32(row), coordinates: [20, x], status: .ok, source: 0) }
        return scan
    }

    func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) {
        most = max(most, batch.count)
        total += ids.count
        for (id, place) in zip(ids, places) { batch.set(Record(status: .ok, outputs: ["wide": Self.array(own[Int(id)])]), at: place) }
    }

    static func array(_ x: Double) -> OutputArray { OutputArray((0..<4096).map { $0 % 7 == 0 ? x : Double($0 % 3) }) }
}

@Suite struct StreamingTests {
    /// 100 MB of records go through in pieces of at most 64 MB, each read once, into whole chunks: the file is as small as it can be.
    @Test func recordsGoThroughInPieces() throws {
        try Samples.withFolder { folder in
            let sources = (0..<3).map { k in Made("source \(k)", stride(from: k, to: 3000, by: 3).map(Double.init)) }
            try Merge(sources).write(to: folder + "/a.h5")
            for source in sources { #expect(source.total == 1000 && source.most * 4096 * 8 <= 64 << 20, "\(source.total) \(source.most)") }
            let file = try ArchiveFile(folder + "/a.h5"), scan = try file.scan("made")
            #expect(scan.count == 3000)
            var batch = RecordBatch(file.tables[0], lengths: scan.lengths, count: 3)
            try file.read("made", ids: [0, 1501, 2999], places: [0, 1, 2], into: &batch)
            for (place, x) in [0.0, 1501, 2999].enumerated() { #expect(batch.record(place)?.outputs["wide"] == Made.array(x)) }
            #expect(scan.sources[1501] == 1501 % 3)
            // The same from one source: chunks that were written piecemeal would leave holes.
            let one = Made("source 0", (0..<3000).map(Double.init))
            try Merge([one]).write(to: folder + "/b.h5")
            let sizes = try ["/a.h5", "/b.h5"].map { try FileManager.default.attributesOfItem(atPath: folder + $0)[.size] as? Int ?? 0 }
            #expect(abs(sizes[0] - sizes[1]) < 40_000, "\(sizes)")
        }
    }

    /// Thirty points on a grid of 27 000, one a source.
    @Test func scatteredPoints() throws {
        try Samples.withFolder { folder in
            let points = (0..<30).map { (k: Int) -> [Double] in [Double(3 + 4 * k), 0.1 * Double(k * k), 1 / Double(k + 1)] }
            let pieces = try points.enumerated().map { index, point -> any RecordSource in
                let path = "\(folder)/\(index).h5"
                try Samples.archive([Samples.gapTable([point])], source: "s\(index)").write(to: path)
                return try ArchiveFile(path)
            }
            try Merge(pieces).write(to: folder + "/all.h5")
            #expect(try Archive(reading: folder + "/all.h5").differences(from: Samples.archive([Samples.gapTable(points)])) == [])
        }
    }

    @Test func comparisonFindsWhatDiffers() throws {
        let points = Samples.grid([3, 4, 7], [0.5, 1], [1])
        let base = Samples.archive([Samples.gapTable(points)])
        var other = base
        other.tables[0].rows.removeFirst()
        var record = other.tables[0].rows[0].record
        record.outputs["gap"] = OutputArray((record.outputs["gap"]?.data[0] ?? 0) * (1 + 1e-9))
        other.tables[0].rows[0].record = record
        other.tables[0].rows[1].record.status = .unresolved
        func result(_ change: (inout Comparison) -> Void = { _ in }) throws -> Comparison.Result {
            var comparison = try Comparison(archive: base, with: other, names: ("a", "b"))
            change(&comparison)
            return try comparison.run()
        }
        let strict = try result(), gap = try #require(strict.studies.first?.outputs.first { $0.name == "gap" })
        #expect(!strict.isAlike && strict.studies[0].onlyMine.count == 1 && strict.studies[0].onlyTheirs.count == 0)
        #expect(strict.studies[0].statuses.count == 1 && strict.studies[0].statuses.examples[0].contains("ok and unresolved"))
        #expect(gap.beyond == 1 && abs((gap.greatestRelative?.difference ?? 0) - 1e-9) < 1e-15 && gap.greatestRelative?.at == "N=3;Gamma=1;study.input=1")
        // NaN, infinity and -0 in the eigenvalues are equal to themselves.
        #expect(strict.studies[0].outputs.allSatisfy { $0.name == "gap" || ($0.beyond == 0 && $0.within == 0) })
        let loose = try result { $0.relative = 1e-8; $0.ignoresMissing = true }
        #expect(loose.studies[0].outputs[0].within == 1 && !loose.isAlike)
        other.tables[0].rows[1].record.status = .ok
        let alike = try result { $0.relative = 1e-8; $0.ignoresMissing = true }
        #expect(alike.isAlike)
        let incomplete = try result { $0.relative = 1e-8 }
        #expect(!incomplete.isAlike)
    }

    /// Differences whose squares are zero or infinite in double precision.
    @Test(arguments: [1e-200, 1e200]) func complexNumbersOfAnySize(_ size: Double) throws {
        let spec = OutputSpec("z", kind: .complex, meaning: "a number")
        func archive(_ im: Double) -> Archive {
            let record = Record(status: .ok, outputs: ["z": OutputArray(shape: [], data: [4 * size, im], isComplex: true)])
            return Samples.archive([ResultTable(study: "s", axes: ["N"], outputs: [spec], rows: [.init(coordinates: [4], record: record, source: 0)])])
        }
        var comparison = try Comparison(archive: archive(3 * size), with: archive(0), names: ("a", "b"))
        comparison.relative = 0.59
        let found = try comparison.run().studies[0].outputs[0]
        #expect(found.beyond == 1 && abs((found.greatestRelative?.difference ?? 0) - 0.6) < 1e-12)
        comparison.relative = 0.61
        #expect(try comparison.run().studies[0].outputs[0].within == 1)
    }

    /// `x_error` beside `x`: within the sum of both errors, and not beyond.
    @Test func errorsCountAsTolerance() throws {
        let outputs = [OutputSpec("x", meaning: "a number"), OutputSpec("x_error", meaning: "its error")]
        func archive(_ x: Double, _ error: Double) -> Archive {
            Samples.archive([ResultTable(study: "s", axes: ["N"], outputs: outputs, rows: [.init(coordinates: [4], record: Record(status: .ok, outputs: ["x": OutputArray(x), "x_error": OutputArray(error)]), source: 0)])])
        }
        func beyond(_ error: Double) throws -> Int {
            var comparison = try Comparison(archive: archive(1, error), with: archive(1.5, error), names: ("a", "b"))
            comparison.usesErrors = true
            return try comparison.run().studies[0].outputs[0].beyond
        }
        #expect(try beyond(0.26) == 0)
        #expect(try beyond(0.24) == 1)
    }
}
