import Foundation

/// Exponents of the classical chain between metastable states whose rates go as exp(−j A_ij).
///
/// By the tree theorem (Freidlin and Wentzell, Random Perturbations of Dynamical Systems, chapter 6) stationary weights are
/// sums over trees and eigenvalues ratios of sums over forests; to exponential order the cheapest one counts.
public struct MetastableChain: Sendable {
    /// [from][to], NaN or infinite where there is no way.
    public let barriers: [[Double]]

    public init(barriers: [[Double]]) { self.barriers = barriers.map { $0.map { $0.isNaN ? .infinity : $0 } } }

    private var count: Int { barriers.count }

    /// Least sum of barriers over all forests in which every state but the roots has one arrow and all ways end in a root.
    private func leastForest(roots: Set<Int>) -> Double {
        let others = (0..<count).filter { !roots.contains($0) }
        var least = Double.infinity, parent = [Int](repeating: -1, count: count)
        func endsInRoot() -> Bool {
            others.allSatisfy { start in
                var state = start
                for _ in 0...count where !roots.contains(state) { state = parent[state] }
                return roots.contains(state)
            }
        }
        func choose(_ k: Int, _ sum: Double) {
            if sum >= least { return }
            if k == others.count {
                if endsInRoot() { least = sum }
                return
            }
            for target in 0..<count where target != others[k] && barriers[others[k]][target].isFinite {
                parent[others[k]] = target
                choose(k + 1, sum + barriers[others[k]][target])
            }
        }
        choose(0, 0)
        return least
    }

    /// w_i with stationary weights ~ exp(−j w_i), the least 0; infinite or NaN where states do not communicate.
    public var weightExponents: [Double] {
        let trees = (0..<count).map { leastForest(roots: [$0]) }, least = trees.min() ?? .infinity
        return trees.map { least.isFinite ? $0 - least : .nan }
    }

    /// a with the slowest relaxation rate of the chain ~ exp(−j a): forests with one root less those with two.
    public var gapExponent: Double {
        guard count > 1 else { return .nan }
        let one = (0..<count).map { leastForest(roots: [$0]) }.min()!
        var two = Double.infinity
        for a in 0..<count { for b in (a + 1)..<max(count, a + 1) { two = min(two, leastForest(roots: [a, b])) } }
        return one.isFinite && two.isFinite ? one - two : .nan
    }
}
