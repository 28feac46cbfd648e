import Foundation
@testable import Lindblad
import Numbers
import SpinAlgebra
import Testing

/// Coexistence of phases below the floor of double precision.
extension SolverTests { @Suite struct ExtendedPrecisionTests {
    struct Point: CustomStringConvertible, Sendable {
        let N: Int, omega: Double, pump: Double, jz: Double, gap: Double
        var description: String { "N = \(N), Omega = \(omega), Gamma = \(pump)" }
    }

    private func bistable() throws -> Model {
        try Model(hamiltonian: "Omega*Jx", jumps: [("gamma/j", "Jm"), ("Gamma/j^3", "Jp*(j + Jz)")], parameters: [("gamma", "1")])
    }

    private func jz(_ solution: SteadyStateSolution, _ spinCount: Int) -> (jz: Double, purity: Double)? {
        guard case .resolved(let state) = solution.outcome else { return nil }
        return (state.expectation(.jz).re * 2 / Double(spinCount), state.purity)
    }

    /// Points of the reference file in __float128 (block LU in the full space up to l = 180), and N = 400, Γ = 0.839 of an
    /// independent quad LU cut at l = 200: gap 3.5532064663e-18, ⟨Jz⟩/j 0.61121358. (A double-double prototype in the full
    /// space gave 3.5532064805e-18 and 0.61121357916 for it, which the looser of the two tolerances allows for.)
    @Test(arguments: [
        Point(N: 200, omega: 0.5, pump: 0.84451, jz: 0.2003770974643401058838503752, gap: 8.130903581171122231e-10),
        Point(N: 400, omega: 0.3, pump: 0.6, jz: -0.9537873533316410478461748554, gap: 5.509074115744305403e-10),
        Point(N: 400, omega: 0.6, pump: 0.8, jz: 0.9512806524869904279413175829, gap: 7.473943490564356540e-08),
        Point(N: 400, omega: 0.5, pump: 0.839, jz: 0.61121357915509861, gap: 3.5532064805424618e-18),
        Point(N: 400, omega: 0.5, pump: 0.839, jz: 0.61121358, gap: 3.5532064663e-18),
    ])
    func referencePoints(_ point: Point) throws {
        let model = try bistable(), solver = try LindbladSolver(model: model)
        // A neighbour first, so that the time is that of a sweep's next point.
        let neighbour = try model.instance(spinCount: point.N, ["Omega": point.omega, "Gamma": point.pump * (1 + 1e-6)])
        _ = try solver.steadyState(neighbour, leakTolerance: 1e-9, errorTolerance: 1e-6)
        _ = try solver.slowModes(neighbour, count: 1)
        let instance = try model.instance(spinCount: point.N, ["Omega": point.omega, "Gamma": point.pump])
        let begin = Date()
        let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        let slowest = try solver.slowModes(instance, count: 1).modes[0]
        let seconds = Date().timeIntervalSince(begin)
        let found = try #require(jz(solution, point.N)), error = abs(found.jz - point.jz), gapError = abs(slowest.decayRate / point.gap - 1)
        print("\(point): <Jz>/j \(found.jz) error \(error) (estimate \(solution.error)), gap \(slowest.decayRate) relative error \(gapError) (estimate \(slowest.error / point.gap)), window \(solution.window.lMax),\(solution.window.qMax), \(seconds) s")
        #expect(error < 1e-8)
        #expect(gapError < 1e-8)
        if point.gap > 1e-15 {
            // These references carry 25 digits.
            #expect(error <= solution.error + 4e-16)
            #expect(gapError <= slowest.error / point.gap + 4e-16)
        }
        #expect(solution.error < 1e-9)
        #expect(slowest.error < 1e-8 * point.gap)
        #expect(solution.residual < 1e-29)
    }

    /// Against the Dicke basis, factored in double-double from end to end. (`gap` and `jz`, where given, are
    /// those of the same elimination with 60 digits in mpmath 1.3, Python.)
    @Test(arguments: [
        Point(N: 12, omega: 0.01, pump: 1.5, jz: .nan, gap: .nan),
        Point(N: 20, omega: 0.05, pump: 1.2, jz: .nan, gap: .nan),
        Point(N: 40, omega: 0.05, pump: 1.2, jz: -0.9987428203650635861581203, gap: 2.485564031631680578663166e-8),
        Point(N: 60, omega: 0.1, pump: 1.45, jz: -0.1775913820533330185394513, gap: 2.399942039737774137542676e-14),
        Point(N: 60, omega: 0.05, pump: 1.5, jz: .nan, gap: .nan),
    ])
    func independentElimination(_ point: Point) throws {
        let reference = ExtendedReference(spinCount: point.N, omega: point.omega, pump: point.pump)
        #expect(abs(reference.determinant) < 1e-8)
        if point.gap.isFinite {
            #expect(abs(reference.gap / point.gap - 1) < 1e-15)
            #expect(abs(reference.jz - point.jz) < 3e-16)
        }
        let model = try bistable(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: point.N, ["Omega": point.omega, "Gamma": point.pump])
        let solution = try solver.steadyState(instance, leakTolerance: 1e-14, errorTolerance: 1e-6)
        let slowest = try solver.slowModes(instance, count: 1).modes[0]
        let found = try #require(jz(solution, point.N))
        print("\(point): gap \(reference.gap), relative difference \(slowest.decayRate / reference.gap - 1), <Jz>/j \(reference.jz), difference \(found.jz - reference.jz), purity difference \(found.purity - reference.purity), det \(reference.determinant)")
        // Where double precision is good enough to be used (N = 12, 20) its own estimates hold to a factor of a few: less than 3 with
        // OpenBLAS's kernels for SkylakeX, 5 with those for Haswell.
        let slack = slowest.decayRate > 1e-5 ? 8.0 : 1
        #expect(abs(slowest.decayRate / reference.gap - 1) <= slack * slowest.error / reference.gap + 1e-15)
        #expect(abs(found.jz - reference.jz) <= slack * solution.error + 4e-16)
        #expect(abs(found.purity - reference.purity) <= 4 * slack * solution.error + 1e-15)
    }

    /// The same point written in turned axes is another matrix with other roundings; the estimates must cover the spread.
    @Test func estimatesCoverTheSpreadOverFrames() throws {
        let spinCount = 400, model = try bistable()
        let instance = try model.instance(spinCount: spinCount, ["Omega": 0.5, "Gamma": 0.839])
        var results: [(gap: Double, error: Double, jz: Double, stateError: Double)] = []
        for angle in [0, 0.15] {
            let frame = Frame(z: [0, sin(angle), cos(angle)], y: [1, 0, 0])
            let affine = try AffineLiouvillian(model: model, spinCount: spinCount, frame: frame)
            let liouvillian = try TruncatedLiouvillian(affine, window: MultipoleWindow(lMax: 170, qMax: 110))
            #expect(liouvillian.extended(0).traceDefect < 1e-30)
            let coefficients = try affine.coefficients(instance.values)
            let subspace = try #require(try ExtendedSubspace(sector: liouvillian.steadySector, extended: liouvillian.extended(0), coefficients: coefficients, spinCount: spinCount))
            var all = [Double](repeating: 0, count: liouvillian.basis.count)
            all[0] = 1 / Double(spinCount + 1).squareRoot()
            for i in 1..<all.count where liouvillian.home[i].sector == 0 { all[i] = subspace.state[liouvillian.home[i].place].high }
            let state = MultipoleState(spinCount: spinCount, frame: frame, window: liouvillian.window, coefficients: all)
            results.append((subspace.modes()[0].decayRate, subspace.roundingErrors[0], state.expectation(.jz).re / 200, subspace.weightErrors[0]))
        }
        #expect(abs(results[0].gap - results[1].gap) <= results[0].error + results[1].error)
        #expect(abs(results[0].jz - results[1].jz) <= results[0].stateError + results[1].stateError)
    }

    /// Jumps J₋p(Jz) and √r p(Jz)J₊ move the populations along a chain whose bonds at the zeros of p nearly break: three
    /// metastable phases. With the ratio r of up to down rates on every bond ρ_m ∝ r^(j+m); the two slow rates are those of
    /// three wells joined by the weak bonds, but for corrections of relative order slow/fast (1e-11 here).
    @Test(arguments: [100, 160]) func threePhases(_ spinCount: Int) throws {
        let r = 0.98, upperZero = 20 - 0x1p-18, lowerZero = -30 + 0x1p-24, j = Double(spinCount) / 2
        let p = "(Jz - (20 - 1/2^18))*(Jz + (30 - 1/2^24))"
        let model = try Model(hamiltonian: "0*Jx", jumps: [("1/j^5", "Jm*\(p)"), ("r/j^5", "\(p)*Jp")], parameters: [("r", "\(r)")])
        func down(_ m: Double) -> Double {
            let amplitude = (m - upperZero) * (m - lowerZero)
            return amplitude * amplitude * (j * (j + 1) - m * (m - 1)) / pow(j, 5)
        }
        func weight(_ m: Double) -> Double { pow(r, m + j) }
        var wells = [0.0, 0.0, 0.0], moment = 0.0
        for k in 0...spinCount {
            let m = Double(k) - j
            wells[m < -30 ? 0 : m < 20 ? 1 : 2] += weight(m)
            moment += m * weight(m)
        }
        let lowFlow = down(-30) * weight(-30), highFlow = down(20) * weight(20)
        let ab = lowFlow / wells[0], ba = lowFlow / wells[1], bc = highFlow / wells[1], cb = highFlow / wells[2]
        let trace = ab + ba + bc + cb, product = ab * bc + ab * cb + ba * cb
        let fast = (trace + (trace * trace - 4 * product).squareRoot()) / 2, slow = product / fast

        let instance = try model.instance(spinCount: spinCount, [:]), solver = try LindbladSolver(model: model)
        let solution = try solver.slowModes(instance, count: 3)
        let rates = solution.modes.map(\.decayRate)
        print("three phases, N = \(spinCount): \(rates), expected \(slow), \(fast), errors \(solution.modes.map(\.error))")
        #expect(abs(rates[0] / slow - 1) < 1e-9)
        #expect(abs(rates[1] / fast - 1) < 1e-9)
        #expect(rates[2] > 1e-4)
        #expect(solution.modes[0].error < 1e-9 * slow && solution.modes[1].error < 1e-9 * fast)
        // The complete window: what crosses a weak bond is as sharp as a multipole can be.
        let state = try solver.steadyState(instance, leakTolerance: 1e-15, errorTolerance: 1e-6)
        let found = try #require(jz(state, spinCount))
        #expect(state.window.lMax == spinCount)
        #expect(abs(found.jz - moment / wells.reduce(0, +) / j) <= state.error + 1e-14)
        #expect(state.error < 1e-6)
    }

    /// The gap of N = 100, Ω = 0.01, Γ = 2 is below 1e-28‖L‖: beyond double-double as well.
    @Test func belowBothPrecisionsBothPhasesAreGiven() throws {
        let model = try bistable(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: 100, ["Omega": 0.01, "Gamma": 2])
        let solution = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        guard case .unresolved(let phases) = solution.outcome else { Issue.record("a guess was given"); return }
        let measured = phases.map { $0.expectation(.jz).re / 50 }
        #expect(measured.count == 2)
        #expect(abs(measured[0] + 0.99995) < 1e-5 && abs(measured[1] - 0.99705) < 1e-4)
        let slowest = try solver.slowModes(instance, count: 1).modes[0]
        #expect(slowest.error > abs(slowest.decayRate))
    }

    /// A graded matrix with known eigenvalues, and a slow pair.
    @Test func smallEigenvalues() throws {
        // S diag(-1e-8, -1e-15, -1e-24) S⁻¹ with S unit upper triangular times its transpose's pattern
        let s: [[DoubleDouble]] = [[1, 0.25, 0.5], [0.5, 1, 0.125], [0.25, 0.5, 1]].map { $0.map { DoubleDouble($0) } }
        let rates = [-1e-8, -1e-15, -1e-24]
        let scaled = zip(s, rates).map { column, rate in column.map { rate * $0 } }
        let matrix = Extended.combine(scaled, Extended.inverse(s))
        let basis = try #require(try ExtendedEigenbasis(matrix))
        let found = basis.eigenvalues.map(\.re.high).sorted()
        for (value, rate) in zip(found, rates) { #expect(abs(value / rate - 1) < 1e-13) }
        // a ± ib on the plane of columns 0 and 1
        let pair: [[DoubleDouble]] = [[-1e-12, -3e-13, 0], [3e-13, -1e-12, 0], [0, 0, -1e-20]].map { $0.map { DoubleDouble($0) } }
        let turned = Extended.combine(Extended.combine(s, pair), Extended.inverse(s))
        let second = try #require(try ExtendedEigenbasis(turned))
        let upper = try #require(second.eigenvalues.first { $0.im.high > 0 })
        #expect(abs(upper.re.high / -1e-12 - 1) < 1e-13 && abs(upper.im.high / 3e-13 - 1) < 1e-13)
        let b = [DoubleDouble(1), DoubleDouble(2), DoubleDouble(3)]
        let x = try #require(Extended.solve(turned, [b]))
        for (value, expected) in zip(Extended.combine(turned, x)[0], b) { #expect(abs((value - expected).high) < 1e-20) }
        // A Jordan block has no basis of eigenvectors.
        let jordan: [[DoubleDouble]] = [[-1e-12, 0], [1e-12, -1e-12]].map { $0.map { DoubleDouble($0) } }
        #expect(try ExtendedEigenbasis(jordan) == nil)
    }

    /// Across a transition no point may drop out: whether the slow subspace is found must not hang on a lucky shift. ln gap is
    /// smooth in the pump; its neighbours at ±0.01 foretell it.
    @Test(arguments: [(160, 0.25, 0.9), (160, 0.25, 1.3), (160, 0.25, 1.325), (320, 0.5, 0.975)])
    func noHolesInASweep(_ spinCount: Int, _ drive: Double, _ pump: Double) throws {
        let model = try #require(ModelPreset.named("bistable-pump")).model(), solver = try LindbladSolver(model: model)
        let logarithms = try [pump - 0.01, pump, pump + 0.01].map { value -> Double in
            let instance = try model.instance(spinCount: spinCount, ["Omega": drive, "Gamma": value])
            let mode = try #require(try solver.slowModes(instance, count: 1).modes.first)
            #expect(mode.error < 1e-3 * mode.decayRate, "gap unresolved at \(value)")
            if value == pump {
                guard case .resolved = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome else {
                    Issue.record("state unresolved at \(value)"); return 0
                }
            }
            return log(mode.decayRate)
        }
        #expect(abs(logarithms[0] + logarithms[2] - 2 * logarithms[1]) < 0.1)
    }
} }
