import Foundation
import Studies
import Testing
@testable import Sweep

@Suite struct JobGridTests {
    /// Every value must be the very double that its decimal text reads as.
    @Test func decimalsAreExact() {
        let gamma: [Double] = AxisValues.linear(from: 0.5, to: 1.5, count: 41)
        let wanted: [Double] = (0...40).map { (k: Int) -> Double in Double(500 + 25 * k) / 1000 }
        #expect(gamma == wanted)
        let fine = AxisValues.linear(from: -1000, to: 1000, count: 20001)
        for k in 0...20000 {
            let tenths = k - 10000, sign = tenths < 0 ? "-" : ""
            #expect(fine[k] == Double("\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"))
        }
        #expect(AxisValues.linear(from: 0, to: 1, count: 4)[1] == 0.333333333333333)
        #expect(AxisValues.linear(from: 3e-9, to: 9e-9, count: 3) == [3e-9, 6e-9, 9e-9])
        #expect(AxisValues.linear(from: 123456789.0123, to: 123456789.0125, count: 3)[1] == 123456789.0124)    // too long for the whole-number way
        #expect(AxisValues.linear(from: 1e-200, to: 3e-200, count: 3) == [1e-200, 2e-200, 3e-200])
        #expect(AxisValues.logarithmic(from: 1e-3, to: 1e3, count: 7) == [1e-3, 1e-2, 0.1, 1, 10, 100, 1e3])
        #expect(AxisValues.steps(from: 0.1, to: 0.7, step: 0.1) == 6)
        #expect(AxisValues.steps(from: 0, to: 1, step: 0.3) == nil)
    }

    private func keys(_ sweep: String) throws -> [String] { try readJob(small(sweep: "sweep: { \(sweep) }")).grid.map(\.key) }

    @Test func products() throws {
        #expect(try keys("N: [2, 4], Gamma: { from: 1, to: 0, step: -0.5 }")
            == ["N=2;Gamma=1", "N=2;Gamma=0.5", "N=2;Gamma=0", "N=4;Gamma=1", "N=4;Gamma=0.5", "N=4;Gamma=0"])
        #expect(try keys("N: { from: 10, to: 1000, points: 5, log: true }") == ["N=10", "N=32", "N=100", "N=316", "N=1000"])
        #expect(try keys("Gamma: [1, 2], N: 0x10, Omega: [3, 4], zip: [[Gamma, Omega]]") == ["Gamma=1;N=16;Omega=3", "Gamma=2;N=16;Omega=4"])
        #expect(try keys("Omega: [1, 2], points: [{ N: 2, Gamma: 1 }, { N: 8, Gamma: 1 }]")
            == ["Omega=1;N=2;Gamma=1", "Omega=1;N=8;Gamma=1", "Omega=2;N=2;Gamma=1", "Omega=2;N=8;Gamma=1"])
    }

    @Test func conditions() throws {
        let axes = "N: [2, 4], Gamma: [1, 2, 3]"
        #expect(try keys("\(axes), where: Gamma < 2*j and not N == 4") == ["N=2;Gamma=1"])
        #expect(try keys("\(axes), where: (Gamma == 3 or Gamma <= 1) and (N+1)*2 > 6") == ["N=4;Gamma=1", "N=4;Gamma=3"])
        #expect(try keys("\(axes), where: 1 < Gamma < 3") == ["N=2;Gamma=2", "N=4;Gamma=2"])
        #expect(try keys("\(axes), where: not (Gamma > 1) or N == 2 and Gamma > 2") == ["N=2;Gamma=1", "N=2;Gamma=3", "N=4;Gamma=1"])
        // Through a parameter: the preset's gamma is 1. Rounded like axis values: 0.1 + 0.2 is 0.3.
        #expect(try keys("N: 2, Gamma: [0.3, 1], where: Gamma >= gamma") == ["N=2;Gamma=1"])
        #expect(try keys("N: 2, Gamma: [0.3, 1], where: Gamma == 0.1 + 0.2") == ["N=2;Gamma=0.3"])
    }

    @Test func projections() throws {
        let grid = try readJob(small(sweep: "sweep: { N: [2, 4], Gamma: [1, 2, 3], Omega: [5, 6], where: Gamma < N }")).grid
        #expect(grid.count == 8)
        #expect(Set(grid.map(\.key)).count == 8)
        #expect(grid.points(projectedOn: ["Gamma"]).map(\.key) == ["Gamma=1", "Gamma=2", "Gamma=3"])
        #expect(grid.points(projectedOn: ["Omega", "Gamma"]).count == 6)
        // Whatever the projection: the same set as projecting every point.
        for wanted in [["N"], ["N", "Gamma"], ["N", "Omega"], ["Omega"], [], ["N", "Gamma", "Omega"]] {
            #expect(Set(grid.points(projectedOn: wanted)) == Set(grid.map { $0.projected(on: wanted) }))
            #expect(grid.projected(on: wanted).count == Set(grid.map { $0.projected(on: wanted) }).count)
        }
    }

    @Test func aBillionPointsAreNotStored() throws {
        let grid = try readJob(small(sweep: "sweep: { N: { from: 1, to: 1000, step: 1 }, Gamma: { from: 0, to: 1, points: 1000 }, Omega: { from: 0.001, to: 1, points: 1000 } }")).grid
        #expect(grid.count == 1_000_000_000)
        #expect(grid[999_999_999].key == "N=1000;Gamma=1;Omega=1")
        #expect(grid[123_456_789].values == [124, CanonicalNumber.rounded(456.0 / 999), 0.79])
        #expect(grid.projected(on: ["Omega", "N"]).count == 1_000_000)
    }
}
