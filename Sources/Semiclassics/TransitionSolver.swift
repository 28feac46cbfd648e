import Foundation
import Numbers
import SpinAlgebra

/// Where two phases change places as a parameter goes: A₁₂ = A₂₁.
public struct TransitionSolver {
    /// The model at a value of the parameter.
    public let symbol: (Double) throws -> ClassicalSymbol
    public let range: ClosedRange<Double>
    public let usesPlanes: Bool

    public struct Transition: Sendable {
        public let parameter: Double
        /// A₁₂ = A₂₁ there.
        public let barrier: Double
        /// From the errors of both barriers and the slope of their difference.
        public let error: Double
        /// d(A₁₂ − A₂₁)/d(parameter).
        public let slope: Double
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        /// Whether the parameter's range holds no transition at all.
        public let isAbsent: Bool
    }

    public init(over range: ClosedRange<Double>, usesPlanes: Bool = true, symbol: @escaping (Double) throws -> ClassicalSymbol) {
        self.symbol = symbol
        self.range = range
        self.usesPlanes = usesPlanes
    }

    /// Values at which the coexistence of two attractors is looked for.
    private static let sampleCount = 65

    /// Parameters between which exactly two attractors coexist, by a look at the mean field: the widest range of them.
    public func coexistence() throws -> ClosedRange<Double>? {
        let width = range.upperBound - range.lowerBound
        let values = (0..<Self.sampleCount).map { range.lowerBound + width * Double($0) / Double(Self.sampleCount - 1) }
        func hasTwo(_ value: Double) throws -> Bool { MeanField(try symbol(value)).fixedPoints().attractors.count == 2 }
        let flags = try values.map(hasTwo)
        var best: (low: Int, high: Int)?, k = 0
        while k < flags.count {
            guard flags[k] else { k += 1; continue }
            let low = k
            while k + 1 < flags.count, flags[k + 1] { k += 1 }
            if best.map({ k - low > $0.high - $0.low }) ?? true { best = (low, k) }
            k += 1
        }
        guard let best else { return nil }
        // To the ends by halving: near them a barrier vanishes.
        func edge(_ inside: Double, _ outside: Double) throws -> Double {
            var (good, bad) = (inside, outside)
            for _ in 0..<12 {
                let middle = 0.5 * (good + bad)
                if try hasTwo(middle) { good = middle } else { bad = middle }
            }
            return good
        }
        let low = best.low == 0 ? values[0] : try edge(values[best.low], values[best.low - 1])
        let high = best.high == values.count - 1 ? values[best.high] : try edge(values[best.high], values[best.high + 1])
        return low...high
    }

    private struct Sample {
        let value: Double
        /// A₁₂ − A₂₁
        let difference: Double
        let barrier: Double
        let error: Double
    }

    private func sample(_ value: Double, _ representation: Representation) throws -> Sample? {
        let solution = BarrierSolver(try symbol(value), representations: [representation], usesPlanes: usesPlanes).solve()
        guard solution.attractors.count == 2 else { return nil }
        let out = solution.barrier(representation, from: 0, to: 1), back = solution.barrier(representation, from: 1, to: 0)
        guard out.isFinite, back.isFinite else { return nil }
        let errors = [(0, 1), (1, 0)].map { from, to in
            solution.exit(representation, from: from, to: to).flatMap { solution.instantons[representation]?[from][$0]?.error } ?? 0
        }
        return Sample(value: value, difference: out - back, barrier: 0.5 * (out + back), error: errors[0] + errors[1])
    }

    /// The transition inside the range of coexistence.
    /// - Parameters:
    ///   - window: what `coexistence()` found; nil: found anew.
    ///   - other: that in another representation, to begin from.
    /// - Throws: `Failure`; `ModelError` and `EvaluationError` of the model.
    public func transition(_ representation: Representation, inside window: ClosedRange<Double>? = nil,
                           near other: Transition? = nil) throws -> Transition {
        guard let window = try window ?? coexistence() else {
            throw Failure(description: "two attractors coexist nowhere in the range", isAbsent: true)
        }
        if let other, let found = try root(near: other, inside: window, representation) { return found }
        let width = window.upperBound - window.lowerBound
        // From the middle outwards until the difference changes sign.
        var samples: [Sample] = []
        for share in [0.5, 0.25, 0.75, 0.1, 0.9, 0.04, 0.96, 0.01, 0.99] {
            if let sample = try sample(window.lowerBound + share * width, representation) { samples.append(sample) }
            samples.sort { $0.value < $1.value }
            if let k = samples.indices.dropFirst().first(where: { samples[$0 - 1].difference * samples[$0].difference <= 0 }) {
                return try root(samples[k - 1], samples[k], representation)
            }
        }
        if samples.isEmpty { throw Failure(description: "no barriers are known in the range of coexistence", isAbsent: false) }
        throw Failure(description: "one phase dominates wherever two attractors coexist in the range", isAbsent: true)
    }

    /// By secants from another representation's root and slope; nil where they lead nowhere.
    private func root(near other: Transition, inside window: ClosedRange<Double>, _ representation: Representation) throws -> Transition? {
        let width = window.upperBound - window.lowerBound
        var value = other.parameter, slope = other.slope, last: Sample?
        for _ in 0..<8 {
            guard window.contains(value), let here = try sample(value, representation) else { return nil }
            if let last, here.value != last.value { slope = (here.difference - last.difference) / (here.value - last.value) }
            let step = -here.difference / slope
            guard step.isFinite, slope * other.slope > 0, abs(step) < 0.25 * width else { return nil }
            if isRoot(here) || abs(step) < 1e-13 * width { return transition(here, slope: slope) }
            (last, value) = (here, here.value + step)
        }
        return nil
    }

    /// Equal within what the barriers are wrong by.
    private func isRoot(_ sample: Sample) -> Bool { abs(sample.difference) <= max(0.1 * sample.error, 1e-14) }

    private func transition(_ nearest: Sample, slope: Double) -> Transition {
        Transition(parameter: nearest.value - nearest.difference / slope, barrier: nearest.barrier,
                   error: nearest.error / abs(slope) + 1e-14 * abs(nearest.value), slope: slope)
    }

    /// By regula falsi with the Illinois rule, which keeps the bracket.
    private func root(_ first: Sample, _ second: Sample, _ representation: Representation) throws -> Transition {
        var (a, b) = (first, second), (fa, fb) = (first.difference, second.difference), side = 0
        let width = b.value - a.value
        for _ in 0..<60 {
            if fa == fb { break }
            var value = (fa * b.value - fb * a.value) / (fa - fb)
            value = min(max(value, a.value), b.value)
            guard let middle = try sample(value, representation) else {
                throw Failure(description: "no barriers are known at \(value), inside the range of coexistence", isAbsent: false)
            }
            let slope = (b.difference - a.difference) / (b.value - a.value)
            let nearest = min(abs(middle.value - a.value), abs(b.value - middle.value))
            if isRoot(middle) || nearest < 1e-13 * width { return transition(middle, slope: slope) }
            if middle.difference * fb > 0 {
                (b, fb) = (middle, middle.difference)
                if side == 1 { fa *= 0.5 }
                side = 1
            } else {
                (a, fa) = (middle, middle.difference)
                if side == -1 { fb *= 0.5 }
                side = -1
            }
        }
        throw Failure(description: "the search for equal barriers did not converge", isAbsent: false)
    }
}
