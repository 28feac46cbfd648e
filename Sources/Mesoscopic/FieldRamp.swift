import Foundation
import LinearAlgebra
import Numbers

/// The unbiased LMG model under a transverse field g = Γ/J led linearly through the transition, from the ground state. Parity is
/// conserved: of the doublet the odd level is never reached, and what leaves the ground state goes to E2, E4, …
/// Energies in units of J, times in ħ/J.
public struct FieldRamp: Sendable {
    public let sweep: LinearSweep

    /// - Parameter levelCount: even levels kept, of the model in the middle of the ramp.
    public init(spinCount: Int, from: Double, to: Double, levelCount: Int) throws {
        let middle = 0.5 * (from + to)
        let block = LipkinModel(spinCount: spinCount, transverseField: middle).block(.even)
        let (values, vectors) = try block.lowest(levelCount)
        // The block is linear in g: ∂H/∂g is the difference of those at 1 and 0.
        let one = LipkinModel(spinCount: spinCount, transverseField: 1).block(.even)
        let none = LipkinModel(spinCount: spinCount, transverseField: 0).block(.even)
        let diagonal = zip(one.diagonal, none.diagonal).map { $0 - $1 }, size = block.size, count = values.count
        var drive = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for k in i..<count {
                var sum = 0.0
                for m in 0..<size { sum += diagonal[m] * vectors[i * size + m] * vectors[k * size + m] }
                for m in 0..<max(0, size - 1) {
                    let (a, b) = (vectors[i * size + m] * vectors[k * size + m + 1], vectors[i * size + m + 1] * vectors[k * size + m])
                    sum += one.offDiagonal[m] * (a + b)
                }
                drive[i * count + k] = sum
                drive[k * count + i] = sum
            }
        }
        // H(g) = H(middle) + (g − middle) ∂H/∂g, with the parameter counted from the middle.
        sweep = LinearSweep(energies: values, drive: drive, from: from - middle, to: to - middle)
    }

    public struct Outcome: Sendable {
        /// P_exc: that the final state is not the ground state.
        public let excited: Double
        /// Of these, in E2.
        public let secondLevel: Double
        public let levelCount: Int
        public let levelError: Double
        public let timeError: Double
        public let steps: Int
        public let normError: Double
    }

    /// A ramp on as many even levels as it takes, or on a given number of them; see `LandauZenerSweep.run`.
    public static func run(spinCount: Int, from: Double, to: Double, duration: Double, tolerance: Double,
                           levelCount: Int? = nil) throws -> Outcome {
        let all = LipkinModel(spinCount: spinCount, transverseField: 1).blockLevels(.even).count
        let found = try LevelLadder.climb(from: levelCount ?? LevelLadder.least, of: all, isFixed: levelCount != nil,
                                          tolerance: tolerance) { (count, before: LinearSweep.Outcome?) -> LinearSweep.Outcome in
            let sweep = try FieldRamp(spinCount: spinCount, from: from, to: to, levelCount: count).sweep
            return try sweep.run(duration: duration, tolerance: tolerance, firstSteps: before.map { max(1, $0.steps / 2) }) { state in
                let populations = try sweep.finalPopulations(state)
                return [populations.dropFirst().reduce(0, +), populations.count > 1 ? populations[1] : 0]
            }
        } probabilities: { $0.probabilities }
        let outcome = found.solution
        return Outcome(excited: outcome.probabilities[0], secondLevel: outcome.probabilities[1], levelCount: found.count, levelError: found.error,
                       timeError: outcome.error, steps: outcome.steps, normError: outcome.normError)
    }
}
