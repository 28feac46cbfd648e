import Foundation
import LinearAlgebra

/// A macrorealist control: a spin that at all times has a definite m and hops between neighbours. The rates are those to which
/// strong dephasing reduces the model, k(m, m + 1) = 2 e² Γ/(Γ² + Δ²) with Γ = γ/2, e = ⟨m|H|m + 1⟩ and Δ = ⟨m + 1|H|m + 1⟩ − ⟨m|H|m⟩.
/// Q = sgn m has a value whether it is asked for or not, so K3 ≤ 1 whatever the rates and times.
public struct PointerHopping: Sendable {
    /// Q of each m, from S down.
    private let question: [Double]
    /// Decay rates of the modes of the symmetric generator, and the modes as columns.
    private let rates: [Double]
    private let modes: [Double]

    /// - Parameter dephasing: γ in units of J.
    /// - Throws: `EigenvalueError`.
    public init(_ model: LipkinModel, dephasing: Double, signAtZero: Double = 0) throws {
        let h = model.matrix, width = dephasing / 2
        let hops = h.offDiagonal.indices.map { k in
            let detuning = h.diagonal[k + 1] - h.diagonal[k], e = h.offDiagonal[k]
            return width > 0 ? 2 * e * e * width / (width * width + detuning * detuning) : 0
        }
        try self.init(hops: hops, question: (0...model.spinCount).map { k in
            let twice = model.spinCount - 2 * k
            return twice == 0 ? signAtZero : twice > 0 ? 1 : -1
        })
    }

    /// - Parameters:
    ///   - hops: rates between neighbours of a chain, the same both ways.
    ///   - question: what Q is at each place; |Q| ≤ 1.
    public init(hops: [Double], question: [Double]) throws {
        precondition(question.count == hops.count + 1)
        self.question = question
        let losses = zip(hops + [0], [0] + hops).map { $0 + $1 }
        (rates, modes) = try SymmetricTridiagonal(diagonal: losses, offDiagonal: hops.map { -$0 }).lowest(question.count)
    }

    /// - Parameter populations: of the places at first.
    public func correlators(populations: [Double], interval: Double) -> Correlators {
        let asked = weighted(populations), later = weighted(evolved(populations, interval))
        func answer(_ state: [Double]) -> Double { zip(question, state).reduce(0) { $0 + $1.0 * $1.1 } }
        let after = evolved(populations, interval).reduce(0, +)
        return Correlators(c12: answer(evolved(asked, interval)), c23: answer(evolved(later, interval)), c13: answer(evolved(asked, 2 * interval)),
                           traceError: abs(after - populations.reduce(0, +)))
    }

    private func weighted(_ state: [Double]) -> [Double] { zip(question, state).map { $0 * $1 } }

    private func evolved(_ state: [Double], _ time: Double) -> [Double] {
        let n = state.count
        var result = [Double](repeating: 0, count: n)
        for k in rates.indices {
            var amplitude = 0.0
            for i in 0..<n { amplitude += modes[k * n + i] * state[i] }
            amplitude *= exp(-max(rates[k], 0) * time)
            for i in 0..<n { result[i] += amplitude * modes[k * n + i] }
        }
        return result
    }
}

extension LeggettGarg {
    /// The control for this test: it begins with the populations of its state in the eigenbasis of Sz.
    public func macrorealist(interval: Double, signAtZero: Double) throws -> Correlators {
        let hopping = try PointerHopping(system.model, dephasing: damping.dephasing, signAtZero: signAtZero)
        return hopping.correlators(populations: try pointerPopulations(), interval: interval)
    }

    /// ⟨m|ρ(0)|m⟩ from m = S down.
    func pointerPopulations() throws -> [Double] {
        let density = try state.density(energies: system.levels.energies), n = system.model.spinCount
        let vectors = (0..<density.size).map { wholeVector($0) }
        var populations = [Double](repeating: 0, count: n + 1)
        for i in 0..<density.size {
            for k in 0..<density.size where density.values[i * density.size + k] != .zero {
                let weight = density.values[i * density.size + k].re
                for m in 0...n { populations[m] += weight * vectors[k][m] * vectors[i][m] }
            }
        }
        return populations
    }

    /// Level k on all m from S down.
    private func wholeVector(_ k: Int) -> [Double] {
        let n = system.model.spinCount, half = system.levels.amplitudes[k], sign = Double(LipkinLevels.parity(k).rawValue)
        return (0...n).map { place in
            if 2 * place == n { return k % 2 == 0 ? half[place] : 0 }
            return (place <= n - 1 - place ? half[place] : sign * half[n - place]) * 0.5.squareRoot()
        }
    }
}
