import Foundation
import LinearAlgebra
import SpinAlgebra

/// Spin squeezing of a state, from its multipoles with l ≤ 2.
public struct Squeezing: Sendable {
    /// ξ²_R = N min Var(J_⊥)/|⟨J⟩|² over the directions ⊥ perpendicular to the mean spin (Wineland et al., PRA 50, 67
    /// (1994)). Below 1: more precise interferometry than any coherent state allows; 1 for coherent states.
    public let wineland: Double
    /// ξ²_S = 4 min Var(J_⊥)/N (Kitagawa and Ueda, PRA 47, 5138 (1993)); 1 for coherent states.
    public let kitagawaUeda: Double
    /// Direction u = cos α e_θ + sin α e_φ of least variance, α in radians in (−π/4, 3π/4], where e_θ (south) and e_φ
    /// (east) are the unit vectors of spherical coordinates at the mean spin; with the mean spin along ±z, e_φ = y. The
    /// interval keeps 0 and π/2, which reflection symmetries force, away from its ends.
    public let angle: Double
    /// u in laboratory coordinates; −u means the same.
    public let direction: [Double]

    /// Everything is NaN where the mean spin vanishes (|⟨J⟩| < 10⁻⁹ j); angle and direction also where the variance is
    /// the same in all perpendicular directions (to 10⁻¹⁰ of the mean).
    public init(_ state: MultipoleState) {
        let n = Double(state.spinCount), spin = state.meanSpin, length = Vector.norm(spin)
        guard length > 1e-9 * n / 2 else {
            (wineland, kitagawaUeda, angle, direction) = (.nan, .nan, .nan, [.nan, .nan, .nan])
            return
        }
        let axis = Vector.unit(spin), planar = (axis[0] * axis[0] + axis[1] * axis[1]).squareRoot()
        let isPole = planar < 1e-12
        let azimuth = isPole ? [1.0, 0] : [axis[0] / planar, axis[1] / planar]
        let south = [axis[2] * azimuth[0], axis[2] * azimuth[1], isPole ? 0 : -planar], east = [-azimuth[1], azimuth[0], 0]
        let moments = state.secondMoments
        func moment(_ a: [Double], _ b: [Double]) -> Double { Vector.dot(a, moments.map { Vector.dot($0, b) }) }
        // ⟨J_⊥⟩ = 0: second moments are variances.
        let a = moment(south, south), b = moment(east, east), c = moment(south, east)
        let mean = (a + b) / 2, difference = (a - b) / 2, splitting = (difference * difference + c * c).squareRoot()
        let least = mean - splitting
        wineland = n * least / (length * length)
        kitagawaUeda = 4 * least / n
        guard splitting > 1e-10 * mean else {
            (angle, direction) = (.nan, [.nan, .nan, .nan])
            return
        }
        // Variance along α: mean + difference cos 2α + c sin 2α, least at 2α = atan2(−c, −difference).
        var alpha = 0.5 * atan2(-c, -difference)
        if alpha <= -Double.pi / 4 { alpha += Double.pi }
        angle = alpha
        direction = Vector.add(Vector.scale(south, cos(alpha)), Vector.scale(east, sin(alpha)))
    }
}

extension MultipoleState {
    /// (⟨Jx⟩, ⟨Jy⟩, ⟨Jz⟩) in laboratory axes.
    var meanSpin: [Double] { [SpinPolynomial.jx, .jy, .jz].map { expectation($0).re } }

    /// ½⟨J_a J_b + J_b J_a⟩ in laboratory axes, rows of a symmetric 3 × 3 matrix.
    var secondMoments: [[Double]] {
        let components = [SpinPolynomial.jx, .jy, .jz]
        var moments = [[Double]](repeating: [0, 0, 0], count: 3)
        for a in 0..<3 {
            for b in 0...a {
                let product = components[a] * components[b] + components[b] * components[a]
                moments[a][b] = 0.5 * expectation(product).re
                moments[b][a] = moments[a][b]
            }
        }
        return moments
    }
}
