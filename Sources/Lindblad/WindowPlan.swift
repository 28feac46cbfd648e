import Foundation

/// How many multipoles to keep at first, and how to go on when a certificate says they were too few.
///
/// Coherence width and smoothness of large-N states both scale as √N, so l ≤ 6.5√N and |q| ≤ 3.5√N hold them to about
/// 1e-10; l_max = q_max = N is exact.
struct WindowPlan {
    let spinCount: Int
    private(set) var lFactor = 6.5
    private(set) var qFactor = 3.5
    private static let growth = 1.3

    init(spinCount: Int) { self.spinCount = spinCount }

    var window: MultipoleWindow {
        let root = Double(spinCount).squareRoot()
        var l = Int((lFactor * root).rounded(.up)), q = Int((qFactor * root).rounded(.up))
        // The last fifth is not worth a certificate.
        if Double(l) > 0.8 * Double(spinCount) { l = spinCount }
        if l >= spinCount && (Double(q) > 0.8 * Double(spinCount) || spinCount <= 30) { q = spinCount }
        return MultipoleWindow(lMax: min(l, spinCount), qMax: min(q, spinCount))
    }

    var isComplete: Bool { window.isComplete(spinCount: spinCount) }

    /// Widens in the directions that leak (both, where neither is to blame).
    mutating func widen(l: Bool, q: Bool) {
        let before = window
        repeat {
            if l || !q || before.qMax >= before.lMax { lFactor *= Self.growth }
            if q || !l || before.lMax >= spinCount { qFactor *= Self.growth }
        } while window == before && !isComplete
    }
}
