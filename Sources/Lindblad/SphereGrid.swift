import Foundation
import Numbers

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
        let rule = GaussLegendre.rule(thetaCount)
        self.init(theta: rule.map { acos($0.node) }, weights: rule.map(\.weight), phiCount: phiCount)
    }

    /// Unit vectors at all points, φ running fastest: the order of values on the grid.
    public var directions: [SIMD3<Double>] {
        theta.flatMap { theta in phi.map { SIMD3(sin(theta) * cos($0), sin(theta) * sin($0), cos(theta)) } }
    }

    /// θ must be symmetric about π/2.
    init(theta: [Double], weights: [Double], phiCount: Int) {
        self.theta = theta
        self.weights = weights
        phi = (0..<phiCount).map { 2 * Double.pi * Double($0) / Double(phiCount) }
    }
}
