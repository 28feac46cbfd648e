import Foundation
import Lindblad
import SpinAlgebra

/// The transition of the exact master equation at finite N, by the rates between its two metastable states.
struct FiniteSizeTransition {
    struct Rates {
        /// ln k₁₂ and ln k₂₁.
        let out: Double
        let back: Double
        /// By about how much out − back depends on what exactly counts as a phase.
        var ambiguity = 0.0
    }

    /// At a parameter; nil where the rates are not resolved.
    let rates: (_ spinCount: Int, _ parameter: Double) throws -> Rates?

    struct Crossing {
        /// Where both phases have the same weight, k₁₂ = k₂₁.
        let weight: Double
        /// By about how much `weight` depends on what exactly counts as a phase.
        let weightAmbiguity: Double
        /// Where the gap k₁₂ + k₂₁ is least.
        let gap: Double
    }

    /// Both from polynomials through ln k at five parameters about the crossing, which are smooth where the gap has its cusp.
    /// - Parameters:
    ///   - guess: begin here.
    ///   - slope: d(A₁₂ − A₂₁)/d(parameter), which sets the scale: ln k₂₁/k₁₂ goes as j times this.
    /// - Returns: nil where rates are not resolved, or no crossing is near.
    func crossing(spinCount: Int, near guess: Double, slope: Double, within range: ClosedRange<Double>) throws -> Crossing? {
        let j = Double(spinCount) / 2
        var centre = guess, half = min(1.5 / (j * abs(slope)), 0.25 * (range.upperBound - range.lowerBound))
        for _ in 0..<4 {
            let nodes = (0..<5).map { centre + half * cos(.pi * (Double($0) + 0.5) / 5) }.map { min(max($0, range.lowerBound), range.upperBound) }
            var found: [Rates] = []
            for node in nodes {
                guard let rates = try rates(spinCount, node) else { return nil }
                found.append(rates)
            }
            let out = Interpolant(nodes, found.map(\.out)), back = Interpolant(nodes, found.map(\.back))
            guard let weight = root(near: centre, half, { out.value($0) - back.value($0) }),
                  // k₁₂′ + k₂₁′ = 0, with the common factor taken out
                  let gap = root(near: weight, half, { x in
                      let difference = out.value(x) - back.value(x)
                      return out.slope(x) * (difference > 0 ? 1 : exp(difference)) + back.slope(x) * (difference > 0 ? exp(-difference) : 1)
                  }) else { return nil }
            // Inside the nodes, and narrow enough for the polynomials.
            if abs(weight - centre) < 0.5 * half, abs(gap - centre) < 0.9 * half {
                let ambiguity = abs(Interpolant(nodes, found.map(\.ambiguity)).value(weight) / (out.slope(weight) - back.slope(weight)))
                return Crossing(weight: weight, weightAmbiguity: ambiguity, gap: gap)
            }
            if abs(weight - centre) >= 0.5 * half { centre = weight } else { half *= 1.5 }
            guard range.contains(centre) else { return nil }
        }
        return nil
    }

    /// The zero of a function, by secants.
    private func root(near start: Double, _ scale: Double, _ f: (Double) -> Double) -> Double? {
        var a = start - 0.1 * scale, b = start + 0.1 * scale, fa = f(a), fb = f(b)
        for _ in 0..<100 {
            guard fb != fa else { return fb == 0 ? b : nil }
            let next = b - fb * (b - a) / (fb - fa)
            guard next.isFinite, abs(next - start) < 6 * scale else { return nil }
            (a, fa, b, fb) = (b, fb, next, f(next))
            if abs(b - a) < 1e-14 * (abs(b) + scale) { return b }
        }
        return nil
    }

    /// The polynomial through given points.
    private struct Interpolant {
        private let nodes: [Double]
        private var coefficients: [Double]

        init(_ nodes: [Double], _ values: [Double]) {
            self.nodes = nodes
            coefficients = values
            for level in 1..<nodes.count {
                for k in stride(from: nodes.count - 1, through: level, by: -1) {
                    coefficients[k] = (coefficients[k] - coefficients[k - 1]) / (nodes[k] - nodes[k - level])
                }
            }
        }

        private func evaluate(_ x: Double) -> (value: Double, slope: Double) {
            var value = 0.0, slope = 0.0
            for k in stride(from: nodes.count - 1, through: 0, by: -1) {
                slope = slope * (x - nodes[k]) + value
                value = value * (x - nodes[k]) + coefficients[k]
            }
            return (value, slope)
        }
        func value(_ x: Double) -> Double { evaluate(x).value }
        func slope(_ x: Double) -> Double { evaluate(x).slope }
    }

    /// The limit j → ∞ of a series in 1/j by the polynomial through the largest sizes. Its error: how far it is from those without
    /// the smallest and without the largest of them, and what the values' own uncertainties become, should all conspire.
    /// - Parameter uncertainties: of the values; none: they are exact.
    static func limit(_ sizes: [Int], _ values: [Double], uncertainties: [Double]? = nil) -> (value: Double, error: Double)? {
        let known = sizes.indices.filter { values[$0].isFinite }.sorted { sizes[$0] < sizes[$1] }.suffix(4)
        guard known.count > 1 else { return nil }
        /// Lagrange's polynomials in 1/j at zero.
        func coefficients(_ kept: ArraySlice<Int>) -> [(place: Int, value: Double)] {
            kept.map { k in
                let x = 1 / Double(sizes[k])
                return (k, kept.filter { $0 != k }.reduce(1) { product, l in
                    let y = 1 / Double(sizes[l])
                    return product * y / (y - x)
                })
            }
        }
        func extrapolated(_ kept: ArraySlice<Int>) -> Double { coefficients(kept).reduce(0) { $0 + $1.value * values[$1.place] } }
        let best = extrapolated(known)
        let order = max(abs(best - extrapolated(known.dropFirst())), abs(best - extrapolated(known.dropLast())))
        guard let uncertainties else { return (best, order) }
        return (best, order + coefficients(known).reduce(0) { $0 + abs($1.value) * uncertainties[$1.place] })
    }
}
