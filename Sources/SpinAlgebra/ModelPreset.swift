/// A model with a name: equations with a default for every parameter. Axes and job parameters override the defaults.
public struct ModelPreset: Sendable {
    public let name: String
    /// One line.
    public let summary: String
    /// H and jump operators as printed by `macrospin models`.
    public let equation: String
    public let hamiltonian: String
    public let jumps: [(rate: String, operator: String)]
    public let parameters: [(name: String, expression: String)]
    /// Where the model comes from.
    public let reference: String

    /// The preset with the job's own parameters: of a default with the same name they take the place, others (that an
    /// expression may use) are added.
    /// - Throws: `ModelError`.
    public func model(parameters own: [(name: String, expression: String)] = []) throws -> Model {
        try Model(hamiltonian: hamiltonian, jumps: jumps, parameters: parameters.filter { preset in !own.contains { $0.name == preset.name } } + own, preset: name)
    }

    public static func named(_ name: String) -> ModelPreset? { all.first { $0.name == name } }

    public static let all: [ModelPreset] = [
        ModelPreset(
            name: "bistable-pump",
            summary: "driven spin with collective decay and a pump that grows with inversion: first-order transition near Gamma = gamma",
            equation: "H = Ω Jx;  √(γ/j) J₋,  √(Γ/j³) J₊(j + Jz)",
            hamiltonian: "Omega*Jx",
            jumps: [("gamma/j", "Jm"), ("Gamma/j^3", "Jp*(j + Jz)")],
            parameters: [("Omega", "0.25"), ("gamma", "1"), ("Gamma", "1")],
            reference: "after arXiv:2604.15091"),
        ModelPreset(
            name: "driven-twisting",
            summary: "one-axis twisting with drive, detuning and collective decay: two attractors for Omega from 0.92 to 1.40 at the defaults",
            equation: "H = Ω Jx + Δ Jz + (χ/j) Jz²;  √(κ/j) J₋",
            hamiltonian: "Omega*Jx + Delta*Jz + (chi/j)*Jz^2",
            jumps: [("kappa/j", "Jm")],
            parameters: [("Omega", "1.2"), ("Delta", "1.6"), ("chi", "2"), ("kappa", "1")],
            reference: "one-axis twisting: Kitagawa and Ueda, Phys. Rev. A 47, 5138 (1993)"),
        ModelPreset(
            name: "driven-lmg",
            summary: "Lipkin-Meshkov-Glick interaction with a transverse drive and collective decay",
            equation: "H = Ω Jx − (V/N) Jz²;  √(κ/N) J₋",
            hamiltonian: "Omega*Jx - (V/N)*Jz^2",
            jumps: [("kappa/N", "Jm")],
            parameters: [("Omega", "1"), ("V", "3"), ("kappa", "1")],
            reference: "Lipkin, Meshkov and Glick, Nucl. Phys. 62, 188 (1965), with drive and decay"),
        ModelPreset(
            name: "lmg-dephasing",
            summary: "Lipkin-Meshkov-Glick model with collective decay and collective dephasing; parity is a weak symmetry",
            equation: "H = −(V/N) Jx² + h Jz;  √(κ/N) J₋,  √(κz/N) Jz",
            hamiltonian: "-(V/N)*Jx^2 + h*Jz",
            jumps: [("kappa/N", "Jm"), ("kappa_z/N", "Jz")],
            parameters: [("V", "2"), ("h", "0.5"), ("kappa", "0.2"), ("kappa_z", "0.3")],
            reference: "Lipkin, Meshkov and Glick, Nucl. Phys. 62, 188 (1965), with decay and dephasing"),
        ModelPreset(
            name: "lmg-mesoscopic",
            summary: "ferromagnetic Lipkin-Meshkov-Glick model with weak dephasing: tunnel doublet below g = 1; energies in J, h is the bias",
            equation: "H = −(2J/N) Jz² − 2gJ Jx − 2h Jz;  √γφ Jz",
            hamiltonian: "-(2*J/N)*Jz^2 - 2*g*J*Jx - 2*h*Jz",
            jumps: [("gamma_phi", "Jz")],
            // 0.05/s in units of J/ħ = 37138.6 rad/s, at which the doublet of N = 370, g = 0.95 splits by 1308 rad/s.
            parameters: [("J", "1"), ("g", "0.95"), ("h", "0"), ("gamma_phi", "0.05/37138.60883781949*J")],
            reference: "after arXiv:2605.00952"),
        ModelPreset(
            name: "resonance-fluorescence",
            summary: "cooperative resonance fluorescence, exactly solvable: transition at Omega = kappa",
            equation: "H = Ω Jx;  √(2κ/N) J₋",
            hamiltonian: "Omega*Jx",
            jumps: [("2*kappa/N", "Jm")],
            parameters: [("Omega", "0.5"), ("kappa", "1")],
            reference: "Drummond and Carmichael, Opt. Commun. 27, 160 (1978); Puri and Lawande, Phys. Lett. A 72, 200 (1979)"),
    ]
}
