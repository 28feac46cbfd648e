import Foundation
@testable import Sweep
import Testing

/// Where values are inserted, on functions whose places are known. Rounds go on until nothing more is wanted.
@Suite struct LineRefinementTests {
    private struct Outcome {
        /// All values in the end, ascending, with what is there.
        let knots: [LineRefinement.Knot]
        let inserted: Int
        let rounds: Int
        let isLimited: Bool

        var positions: [Double] { knots.map(\.position) }
        /// Middle of the steepest interval.
        var steepest: Double {
            let valid = knots.filter { $0.reading.value != nil }
            let pairs = zip(valid, valid.dropFirst())
            let best = pairs.max { slope($0) < slope($1) }
            return best.map { ($0.0.position + $0.1.position) / 2 } ?? .nan
        }
        private func slope(_ pair: (LineRefinement.Knot, LineRefinement.Knot)) -> Double {
            abs((pair.1.reading.value ?? 0) - (pair.0.reading.value ?? 0)) / (pair.1.position - pair.0.position)
        }
        func width(at x: Double) -> Double {
            let above = positions.first { $0 > x } ?? .nan, below = positions.last { $0 <= x } ?? .nan
            return above - below
        }
        func lowest(in range: ClosedRange<Double>) -> Double {
            knots.filter { range.contains($0.position) && $0.reading.value != nil }.min { $0.reading.value! < $1.reading.value! }?.position ?? .nan
        }
    }

    private let root = 1 / 2.0.squareRoot()

    private func refine(_ feature: Refinement.Feature, until: Double, coarse: [Double] = AxisValues.linear(from: 0, to: 1, count: 11), limit: Int = 100,
                        isLogarithmic: Bool = false, _ reading: (Double) -> Reading) -> Outcome {
        let rule = Refinement(axis: "x", targets: [], until: until, limit: limit, isLogarithmic: isLogarithmic), line = LineRefinement(rule: rule, feature: feature)
        var values = coarse, rounds = 0, isLimited = false
        func knots() -> [LineRefinement.Knot] { values.sorted().map { LineRefinement.Knot(position: $0, reading: reading($0), isCoarse: coarse.contains($0)) } }
        while rounds < 1000 {
            let step = line.next(knots(), room: limit - (values.count - coarse.count))
            isLimited = isLimited || step.isLimited
            if step.positions.isEmpty { break }
            #expect(Set(step.positions).isDisjoint(with: values), "a value is inserted twice")
            values += step.positions
            rounds += 1
        }
        return Outcome(knots: knots(), inserted: values.count - coarse.count, rounds: rounds, isLimited: isLimited)
    }

    private func function(_ f: @escaping (Double) -> Double) -> (Double) -> Reading { { .value(f($0)) } }

    // MARK: Jumps

    /// Steps of any width at any place, on grid points and between them: found to `until`, with 20 times fewer points.
    @Test(arguments: [0, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.06])
    func step(width: Double) {
        let until = 1e-4
        for place in [root, 1 / Double.pi, 0.3, 0.55, exp(-3), 0.05 + 0.9 * 0.999] {
            let found = refine(.jump, until: until, function { width == 0 ? ($0 < place ? -1 : 1) : tanh(($0 - place) / width) })
            #expect(abs(found.steepest - place) <= until, "\(place), width \(width): \(found.steepest)")
            #expect(min(found.width(at: place), found.width(at: place.nextDown)) <= until)
            #expect(found.knots.count * 100 < Int(1 / until), "\(found.knots.count) points")
            #expect(!found.isLimited)
        }
    }

    /// A sharp step halves one interval a round and nothing else.
    @Test func sharpStepCostsOnePointARound() {
        let found = refine(.jump, until: 1e-6, function { $0 < 1 / Double.pi ? 0 : 1 })
        #expect(found.inserted == 17 && found.rounds == 17)        // 0.1 / 2^17 < 1e-6
    }

    @Test func smoothFunctionsNeedNothing() {
        let functions: [(Double) -> Double] = [
            { sin(2 * .pi * $0) }, { cos(2 * .pi * $0) }, { sin(2 * .pi * $0 + 0.7) }, { exp(5 * $0) }, { $0 }, { $0 * $0 }, { abs($0 - 0.37) }, { _ in 3 }, { _ in 0 },
            { 1 / (1 + $0) }, { tanh(2 * ($0 - 0.4)) },
            // A constant with rounding.
            { 1 + 1e-13 * sin(1e5 * $0) },
        ]
        for (number, f) in functions.enumerated() {
            #expect(refine(.jump, until: 1e-4, function(f)).inserted == 0, "function \(number)")
        }
    }

    /// Two steps in different intervals, in neighbouring ones, in one and the same; and one that is a tenth of the other.
    @Test(arguments: [[0.2137, 0.7718], [0.3337, 0.4291], [0.5219, 0.5761]]) func twoJumps(places: [Double]) {
        for weight in [1, 0.12] {
            let found = refine(.jump, until: 1e-4, function { x in (x < places[0] ? 0 : 1) + (x < places[1] ? 0 : weight) })
            for place in places { #expect(found.width(at: place) <= 1e-4, "\(place) of \(places), weight \(weight)") }
            #expect(found.knots.count < 50)
        }
    }

    /// Steps upon a slope, and with noise of a hundredth of the step: still found, and nothing runs away.
    @Test func stepWithSlopeAndNoise() {
        let place = root
        let found = refine(.jump, until: 1e-4, function { x in
            let noise = sin(1e6 * x) * cos(7.7e5 * x + 1)
            return 0.8 * x + 0.01 * noise + (x < place ? 0 : 1)
        })
        #expect(found.width(at: place) <= 1e-4)
        #expect(found.inserted < 60 && !found.isLimited)
    }

    /// Nothing but noise: the limit holds.
    @Test func noiseEndsAtTheLimit() {
        for limit in [1, 7, 100] {
            let found = refine(.jump, until: 1e-6, limit: limit, function { sin(1e6 * $0) })
            #expect(found.inserted <= limit)
        }
    }

    /// Failed points are walked around; a stretch without values is approached from both sides and not filled.
    @Test func failedPoints() {
        let place = 1 / Double.pi
        let scattered = refine(.jump, until: 1e-4) { x in Int(x * 6400) % 7 == 3 ? .none : .value(x < place ? 0 : 1) }
        #expect(abs(scattered.steepest - place) < 0.02, "\(scattered.steepest)")
        #expect(!scattered.isLimited)
        let gap = refine(.jump, until: 1e-4) { x in (0.31...0.47).contains(x) ? .none : .value(x < 0.4 ? 0 : 1) }
        #expect(gap.width(at: 0.31 - 1e-9) <= 1e-4 && gap.width(at: 0.47) <= 1e-4)
        #expect(gap.inserted < 30 && !gap.isLimited)
        #expect(refine(.jump, until: 1e-4) { _ in .none }.inserted == 0)
    }

    @Test func limitIsSaid() {
        let found = refine(.jump, until: 1e-6, limit: 5, function { $0 < 1 / Double.pi ? 0 : 1 })
        #expect(found.inserted == 5 && found.isLimited)
    }

    // MARK: Steepest places, zeros

    @Test(arguments: [0.002, 0.05, 0.2, 0.5]) func steepestPlaceOfACrossover(width: Double) {
        for place in [root, 0.31, 0.45] {
            let found = refine(.steepest, until: 1e-4, function { tanh(($0 - place) / width) + 0.1 * $0 })
            #expect(abs(found.steepest - place) <= 1.5e-4, "\(place), width \(width): \(found.steepest)")
            #expect(found.knots.count < 70)
        }
    }

    @Test func zeros() {
        let found = refine(.zero, until: 1e-5, function { cos(3 * .pi * $0 + 0.1) })
        for k in 0..<3 {
            let zero = (Double(k) + 0.5 - 0.1 / .pi) / 3
            #expect(found.width(at: zero) <= 1e-5)
        }
        #expect(found.inserted == 3 * 14)       // 0.1 / 2^14 < 1e-5
        #expect(refine(.zero, until: 1e-5, function { $0 + 1 }).inserted == 0)
        #expect(refine(.zero, until: 1e-5, function { $0 - 0.3 }).inserted == 0, "a value that is zero is the place")
    }

    // MARK: Minima

    /// Gaps that close as exp(−j|x − x0|), over hundreds of decades, with and without a floor below which nothing is
    /// resolved, at a place on the grid and beside it.
    @Test(arguments: [10.0, 100, 700]) func cusp(j: Double) {
        let until = 1e-4
        for place in [root, 1 / Double.pi, 0.3, 0.45] {
            for depth in [1e-300, exp(-0.15 * j)] {
                let found = refine(.minimum, until: until) { x in
                    let gap = exp(j * (abs(x - place) - 0.25))
                    return gap < depth ? .low : .value(gap)
                }
                let low = found.knots.filter { $0.reading == .low }.map(\.position)
                // Without resolved values at the bottom: the middle of the stretch.
                let centre = low.isEmpty ? found.lowest(in: 0...1) : (low[0] + low[low.count - 1]) / 2
                #expect(abs(centre - place) <= until, "j \(j), place \(place): \(centre)")
                #expect(found.knots.count * 100 < Int(1 / until), "\(found.knots.count) points")
            }
        }
    }

    @Test func parabolaAndTwoMinima() {
        let parabola = refine(.minimum, until: 1e-4, function { 0.01 + pow($0 - root, 2) })
        #expect(abs(parabola.lowest(in: 0...1) - root) <= 1e-4)
        #expect(parabola.knots.count < 50)
        let two = refine(.minimum, until: 1e-4, function { exp(50 * min(abs($0 - 0.2137), abs($0 - 0.7718) + 0.1)) })
        #expect(abs(two.lowest(in: 0...0.5) - 0.2137) <= 1e-4 && abs(two.lowest(in: 0.5...1) - 0.7718) <= 1e-4)
        #expect(two.knots.count < 70)
        let highest = refine(.maximum, until: 1e-4, function { 1 / (0.01 + pow($0 - root, 2)) })
        #expect(highest.positions == parabola.positions, "the greatest of the inverse is the least")
    }

    /// Monotonic and constant functions have no minimum inside; noise of rounding makes none.
    @Test func noMinimum() {
        for f: (Double) -> Double in [{ $0 }, { exp(-9 * $0) }, { _ in 1 }, { 1 + 1e-13 * sin(1e5 * $0) }, { exp(-9 * $0) * (1 + 1e-10 * sin(1e5 * $0)) }] {
            #expect(refine(.minimum, until: 1e-4, function(f)).inserted == 0)
        }
    }

    @Test func failedPointsBesideAMinimum() {
        let found = refine(.minimum, until: 1e-4) { x in Int(x * 6400) % 11 == 5 ? .none : .value(exp(100 * abs(x - 1 / Double.pi))) }
        #expect(abs(found.lowest(in: 0...1) - 1 / Double.pi) < 0.01)
        #expect(!found.isLimited)
    }

    // MARK: Values

    /// Inserted values are the decimals that halving gives, and on a logarithmic axis halve the ratio.
    @Test func valuesAreCanonical() {
        let found = refine(.jump, until: 1e-3, function { $0 < 1 / Double.pi ? 0 : 1 })
        #expect(found.positions.contains(0.35) && found.positions.contains(0.325) && found.positions.contains(0.3125) && found.positions.contains(0.31875))
        let coarse = AxisValues.logarithmic(from: 1e-4, to: 1, count: 9)
        let ratio = refine(.jump, until: 1e-6, coarse: coarse, isLogarithmic: true, function { $0 < 2e-3 ? 0 : 1 })
        #expect(ratio.width(at: 2e-3) <= 1e-6)
        #expect(ratio.positions.contains(0.00177827941004))
        #expect(ratio.inserted < 15)
        // Down and negative.
        let below = refine(.jump, until: 1e-3, coarse: AxisValues.linear(from: -1, to: 0, count: 11), function { $0 < -1 / Double.pi ? 0 : 1 })
        #expect(below.width(at: -1 / Double.pi) <= 1e-3)
        // Where 15 digits end, refinement ends.
        #expect(refine(.jump, until: 1e-17, coarse: (0...10).map { 1e6 + Double($0) }, function { $0 < 1_000_003.3 ? 0 : 1 }).inserted < 60)
    }
}
