import Archive
import Foundation
import Studies
import Testing

@Suite struct RoundTripTests {
    /// What comes back is the canonical form of what went in, bit by bit.
    private func expectSame(_ read: Archive, _ written: Archive) {
        #expect(read.axes == written.axes)
        #expect(read.tables.map(\.study) == written.tables.map(\.study))
        for (mine, original) in zip(read.tables, written.tables) {
            let expected = original.canonical
            #expect(mine.axes == expected.axes && mine.outputs == expected.outputs)
            #expect(mine.rows.map(\.coordinates) == expected.rows.map(\.coordinates))
            #expect(mine.rows.map(\.source) == expected.rows.map(\.source))
            for (a, b) in zip(mine.rows, expected.rows) {
                #expect(a.record.status == b.record.status && a.record.reason == b.record.reason && a.record.seconds == b.record.seconds)
                #expect(a.record.outputs.keys.sorted() == b.record.outputs.keys.sorted())
                for (name, array) in b.record.outputs {
                    #expect(a.record.outputs[name]?.shape == array.shape)
                    #expect(a.record.outputs[name]?.data.map(\.bitPattern) == array.data.map(\.bitPattern), "\(name) at \(b.coordinates)")
                }
            }
        }
        #expect(read.differences(from: written).isEmpty)
    }

    @Test func gridComesBackExactly() throws {
        try Samples.withFolder { folder in
            let longJob = String(repeating: "# a comment\n", count: 10_000)
            var points = Samples.grid([20, 5, 6, 7, 8], [0.5, 1.25, 0.1], [2, -1])
            points.remove(at: 3)                                       // one pending
            points.reverse()
            let archive = Samples.archive([Samples.gapTable(points), Samples.barrierTable([0.5, 0.1, 3])], job: longJob)
            try archive.write(to: folder + "/a.h5")
            let read = try Archive(reading: folder + "/a.h5")
            expectSame(read, archive)
            #expect(read.attributes.jobTexts == [longJob] && read.attributes.title == "Übergang" && read.attributes.model == "H = Omega*Jx")
            #expect(read.attributes.sources == archive.attributes.sources && read.attributes.units == archive.attributes.units)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
        }
    }

    /// Coordinates of an output's own axis, awkward numbers among them, come back with the axis.
    @Test func coordinatesComeBackExactly() throws {
        try Samples.withFolder { folder in
            let theta = OutputAxis(name: "theta", extent: 3, coordinates: [0.1 + 0.2, 1 / 3.0, .leastNormalMagnitude])
            let map = OutputSpec("map", axes: [Samples.phase, theta], meaning: "a function of theta in each phase")
            let rows = [1.0, 2].map { n in
                ResultTable.Row(coordinates: [n, 0, 0], record: Record(status: .ok, outputs: ["map": OutputArray(shape: [2, 3], data: (0..<6).map { n * Double($0) })]), source: 0)
            }
            let archive = Samples.archive([ResultTable(study: "gap", axes: Samples.axes.map(\.name), outputs: [map], rows: rows)])
            try archive.write(to: folder + "/a.h5")
            expectSame(try Archive(reading: folder + "/a.h5"), archive)
        }
    }

    @Test func sparseGridComesBackExactly() throws {
        try Samples.withFolder { folder in
            let diagonal = (0..<12).map { (k: Int) -> [Double] in [Double(4 * k + 3), 0.1 * Double(k), 1 / Double(k + 1)] }
            // 77 lies on no point of the gap's table.
            let archive = Samples.archive([Samples.gapTable(diagonal), Samples.barrierTable([0, 0.1, 77])])
            try archive.write(to: folder + "/a.h5")
            expectSame(try Archive(reading: folder + "/a.h5"), archive)
        }
    }

    @Test func manyChunksComeBackExactly() throws {
        try Samples.withFolder { folder in
            let wide = OutputSpec("wide", axes: [OutputAxis(name: "cell", extent: nil)], meaning: "one point nearly fills a chunk")
            let rows = Samples.grid([1, 2, 3], [1, 2, 3, 4, 5], [0]).map { point -> ResultTable.Row in
                let count = 20_000 + Int(point[0] * 10 + point[1])
                return .init(coordinates: point, record: Record(status: .ok, outputs: ["wide": OutputArray((0..<count).map { Double($0) * point[0] - point[1] })]), source: 0)
            }
            let archive = Samples.archive([ResultTable(study: "husimi", axes: Samples.axes.map(\.name), outputs: [wide], rows: rows)])
            try archive.write(to: folder + "/a.h5")
            expectSame(try Archive(reading: folder + "/a.h5"), archive)
        }
    }

    @Test func tablesWithoutAxesAndWithoutRows() throws {
        try Samples.withFolder { folder in
            let single = ResultTable(study: "single", axes: [], outputs: Samples.barrierOutputs, rows: [
                .init(coordinates: [], record: Record(status: .ok, outputs: ["path": OutputArray([1, 2]), "leak": OutputArray(3)]), source: 0),
            ])
            let archive = Samples.archive([single, Samples.gapTable([])])
            try archive.write(to: folder + "/a.h5")
            expectSame(try Archive(reading: folder + "/a.h5"), archive)
        }
    }

    @Test func equalArchivesAreEqualFiles() throws {
        try Samples.withFolder { folder in
            let points = Samples.grid([3, 4, 5], [0.5, 1], [1])
            try Samples.archive([Samples.gapTable(points)]).write(to: folder + "/a.h5")
            try Samples.archive([Samples.gapTable(points.reversed())]).write(to: folder + "/b.h5")
            #expect(try SHA256.hexDigest(ofFile: folder + "/a.h5") == SHA256.hexDigest(ofFile: folder + "/b.h5"))
        }
    }
}
