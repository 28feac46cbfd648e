import Foundation
import Lindblad
import Numbers
import SpinAlgebra
import Testing

/// The multipole route against dense matrices from Kronecker products in the Dicke basis, which shares no code with it
/// beyond the parser.
extension SolverTests { @Suite struct DenseComparisonTests {
    static let moments = ["Jx", "Jy", "Jz", "Jx^2", "Jy^2", "Jz^2", "Jx*Jz + Jz*Jx", "Jp*Jz^2"]

    @Test func twoHundredRandomModels() throws {
        var random = Randomness(seed: 2)
        var compared = 0, worstMoment = 0.0, worstValue = 0.0
        for sample in 0..<200 {
            let model = try randomModel(&random), spinCount = Int.random(in: 1...(sample % 10 == 0 ? 12 : 7), using: &random)
            let instance = try model.instance(spinCount: spinCount, [:])
            let dense = try DenseLiouvillian(model: model, spinCount: spinCount, given: [:])
            let exact = try dense.eigenvalues(), norm = dense.norm
            let zero = exact.min { $0.value.magnitude < $1.value.magnitude }!
            let rest = exact.filter { $0.value != zero.value }.sorted { $0.value.re > $1.value.re }
            let gap = -rest[0].value.re
            let solver = try LindbladSolver(model: model)
            let label = Comment(rawValue: "sample \(sample), N = \(spinCount), H = \(model.hamiltonian.text)")

            // Eigenvalues: every mode, greedily matched; each is as sharp as its condition number allows.
            let found = try solver.slowModes(instance, count: (spinCount + 1) * (spinCount + 1))
            var values = found.modes.flatMap { $0.eigenvalue.im > 0 ? [$0.eigenvalue, $0.eigenvalue.conjugate] : [$0.eigenvalue] }
            #expect(values.count + found.kernelDimension == exact.count, label)
            for (value, condition) in rest where found.kernelDimension == 1 {
                let nearest = values.indices.min { (values[$0] - value).magnitude < (values[$1] - value).magnitude }!
                let error = (values[nearest] - value).magnitude / (condition * norm)
                worstValue = max(worstValue, error)
                #expect(error < 1e-10, label)
                values.remove(at: nearest)
            }

            guard found.kernelDimension == 1, let reference = dense.steadyState() else { continue }
            let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
            guard case .resolved(let state) = solution.outcome else { Issue.record("not resolved: \(label)"); continue }
            compared += 1
            let j = Double(spinCount) / 2
            for text in Self.moments {
                let expression = try OperatorExpression(parsing: text)
                let expected = DenseLiouvillian.expectation(reference, try expression.directMatrix(spinCount: spinCount, instance.values))
                let error = (state.expectation(try expression.polynomial(instance.values)) - expected).magnitude / pow(j, Double(expression.degree))
                worstMoment = max(worstMoment, error * gap / norm)
                #expect(error <= 1e-10 * norm / gap, label)
            }
            let purity = reference.joined().reduce(0) { $0 + $1.squaredMagnitude }
            #expect(abs(state.purity - purity) <= 1e-10 * norm / gap, label)
        }
        #expect(compared >= 180, "most random models have one steady state")
        print("random models: \(compared) steady states compared, worst moment error \(worstMoment)·‖L‖/gap, worst eigenvalue error \(worstValue)·κ‖L‖")
    }
} }
