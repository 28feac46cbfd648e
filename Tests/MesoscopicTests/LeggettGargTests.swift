import Foundation
@testable import Mesoscopic
import Testing

/// N = 370, g = 0.95, γ = 0.05/s unless said. Reference values: an independent Python code (dense scipy.linalg.expm up to 12 levels, from
/// there on splitting with Romberg's extrapolation to 1e-9; five levels agree with QuTiP to 1e-15).
struct LeggettGargTests {
    static let model = LipkinModel(spinCount: 370, transverseField: 0.95)
    /// J/ħ in rad/s.
    static let coupling = 37138.60883781949

    private func test(_ levels: Int, _ dissipator: LeggettGargDamping.Dissipator = .truncated, _ state: LeggettGargState = .ground,
                      dephasing: Double = 0.05, of model: LipkinModel = model, signAtZero: Double = 0, tolerance: Double = 1e-10) throws -> LeggettGarg {
        try LeggettGarg(LeggettGargSystem(model, levels: levels, signAtZero: signAtZero), state: state,
                        damping: LeggettGargDamping(dephasing: dephasing / Self.coupling, dissipator: dissipator), tolerance: tolerance)
    }

    struct Case: Sendable {
        let n: Int, dissipator: LeggettGargDamping.Dissipator, state: LeggettGargState, c12: Double, c23: Double, c13: Double
        let honest: Double, stationary: Double?
    }

    static let thermal = LeggettGargState.thermal(1308 / coupling)
    static let cases = [
        Case(n: 2, dissipator: .truncated, state: .ground, c12: 0.5006283123478998, c23: 0.5006283123478998, c13: -0.3179736163563839,
             honest: 0.5143805800980632, stationary: 0.5143805800980632),
        Case(n: 2, dissipator: .projected, state: .doublet, c12: 0.49291811867880947, c23: 0.48535223142536627, c13: -0.3082547921413541,
             honest: 0.23492102645205634, stationary: 0.2839209151111641),
        Case(n: 3, dissipator: .truncated, state: .ground, c12: 0.49245443231777014, c23: 0.4913002461542726, c13: -0.3112915096377412,
             honest: 0.266410161703205, stationary: 0.2886354645890635),
        Case(n: 5, dissipator: .truncated, state: .ground, c12: 0.501318243800431, c23: 0.4964554809162308, c13: -0.313858703723203,
             honest: 0.24628513138036273, stationary: 0.2887228669353217),
        Case(n: 5, dissipator: .projected, state: .ground, c12: 0.5013096424415455, c23: 0.4964183194043514, c13: -0.31382747499291985,
             honest: 0.2467746416903185, stationary: 0.2893807310800048),
        Case(n: 12, dissipator: .truncated, state: .doublet, c12: 0.4909538868729236, c23: 0.48376355182869574, c13: -0.33298192854021014,
             honest: 0.22640865052245368, stationary: 0.264840911032594),
        Case(n: 12, dissipator: .projected, state: .ground, c12: 0.5004282919548835, c23: 0.49602425873183487, c13: -0.3129410519150187,
             honest: 0.24916791943381397, stationary: 0.28792689651132325),
        Case(n: 15, dissipator: .truncated, state: .ground, c12: 0.4990897912279736, c23: 0.49480640736023135, c13: -0.31216083249762594,
             honest: 0.2478296768289393, stationary: nil),
        Case(n: 15, dissipator: .truncated, state: thermal, c12: 0.4943516009482373, c23: 0.48844498556929117, c13: -0.3230778815912513,
             honest: 0.2351258320198436, stationary: nil),
        Case(n: 20, dissipator: .truncated, state: .populations([0, 1]), c12: 0.4814633609532416, c23: 0.4714643200660173, c13: -0.3527632713197049,
             honest: 0.20773789284774982, stationary: nil),
    ]

    @Test(arguments: cases) func correlatorsAndThresholds(_ expected: Case) throws {
        let test = try test(expected.n, expected.dissipator, expected.state), k3 = try test.correlators(interval: test.system.interval)
        // The reference of more than 12 levels was itself computed by splitting.
        let accuracy = expected.n <= 12 ? 1e-10 : 1e-9
        #expect(abs(k3.c12 - expected.c12) < accuracy && abs(k3.c23 - expected.c23) < accuracy && abs(k3.c13 - expected.c13) < accuracy)
        #expect(k3.error <= 1e-10)
        if expected.dissipator == .truncated { #expect(k3.traceError < 1e-12) } else { #expect(k3.traceError > 1e-12) }
        let thresholds = try test.thresholds(interval: test.system.interval, accuracy: 1e-11)
        let honest = try #require(thresholds[.honest]), stationary = try #require(thresholds[.stationary]), bar = expected.n <= 12 ? 1e-8 : 1e-7
        #expect(abs(honest * Self.coupling - expected.honest) < bar)
        if let value = expected.stationary { #expect(abs(stationary * Self.coupling - value) < bar) }
    }

    /// Most and all levels; the last two have no m = 0, and an answer at m = 0.
    @Test func manyLevels() throws {
        for (n, dephasing, expected) in [(40, 0.05, 1.3094976465368573), (40, 0.4, 0.8797152004952371), (80, 0.05, 1.308655946)] {
            let test = try test(n, dephasing: dephasing), k3 = try test.correlators(interval: test.system.interval)
            #expect(abs(k3.honest - expected) < 5e-9 && k3.error <= 1e-10)
        }
        let all = try test(371, tolerance: 1e-8), k3 = try all.correlators(interval: all.system.interval)
        #expect(abs(k3.honest - 1.3081855365675072) < 5e-8 && abs(k3.stationary - 1.31265494) < 5e-8)
        let odd = try test(372, of: LipkinModel(spinCount: 371, transverseField: 0.95), tolerance: 1e-7)
        let other = try odd.correlators(interval: odd.system.interval)
        #expect(abs(other.honest - 1.3012821993527852) < 1e-6 && abs(other.stationary - 1.3049444375484616) < 1e-6)
        let answered = try test(371, signAtZero: 1, tolerance: 1e-7), third = try answered.correlators(interval: answered.system.interval)
        #expect(abs(third.honest - 1.3081376645041465) < 1.1e-6 && abs(third.stationary - 1.3126203303845578) < 1.1e-6)
    }

    /// K3(τ): its greatest value is no less than at the best of a hundred places, 0.89 τ0.
    @Test func optimum() throws {
        let test = try test(40), τ = test.system.interval, curve = try test.correlators(interval: 0.9 * τ)
        #expect(abs(curve.c12 - 0.5796069946449359) < 2e-9 && abs(curve.c23 - 0.573210730594187) < 2e-9 && abs(curve.c13 + 0.17633020644625935) < 2e-9)
        // The same in one go with all others: every tenth of τ0.
        let whole = try test.curve(longest: 2 * τ, count: 20)
        #expect(abs(whole[8].honest - curve.honest) < 1e-6 && abs(whole[8].c13 - curve.c13) < 1e-6 && whole[8].error < 1e-4)
        let best = try #require(try test.optima(longest: 2 * τ)[.honest])
        #expect(best.value > 1.337840594 && best.value < 1.5 && abs(best.interval / τ - 0.89) < 0.01)
        for shift in [-1e-3, 1e-3] { #expect(try test.correlators(interval: best.interval + shift * τ).honest < best.value) }
    }

    /// C(t) = q² e^{−Γt}(cos ωt + (Γ/ω) sin ωt), Γ = γ J01², ω² = ΔE² − Γ²: two levels, damped and overdamped.
    @Test(arguments: [0.1, 0.9, 1.1, 30]) func twoLevels(damping: Double) throws {
        let system = try LeggettGargSystem(LipkinModel(spinCount: 57, transverseField: 0.8), levels: 2), ΔE = system.splitting, Γ = damping * ΔE
        let test = try LeggettGarg(system, state: .populations([0.3, 0.7]), damping: LeggettGargDamping(dephasing: Γ / (system.spin[1] * system.spin[1])))
        func correlator(_ t: Double) -> Double {
            let ω = abs(ΔE * ΔE - Γ * Γ).squareRoot(), q = system.question[1]
            return q * q * exp(-Γ * t) * (Γ < ΔE ? cos(ω * t) + Γ / ω * sin(ω * t) : cosh(ω * t) + Γ / ω * sinh(ω * t))
        }
        for τ in [0.3 / ΔE, 2 / ΔE] {
            let k3 = try test.correlators(interval: τ)
            #expect(abs(k3.c12 - correlator(τ)) < 1e-12 && abs(k3.c23 - correlator(τ)) < 1e-12 && abs(k3.c13 - correlator(2 * τ)) < 1e-12)
        }
    }

    /// Two levels with relaxation only: the coherence decays at half its rate, whatever the state. So K3 is not immune to T1.
    @Test func relaxationOfTwoLevels() throws {
        let system = try LeggettGargSystem(Self.model, levels: 2), τ = system.interval, κ = 0.2 / τ, q = system.question[1]
        let test = try LeggettGarg(system, state: .amplitudes([0.6, 0.8]), damping: LeggettGargDamping(dephasing: 0, relaxationRate: κ))
        let k3 = try test.correlators(interval: τ)
        #expect(abs(k3.honest - q * q * (exp(-0.1) + 0.5 * exp(-0.2))) < 1e-12)
        #expect(abs(k3.c23 - k3.c12) < 1e-12)
    }

    /// At once: C = Tr[Q²ρ], 1 of all levels of a model without m = 0, less of fewer. And quantum mechanics keeps K3 ≤ 3/2.
    @Test func limits() throws {
        let odd = LipkinModel(spinCount: 41, transverseField: 0.9)
        for (levels, expected) in [(42, 1.0), (4, nil)] as [(Int, Double?)] {
            let system = try LeggettGargSystem(odd, levels: levels), n = system.count
            let test = try LeggettGarg(system, damping: LeggettGargDamping(dephasing: 0.01)), now = try test.correlators(interval: 1e-10 * system.interval)
            let squared = (0..<n).reduce(0) { $0 + system.question[$1] * system.question[$1] }
            #expect(abs(now.c12 - squared) < 1e-8 && abs(now.c23 - squared) < 1e-8 && abs(now.c13 - squared) < 1e-8)
            if let expected { #expect(abs(squared - expected) < 1e-12) } else { #expect(squared < 0.999) }
            for multiple in 1...12 { #expect(try test.undamped(interval: 0.2 * Double(multiple) * system.interval).honest <= 1.5 + 1e-9) }
        }
    }

    /// Five levels filled evenly violate nothing, so that there is no threshold.
    @Test func noViolation() throws {
        let test = try test(5, .truncated, .populations([1, 1, 1, 1, 1]))
        #expect(try test.undamped(interval: test.system.interval).honest < 1)
        #expect(try test.thresholds(interval: test.system.interval, accuracy: 1e-9).isEmpty)
    }

    /// Printed: A 0.0498, B 0.117, C 0.289, C/B 2.47. Their closed forms and dense exponentials: the reference.
    @Test func pictures() throws {
        let levels = try DephasingLevels(Self.model)
        for (value, expected, accuracy) in [
            (levels.meanField, 0.04983041951581441, 1e-10), (levels.eigenstate, 0.11714211161628248, 1e-10),
            (levels.fiveLevels, 0.2893807310800048, 1e-8), (levels.fiveLevelsTruncated, 0.2887228669353217, 1e-8),
            (levels.counterRotatingTwoLevels, 0.2839209151111641, 1e-8), (levels.secularFiveLevels, 0.12424, 5e-6),
        ] { #expect(abs(value * Self.coupling - expected) < accuracy) }
        #expect(abs(levels.fiveLevels / levels.eigenstate - 2.470339035955892) < 1e-6)
    }

    @Test(arguments: [(1, 621.340), (2, 548.984), (3, 505.718), (5, 449.763), (10, 369.890), (20, 282.687), (30, 227.081)])
    func thermalSpinCount(nanokelvin: Double, expected: Double) throws {
        let energy = 1.380649e-23 / 1.054571817e-34 * nanokelvin * 1e-9 / Self.coupling
        let found = try #require(try LipkinModel.thermalSpinCount(transverseField: 0.95, temperature: energy))
        #expect(abs(found - expected) < 1e-3)
        let below = try LipkinModel(spinCount: Int(found), transverseField: 0.95).doubletSplitting()
        let above = try LipkinModel(spinCount: Int(found) + 1, transverseField: 0.95).doubletSplitting()
        #expect(below >= energy && above < energy)
    }

    /// What is far closer than its energies' rounding is refused.
    @Test func unresolvedSplitting() throws {
        #expect(throws: (any Error).self) { try LeggettGargSystem(LipkinModel(spinCount: 400, transverseField: 0.5), levels: 5) }
        #expect(throws: (any Error).self) { try LeggettGargSystem(LipkinModel(spinCount: 40, transverseField: 0.9, bias: 0.1), levels: 5) }
        #expect(throws: (any Error).self) { try test(13, .projected) }
    }
}
