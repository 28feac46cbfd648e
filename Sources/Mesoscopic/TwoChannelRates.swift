/// Two wells with coherent tunnelling at Δ and loss of their coherence at Γ (appendix B of arXiv 2605.00952): H = −(Δ/2)σx in (P, R),
/// ρ_PR decays at Γ. y = Im ρ_PR and w = ρ_PP − ρ_RR obey y′ = −Γy − (Δ/2)w, w′ = 2Δy, so λ² + Γλ + Δ² = 0.
public struct TwoChannelRates: Sendable {
    /// Δ and Γ
    public let splitting: Double, dephasing: Double

    public init(splitting: Double, dephasing: Double) {
        self.splitting = splitting
        self.dephasing = dephasing
    }

    /// Γ > 2Δ: imbalance decays without oscillating, the slower the larger Γ (Zeno); else it oscillates (secular).
    public var isZeno: Bool { dephasing > 2 * splitting }

    /// √|Γ²/4 − Δ²|
    private var root: Double { (abs(dephasing / 2 - splitting) * (dephasing / 2 + splitting)).squareRoot() }

    /// Decay rates −Re λ, the slow one → Δ²/Γ deep on the Zeno side; both Γ/2 on the secular one.
    public var slow: Double { isZeno ? splitting * splitting / fast : dephasing / 2 }
    public var fast: Double { isZeno ? dephasing / 2 + root : dephasing / 2 }
    /// Γ/2: decay of the envelope of oscillations; NaN on the Zeno side.
    public var envelope: Double { isZeno ? .nan : dephasing / 2 }
    /// √(Δ² − Γ²/4), the angular frequency; 0 on the Zeno side.
    public var frequency: Double { isZeno ? 0 : root }
}
