import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// The tunnel doublet of any model whose Hamiltonian is even and whose jump operators are odd under a rotation by π. Quantised
/// along that axis, parities are every second m: levels of a doublet come from different matrices and do not mix by rounding.
public struct ParityDoublet: Sendable {
    public let axis: ParityAxis
    /// Energies in the unit of the Hamiltonian.
    public let doublet: TunnelDoublet
    /// Of levels, by rounding.
    public let energyError: Double

    /// - Throws: `EvaluationError` where there is no such symmetry, `EigenvalueError` where LAPACK gives up.
    public init(_ instance: ModelInstance) throws {
        let axis = try ParityAxis.find(instance), count = instance.spinCount
        let hamiltonian = BandedSpinOperator(axis.aligned(instance.hamiltonian), spinCount: count)
        let blocks = [0, 1].map { hamiltonian.isEmpty ? HermitianBand(size: (count + 2 - $0) / 2, bandwidth: 0) : hamiltonian.block(from: $0) }
        let levels = try blocks.map { try $0.lowest(2) }
        let lower = levels[1].values[0] < levels[0].values[0] ? 1 : 0, upper = 1 - lower
        /// A vector of a block on all m.
        func state(_ block: Int, _ level: Int) -> [Complex] {
            var vector = [Complex](repeating: .zero, count: count + 1)
            for (k, component) in levels[block].vectors[level].enumerated() { vector[block + 2 * k] = component }
            return vector
        }
        func energy(_ block: Int, _ level: Int) -> Double { level < levels[block].values.count ? levels[block].values[level] : .nan }
        let ground = state(lower, 0), partner = state(upper, 0), excited = levels[lower].values.count > 1 ? state(lower, 1) : nil

        let channels = instance.jumps.filter { $0.rate > 0 }.map { jump -> TunnelDoublet.Channel in
            let a = BandedSpinOperator(axis.aligned(jump.operator), spinCount: count)
            let onGround = a(ground), onPartner = a(partner), diagonal = Self.product(ground, onGround), transition = Self.product(onGround, partner)
            let opposite = diagonal * transition - 0.5 * Self.product(onGround, onPartner)
            let equal = excited.map { state in diagonal * Self.product(onGround, state) - 0.5 * Self.product(onGround, a(state)) }
            return TunnelDoublet.Channel(rate: jump.rate, secondMoments: (Self.product(onGround, onGround).re, Self.product(onPartner, onPartner).re),
                                         transition: transition, oppositeElement: opposite, equalElement: equal ?? Complex(.nan))
        }
        energyError = 16 * .ulpOfOne * max(blocks[0].norm, blocks[1].norm)
        let splitting = energy(upper, 0) - energy(lower, 0)
        self.axis = axis
        doublet = TunnelDoublet(energies: [energy(lower, 0), energy(upper, 0), energy(lower, 1), energy(upper, 1)],
                                logSplitting: splitting > 10 * energyError ? log(splitting) : .nan, channels: channels)
    }

    /// ⟨a|b⟩
    private static func product(_ a: [Complex], _ b: [Complex]) -> Complex {
        var sum = Complex.zero
        for i in a.indices { sum += a[i].conjugate * b[i] }
        return sum
    }
}
