import Foundation

/// What is known of the ordered LMG model without a spectrum: mean field, Bogoliubov, instanton. Energies in units of J; all are NaN
/// from g = 1 on, where there is no order. Sz = ½ Σσz throughout.
public struct LipkinMeanField: Sendable {
    public let model: LipkinModel
    private var g: Double { model.transverseField }
    private var n: Double { Double(model.spinCount) }
    /// z = √(1 − g²)
    private var z: Double { g < 1 ? model.magnetisation : .nan }

    public init(_ model: LipkinModel) { self.model = model }

    /// G_loc = N²(1 − g²)/2: half the squared distance of the wells at ±Nz/2.
    public var localRate: Double { n * n * z * z / 2 }
    /// Nz/2
    public var moment: Double { n * z / 2 }
    /// lim Nz/2 − J01 = (2 + g²)/(4z²) − 1/(2z)
    public var depletionLimit: Double { (2 + g * g) / (4 * z * z) - 1 / (2 * z) }
    /// lim N (η_MF − 2) = 8 d/z − 2g²/z³ with d the limit of the depletion.
    public var etaSlope: Double { 8 * depletionLimit / z - 2 * g * g / (z * z * z) }
    /// N g²/(4z): variance of Sz in the Bogoliubov vacuum of a well.
    public var wellVariance: Double { n * g * g / (4 * z) }
    /// d⟨Sz⟩/d(h/J) = N g²/(2z²) of the classical spin in a well.
    public var susceptibility: Double { n * g * g / (2 * z * z) }

    /// ∫ κ dz from 0 to z, κ = ln(√(1 − z²)/g): artanh z − z.
    public var action: Double { g > 0 ? Self.action(z, g) : .infinity }
    /// artanh z = ln((1 + z)/g): at small g nothing is left of z in 1 − z.
    private static func action(_ z: Double, _ g: Double) -> Double { log((1 + z) / g) - z }

    /// ln of ΔE_WKB/J = (4J′z′²/g′) √(2z′Ñ/π) exp(−Ñ(artanh z′ − z′)) with Ñ = N + 1, J′ = JÑ/N, g′ = gN/Ñ. The ratio to the exact
    /// splitting tends to 1 as 1/N; useless where the exponent is below 3.
    public var logSplitting: Double {
        guard g < 1, g > 0 else { return .nan }
        let shifted = n + 1, scaled = g * n / shifted, height = ((1 - scaled) * (1 + scaled)).squareRoot()
        let prefactor = 4 * (shifted / n) * height * height / scaled
        return log(prefactor) + 0.5 * log(2 * height * shifted / .pi) - shifted * Self.action(height, scaled)
    }
}
