import Foundation
import LinearAlgebra
import Mesoscopic
import Numbers
import Testing

/// Sweeps of the bias and ramps of the field against reference values, closed forms and the full master equation.
struct LandauZenerTests {
    static let benchmark = LipkinModel(spinCount: 370, transverseField: 0.95)

    struct Reference: Sendable {
        let amplitude, periods, missed, well, twoLevel, floor, component: Double
    }

    /// N = 370, g = 0.95; τQ in units of τ₁. From an integration in Python (30 levels, CFM4 with 4τQJ steps; DOP853 on all 371 levels agrees).
    static let references = [
        Reference(amplitude: 0.0012, periods: 0.1, missed: 0.9307480243023183, well: 0.8606698517175986, twoLevel: 0.9241809585948638,
                  floor: 0.010950758118481348, component: -0.3010708780579068),
        Reference(amplitude: 0.0012, periods: 0.5, missed: 0.6170213553408745, well: 0.5624478322187044, twoLevel: 0.6155213792203513,
                  floor: 0.010950758118481348, component: -0.3005769367974489),
        Reference(amplitude: 0.0012, periods: 2, missed: 0.13279591617711017, well: 0.17961070907266444, twoLevel: 0.13495124368438693,
                  floor: 0.010950758118481348, component: -0.3004381208507267),
        Reference(amplitude: 0.0024, periods: 0.1, missed: 0.9038641611013996, well: 0.7686508875171849, twoLevel: 0.9052202160689445,
                  floor: 0.003768687340026048, component: -0.28566504586347063),
        Reference(amplitude: 0.0024, periods: 0.5, missed: 0.6015989580561738, well: 0.430474132936153, twoLevel: 0.6053319021627921,
                  floor: 0.003768687340026048, component: -0.28687622716515504),
        Reference(amplitude: 0.0024, periods: 2, missed: 0.13441322924307686, well: 0.0852974446511619, twoLevel: 0.135185991785283,
                  floor: 0.003768687340026048, component: -0.2867062721382228),
    ]

    @Test(arguments: references) func benchmarkSweep(_ reference: Reference) throws {
        let doublet = try LandauZenerDoublet(LipkinLevels(Self.benchmark, count: 2))
        let timeConstant = doublet.timeConstant(amplitude: reference.amplitude), duration = reference.periods * timeConstant
        #expect(abs(timeConstant / (243.93812571269276 * reference.amplitude / 0.0012) - 1) < 1e-9)
        let found = try LandauZenerSweep.run(Self.benchmark, amplitude: reference.amplitude, duration: duration, tolerance: 1e-7)
        let errors = (abs(found.probabilities.groundStateMissed - reference.missed), abs(found.probabilities.wrongWell - reference.well))
        #expect(max(errors.0, errors.1) < 1e-7 && max(errors.0, errors.1) <= 2 * (found.levelError + found.timeError) + 1e-9)
        #expect(abs(found.wellFloor - reference.floor) < 1e-9 && found.normError < 1e-12)
        let two = try LandauZenerSweep.run(Self.benchmark, amplitude: reference.amplitude, duration: duration, tolerance: 1e-7, levelCount: 2)
        #expect(abs(two.probabilities.groundStateMissed - reference.twoLevel) < 1e-7)
        // What keeping two levels only amounts to is told by the certificate, to its order.
        let missing = abs(two.probabilities.wrongWell - reference.well)
        #expect(two.levelError > 0.5 * missing && two.levelError < 2 * missing)
        let z = try #require(ClassicalSweep(Self.benchmark, amplitude: reference.amplitude).finalComponent(duration: duration))
        #expect(abs(z - reference.component) < 1e-8)
    }

    /// One spin is two levels, E = ∓g: swept from far to far, the formula of Landau and Zener itself.
    @Test(arguments: [0.05, 0.3, 0.9]) func oneSpinSweptFar(wanted: Double) throws {
        let model = LipkinModel(spinCount: 1, transverseField: 0.2), doublet = try LandauZenerDoublet(LipkinLevels(model, count: 2))
        #expect(abs(doublet.splitting - 0.4) < 1e-14 && abs(doublet.spinElement - 0.5) < 1e-14)
        let duration = -log(wanted) * doublet.timeConstant(amplitude: 40)
        let found = try LandauZenerSweep.run(model, amplitude: 40, duration: duration, tolerance: 1e-8)
        #expect(abs(found.probabilities.groundStateMissed - wanted) < 2e-5 && found.levelError == 0)
    }

    /// A sudden sweep leaves the state as it is; ground states from the whole tridiagonal matrix.
    @Test func sudden() throws {
        let amplitude = 0.002
        func ground(_ bias: Double) throws -> [Double] {
            try LipkinModel(spinCount: 100, transverseField: 0.9, bias: bias).matrix.lowest(1).vectors
        }
        let first = try ground(-amplitude), last = try ground(amplitude), overlap = zip(first, last).reduce(0) { $0 + $1.0 * $1.1 }
        let well = first[51...].reduce(0) { $0 + $1 * $1 } + 0.5 * first[50] * first[50]
        let model = LipkinModel(spinCount: 100, transverseField: 0.9)
        let found = try LandauZenerSweep.run(model, amplitude: amplitude, duration: 1e-7, tolerance: 1e-10)
        #expect(abs(found.probabilities.groundStateMissed - (1 - overlap * overlap)) < 1e-8)
        #expect(abs(found.probabilities.wrongWell - well) < 1e-8)
    }

    /// A slow one follows the ground state but for what its sudden beginning and end leave in E1, first-order adiabatic perturbation theory:
    /// 4A² sin²(φ/2) with A = ḣ⟨1|2Sz|0⟩/(E1 − E0)² at ±h₀ and φ = ∫(E1 − E0)dt. Far too little to be told by 1 − |⟨0|ψ⟩|².
    @Test(arguments: [800.0, 2000, 6000]) func adiabatic(duration: Double) throws {
        let model = LipkinModel(spinCount: 20, transverseField: 0.9), amplitude = 0.01
        func doublet(_ bias: Double) throws -> (gap: Double, spin: Double) {
            let (energies, states) = try LipkinModel(spinCount: 20, transverseField: 0.9, bias: bias).matrix.lowest(2)
            var spin = 0.0
            for k in 0...20 { spin += (10 - Double(k)) * states[k] * states[21 + k] }
            return (energies[1] - energies[0], spin)
        }
        let ends = try doublet(amplitude), jump = 2 * amplitude / duration * 2 * ends.spin / (ends.gap * ends.gap)
        let gaps = try (0...200).map { try doublet(amplitude * (Double($0) / 100 - 1)).gap }
        var simpson = gaps[0] + gaps[200]
        for k in 1..<200 { simpson += (k % 2 == 1 ? 4 : 2) * gaps[k] }
        let phase = duration / 600 * simpson
        let missed = try LandauZenerSweep.run(model, amplitude: amplitude, duration: duration, tolerance: 1e-10).probabilities.groundStateMissed
        #expect(abs(missed - 4 * jump * jump * sin(phase / 2) * sin(phase / 2)) < 0.02 * 4 * jump * jump)
    }

    /// The average over a long hold at h₀, by exact diagonalisation of the whole matrix: swept suddenly, the initial ground state evolves there.
    @Test func meanOfBeats() throws {
        func eigenstates(_ bias: Double, _ count: Int) throws -> [Double] {
            try LipkinModel(spinCount: 30, transverseField: 0.9, bias: bias).matrix.lowest(count).vectors
        }
        let initial = try eigenstates(-0.02, 1), final = try eigenstates(0.02, 31)
        var mean = 0.0
        for k in 0..<31 {
            let state = final[k * 31..<(k + 1) * 31]
            var overlap = 0.0
            for (a, b) in zip(initial, state) { overlap += a * b }
            var well = 0.5 * state[k * 31 + 15] * state[k * 31 + 15]
            for m in 16..<31 { well += state[k * 31 + m] * state[k * 31 + m] }
            mean += overlap * overlap * well
        }
        let found = try LandauZenerSweep.run(LipkinModel(spinCount: 30, transverseField: 0.9), amplitude: 0.02, duration: 1e-7, tolerance: 1e-10)
        #expect(abs(found.meanWrongWell - mean) < 1e-8)
    }

    // MARK: Dephasing

    /// The master equation on all states by Runge–Kutta's fourth order: independent of levels, parity and splitting.
    private func masterEquation(_ model: LipkinModel, amplitude: Double, duration: Double, rate: Double,
                                steps: Int) throws -> (missed: Double, well: Double) {
        let n = model.spinCount + 1
        func ground(_ bias: Double) throws -> [Double] {
            try LipkinModel(spinCount: model.spinCount, transverseField: model.transverseField, bias: bias).matrix.lowest(1).vectors
        }
        let first = try ground(-amplitude), last = try ground(amplitude)
        var rho = (0..<n * n).map { Complex(first[$0 / n] * first[$0 % n]) }
        let m = (0..<n).map { model.spin - Double($0) }
        func slope(_ t: Double, _ rho: [Complex]) -> [Complex] {
            let h = amplitude * (2 * t / duration - 1)
            let matrix = LipkinModel(spinCount: model.spinCount, transverseField: model.transverseField, bias: h).matrix
            var out = [Complex](repeating: .zero, count: n * n)
            for i in 0..<n {
                for k in 0..<n {
                    var commutator = (matrix.diagonal[i] - matrix.diagonal[k]) * rho[i * n + k]
                    if i > 0 { commutator += matrix.offDiagonal[i - 1] * rho[(i - 1) * n + k] }
                    if i < n - 1 { commutator += matrix.offDiagonal[i] * rho[(i + 1) * n + k] }
                    if k > 0 { commutator += -matrix.offDiagonal[k - 1] * rho[i * n + k - 1] }
                    if k < n - 1 { commutator += -matrix.offDiagonal[k] * rho[i * n + k + 1] }
                    let damping = 0.5 * rate * (m[i] - m[k]) * (m[i] - m[k])
                    out[i * n + k] = Complex(0, -1) * commutator - damping * rho[i * n + k]
                }
            }
            return out
        }
        func moved(_ a: [Complex], _ s: Double, _ b: [Complex]) -> [Complex] { zip(a, b).map { $0 + s * $1 } }
        let dt = duration / Double(steps)
        for step in 0..<steps {
            let t = Double(step) * dt
            let k1 = slope(t, rho), k2 = slope(t + dt / 2, moved(rho, dt / 2, k1)), k3 = slope(t + dt / 2, moved(rho, dt / 2, k2))
            let k4 = slope(t + dt, moved(rho, dt, k3))
            rho = moved(moved(moved(moved(rho, dt / 6, k1), dt / 3, k2), dt / 3, k3), dt / 6, k4)
        }
        var kept = 0.0, well = 0.0
        for i in 0..<n {
            for k in 0..<n { kept += last[i] * last[k] * rho[i * n + k].re }
            well += m[i] < 0 ? rho[i * n + i].re : m[i] == 0 ? 0.5 * rho[i * n + i].re : 0
        }
        return (1 - kept, well)
    }

    @Test(arguments: [(12, 0.0), (12, 0.003), (13, 0.02)]) func dephasedAsTheMasterEquation(spinCount: Int, rate: Double) throws {
        let model = LipkinModel(spinCount: spinCount, transverseField: 0.7), amplitude = 0.05, duration = 40.0
        let exact = try masterEquation(model, amplitude: amplitude, duration: duration, rate: rate, steps: 4000)
        let found = try DephasedSweep.run(model, amplitude: amplitude, duration: duration, rate: rate, tolerance: 1e-9, levelCount: 8)
        #expect(found.levelCount == spinCount + 1 && found.traceError < 1e-10)
        #expect(abs(found.probabilities.groundStateMissed - exact.missed) < 1e-8)
        #expect(abs(found.probabilities.wrongWell - exact.well) < 1e-8)
        guard rate == 0 else { return }
        let pure = try LandauZenerSweep.run(model, amplitude: amplitude, duration: duration, tolerance: 1e-9)
        #expect(abs(pure.probabilities.groundStateMissed - exact.missed) < 1e-8 && abs(pure.probabilities.wrongWell - exact.well) < 1e-8)
    }

    /// At N = 370 on a truncated set of levels: without dephasing the other integrator, with it the levels converge.
    @Test func dephasedOnSomeLevels() throws {
        let reference = Self.references[1], duration = 121.96906285634637
        func run(_ rate: Double) throws -> DephasedSweep.Outcome {
            try DephasedSweep.run(Self.benchmark, amplitude: reference.amplitude, duration: duration, rate: rate, tolerance: 1e-8, levelCount: 12)
        }
        let pure = try run(0).probabilities
        #expect(abs(pure.groundStateMissed - reference.missed) < 1e-7 && abs(pure.wrongWell - reference.well) < 1e-7)
        let dephased = try run(1.3463e-6)
        #expect(dephased.levelError < 1e-7 && dephased.levelCount < 60 && dephased.probabilities.groundStateMissed > reference.missed)
    }

    // MARK: Field

    /// Γ from 1.05 J to 0.95 J in τQ. From an integration in Python; five digits.
    @Test(arguments: [(5.0, 0.37148), (10, 0.21724), (20, 0.10197), (50, 0.018569), (100, 0.0034743), (200, 8.8006e-4)])
    func fieldRamp(duration: Double, excited: Double) throws {
        let found = try FieldRamp.run(spinCount: 370, from: 1.05, to: 0.95, duration: duration, tolerance: 1e-8)
        #expect(abs(found.excited / excited - 1) < 5e-5 && found.levelError <= 1e-8)
        #expect(found.secondLevel < found.excited && found.secondLevel > 0.97 * found.excited)
    }

    /// A sudden ramp, N odd: ground states of both fields from the whole matrix.
    @Test func suddenFieldRamp() throws {
        func ground(_ field: Double) throws -> [Double] { try LipkinModel(spinCount: 41, transverseField: field).matrix.lowest(1).vectors }
        let overlap = zip(try ground(1.3), try ground(0.8)).reduce(0) { $0 + $1.0 * $1.1 }
        let found = try FieldRamp.run(spinCount: 41, from: 1.3, to: 0.8, duration: 1e-7, tolerance: 1e-10)
        #expect(abs(found.excited - (1 - overlap * overlap)) < 1e-6)
    }
}
