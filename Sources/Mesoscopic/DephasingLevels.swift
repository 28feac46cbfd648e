import Foundation
import Numbers

/// Dephasing rates at which K3 = 1 under cruder and cruder pictures of a test at τ0 of a given number of spins: the levels A, B, C of
/// arXiv 2605.00952, and what tells where the distance of C from B comes from. Units of J; NaN where K3 ≤ 1 without dephasing.
public struct DephasingLevels: Sendable {
    /// A: q²(e^{−x} + ½e^{−2x}) = 1, x = γ G_loc τ, of the well's separation G_loc = N²(1 − g²)/2; q = ⟨0|sgn Sz|1⟩.
    public let meanField: Double
    /// B: the same with the eigenstates' G01.
    public let eigenstate: Double
    /// C: five levels, stationary, dissipator `projected` (with which the paper's 0.289/s comes out).
    public let fiveLevels: Double
    /// The same with `truncated`.
    public let fiveLevelsTruncated: Double
    /// Five levels, stationary, in the secular approximation: each coherence decays for itself, by ½γ(⟨Sz²⟩_i + ⟨Sz²⟩_k).
    public let secularFiveLevels: Double
    /// Two levels, stationary, with the term that couples |0⟩⟨1| and |1⟩⟨0|.
    public let counterRotatingTwoLevels: Double

    /// - Throws: as `LeggettGargSystem.init`.
    public init(_ model: LipkinModel) throws {
        let five = try LeggettGargSystem(model, levels: 5), two = try LeggettGargSystem(model, levels: 2), τ = five.interval
        let q = two.question[1], separation = model.magnetisation * Double(model.spinCount)
        // Two levels without the coupling: the exponential law in closed form, since cos(π/3) = ½ = −cos(2π/3).
        // q²(y + y²/2) = 1 for y = e^{−x}
        let y = (1 + 2 / (q * q)).squareRoot() - 1, x = y < 1 ? -log(y) : .nan
        meanField = x / (separation * separation / 2 * τ)
        eigenstate = x / (five.coherenceFactor * τ)
        func crossing(_ system: LeggettGargSystem, _ dissipator: LeggettGargDamping.Dissipator) throws -> Double {
            let test = try LeggettGarg(system, damping: LeggettGargDamping(dephasing: 0, dissipator: dissipator))
            return try test.thresholds(interval: τ, accuracy: 1e-12)[.stationary] ?? .nan
        }
        fiveLevels = try crossing(five, .projected)
        fiveLevelsTruncated = try crossing(five, .truncated)
        counterRotatingTwoLevels = try crossing(two, .projected)
        secularFiveLevels = Self.secular(five)
    }

    private static func secular(_ system: LeggettGargSystem) -> Double {
        let n = system.count, τ = system.interval, unit = 1 / (system.coherenceFactor * τ)
        let squares = (0..<n).map { i in (0..<n).reduce(0) { $0 + system.spin[i * n + $1] * system.spin[i * n + $1] } }
        func excess(_ x: Double) -> Double {
            func correlator(_ t: Double) -> Double {
                (0..<n).reduce(0) { sum, k in
                    let decay = exp(-x * unit / 2 * (squares[0] + squares[k]) * t)
                    return sum + system.question[k] * system.question[k] * cos((system.levels.energies[k] - system.levels.energies[0]) * t) * decay
                }
            }
            return 2 * correlator(τ) - correlator(2 * τ) - 1
        }
        guard excess(0) > 0 else { return .nan }
        var lower = 0.0, upper = 0.05
        while excess(upper) > 0, upper < 20 { (lower, upper) = (upper, 1.25 * upper) }
        guard excess(upper) <= 0 else { return .nan }
        return unit * Brent.root(from: lower, to: upper, valueAtLower: excess(lower), valueAtUpper: excess(upper), tolerance: 1e-13, excess)
    }
}
