import Foundation
import Lindblad
import SpinAlgebra
import Testing

extension SolverTests { @Suite struct ReferenceTests {
    /// Rounding costs about 4e-15/gap in ⟨J⟩/j and 1e-14/gap in the gap itself, growing with N; the tests allow twice that,
    /// and the solver's own estimate must cover the error.
    @Test(arguments: ReferencePoint.all) func steadyStateAndGap(_ point: ReferencePoint) throws {
        let solver = try LindbladSolver(model: point.makeModel())
        let instance = try solver.model.instance(spinCount: point.N, point.parameters)
        let begin = Date()
        let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-3)
        let middle = Date()
        let modes = try solver.slowModes(instance, count: 4)
        let end = Date()
        guard case .resolved(let state) = solution.outcome else { Issue.record("not resolved: \(solution)"); return }
        let j = Double(point.N) / 2
        let measured = try ["Jx/j", "Jy/j", "Jz/j", "Jz^2/j^2"].map { try state.expectation(OperatorExpression(parsing: $0).polynomial(["N": Double(point.N), "j": j])).re }
        let expected = [point.jx, point.jy, point.jz, point.jz2]
        let errors = zip(measured, expected).map { abs($0 - $1) }
        // ⟨Jy⟩ of the reference itself is good to 5e-18/gap only, the others are quadruple precision.
        let error = max(errors[0], errors[1] - 5e-18 / (point.gap ?? 1), errors[2], errors[3])
        let gap = modes.modes[0].decayRate
        let gapError = point.gap.map { abs(gap - $0) / $0 }
        print("\(point): error \(error) (estimate \(solution.error)), purity error \(abs(state.purity - point.purity)), gap \(gap) relative error \(gapError ?? .nan) (estimate \(modes.modes[0].error / gap)), sector \(modes.modes[0].kind), leak \(solution.leak), window \(solution.window.lMax),\(solution.window.qMax)/\(modes.window.lMax),\(modes.window.qMax), \(middle.timeIntervalSince(begin)) s + \(end.timeIntervalSince(middle)) s")
        let growth = 1 + Double(point.N) / 40
        let allowance = 2e-10 + growth * 8e-15 / (point.gap ?? 0.1)
        #expect(error < allowance)
        #expect(abs(state.purity - point.purity) < allowance)
        #expect(error < 2e-10 + 3 * solution.error)
        if let gapError, point.model != .lmgDephasing || modes.modes[0].kind.parity == 0 {
            #expect(gapError < 1e-9 + growth * 2e-14 / point.gap!)
            #expect(gapError < 1e-9 + 3 * modes.modes[0].error / gap)
        }
    }
} }
