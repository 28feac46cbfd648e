import Studies
@testable import Sweep
import Testing

/// 4 GB a point where x < 10, which ranks may share; 1 MB elsewhere.
private struct LargePoints: Study {
    static let name = "large"
    static let summary = "Points that ranks share, for tests."
    static let options: [OptionSpec] = []
    let axes = ["x"], costAxes = ["x"], outputs = [OutputSpec("value", meaning: "nothing")]
    var wantedRanks: Int?

    init(wantedRanks: Int? = nil) { self.wantedRanks = wantedRanks }
    init(setup: StudySetup) {}
    private func isLarge(_ point: Point) -> Bool { (point["x"] ?? 0) < 10 }
    func cost(at point: Point) -> Cost { Cost(seconds: isLarge(point) ? 10 : 0.1) }
    func memory(at samples: [Point], count: Int) -> Memory { Memory(peak: samples.contains(where: isLarge) ? 4e9 : 1e6) }
    func sharedBytes(at samples: [Point], ranks: Int) -> Double? { memory(at: samples, count: 1).peak / Double(ranks) }
    func sharedSeconds(at point: Point, ranks: Int) -> Double? { 3 * cost(at: point).seconds / Double(ranks) }
    func run(at point: Point, in context: StudyContext) throws -> Record { Record(status: .ok, outputs: [:]) }
}

@Suite struct SharingTests {
    private func decision(_ workers: Int, gigabytes: Double?, wanted: Int? = nil) -> SharingPolicy.Decision {
        SharingPolicy(workers: workers, bytesPerWorker: gigabytes.map { 1e9 * $0 })
            .decision(for: LargePoints(wantedRanks: wanted), at: [Point(axes: ["x"], values: [0])], count: 10)
    }

    /// The smallest near-square group whose ranks have the memory; never three or five.
    @Test func smallestThatFits() {
        #expect(decision(9, gigabytes: nil) == .alone(bytes: 4e9))
        #expect(decision(9, gigabytes: 4) == .alone(bytes: 4e9))
        #expect(decision(9, gigabytes: 3.9) == .group(ranks: 2, bytes: 2e9))
        #expect(decision(9, gigabytes: 1.4) == .group(ranks: 4, bytes: 1e9))
        #expect(decision(9, gigabytes: 0.9) == .group(ranks: 6, bytes: 4e9 / 6))
        guard case .impossible(let reason) = decision(5, gigabytes: 0.9) else { Issue.record("four ranks of 0.9 GB do not hold 4 GB"); return }
        #expect(reason == "needs 4 GB on one rank, 1 GB on each of 4; this run has 5 workers with 0.9 GB each; 6 workers of that size would do")
    }

    /// What a job asks for shrinks to what there is, and grows where that has not the memory.
    @Test func wanted() {
        #expect(decision(9, gigabytes: nil, wanted: 4) == .group(ranks: 4, bytes: 1e9))
        #expect(decision(3, gigabytes: nil, wanted: 4) == .group(ranks: 2, bytes: 2e9))
        #expect(decision(9, gigabytes: nil, wanted: 7) == .group(ranks: 6, bytes: 4e9 / 6))
        #expect(decision(1, gigabytes: nil, wanted: 4) == .alone(bytes: 4e9))
        #expect(decision(9, gigabytes: 1.4, wanted: 2) == .group(ranks: 4, bytes: 1e9))
        #expect(decision(9, gigabytes: 1.4, wanted: 1) == .group(ranks: 4, bytes: 1e9))
    }

    /// The simulation behind `plan`: ten points of 10 s, by four ranks 7.5 s each, two groups at a time among eight workers; 200
    /// small ones of 0.1 s after them.
    @Test func forecast() throws {
        let grid = Grid(productOf: [GridAxis(name: "x", values: (0..<210).map(Double.init))])
        let plan = RunPlan(title: "", jobText: [], studies: [LargePoints()], grids: [grid])
        let line = Forecast(plan, workers: 8, bytesPerWorker: 1.2e9).line(ranks: 9)
        #expect(line.seconds > 37 && line.seconds < 50, "\(line)")
        let rows = Forecast(plan, workers: 8, bytesPerWorker: 1.2e9).rows(study: 0)
        #expect(rows.first?.records == 210 && rows.first?.ranks == 4, "\(rows)")
        // Memory of a worker is that of a share.
        #expect(abs(Forecast(plan, workers: 8, bytesPerWorker: 1.2e9).bytesPerWorker - Allocation.bytesPerRank - 1e9) < 2e6)
    }
}
