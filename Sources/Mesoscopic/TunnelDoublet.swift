import Foundation
import Numbers

/// The two lowest levels of opposite parity of a model, and how parity-odd Hermitian jump operators act on them.
public struct TunnelDoublet: Sendable {
    /// E0 of the lowest level, E1 of the lowest of the other parity, E2 of the next of E0's parity, E3 of E1's; NaN: there is none.
    public let energies: [Double]
    /// ln ΔE, ΔE = E1 − E0; NaN where rounding hides it.
    public let logSplitting: Double
    /// At least one.
    public let channels: [Channel]

    /// A jump operator A with its rate γ in γ(AρA − ½{A², ρ}).
    public struct Channel: Sendable {
        public let rate: Double
        /// ⟨E0|A²|E0⟩ and ⟨E1|A²|E1⟩
        public let secondMoments: (Double, Double)
        /// ⟨E0|A|E1⟩
        public let transition: Complex
        /// ⟨a|D(|a⟩⟨a|)|b⟩/γ = A_aa A_ab − ½ (A²)_ab with a = E0: what feeds the coherence with b from the population of a.
        /// b = E1, of opposite parity: zero for every odd A.
        public let oppositeElement: Complex
        /// The same with b = E2, of equal parity; NaN where there is no E2.
        public let equalElement: Complex

        public init(rate: Double, secondMoments: (Double, Double), transition: Complex, oppositeElement: Complex, equalElement: Complex) {
            self.rate = rate
            self.secondMoments = secondMoments
            self.transition = transition
            self.oppositeElement = oppositeElement
            self.equalElement = equalElement
        }
    }

    public init(energies: [Double], logSplitting: Double, channels: [Channel]) {
        precondition(energies.count == 4 && !channels.isEmpty)
        self.energies = energies
        self.logSplitting = logSplitting
        self.channels = channels
    }
}

extension TunnelDoublet {
    /// Of the LMG model with its one jump operator Sz. Energies times `coupling`.
    public init(_ splitting: TunnelSplitting, coupling: Double, rate: Double) {
        // A has no element between states of one parity, A² none between states of different parity: blocks make both exact.
        let channel = Channel(rate: rate, secondMoments: splitting.secondMoments, transition: Complex(splitting.transitionMoment),
                              oppositeElement: .zero, equalElement: Complex(-0.5 * splitting.excitedMoment))
        let energies = [splitting.even.value, splitting.odd.value] + splitting.excited
        self.init(energies: energies.map { coupling * $0 }, logSplitting: splitting.logSplitting + log(coupling), channels: [channel])
    }
}
