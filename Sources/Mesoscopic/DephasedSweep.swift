import Foundation
import LinearAlgebra
import Numbers

/// A Landau–Zener sweep with dephasing: dρ/dt = −i[H(t), ρ] + γ(JρJ − ½{J², ρ}) on the n lowest unbiased levels, where J is Sz between
/// these levels (so that the trace stays). Energies in units of J, times in ħ/J.
///
/// In the eigenbasis of J the bias and the dissipator multiply each element of ρ by a factor, exactly and however h depends on t:
/// exp(−γ(wᵢ − wₖ)²t/2 + 2i(wᵢ − wₖ)∫h dt). Between these, the unbiased levels turn it. Steps are symmetric, so that errors are
/// even in dt and Romberg's table takes them away.
public struct DephasedSweep: Sendable {
    private let bias: LandauZenerSweep
    /// γ/J
    private let rate: Double
    private let size: Int
    /// Eigenvalues of J.
    private let spins: [Double]
    /// ⟨level k|i⟩ with the eigenvectors i of J as columns.
    private let overlap: [Double]
    private let initial: [Complex]
    /// 1 − |final ground state⟩⟨…| and the projector on the well begun in, in the eigenbasis of J.
    private let measures: [[Double]]

    /// - Parameter rate: γ/J, of the dissipator γ(SzρSz − ½{Sz², ρ}).
    public init(_ sweep: LandauZenerSweep, rate: Double) throws {
        bias = sweep
        self.rate = rate
        let levels = sweep.levels, size = levels.count
        self.size = size
        let (spins, basis) = try DenseEigen.symmetric(levels.spin, size: size)
        self.spins = spins
        overlap = basis
        func inSpinBasis(_ vector: ArraySlice<Double>) -> [Double] {
            (0..<size).map { i in zip(basis[i * size..<(i + 1) * size], vector).reduce(0) { $0 + $1.0 * $1.1 } }
        }
        let first = inSpinBasis(try sweep.sweep.eigenstates(at: -sweep.amplitude).vectors[0..<size])
        let last = inSpinBasis(try sweep.sweep.eigenstates(at: sweep.amplitude).vectors[0..<size])
        initial = (0..<size * size).map { Complex(first[$0 % size] * first[$0 / size]) }
        let missed = (0..<size * size).map { ($0 % size == $0 / size ? 1 : 0) - last[$0 % size] * last[$0 / size] }
        let sign = levels.sign()
        let rows = (0..<size).map { inSpinBasis(sign[$0 * size..<($0 + 1) * size]) }
        let columns = (0..<size).map { i in inSpinBasis(rows.map { $0[i] }[0..<size]) }
        let well = (0..<size * size).map { 0.5 * (($0 % size == $0 / size ? 1 : 0) - columns[$0 / size][$0 % size]) }
        measures = [missed, well]
    }

    /// P_gs, P_well and the trace after so many equal steps.
    func propagated(duration: Double, steps: Int) -> [Double] {
        let size = size, step = duration / Double(steps), energies = bias.levels.energies
        // conj(exp(−iH₀dt)): exp(−iH₀dt) is symmetric.
        var conjugate = [Complex](repeating: .zero, count: size * size)
        for level in 0..<size {
            let phase = (energies[level] - energies[0]) * step, turn = Complex(cos(phase), sin(phase))
            for i in 0..<size {
                for k in 0..<size { conjugate[k * size + i] += (overlap[i * size + level] * overlap[k * size + level]) * turn }
            }
        }
        let decay = (0..<size * size).map { index in
            let difference = spins[index % size] - spins[index / size]
            return exp(-0.25 * rate * step * difference * difference)
        }
        var state = initial
        func damp(_ middle: Double) {
            // ∫h over half a step is half a step of h in its middle.
            let angle = step * bias.amplitude * (2 * middle - 1)
            let turns = spins.map { Complex(cos(angle * $0), sin(angle * $0)) }
            for k in 0..<size {
                let back = turns[k].conjugate
                for i in 0..<size { state[k * size + i] = decay[k * size + i] * (turns[i] * back * state[k * size + i]) }
            }
        }
        for k in 0..<steps {
            damp((Double(k) + 0.25) / Double(steps))
            let right = AdjointProduct.multiply(state, conjugate, rows: size)
            state = AdjointProduct.multiply(conjugate, right, rows: size)
            damp((Double(k) + 0.75) / Double(steps))
        }
        func expectation(_ matrix: [Double]) -> Double { zip(matrix, state).reduce(0) { $0 + $1.0 * $1.1.re } }
        return measures.map(expectation) + [(0..<size).reduce(0) { $0 + state[$1 * size + $1].re }]
    }

    public struct Outcome: Sendable {
        public let probabilities: LandauZenerSweep.Probabilities
        public let levelCount: Int
        /// Greatest change of the probabilities when more levels are kept; 0 where all are.
        public let levelError: Double
        public let timeError: Double
        public let steps: Int
        /// |1 − tr ρ| at the end.
        public let traceError: Double
    }

    /// Romberg's table in dt², dt⁴, … until its last two diagonal entries agree.
    func run(duration: Double, tolerance: Double) -> (values: [Double], error: Double, steps: Int) {
        var steps = max(16, Int(min(2 * duration, 1e9).rounded(.up))), table = [propagated(duration: duration, steps: steps)]
        while true {
            steps *= 2
            var row = [propagated(duration: duration, steps: steps)], factor = 1.0
            for column in table.indices {
                factor *= 4
                row.append(zip(row[column], table[column]).map { $0 + ($0 - $1) / (factor - 1) })
            }
            let best = row[row.count - 1], error = zip(best, table[table.count - 1]).map { abs($0 - $1) }.max()!
            if error <= tolerance || 2 * steps > LinearSweep.greatestSteps { return (best, error, steps) }
            table = row
        }
    }

    /// A sweep with dephasing, begun with the levels that the one without took and with more of them until nothing changes.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public static func run(_ model: LipkinModel, amplitude: Double, duration: Double, rate: Double, tolerance: Double,
                           levelCount: Int, isFixed: Bool = false) throws -> Outcome {
        typealias Solution = (values: [Double], error: Double, steps: Int)
        let found = try LevelLadder.climb(from: levelCount, of: model.spinCount + 1, isFixed: isFixed,
                                          tolerance: tolerance) { (count, _: Solution?) -> Solution in
            let sweep = LandauZenerSweep(try LipkinLevels(model, count: count), amplitude: amplitude)
            return try DephasedSweep(sweep, rate: rate).run(duration: duration, tolerance: tolerance)
        } probabilities: { $0.values }
        let (values, error, steps) = found.solution
        return Outcome(probabilities: LandauZenerSweep.Probabilities(groundStateMissed: values[0], wrongWell: values[1]), levelCount: found.count,
                       levelError: found.error, timeError: error, steps: steps, traceError: abs(1 - values[2]))
    }
}
