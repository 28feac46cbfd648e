/// dρ/dt = −i[H, ρ] + γ D[Sz] ρ + κ D[A] ρ on the lowest levels, in units of J.
public struct LeggettGargDamping: Hashable, Sendable {
    /// How D[Sz] ρ = Sz ρ Sz − ½{Sz², ρ} is cut down to the levels.
    public enum Dissipator: String, CaseIterable, Sendable {
        /// With (P Sz P)²: keeps the trace.
        case truncated = "trunc"
        /// With P Sz² P: what leaves the levels is lost.
        case projected = "proj"
    }

    /// A, by which energy is given off.
    public enum Relaxation: String, CaseIterable, Sendable {
        /// |E0⟩⟨E1|: the doublet's σ₋.
        case doublet
        /// Σ_{i<k} |i⟩⟨i|Sz|k⟩⟨k| / ⟨0|Sz|1⟩: the part of the collective Sz that lowers the energy, of rate κ in the doublet.
        case ladder
    }

    /// γ/J
    public var dephasing: Double
    public var dissipator: Dissipator
    /// κ/J = 1/T1 of the doublet.
    public var relaxationRate: Double
    public var relaxation: Relaxation

    public init(dephasing: Double, dissipator: Dissipator = .truncated, relaxationRate: Double = 0, relaxation: Relaxation = .doublet) {
        self.dephasing = dephasing
        self.dissipator = dissipator
        self.relaxationRate = relaxationRate
        self.relaxation = relaxation
    }

    /// The same with another γ.
    public func with(dephasing: Double) -> LeggettGargDamping {
        var other = self
        other.dephasing = dephasing
        return other
    }
}
