import Foundation

/// How many multipoles to keep at first, and how to go on when a certificate says they were too few.
///
/// Coherence width and smoothness of large-N states both scale as √N, so l ≤ 7√N and |q| ≤ 4.5√N hold them to about
/// 1e-10; l_max = q_max = N is exact. With the quantisation axis along the mean spin of a single phase the coherences
/// |q| of the state stay O(1) wide at any N.
struct WindowPlan {
    let spinCount: Int
    private(set) var lFactor = 7.0
    private(set) var qFactor = 4.5
    /// The one |q| of a sector, where each is its own: nothing leaves it sideways.
    private var order: Int?
    private static let growth = 1.3

    /// Greatest |q| of a single phase along the axis.
    static let narrowQ = 21.0

    /// - Parameter isNarrow: a single phase, and the axis along its mean spin.
    init(spinCount: Int, isNarrow: Bool = false) {
        self.spinCount = spinCount
        if isNarrow { (lFactor, qFactor) = (spinCount > LindbladSolver.greatestBatchedSpinCount ? 8 : 7.6, min(qFactor, Self.narrowQ / Double(spinCount).squareRoot())) }
    }

    /// From a window that was found to be wide enough for something else.
    init(spinCount: Int, window: MultipoleWindow) {
        self.init(spinCount: spinCount)
        // Half a multipole less, so that rounding up gives the window back.
        let root = Double(spinCount).squareRoot()
        (lFactor, qFactor) = ((Double(window.lMax) - 0.5) / root, (Double(window.qMax) - 0.5) / root)
    }

    /// Windows that hold the multipoles of one |q| alone.
    mutating func keepOrder(_ q: Int) { order = q }

    var window: MultipoleWindow {
        let root = Double(spinCount).squareRoot()
        var l = Int((lFactor * root).rounded(.up)), q = Int((qFactor * root).rounded(.up))
        // The last fifth is not worth a certificate.
        if Double(l) > 0.8 * Double(spinCount) { l = spinCount }
        if let order { return MultipoleWindow(lMax: min(max(l, order), spinCount), qMax: order) }
        if l >= spinCount && (Double(q) > 0.8 * Double(spinCount) || spinCount <= 30) { q = spinCount }
        return MultipoleWindow(lMax: min(l, spinCount), qMax: min(q, spinCount))
    }

    /// Whether more coherences are kept than a single phase along its axis could need.
    var isWide: Bool { isComplete || window.qMax > 10 * Int(Self.narrowQ) || lFactor > 16 }

    var isComplete: Bool { order == nil ? window.isComplete(spinCount: spinCount) : window.lMax >= spinCount }

    /// Widens in the directions that leak.
    /// - Parameters l, q: leak over tolerance beyond l_max and beyond q_max: above one, the direction is widened, by as much
    ///   as a Gaussian tail needs and no more than 1.3 (both by that, where neither is to blame).
    mutating func widen(l: Double, q: Double) {
        let before = window, isNobody = !(l > 1) && !(q > 1)
        repeat {
            if l > 1 || isNobody || (q > 1 && before.qMax >= before.lMax) || order != nil { lFactor *= isNobody ? Self.growth : Self.growth(l, lFactor) }
            if q > 1 || isNobody || (l > 1 && before.lMax >= spinCount) { qFactor *= isNobody ? Self.growth : Self.growth(q, qFactor) }
        } while window == before && !isComplete
    }

    /// Coefficients fall like exp(−l²/2N): (l′² − l²)/2N = ln(leak/tolerance). In steps, so that points that are wide alike
    /// share a window.
    private static func growth(_ excess: Double, _ factor: Double) -> Double {
        guard excess > 1, excess.isFinite else { return growth }
        let needed = 1.02 * (1 + 2 * log(excess) / (factor * factor)).squareRoot()
        return needed <= 1.1 ? 1.1 : needed <= 1.2 ? 1.2 : growth
    }
}
