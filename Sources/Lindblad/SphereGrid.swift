import Foundation

/// Points on the sphere: cos θ at the Gauss–Legendre nodes, φ equidistant from 0. Sums with `weights` integrate every
/// spherical harmonic with l < 2·(number of θ) and |m| < number of φ exactly.
public struct SphereGrid: Hashable, Sendable {
    /// Polar angles in radians, ascending from near 0 to near π.
    public let theta: [Double]
    /// Azimuths 2πk/n in radians.
    public let phi: [Double]
    /// Weights of the θ in d(cos θ); they sum to 2.
    public let weights: [Double]

    public init(thetaCount: Int, phiCount: Int) {
        let rule = Self.gaussLegendre(thetaCount)
        self.init(theta: rule.map { acos($0.node) }, weights: rule.map(\.weight), phiCount: phiCount)
    }

    /// θ must be symmetric about π/2.
    init(theta: [Double], weights: [Double], phiCount: Int) {
        self.theta = theta
        self.weights = weights
        phi = (0..<phiCount).map { 2 * Double.pi * Double($0) / Double(phiCount) }
    }

    /// Nodes (descending) and weights by Newton's method on P_n, the weights as 2/((1 − x²) P_n′²).
    private static func gaussLegendre(_ count: Int) -> [(node: Double, weight: Double)] {
        precondition(count > 0)
        let n = Double(count)
        var rule = [(node: Double, weight: Double)](repeating: (0, 0), count: count)
        for k in 0..<(count + 1) / 2 {
            var x = 2 * k + 1 == count ? 0 : cos(Double.pi * (Double(k) + 0.75) / (n + 0.5)), slope = 0.0
            for _ in 0..<20 {
                var last = 1.0, value = x
                for l in 1..<max(count, 2) where count > 1 {
                    let order = Double(l)
                    let next = ((2 * order + 1) * x * value - order * last) / (order + 1)
                    last = value
                    value = next
                }
                slope = n * (last - x * value) / (1 - x * x)
                let step = value / slope
                if 2 * k + 1 == count { break }
                x -= step
                if abs(step) < 4e-16 { break }
            }
            let weight = 2 / ((1 - x * x) * slope * slope)
            rule[k] = (x, weight)
            rule[count - 1 - k] = (-x, weight)
        }
        return rule
    }
}
