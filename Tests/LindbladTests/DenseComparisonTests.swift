import Foundation
import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra
import Testing

/// The multipole route against dense matrices from Kronecker products in the Dicke basis, which shares no code with it
/// beyond the parser.
extension SolverTests { @Suite struct DenseComparisonTests {
    static let moments = ["Jx", "Jy", "Jz", "Jx^2", "Jy^2", "Jz^2", "Jx*Jz + Jz*Jx", "Jp*Jz^2"]

    /// Each parity of m − m′ by itself, cut out of the dense matrix, where the rotation by π about z is a weak symmetry.
    @Test(arguments: [9, 20])
    func gapOfEachSector(spinCount: Int) throws {
        let model = try ModelPreset.named("lmg-dephasing")!.model()
        let given = ["V": 2.0, "h": 0.5, "kappa": 0.2, "kappa_z": 0.3], d = spinCount + 1
        let dense = try DenseLiouvillian(model: model, spinCount: spinCount, given: given)
        let solution = try LindbladSolver(model: model).slowModes(model.instance(spinCount: spinCount, given), count: 1, perSector: true)
        #expect(solution.sectorModes.map(\.kind.parity) == [0, 1])
        for parity in 0...1 {
            let members = (0..<d * d).filter { ($0 / d + $0 % d) % 2 == parity }
            var part = [Complex](repeating: .zero, count: members.count * members.count)
            for (c, column) in members.enumerated() { for (r, row) in members.enumerated() { part[c * members.count + r] = dense.matrix[column * d * d + row] } }
            let values = try DenseEigen.complexEigenvalues(part, size: members.count).map(\.value)
            let slowest = try #require(values.filter { $0.magnitude > 1e-10 }.map { -$0.re }.min())
            let mode = try #require(solution.sectorModes.first { $0.kind.parity == parity })
            #expect(abs(mode.decayRate - slowest) < 1e-10)
            #expect(mode.decayRate >= solution.modes[0].decayRate * (1 - 1e-10))
        }
    }

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
