import Foundation
@testable import Mesoscopic
import Numbers

/// Correlators as they are defined, C(s, t) = ½ Tr[Q e^{L(t−s)} {Q, ρ(s)}], of all N + 1 states in the Dicke basis m: no levels, no splitting,
/// e^{Lt} by its Taylor series in small steps.
struct DickeBasisReference {
    let model: LipkinModel
    let dephasing: Double
    let relaxation: Double
    let signAtZero: Double
    /// |E0⟩, |E1⟩, … by m from S down.
    let vectors: [[Double]]
    private let hamiltonian: (diagonal: [Double], coupling: [Double])
    private let spins: [Double]

    init(_ model: LipkinModel, dephasing: Double, relaxation: Double, signAtZero: Double) throws {
        self.model = model
        self.dephasing = dephasing
        self.relaxation = relaxation
        self.signAtZero = signAtZero
        let matrix = model.matrix, solution = try matrix.lowest(3), n = matrix.size
        hamiltonian = (matrix.diagonal, matrix.offDiagonal)
        spins = (0..<n).map { model.spin - Double($0) }
        let question = (0..<n).map { 2 * $0 < n - 1 ? 1.0 : -1 }
        var found = (0..<3).map { Array(solution.vectors[$0 * n..<($0 + 1) * n]) }
        // Signs that matter to superpositions: ⟨0|Q|1⟩ > 0.
        if zip(zip(found[0], found[1]), question).reduce(0, { $0 + $1.0.0 * $1.0.1 * $1.1 }) < 0 { found[1] = found[1].map(-) }
        vectors = found
    }

    private var n: Int { spins.count }
    private func sign(_ m: Double) -> Double { m > 0 ? 1 : m < 0 ? -1 : signAtZero }

    /// ½{Q, X}
    private func asked(_ x: [Complex]) -> [Complex] {
        (0..<n * n).map { 0.5 * (sign(spins[$0 / n]) + sign(spins[$0 % n])) * x[$0] }
    }

    private func answer(_ x: [Complex]) -> Double { (0..<n).reduce(0) { $0 + sign(spins[$1]) * x[$1 * n + $1].re } }

    private func generator(_ x: [Complex]) -> [Complex] {
        let (d, e) = hamiltonian, ground = vectors[0], excited = vectors[1]
        var y = [Complex](repeating: .zero, count: n * n), left = [Complex](repeating: .zero, count: n), right = left, inner = Complex.zero
        for i in 0..<n {
            for k in 0..<n {
                left[k] += excited[i] * x[i * n + k]
                right[i] += excited[k] * x[i * n + k]
                inner += excited[i] * excited[k] * x[i * n + k]
            }
        }
        for i in 0..<n {
            for k in 0..<n {
                var commutator = (d[i] - d[k]) * x[i * n + k]
                if i > 0 { commutator += e[i - 1] * x[(i - 1) * n + k] }
                if i < n - 1 { commutator += e[i] * x[(i + 1) * n + k] }
                if k > 0 { commutator -= e[k - 1] * x[i * n + k - 1] }
                if k < n - 1 { commutator -= e[k] * x[i * n + k + 1] }
                let distance = spins[i] - spins[k]
                var value = Complex(commutator.im, -commutator.re) - (dephasing * distance * distance / 2) * x[i * n + k]
                value += (relaxation * ground[i] * ground[k]) * inner
                value -= (0.5 * relaxation) * (excited[i] * left[k] + excited[k] * right[i])
                y[i * n + k] = value
            }
        }
        return y
    }

    private func evolved(_ x: [Complex], _ time: Double) -> [Complex] {
        let width = 2 * Double(n) + dephasing * Double(n * n) / 2 + relaxation, steps = Int((time * width).rounded(.up)), h = time / Double(steps)
        var state = x
        for _ in 0..<steps {
            var term = state
            for order in 1...18 {
                term = generator(term).map { (h / Double(order)) * $0 }
                for k in state.indices { state[k] += term[k] }
            }
        }
        return state
    }

    func correlators(_ state: [Complex], interval: Double) -> Correlators {
        let first = evolved(asked(state), interval)
        return Correlators(c12: answer(first), c23: answer(evolved(asked(evolved(state, interval)), interval)), c13: answer(evolved(first, interval)))
    }
}
