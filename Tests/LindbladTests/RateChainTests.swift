import Foundation
@testable import Lindblad
import SpinAlgebra
import Testing

/// Models that are classical birth–death processes on the levels m: H = 0 and jumps J₋, J₊ times functions of Jz. Their rates
/// follow from sums of positive numbers.
extension SolverTests { @Suite struct RateChainTests {
    /// Levels k = m + j with rates up and down, and stationary populations of sum one.
    private struct Chain {
        let up: [Double], down: [Double]
        let populations: [Double]

        init(_ spinCount: Int, up: (Double) -> Double, down: (Double) -> Double) {
            let levels = (0...spinCount).map { Double($0) - Double(spinCount) / 2 }
            let ups = levels.map(up), downs = levels.map(down)
            var logarithms = [0.0]
            for k in 1...spinCount { logarithms.append(logarithms[k - 1] + log(ups[k - 1] / downs[k])) }
            let greatest = logarithms.max()!, plain = logarithms.map { exp($0 - greatest) }, sum = plain.reduce(0, +)
            populations = plain.map { $0 / sum }
            (self.up, self.down) = (ups, downs)
        }

        /// Mean time from a level to another: Σ_n 1/(up_n π_n) Σ_{l ≤ n} π_l upwards (van Kampen, Stochastic Processes, XII.2).
        func meanFirstPassage(from a: Int, to b: Int) -> Double {
            var time = 0.0, below = 0.0
            if a < b {
                for n in 0..<b {
                    below += populations[n]
                    if n >= a { time += below / (up[n] * populations[n]) }
                }
            } else {
                for n in stride(from: populations.count - 1, to: b, by: -1) {
                    below += populations[n]
                    if n <= a { time += below / (down[n] * populations[n]) }
                }
            }
            return time
        }
    }

    /// Up over down is Γ(1.3 + x)²: wells at both ends, of equal weight at Γ ≈ 0.758.
    @Test(arguments: [(30, 0.3), (40, 0.9), (60, 0.76), (100, 0.76), (100, 0.9), (81, 1.1)])
    func twoWells(_ spinCount: Int, _ pump: Double) throws {
        let model = try Model(hamiltonian: "0*Jx", jumps: [("1/j", "Jm"), ("Gamma/j^3", "Jp*(1.3*j + Jz)")], parameters: [])
        let j = Double(spinCount) / 2
        let reference = Chain(spinCount, up: { m in pump / (j * j * j) * (1.3 * j + m) * (1.3 * j + m) * (j * (j + 1) - m * (m + 1)) },
                              down: { m in (j * (j + 1) - m * (m - 1)) / j })
        let p = reference.populations, half = (spinCount + 1) / 2
        let saddle = p.indices.min { p[$0] < p[$1] }!, low = (0..<saddle).max { p[$0] < p[$1] }!, high = (saddle...spinCount).max { p[$0] < p[$1] }!
        #expect(low < half && high > half)
        let there = 1 / reference.meanFirstPassage(from: low, to: high), back = 1 / reference.meanFirstPassage(from: high, to: low)
        let weight = p[..<saddle].reduce(0, +) / p[saddle...].reduce(0, +)

        let solver = try LindbladSolver(model: model), chain = try RatesTests.chain(solver, spinCount, ["Gamma": pump])
        let differences = [chain.rates[0][1] / there - 1, chain.rates[1][0] / back - 1, chain.weights[0] / chain.weights[1] / weight - 1]
        // 1/T of the mean time between the tops of the wells is the rate but for corrections of order slow/fast.
        let errors = [chain.errors[0][1] / chain.rates[0][1], chain.errors[1][0] / chain.rates[1][0]]
        for (difference, error) in zip(differences, errors + [errors[0] + errors[1]]) {
            #expect(abs(difference) < 5 / chain.separationRatio + error + 1e-11)
        }
        #expect(errors.allSatisfy { $0 < 1e-4 })
    }

    /// See `ExtendedPrecisionTests.threePhases`: bonds that nearly break at m = −30 and 20.
    @Test(arguments: [80, 100]) func threeWells(_ spinCount: Int) throws {
        let r = 0.98, upperZero = 20 - 0x1p-18, lowerZero = -30 + 0x1p-24, j = Double(spinCount) / 2
        let p = "(Jz - (20 - 1/2^18))*(Jz + (30 - 1/2^24))"
        let model = try Model(hamiltonian: "0*Jx", jumps: [("1/j^5", "Jm*\(p)"), ("r/j^5", "\(p)*Jp")], parameters: [("r", "\(r)")])
        func down(_ m: Double) -> Double {
            let amplitude = (m - upperZero) * (m - lowerZero)
            return amplitude * amplitude * (j * (j + 1) - m * (m - 1)) / pow(j, 5)
        }
        func weight(_ m: Double) -> Double { pow(r, m + j) }
        var wells = [0.0, 0.0, 0.0]
        for k in 0...spinCount {
            let m = Double(k) - j
            wells[m < -30 ? 0 : m < 20 ? 1 : 2] += weight(m)
        }
        let lowFlow = down(-30) * weight(-30), highFlow = down(20) * weight(20), total = wells.reduce(0, +)
        let expected = [[0, lowFlow / wells[0], 0], [lowFlow / wells[1], 0, highFlow / wells[1]], [0, highFlow / wells[2], 0]]
        let chain = try RatesTests.chain(LindbladSolver(model: model), spinCount, [:], states: 3)
        for (i, k) in [(0, 1), (1, 0), (1, 2), (2, 1)] { #expect(abs(chain.rates[i][k] / expected[i][k] - 1) < 1e-7) }
        for (i, k) in [(0, 2), (2, 0)] { #expect(abs(chain.rates[i][k]) + chain.errors[i][k] <= chain.detours[i][k]) }
        for i in 0..<3 { #expect(abs(chain.weights[i] / (wells[i] / total) - 1) < 1e-7) }
    }
} }
