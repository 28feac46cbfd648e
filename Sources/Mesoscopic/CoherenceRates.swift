import Foundation
import Numbers

/// Decoherence of a tunnel doublet under parity-odd Hermitian jump operators. Several of them add up: moments are means over the
/// jump operators with their rates for weights, γ is the sum of rates.
public struct CoherenceRates: Sendable {
    /// γ
    public let rate: Double
    /// A0 and A1, ⟨E|A²|E⟩
    public let secondMoments: (Double, Double)
    /// J01² = |⟨E0|A|E1⟩|²
    public let squaredTransition: Double
    /// |Σ γ_k ⟨E0|A_k|E1⟩²|/γ: J01² for one jump operator, less for several out of phase.
    public let counterRotation: Double
    /// |⟨a|D(|a⟩⟨a|)|b⟩|, a = E0 with b = E1 and b = E2; with γ.
    public let oppositeElement: Double, equalElement: Double
    /// ΔE; 0 where it underflows.
    public let splitting: Double
    public let logSplitting: Double
    private let energies: [Double]

    public init(_ doublet: TunnelDoublet) {
        let channels = doublet.channels, total = channels.reduce(0) { $0 + $1.rate }
        // Without any dissipation moments are still of interest.
        let weights = channels.map { total > 0 ? $0.rate / total : 1 / Double(channels.count) }
        var first = 0.0, second = 0.0, transition = 0.0, square = Complex.zero, opposite = Complex.zero, equal = Complex.zero
        for (weight, channel) in zip(weights, channels) {
            first += weight * channel.secondMoments.0
            second += weight * channel.secondMoments.1
            transition += weight * channel.transition.squaredMagnitude
            square += weight * (channel.transition * channel.transition)
            opposite += weight * channel.oppositeElement
            equal += weight * channel.equalElement
        }
        rate = total
        secondMoments = (first, second)
        squaredTransition = transition
        counterRotation = channels.count == 1 ? transition : square.magnitude
        oppositeElement = total * opposite.magnitude
        equalElement = total * equal.magnitude
        logSplitting = doublet.logSplitting
        splitting = exp(doublet.logSplitting)
        energies = doublet.energies
    }

    /// G01 = (A0 + A1)/2
    public var mean: Double { (secondMoments.0 + secondMoments.1) / 2 }
    /// J01
    public var transition: Double { squaredTransition.squareRoot() }
    /// η_phys = 1 + J01²/G01
    public var etaPhysical: Double { 1 + squaredTransition / mean }
    /// 1 − J01²/A of E0 and of E1: the part of A|E⟩ outside the doublet.
    public var leakage: (Double, Double) { (1 - squaredTransition / secondMoments.0, 1 - squaredTransition / secondMoments.1) }
    /// 1 − J01²/G01
    public var meanLeakage: Double { 1 - squaredTransition / mean }
    /// (E2 − E0)/ΔE, from ln ΔE; infinite where it overflows.
    public var gapRatio: Double { exp(log(energies[2] - energies[0]) - logSplitting) }
    /// 2ΔE T2 = 2ΔE/(γ G01), large where ΔE is fast; NaN without dissipation.
    public var secularParameter: Double { rate > 0 ? exp(logSplitting + log(2 / (rate * mean))) : .nan }

    /// γ G01, at which |E0⟩⟨E1| decays.
    public var eigenstateRate: Double { rate * mean }
    /// 2γ J01², of populations of the eigenstates within the doublet.
    public var relaxationRate: Double { 2 * rate * squaredTransition }
    /// γ(G01 + J01²), at which |P⟩⟨R| of the localised states P, R = (E0 ± E1)/√2 decays at first.
    public var pointerRate: Double { rate * (mean + (squaredTransition + counterRotation) / 2) }

    /// The Liouvillian of the doublet alone, H kept and A cut down to it: 0, −2γJ01² (populations), and the two of the coherences,
    /// −γJ01² ± √((γJ01²)² − ΔE²).
    public var restrictedEigenvalues: [Complex] {
        let pair = coherencePair(decay: rate * squaredTransition)
        return [.zero, Complex(-relaxationRate), pair.0, pair.1]
    }

    /// −γG01 + √((γJ01²)² − ΔE²): coherences of the doublet that decay into all levels but come back from none beyond it.
    public var coherenceEigenvalue: Complex { coherencePair(decay: eigenstateRate).0 }

    /// ρ01′ = (iΔE − decay) ρ01 + c ρ10: the slower root first, or that with Im > 0.
    private func coherencePair(decay: Double) -> (Complex, Complex) {
        let c = rate * counterRotation
        if splitting >= c {
            let frequency = ((splitting - c) * (splitting + c)).squareRoot()
            return (Complex(-decay, frequency), Complex(-decay, -frequency))
        }
        let root = ((c - splitting) * (c + splitting)).squareRoot()
        // decay − root without cancellation: (decay² − c² + ΔE²)/(decay + root)
        let slow = ((decay - c) * (decay + c) + splitting * splitting) / (decay + root)
        return (Complex(-slow), Complex(-(decay + root)))
    }
}
