import Numbers

/// An eigenmode of the Liouvillian: L ρ_k = λ_k ρ_k. Of a conjugate pair the member with Im λ > 0 stands for both.
public struct Mode: Sendable {
    public let eigenvalue: Complex
    /// Coefficients of the right mode in its sector's real multipoles, norm one (traceless).
    let right: [Complex]
    /// Left mode, wᵀA = λwᵀ, norm one.
    let left: [Complex]
    /// Number of its symmetry sector.
    public let sector: Int
    /// What the sector is made of.
    public let kind: SectorKind
    /// ‖A v − λ v‖ for ‖v‖ = 1, in rate units.
    public let residual: Double
    /// ‖w‖‖v‖/|wᵀv|: by how much a perturbation of A is amplified in λ.
    public let condition: Double
    /// Estimated error of λ from the multipoles that the window leaves out.
    public let truncationError: Double
    /// Estimated error of λ from rounding.
    public let roundingError: Double
    /// Norm of L ρ_k outside the window over the damping there, beyond l_max and beyond q_max.
    let leak: Sector.Leak
    public var error: Double { truncationError + roundingError }
    public var decayRate: Double { -eigenvalue.re }

    /// |⟨v|v′⟩| of the right vectors of two modes of one sector.
    func overlap(_ other: Mode) -> Double { zip(right, other.right).reduce(Complex.zero) { $0 + $1.0.conjugate * $1.1 }.magnitude }
}

/// Parities of the multipoles in a sector; nil where it mixes them.
public struct SectorKind: Hashable, Sendable, CustomStringConvertible {
    /// The one |q| of a sector with U(1) symmetry.
    public let q: Int?
    /// 0: even q, 1: odd q.
    public let parity: Int?
    public let part: Multipole.Part?

    init(q: Int?, parity: Int?, part: Multipole.Part?) {
        self.q = q
        self.parity = parity
        self.part = part
    }

    init(_ multipoles: [Multipole]) {
        let orders = Set(multipoles.map(\.q)), parities = Set(multipoles.map { $0.q % 2 })
        q = orders.count == 1 ? orders.first : nil
        parity = parities.count == 1 ? parities.first : nil
        // q = 0 has no sine twin: a sector of q = 0 alone is cosine by nature, not by symmetry.
        let parts = Set(multipoles.map(\.part))
        part = parts.count == 1 ? parts.first : nil
    }

    public var description: String {
        var words: [String] = []
        if let q { words.append("q = \(q)") } else if let parity { words.append(parity == 0 ? "even q" : "odd q") }
        if let part, q != 0 { words.append(part == .cosine ? "cosine" : "sine") }
        return words.isEmpty ? "all" : words.joined(separator: ", ")
    }
}

extension Mode {
    /// Norm of L ρ_k outside the window over the damping there, for ‖ρ_k‖ = 1.
    public var leakNorm: Double { leak.norm }
}

extension [Complex] {
    /// The vector of norm one.
    var unit: [Complex] {
        let norm = reduce(0) { $0 + $1.squaredMagnitude }.squareRoot()
        return map { (1 / norm) * $0 }
    }
}
