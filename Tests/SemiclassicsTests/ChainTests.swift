import Foundation
import Semiclassics
import Testing

/// Exponents beside the rate matrix itself at j = 10⁹, solved by elimination without subtractions (Grassmann, Taksar and
/// Heyman) on logarithms: no trees there, and no limit.
@Suite struct ChainTests {
    private static let j = 1e9

    private func sum(_ terms: [Double]) -> Double {
        let greatest = terms.max() ?? -.infinity
        return greatest.isFinite ? greatest + log(terms.reduce(0) { $0 + exp($1 - greatest) }) : greatest
    }

    /// ln of the determinant of −K without the rows and columns of some states: the product of the pivots.
    private func determinant(_ barriers: [[Double]], without left: Set<Int>) -> Double {
        let kept = barriers.indices.filter { !left.contains($0) }
        var rates = kept.map { from in kept.map { -Self.j * barriers[from][$0] } }
        var out = kept.map { from in sum(left.map { -Self.j * barriers[from][$0] }) }
        var total = 0.0
        for n in kept.indices.reversed() {
            let pivot = sum((0..<n).map { rates[n][$0] } + [out[n]])
            total += pivot
            guard pivot.isFinite else { return -.infinity }
            for i in 0..<n {
                for k in 0..<n where k != i { rates[i][k] = sum([rates[i][k], rates[i][n] + rates[n][k] - pivot]) }
                out[i] = sum([out[i], rates[i][n] + out[n] - pivot])
            }
        }
        return total
    }

    /// Stationary weights are the principal minors of order k − 1; the slowest rate is their sum over that of order k − 2, but
    /// for a factor of at most k.
    @Test(arguments: 2...5) func randomChains(count: Int) {
        var random = Randomness(seed: UInt64(count))
        for round in 0..<40 {
            let barriers = (0..<count).map { from in
                (0..<count).map { to -> Double in
                    // In half of the chains some ways are closed, but never those between neighbours.
                    let isOpen = round.isMultiple(of: 2) || abs(from - to) == 1 || random.real(0...1) < 0.5
                    return from == to || !isOpen ? .infinity : random.real(0.05...2)
                }
            }
            let chain = MetastableChain(barriers: barriers.map { $0.map { $0.isFinite ? $0 : .nan } })
            let minors = (0..<count).map { determinant(barriers, without: [$0]) }, all = sum(minors)
            for (w, minor) in zip(chain.weightExponents, minors) { #expect(abs(w - (all - minor) / Self.j) < 1e-7) }
            let pairs = (0..<count).flatMap { a in (0..<a).map { determinant(barriers, without: [a, $0]) } }
            #expect(abs(chain.gapExponent - (sum(pairs) - all) / Self.j) < 1e-7)
        }
    }

    /// k₁₂ + k₂₁, and weights k₂₁ : k₁₂.
    @Test func twoStates() {
        let chain = MetastableChain(barriers: [[.nan, 0.7], [0.3, .nan]])
        #expect(chain.gapExponent == 0.3)
        #expect(chain.weightExponents[0] == 0 && abs(chain.weightExponents[1] - 0.4) < 1e-15)
    }

    @Test func statesWithoutAWay() {
        // Out of the first state only: all weight ends up in the second.
        let sink = MetastableChain(barriers: [[.nan, 0.7], [.nan, .nan]])
        #expect(sink.weightExponents == [.infinity, 0] && sink.gapExponent == 0.7)
        let apart = MetastableChain(barriers: [[.nan, .nan], [.nan, .nan]])
        #expect(apart.weightExponents.allSatisfy(\.isNaN) && apart.gapExponent.isNaN)
    }
}
