import Foundation

/// Where along one line values are missing: a function of the values there and of nothing else, so that every run of a job
/// inserts the same ones.
///
/// Comparisons have slack, and of equals the first counts: points that ranks share agree to rounding only.
struct LineRefinement {
    struct Knot: Equatable {
        let position: Double
        let reading: Reading
        /// One of the values that the job lists.
        let isCoarse: Bool
    }

    struct Step: Equatable {
        /// Ascending.
        var positions: [Double] = []
        /// Whether more were wanted than the rule's limit leaves.
        var isLimited = false
    }

    let rule: Refinement
    let feature: Refinement.Feature

    /// Least share of the range of a line that a jump changes by, and of the depth that a minimum has.
    private static let leastJump = 0.05, leastDepth = 0.003
    /// Least ratio of a jump's slope to the median of the slopes around.
    private static let steepness = 2.5
    /// Beside the steepest interval, those of at least this share of its slope are kept as narrow as it is.
    private static let shoulder = 0.25
    /// Relative differences below this are rounding.
    private static let noise = 1e-9

    /// - Parameters:
    ///   - knots: all values of the line, ascending.
    ///   - room: how many may be inserted.
    func next(_ knots: [Knot], room: Int) -> Step {
        let wanted: [Interval] = switch feature {
        case .jump: jumps(knots)
        case .steepest: steepest(knots)
        case .zero: zeros(knots)
        case .minimum: minima(knots, sign: 1)
        case .maximum: minima(knots, sign: -1)
        }
        var gaps: [(width: Double, middle: Double)] = [], seen: Set<Double> = []
        for interval in wanted {
            for (a, b) in ends(of: interval, knots) where b - a > rule.until * (1 + Self.noise) {
                guard let middle = rule.middle(a, b), seen.insert(middle).inserted else { continue }
                gaps.append((b - a, middle))
            }
        }
        // The widest first, should they not all have room.
        gaps.sort { $0.width != $1.width ? $0.width > $1.width : $0.middle < $1.middle }
        return Step(positions: gaps.prefix(max(0, room)).map(\.middle).sorted(), isLimited: gaps.count > room)
    }

    // MARK: Intervals

    /// Between knots that have a value, by their indices; knots without one may lie inside.
    private struct Interval: Equatable {
        let from: Int
        let to: Int
    }

    /// What to halve: the interval, or, where points inside have no value, what lies between them and its ends: however
    /// finely such a stretch is divided, it tells nothing.
    private func ends(of interval: Interval, _ knots: [Knot]) -> [(Double, Double)] {
        func gap(_ a: Int, _ b: Int) -> (Double, Double) { (knots[a].position, knots[b].position) }
        if interval.to == interval.from + 1 { return [gap(interval.from, interval.to)] }
        return [gap(interval.from, interval.from + 1), gap(interval.to - 1, interval.to)]
    }

    private func intervals(_ knots: [Knot], _ isWanted: (Knot) -> Bool = { $0.reading.value != nil }) -> [Interval] {
        let kept = knots.indices.filter { isWanted(knots[$0]) }
        return zip(kept, kept.dropFirst()).map { Interval(from: $0, to: $1) }
    }

    private func change(_ interval: Interval, _ knots: [Knot]) -> Double {
        abs((knots[interval.to].reading.value ?? .nan) - (knots[interval.from].reading.value ?? .nan))
    }

    /// Change over distance, or over ratio on a logarithmic axis.
    private func slope(_ interval: Interval, _ knots: [Knot]) -> Double {
        let a = knots[interval.from].position, b = knots[interval.to].position
        return change(interval, knots) / (rule.isLogarithmic ? abs(log(b / a)) : b - a)
    }

    // MARK: Jumps

    /// Least change that is more than rounding.
    private func floor(_ knots: [Knot]) -> Double { Self.noise * (knots.compactMap { $0.reading.value.map(abs) }.max() ?? 0) }

    /// Those of some consecutive intervals whose change is large, and steeper than what is around.
    private func unexplained(_ intervals: [Interval], _ knots: [Knot]) -> [Bool] {
        guard intervals.count >= 3 else { return intervals.map { _ in false } }
        let values = knots.compactMap(\.reading.value), range = (values.max() ?? 0) - (values.min() ?? 0)
        let least = max(Self.leastJump * range, 1000 * floor(knots)), slopes = intervals.map { slope($0, knots) }
        return intervals.indices.map { k in
            guard change(intervals[k], knots) > least else { return false }
            let window = slopes[max(0, k - 2)...min(slopes.count - 1, k + 2)].sorted()
            return slopes[k] * (1 + Self.noise) >= Self.steepness * window[(window.count - 1) / 2]
        }
    }

    /// Jumps are found among the coarse values; around each the steepest place is followed down to `until`, even where it
    /// turns out to be smooth, and everything else there that still looks like a jump.
    private func jumps(_ knots: [Knot]) -> [Interval] {
        let coarse = intervals(knots) { $0.isCoarse && $0.reading.value != nil }, isJump = unexplained(coarse, knots)
        let all = intervals(knots), isStillJump = unexplained(all, knots)
        var wanted: [Interval] = [], k = 0
        while k < coarse.count {
            guard isJump[k] else { k += 1; continue }
            // Neighbouring ones are one jump, seen from both sides.
            let first = k
            while k < coarse.count, isJump[k] { k += 1 }
            let from = coarse[max(0, first - 1)].from, to = coarse[min(coarse.count - 1, k)].to
            let inside = all.indices.filter { all[$0].from >= from && all[$0].to <= to }
            wanted += summit(inside.map { all[$0] }, knots) + inside.filter { isStillJump[$0] }.map { all[$0] }
        }
        return wanted
    }

    private func steepest(_ knots: [Knot]) -> [Interval] {
        let all = intervals(knots)
        guard let most = all.map({ change($0, knots) }).max(), most > 1000 * floor(knots) else { return [] }
        return summit(all, knots)
    }

    /// The steepest of some consecutive intervals, and its neighbours where they are nearly as steep and still wider: the
    /// steepest place may be theirs.
    private func summit(_ intervals: [Interval], _ knots: [Knot]) -> [Interval] {
        let slopes = intervals.map { slope($0, knots) }
        guard let most = slopes.max(), let place = slopes.firstIndex(where: { $0 >= most * (1 - 1e-7) }) else { return [] }
        func width(_ k: Int) -> Double { knots[intervals[k].to].position - knots[intervals[k].from].position }
        let beside = [place - 1, place + 1].filter { intervals.indices.contains($0) && slopes[$0] >= Self.shoulder * most && width($0) > 1.4 * width(place) }
        return ([place] + beside).map { intervals[$0] }.filter { change($0, knots) > floor(knots) }
    }

    // MARK: Zeros

    private func zeros(_ knots: [Knot]) -> [Interval] {
        intervals(knots).filter { (knots[$0.from].reading.value ?? 0).sign != (knots[$0.to].reading.value ?? 0).sign && change($0, knots) > 0
            && knots[$0.from].reading.value != 0 && knots[$0.to].reading.value != 0 }
    }

    // MARK: Minima

    /// Both sides of every local minimum that is deep enough. Halving both narrows the bracket whatever the form of the
    /// minimum is: a cusp, a parabola, or a stretch in which nothing is resolved, whose ends then tell where it lies.
    private func minima(_ knots: [Knot], sign: Double) -> [Interval] {
        let isLogarithmic = knots.allSatisfy { $0.reading.value.map { $0 > 0 } ?? true }
        let places = knots.indices.filter { knots[$0].reading.value != nil || (knots[$0].reading == .low && sign > 0) }
        let heights = places.map { place in
            knots[place].reading.value.map { sign * (isLogarithmic ? log($0) : $0) } ?? -Double.infinity
        }
        let finite = heights.filter(\.isFinite), range = (finite.max() ?? 0) - (finite.min() ?? 0)
        let slack = Self.noise * max(1, finite.map(abs).max() ?? 0), least = max(Self.leastDepth * range, 1000 * slack)
        var wanted: [Interval] = [], first = 0
        while first < places.count {
            var last = first
            while last + 1 < places.count, isLevel(heights[last + 1], heights[first], slack) { last += 1 }
            defer { first = last + 1 }
            guard first > 0, last + 1 < places.count, heights[first - 1] > heights[first], heights[last + 1] > heights[first] else { continue }
            let height = heights[first]
            func peak(_ walk: some Sequence<Int>) -> Double { walk.prefix { heights[$0] >= height - slack }.reduce(height) { max($0, heights[$1]) } }
            // Of a minimum that is flat to rounding nothing more can be said.
            if height.isFinite, min(peak((0..<first).reversed()), peak(last + 1..<places.count)) - height < least || last > first + 1 { continue }
            var sides = [(first - 1, first), (last, last + 1)]
            if height.isFinite, last == first + 1 { sides.append((first, last)) }
            wanted += sides.map { Interval(from: places[$0.0], to: places[$0.1]) }
        }
        return wanted
    }

    private func isLevel(_ a: Double, _ b: Double, _ slack: Double) -> Bool { a == b || abs(a - b) <= slack }
}
