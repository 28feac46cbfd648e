import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import SpinAlgebra
import Testing

extension SolverTests { @Suite struct LargeSpinTests {
    private func steadyState(_ model: Model, _ spinCount: Int, _ values: [String: Double]) throws -> MultipoleState {
        let solution = try LindbladSolver(model: model).steadyState(model.instance(spinCount: spinCount, values), leakTolerance: 1e-9, errorTolerance: 1e-6)
        #expect(solution.leak <= 1e-9 && solution.error < 1e-7)
        guard case .resolved(let state) = solution.outcome else { throw EigenvalueError("not resolved") }
        return state
    }

    /// z of the classical fixed point: Ω = (γ − Γ(1+z)²)√(1−z²).
    private func classicalHeight(Omega: Double, Gamma: Double) -> Double {
        var low = -0.99, high = -0.8
        for _ in 0..<80 {
            let z = (low + high) / 2
            if (1 - Gamma * (1 + z) * (1 + z)) * (1 - z * z).squareRoot() < Omega { low = z } else { high = z }
        }
        return low
    }

    /// ⟨Jz⟩/j = z + a/N + b/N² + …: three sizes determine z, which the classical equations give too.
    @Test func singlePhaseExtrapolatesToTheClassicalFixedPoint() throws {
        let model = try ModelPreset.named("bistable-pump")!.model(), values = ["Omega": 0.5, "Gamma": 0.3]
        let sizes = [3000, 10_000, 100_000]
        let heights = try sizes.map { try steadyState(model, $0, values).expectation(.jz).re / (Double($0) / 2) }
        // Lagrange's polynomial in 1/N at zero.
        let x = sizes.map { 1 / Double($0) }
        var limit = 0.0
        for a in 0..<3 {
            var weight = 1.0
            for b in 0..<3 where b != a { weight *= x[b] / (x[b] - x[a]) }
            limit += weight * heights[a]
        }
        let classical = classicalHeight(Omega: 0.5, Gamma: 0.3)
        print("⟨Jz⟩/j at \(sizes): \(heights); extrapolated \(limit), classical \(classical)")
        #expect(abs(limit - classical) < 2e-9)
        #expect(abs(heights[2] - classical) > 1e-7)
    }

    /// Two ways to the same phases: windows of their own, and the extreme states along the slow mode of the whole.
    @Test func phasesAloneAgreeWithThoseOfTheSlowMode() throws {
        let model = try ModelPreset.named("bistable-pump")!.model()
        // Below what double-double resolves, at N = 400 and Ω = 0.35.
        let instance = try model.instance(spinCount: 400, ["Omega": 0.35, "Gamma": 0.9])
        let solver = try LindbladSolver(model: model)
        guard case .unresolved(let whole) = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome, whole.count == 2,
              let alone = try solver.phases(instance, along: solver.phaseDirections(instance)) else { throw EigenvalueError("no phases") }
        for (a, b) in zip(whole, alone.states) {
            for component in [SpinPolynomial.jx, .jy, .jz] { #expect(abs(a.expectation(component).re - b.expectation(component).re) < 2e-8 * 200) }
            #expect(abs(a.purity - b.purity) < 1e-7 * b.purity)
        }
        #expect(alone.error < 1e-8 && alone.leak < 1e-9)
    }

    /// ⟨Jz⟩/j of either phase goes like z + a/N to the classical fixed point, and the gap has a bound.
    @Test func phasesOfLargeSpins() throws {
        let model = try ModelPreset.named("bistable-pump")!.model(), values = ["Omega": 0.5, "Gamma": 0.84], sizes = [4000, 20_000]
        var heights: [[Double]] = []
        for size in sizes {
            let solver = try LindbladSolver(model: model), instance = try model.instance(spinCount: size, values)
            let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
            guard case .unresolved(let phases) = solution.outcome, phases.count == 2 else { throw EigenvalueError("no phases") }
            heights.append(phases.map { $0.expectation(.jz).re * 2 / Double(size) })
            #expect(solution.leak < 3e-9 && solution.error > 1)
            let gap = try solver.slowModes(instance, count: 1)
            #expect(gap.modes.isEmpty && gap.gapBound! < 1e-5)
        }
        // Stable zeros of the classical −(γ − Γ(1+z)²) sin θ − Ω in θ, from both ends.
        func classical(_ from: Double, _ to: Double) -> Double {
            var (low, high) = (from, to)
            func sign(_ angle: Double) -> Bool { (1 - 0.84 * (1 + cos(angle)) * (1 + cos(angle))) * sin(angle) > 0.5 }
            let start = sign(low)
            for _ in 0..<80 { let middle = (low + high) / 2; if sign(middle) == start { low = middle } else { high = middle } }
            return cos(low)
        }
        let limits = [classical(.pi, 2.4), classical(-0.4, -0.01)]
        for phase in 0..<2 {
            let x = sizes.map { 1 / Double($0) }
            let limit = (heights[0][phase] * x[1] - heights[1][phase] * x[0]) / (x[1] - x[0])
            print("phase \(phase): \(heights.map { $0[phase] }), extrapolated \(limit), classical \(limits[phase])")
            #expect(abs(limit - limits[phase]) < 1e-6)
            #expect(abs(heights[1][phase] - limits[phase]) > 1e-6)
        }
    }

    /// Jm at κ/N and Jp at p/N have the same matrix elements: populations fall by p/κ a level.
    @Test(arguments: [5000, 100_000, 1_000_000]) func axialModelIsGeometric(spinCount: Int) throws {
        let model = try Model(hamiltonian: "h*Jz", jumps: [("kappa/N", "Jm"), ("p/N", "Jp"), ("kz/N", "Jz")],
                              parameters: [("h", "1"), ("kappa", "1"), ("p", "0.4"), ("kz", "0.3")])
        let state = try steadyState(model, spinCount, [:])
        #expect(state.window.qMax == 0)
        let j = Double(spinCount) / 2, height = (state.expectation(.jz).re + j)
        print("N = \(spinCount): levels above the lowest \(height)")
        #expect(abs(height - 2.0 / 3) < 1e-6 * j)
        #expect(abs(height / j - 2.0 / 3 / j) < 1e-9)
    }

    /// The steady state's class alone gives what all multipoles give.
    @Test func classAloneIsEnough() throws {
        let model = try ModelPreset.named("bistable-pump")!.model()
        let instance = try model.instance(spinCount: 300, ["Omega": 0.5, "Gamma": 0.3])
        let solver = try LindbladSolver(model: model), axes = try solver.axes(instance)
        let affine = try AffineLiouvillian(model: model, spinCount: 300, frame: axes.frame), coefficients = try affine.coefficients(instance.values)
        let all = try TruncatedLiouvillian(affine, window: axes.plan.window)
        let cosine = try TruncatedLiouvillian(affine, window: axes.plan.window, members: MultipoleClass(part: .cosine))
        #expect(cosine.sectors.count == 1 && cosine.steadySector.size == all.steadySector.size)
        #expect(cosine.steadySector.values(coefficients) == all.steadySector.values(coefficients))
        let a = try SteadyStateSolve(all, spinCount: 300, coefficients: coefficients), b = try SteadyStateSolve(cosine, spinCount: 300, coefficients: coefficients)
        #expect(a.x == b.x && a.leak.norm == b.leak.norm)
    }

    /// Eight columns at a time against one at a time in double-double.
    @Test func lanesAgreeWithSingleColumns() throws {
        var random = Randomness(seed: 11)
        for _ in 0..<4 {
            let model = try randomModel(&random), spinCount = 23
            let affine = try AffineLiouvillian(model: model, spinCount: spinCount, frame: .laboratory), maps = affine.terms.map(\.superoperator)
            let algebra = MultipoleAlgebra<ExtendedComplex>(spinCount: spinCount)
            let lanes = MultipoleLanes(spinCount: spinCount, reach: affine.reach, lMax: spinCount, qMax: spinCount)
            for (l, q) in [(0, 0), (5, 0), (9, 8), (20, 3), (23, 16)] {
                let images = lanes.images(l: l, q: q, of: maps)
                for (k, map) in maps.enumerated() {
                    for lane in 0..<8 where q + lane <= l {
                        let exact = map.exactColumn(l: l, q: q + lane, algebra)
                        for dl in -affine.reach...affine.reach {
                            for dq in -affine.reach...affine.reach {
                                let value = exact[l + dl, q + lane + dq]
                                let error = max(abs(images[k].re(dl, dq, lane: lane) - value.re.high), abs(images[k].im(dl, dq, lane: lane) - value.im.high))
                                #expect(error <= 1e-14 * map.magnitude(spinCount: spinCount))
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func bandedLU() throws {
        var random = Randomness(seed: 5)
        let size = 60, below = 3, above = 5
        var starts = [0], rows: [Int32] = []
        for column in 0..<size {
            for row in max(0, column - above)...min(size - 1, column + below) { rows.append(Int32(row)) }
            starts.append(rows.count)
        }
        let pattern = SparsePattern(size: size, columnStarts: starts, rows: rows)
        #expect(pattern.bandwidths == (below, above))
        let values = rows.map { _ in random.real() }, b = (0..<2 * size).map { _ in random.real() }
        let banded = BandedLU(pattern)
        for _ in 0..<2 { try banded.factor(values) }
        for transposed in [false, true] {
            let x = banded.solve(b, transposed: transposed)
            for side in 0..<2 {
                let image = pattern.multiply(values, Array(x[side * size..<(side + 1) * size]), transposed: transposed)
                for i in 0..<size { #expect(abs(image[i] - b[side * size + i]) < 1e-9) }
            }
        }
    }
} }
