import Foundation
import Studies
@testable import Sweep
import Testing

/// The grid against a list of points made by brute force, and axis values against decimal arithmetic on strings.
@Suite struct GridPropertyTests {
    // MARK: Decimal

    @Test func decimalRange() {
        let values = AxisValues.linear(from: 0.5, to: 1.5, count: 41)
        for (k, value) in values.enumerated() {
            let thousandths = 500 + 25 * k
            let text = "\(thousandths / 1000).\(String(format: "%03d", thousandths % 1000))"
            #expect(value == Double(text), "\(text)")
        }
        #expect(CanonicalNumber.string(values[1]) == "0.525")
    }

    @Test(arguments: [(1, -3), (3, -4), (7, -9), (1, -25), (123, 5), (-9, -2)]) func everyStepIsTheDecimal(_ mantissa: Int, _ exponent: Int) {
        let count = 1001
        let step = Double("\(mantissa)e\(exponent)") ?? .nan, last = Double("\(mantissa * (count - 1))e\(exponent)") ?? .nan
        #expect(AxisValues.steps(from: 0, to: last, step: step) == count - 1)
        for (k, value) in AxisValues.linear(from: 0, to: last, count: count).enumerated() { #expect(value == Double("\(mantissa * k)e\(exponent)")) }
    }

    /// Against Foundation's decimal arithmetic, for random ends of any size and sign.
    @Test func randomRangesAgreeWithDecimal() {
        for _ in 0..<300 {
            func end() -> Double { CanonicalNumber.rounded(Double.random(in: -1...1) * pow(10, Double(Int.random(in: -12...12)))) }
            let from = end(), to = Bool.random() ? -from : end(), count = Int.random(in: 2...40)
            for (k, value) in AxisValues.linear(from: from, to: to, count: count).enumerated() {
                guard let a = Decimal(string: CanonicalNumber.string(from)), let b = Decimal(string: CanonicalNumber.string(to)) else { continue }
                let exact = (a * Decimal(count - 1 - k) + b * Decimal(k)) / Decimal(count - 1)
                #expect(value == CanonicalNumber.rounded(Double("\(exact)") ?? .nan), "\(from) … \(to), \(k) of \(count)")
            }
        }
    }

    @Test func stepsThatMiss() {
        #expect(AxisValues.steps(from: 0, to: 1, step: 0.3) == nil)
        #expect(AxisValues.steps(from: 0, to: 1, step: -0.1) == nil)
        #expect(AxisValues.steps(from: 1, to: 0, step: -0.1) == 10)
        #expect(AxisValues.steps(from: 0.1, to: 0.3, step: 0.1) == 2)
        #expect(AxisValues.steps(from: 0, to: 1e-12, step: 1e-13) == 10)
    }

    @Test func logarithmicRange() {
        #expect(AxisValues.logarithmic(from: 1e-3, to: 1e3, count: 7) == [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000])
        #expect(AxisValues.logarithmic(from: -100, to: -0.01, count: 5) == [-100, -10, -1, -0.1, -0.01])
    }

    // MARK: Points

    private static func axis(_ name: String, _ values: [Double]) -> GridAxis { GridAxis(name: name, values: values) }

    /// Random axes, randomly tied, each block a random choice of rows without repetition.
    private static func random(_ generator: inout SystemRandomNumberGenerator) -> Grid {
        let count = Int.random(in: 1...5, using: &generator)
        let axes = (0..<count).map { axis("a\($0)", (1...Int.random(in: 1...4, using: &generator)).map(Double.init)) }
        var blocks: [GridBlock] = [], open = Array(0..<count)
        while !open.isEmpty {
            let members = Array(open.shuffled(using: &generator).prefix(Int.random(in: 1...2, using: &generator))).sorted()
            open.removeAll(where: members.contains)
            let rows = members.reduce([[]]) { partial, a in partial.flatMap { row in axes[a].values.map { row + [$0] } } }
            let kept = rows.filter { _ in Bool.random(using: &generator) }
            blocks.append(GridBlock(axes: members, values: (kept.isEmpty ? rows : kept).flatMap { $0 }))
        }
        return Grid(axes: axes, blocks: blocks.sorted { $0.axes[0] < $1.axes[0] })
    }

    private static func ordered(_ points: some Sequence<Point>) -> [Point] {
        var seen: Set<Point> = []
        return points.filter { seen.insert($0).inserted }
    }

    @Test func projectionIsWhatProjectingEveryPointGives() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let grid = Self.random(&generator), all = Array(grid)
            #expect(Set(all).count == grid.count)
            let wanted = grid.axisNames.filter { _ in Bool.random(using: &generator) }
            let projected = grid.projected(on: wanted.shuffled(using: &generator) + ["stranger"])
            #expect(projected.axisNames == wanted)
            #expect(Set(projected) == Set(all.map { $0.projected(on: wanted) }))
            #expect(projected.count == Set(projected).count)
            #expect(Array(projected) == Self.ordered(projected))
        }
    }

    @Test func missingPointsAreFound() {
        var generator = SystemRandomNumberGenerator()
        var subsets = 0, pairs = 0
        while pairs < 400 {
            let a = Self.random(&generator), b = Self.random(&generator)
            guard a.axisNames == b.axisNames else { continue }
            pairs += 1
            let known = Set(b), isSubset = Set(a).isSubset(of: known)
            if isSubset { subsets += 1 }
            let missing = a.firstPoint(missingIn: b)
            #expect((missing == nil) == isSubset)
            if let missing {
                #expect(a.contains { $0.projected(on: missing.axes) == missing })
                #expect(!b.contains { $0.projected(on: missing.axes) == missing })
            }
            #expect(a.firstPoint(missingIn: a) == nil)
        }
        #expect(subsets > 5)
    }

    @Test(.timeLimit(.minutes(1))) func aBillionPointsCostNothing() {
        let grid = Grid(productOf: (0..<3).map { Self.axis("a\($0)", (0..<1000).map(Double.init)) })
        #expect(grid.count == 1_000_000_000)
        #expect(grid[123_456_789].values == [123, 456, 789])
        #expect(grid.projected(on: ["a1"]).count == 1000)
        #expect(grid.firstPoint(missingIn: grid) == nil)
    }
}
