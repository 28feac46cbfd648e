import Foundation
import Numbers
import Semiclassics
import SpinAlgebra
@testable import Studies
import Testing

@Suite struct TransitionTests {
    /// Equal actions by the closed form (mpmath): Γ_c and the barrier there, exact and in semiclassical Wigner.
    @Test(arguments: [
        (0.25, Representation.q, 1.085626161526993, 0.6264544495353942), (0.5, .q, 0.8245747518344111, 0.1918182766781937),
        (0.5, .p, 0.8245747518344111, 0.1918182766781937),
        (0.25, .semiclassicalWigner, 1.0381329295958073, 0.5390829963048821), (0.5, .semiclassicalWigner, 0.8192973696994701, 0.1805774603169593),
    ])
    func bistablePump(omega: Double, representation: Representation, gamma: Double, barrier: Double) throws {
        let model = try preset("bistable-pump")
        let solver = TransitionSolver(over: 0.3...2) { try model.classicalSymbol(["Omega": omega, "Gamma": $0]) }
        let found = try solver.transition(representation)
        #expect(abs(found.parameter - gamma) < 1e-8 && abs(found.barrier - barrier) < 1e-8, "\(found)")
        #expect(found.slope < 0 && abs(found.parameter - gamma) < 10 * found.error + 1e-12 && found.error < 1e-9)
    }

    /// N appears and S vanishes at saddle-nodes (mpmath, as in BranchTests).
    @Test func coexistence() throws {
        let model = try preset("bistable-pump")
        let window = try TransitionSolver(over: 0.3...5) { try model.classicalSymbol(["Omega": 0.5, "Gamma": $0]) }.coexistence()
        // Halved twelve times, from inside.
        let reach = 4.7 / 64 / 4096 * 1.01
        #expect(window.map { $0.lowerBound - 0.5654799562295261 } ?? -1 >= 0 && window.map { $0.lowerBound - 0.5654799562295261 } ?? 1 < reach)
        #expect(window.map { 4.184251952466187 - $0.upperBound } ?? -1 >= 0 && window.map { 4.184251952466187 - $0.upperBound } ?? 1 < reach)
    }

    @Test func noTransition() throws {
        let model = try preset("bistable-pump")
        func failure(_ range: ClosedRange<Double>) -> TransitionSolver.Failure? {
            #expect(throws: TransitionSolver.Failure.self) {
                try TransitionSolver(over: range) { try model.classicalSymbol(["Omega": 0.5, "Gamma": $0]) }.transition(.semiclassicalWigner)
            }
        }
        #expect(failure(4.5...6)?.isAbsent == true)
        let dominated = failure(1.0...2)
        #expect(dominated?.isAbsent == true && dominated?.description.contains("dominates") == true)
    }

    // MARK: Finite size

    /// ln k₁₂ = g(x) − j b (x − x₀), ln k₂₁ = g(x) + j c (x − x₀) + s with a smooth g: equal at x₀ − s/(j(b + c)); with g
    /// constant, the least sum where j b k₁₂ = j c k₂₁.
    @Test(arguments: [20, 200]) func crossing(spinCount: Int) throws {
        let b = 0.8, c = 0.3, s = 0.4, centre = 1.1, j = Double(spinCount) / 2
        var calls = 0
        func search(_ common: @escaping (Double) -> Double) -> FiniteSizeTransition {
            FiniteSizeTransition { n, x in
                calls += 1
                let j = Double(n) / 2
                return .init(out: common(x) - j * b * (x - centre), back: common(x) + j * c * (x - centre) + s, ambiguity: 0.02 + 0.01 * x)
            }
        }
        let expected = centre - s / (j * (b + c))
        let flat = try search { _ in -7 }.crossing(spinCount: spinCount, near: centre, slope: b + c, within: 0...3)
        #expect(abs((flat?.weight ?? 0) - expected) < 1e-12)
        #expect(abs((flat?.gap ?? 0) - expected + log(c / b) / (j * (b + c))) < 1e-12)
        let bent = try search { sin(0.1 * $0) * j }.crossing(spinCount: spinCount, near: centre, slope: b + c, within: 0...3)
        #expect(abs((bent?.weight ?? 0) - expected) < 1e-12)
        #expect(calls <= 20)
        // What moves ln k₁₂ − ln k₂₁ by the ambiguity moves the crossing by that over the slope.
        let doubt = (0.02 + 0.01 * expected) / (j * (b + c))
        #expect(abs((flat?.weightAmbiguity ?? 0) - doubt) < 1e-12 && abs((bent?.weightAmbiguity ?? 0) - doubt) < 1e-12)
    }

    @Test func noCrossing() throws {
        let apart = FiniteSizeTransition { n, x in .init(out: -0.5 * Double(n), back: -0.5 * Double(n) + 3 + 0.01 * x) }
        #expect(try apart.crossing(spinCount: 40, near: 1, slope: 0.5, within: 0...2) == nil)
        let unresolved = FiniteSizeTransition { _, _ in nil }
        #expect(try unresolved.crossing(spinCount: 40, near: 1, slope: 0.5, within: 0...2) == nil)
    }

    /// Cubic in 1/N: exact by the four largest sizes. With a term in 1/N⁴ more the error tells what is wrong.
    @Test func limit() throws {
        let sizes = [20, 40, 80, 160, 320]
        func series(_ fourth: Double) -> [Double] { sizes.map { n in let x = 1 / Double(n); return 1.3 + x * (2 + x * (-5 + x * (70 + x * fourth))) } }
        let exact = FiniteSizeTransition.limit(sizes, series(0))
        #expect(abs((exact?.value ?? 0) - 1.3) < 1e-13)
        let other = FiniteSizeTransition.limit(sizes, series(1e4)), wrong = abs((other?.value ?? 0) - 1.3)
        #expect(wrong > 1e-7 && wrong < (other?.error ?? 0))
        // Sizes that are lost are left out; one alone has no limit.
        var holes = series(0)
        holes[0] = .nan
        #expect(FiniteSizeTransition.limit(sizes, holes)?.value == exact?.value)
        #expect(FiniteSizeTransition.limit([20], [1]) == nil)
        // What is uncertain at one size counts by how far the limit follows it.
        let doubts = [0.1, 0, 1e-3, 2e-3, 0]
        var moved = series(0)
        moved[2] -= doubts[2]
        moved[3] += doubts[3]
        let best = try #require(exact), uncertain = try #require(FiniteSizeTransition.limit(sizes, series(0), uncertainties: doubts))
        let worst = try #require(FiniteSizeTransition.limit(sizes, moved))
        #expect(uncertain.value == best.value)
        #expect(abs(uncertain.error - best.error - abs(worst.value - best.value)) < 1e-12)
    }
}
