import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import Numbers
import SpinAlgebra
import Testing

/// Eight points at a time: against dense elimination, and against the same points by themselves.
extension SolverTests { @Suite struct BatchTests {
    /// Random sparse matrices of one pattern, unsymmetric in values and places, in a random order of elimination; each lane
    /// solved against LAPACK.
    @Test func eliminationAgainstDense() throws {
        var random = Randomness(seed: 41)
        for size in [1, 2, 3, 5, 8, 13, 40, 90, 150] {
            for density in [0.02, 0.2, 0.9] {
                var starts = [0], rows: [Int32] = []
                for column in 0..<size {
                    for row in 0..<size where row == column || random.real(0...1) < density { rows.append(Int32(row)) }
                    starts.append(rows.count)
                }
                let pattern = SparsePattern(size: size, columnStarts: starts, rows: rows)
                // Diagonally dominant for all coefficients in use: no pivoting is needed.
                let terms = (0..<3).map { _ in
                    pattern.rows.indices.map { pattern.rows[$0] == pattern.columns[$0] ? random.real(2...3) * Double(size + 1) : random.real() }
                }
                let points = (0..<8).map { _ in (0..<3).map { _ in random.real(0.5...1) } }
                let plan = FrontalPlan(pattern: pattern, ordering: (0..<size).shuffled(using: &random))
                let lu = BatchLU(plan: plan, terms: terms, workspace: BatchLU.Workspace())
                lu.factor(LaneBuffer(points))
                let right = (0..<size * 4 * 8).map { _ in random.real() }
                for sides in [1, 2, 4] {
                    for transposed in [false, true] {
                        let x = LaneBuffer(count: size * sides)
                        for k in 0..<size * sides { for lane in 0..<8 { x[k, lane] = right[k * 8 + lane] } }
                        lu.solve(x, sides: sides, transposed: transposed)
                        for lane in 0..<8 {
                            var dense = [Double](repeating: 0, count: size * size)
                            for entry in pattern.rows.indices {
                                let i = Int(plan.place[Int(pattern.rows[entry])]), j = Int(plan.place[Int(pattern.columns[entry])])
                                let value = (0..<3).reduce(0.0) { $0 + points[lane][$1] * terms[$1][entry] }
                                dense[transposed ? i * size + j : j * size + i] = value
                            }
                            let b = (0..<sides).flatMap { side in (0..<size).map { right[($0 * sides + side) * 8 + lane] } }
                            let expected = try #require(DenseEigen.solve(dense, size: size, rightHandSides: b))
                            for side in 0..<sides {
                                for k in 0..<size { #expect(abs(x[k * sides + side, lane] - expected[side * size + k]) < 1e-13) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Points of several N, some of them degenerate or metastable, together and each by itself: the same bits.
    @Test func neighboursLeaveNoTrace() throws {
        let model = try #require(ModelPreset.named("bistable-pump")).model()
        var random = Randomness(seed: 5), instances: [ModelInstance] = []
        for k in 0..<21 {
            let spinCount = [7, 20, 36, 36, 20, 60, 1][k % 7]
            // The pump alone leaves both poles dark: two steady states and a coherence between them.
            let gamma = k == 9 ? 0.0 : 1.0
            instances.append(try model.instance(spinCount: spinCount, ["Omega": k == 9 ? 0 : random.real(0.1...0.8), "Gamma": random.real(0.2...1.2), "gamma": gamma]))
        }
        func bits(_ solution: SteadyStateSolution) -> [UInt64] {
            let states: [MultipoleState]
            switch solution.outcome {
            case .resolved(let state), .chosen(let state, _): states = [state]
            case .unresolved(let phases): states = phases
            case .degenerate(let dimension): return [UInt64(dimension)]
            }
            return states.flatMap { $0.coefficients.map(\.bitPattern) } + [solution.error.bitPattern, solution.leak.bitPattern, solution.residual.bitPattern]
        }
        let together = try LindbladSolver(model: model).steadyStates(instances, leakTolerance: 1e-9, errorTolerance: 1e-6)
        let reversed = Array(try LindbladSolver(model: model).steadyStates(instances.reversed(), leakTolerance: 1e-9, errorTolerance: 1e-6).reversed())
        let modes = try LindbladSolver(model: model).slowModes(instances, count: 1)
        for (k, instance) in instances.enumerated() {
            let alone = try LindbladSolver(model: model).steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
            #expect(try bits(alone) == bits(together[k].get()), "point \(k)")
            #expect(try bits(alone) == bits(reversed[k].get()), "point \(k)")
            let mode = try LindbladSolver(model: model).slowModes(instance, count: 1), other = try modes[k].get()
            #expect(mode.kernelDimension == other.kernelDimension && mode.searchRadius.bitPattern == other.searchRadius.bitPattern, "point \(k)")
            #expect(mode.modes.map(\.eigenvalue) == other.modes.map(\.eigenvalue) && mode.vectors == other.vectors, "point \(k)")
        }
        guard case .degenerate = try together[9].get().outcome else { Issue.record("the point with two dark states has one steady state"); return }
    }

    /// The single path shares neither factors nor error estimates' arithmetic with the batch.
    @Test(arguments: [("bistable-pump", 40, ["Omega": 0.5, "Gamma": 0.7]), ("bistable-pump", 300, ["Omega": 0.5, "Gamma": 0.3]),
                      ("driven-lmg", 50, ["V": 3.0]), ("lmg-dephasing", 60, ["h": 0.7]), ("driven-twisting", 40, ["Omega": 1.1])])
    func batchAgainstSinglePath(_ preset: String, _ spinCount: Int, _ parameters: [String: Double]) throws {
        let model = try #require(ModelPreset.named(preset)).model(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: spinCount, parameters)
        let batched = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        let alone = try solver.steadyStateAlone(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        guard case .resolved(let a) = batched.outcome, case .resolved(let b) = alone.outcome else { Issue.record("not resolved"); return }
        let difference = [SpinPolynomial.jx, .jy, .jz].map { abs(a.expectation($0).re - b.expectation($0).re) * 2 / Double(spinCount) }.max()!
        #expect(difference <= 10 * (batched.error + alone.error))
        #expect(abs(batched.error - alone.error) <= 0.5 * alone.error)
        // Both windows hold the state to the leak; states differ by no more.
        #expect(abs(a.purity - b.purity) < 1e-8)

        let axes = try solver.axes(instance), (liouvillian, coefficients) = try solver.assemble(instance, axes.frame, axes.plan.window)
        var compared = 0
        for sector in liouvillian.sectors {
            guard let batch = try liouvillian.batchSlowModes(sector.number, workspace: solver.workspace),
                  let lane = try batch.solve([coefficients])[0] else { continue }
            let (modes, _) = try SlowModes(sector: sector, coefficients: coefficients).nearest(1)
            let expected = try #require(modes.first).eigenvalue
            #expect((lane.mode.eigenvalue - expected).magnitude <= 1e-7 * expected.magnitude)
            compared += 1
        }
        #expect(compared > 0, "the batch gave up on every sector")
    }

    /// Windows too narrow on purpose: the estimate from what leaves them, against the complete window. It takes the outside
    /// for diagonal, so it is right to about an order of magnitude while much leaves, and closer where little does.
    @Test func truncationErrorIsForetold() throws {
        let model = try #require(ModelPreset.named("bistable-pump")).model(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: 60, ["Omega": 0.5, "Gamma": 0.9])
        func solve(_ l: Int, _ q: Int) throws -> (MultipoleState, Double) {
            let window = MultipoleWindow(lMax: l, qMax: q), (liouvillian, coefficients) = try solver.assemble(instance, .laboratory, window)
            let batch = try #require(try liouvillian.batch(spinCount: 60, workspace: solver.workspace))
            let lane = batch.solve([coefficients])[0]
            return (MultipoleState(spinCount: 60, frame: .laboratory, window: window, coefficients: lane.coefficients), lane.rounding + lane.truncation)
        }
        let (exact, _) = try solve(60, 60)
        for (l, q) in [(14, 14), (20, 12), (26, 20), (34, 30)] {
            let (state, estimate) = try solve(l, q)
            let difference = [SpinPolynomial.jx, .jy, .jz].map { abs(state.expectation($0).re - exact.expectation($0).re) / 30 }.max()!
            #expect(difference <= 20 * estimate + 1e-12 && estimate <= 1e3 * difference + 1e-11, "window \(l), \(q): error \(difference), estimate \(estimate)")
        }
    }

    /// Oscillating modes decay half as fast as the nearest one to zero: one mode asked for is the slowest of all of them, at
    /// every size of sector, whichever way that sector is searched.
    @Test(arguments: [6, 8, 9, 11, 12, 14, 18]) func oscillatingModesAreNotOverlooked(_ spinCount: Int) throws {
        let model = try Model(hamiltonian: "w*Jz + g*Jx + 0.3*Jx^2/j", jumps: [("1/N", "Jm"), ("0.02", "Jz")], parameters: [("w", "5"), ("g", "0.3")])
        let instance = try model.instance(spinCount: spinCount, [:])
        let found = try #require(try LindbladSolver(model: model).slowModes(instance, count: 1).modes.first)
        let exact = try DenseLiouvillian(model: model, spinCount: spinCount, given: [:]).eigenvalues().map(\.value)
        let scale = exact.map(\.magnitude).max()!, slowest = exact.filter { $0.magnitude > 1e-10 * scale }.map { -$0.re }.min()!
        #expect(abs(found.decayRate - slowest) < 1e-8 * slowest)
    }
} }
