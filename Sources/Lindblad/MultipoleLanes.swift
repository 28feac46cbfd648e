import LinearAlgebra
import Numbers
import SpinAlgebra

/// Images of eight neighbouring multipoles T_l,q … T_l,q+7 side by side: what stands `dl` above the column's l and `dq`
/// above its q, for |dl|, |dq| ≤ `reach`.
struct LanePatch {
    /// Where anything stands; all other cells count as zero and hold no meaning.
    struct Box: Equatable {
        var lLow = 0, lHigh = 0, qLow = 0, qHigh = 0

        func union(_ other: Box) -> Box {
            Box(lLow: min(lLow, other.lLow), lHigh: max(lHigh, other.lHigh), qLow: min(qLow, other.qLow), qHigh: max(qHigh, other.qHigh))
        }
    }
    let reach: Int
    let width: Int
    fileprivate(set) var box = Box()
    fileprivate(set) var isReal = true
    /// One owner at a time: a patch is taken, handed on and recycled, never copied.
    fileprivate let re: LaneBuffer
    /// Without meaning where `isReal`.
    fileprivate let im: LaneBuffer

    fileprivate init(reach: Int) {
        self.reach = reach
        width = 2 * reach + 1
        re = LaneBuffer(count: width * width)
        im = LaneBuffer(count: width * width)
    }

    @inline(__always) func cell(_ dl: Int, _ dq: Int) -> Int { (dl + reach) * width + dq + reach }

    /// Place of one column's entry; nil outside the box.
    @inline(__always) private func place(_ dl: Int, _ dq: Int) -> Int? {
        if dl < box.lLow || dl > box.lHigh || dq < box.qLow || dq > box.qHigh { return nil }
        return cell(dl, dq)
    }
    @inline(__always) func re(_ dl: Int, _ dq: Int, lane: Int) -> Double { place(dl, dq).map { re[$0, lane] } ?? 0 }
    @inline(__always) func im(_ dl: Int, _ dq: Int, lane: Int) -> Double { isReal ? 0 : place(dl, dq).map { im[$0, lane] } ?? 0 }

    fileprivate mutating func reset(_ new: Box) {
        box = new
        isReal = true
        clear(re, new.lLow...new.lHigh, new.qLow...new.qHigh)
    }

    fileprivate mutating func becomeComplex() {
        if !isReal { return }
        isReal = false
        clear(im, box.lLow...box.lHigh, box.qLow...box.qHigh)
    }

    fileprivate mutating func widen(to new: Box) {
        if new == box { return }
        let old = box, isReal = isReal
        func clearBoth(_ rows: ClosedRange<Int>, _ columns: ClosedRange<Int>) {
            clear(re, rows, columns)
            if !isReal { clear(im, rows, columns) }
        }
        if new.lLow < old.lLow { clearBoth(new.lLow...old.lLow - 1, new.qLow...new.qHigh) }
        if new.lHigh > old.lHigh { clearBoth(old.lHigh + 1...new.lHigh, new.qLow...new.qHigh) }
        if new.qLow < old.qLow { clearBoth(old.lLow...old.lHigh, new.qLow...old.qLow - 1) }
        if new.qHigh > old.qHigh { clearBoth(old.lLow...old.lHigh, old.qHigh + 1...new.qHigh) }
        box = new
    }

    private func clear(_ plane: LaneBuffer, _ rows: ClosedRange<Int>, _ columns: ClosedRange<Int>) {
        for dl in rows {
            let first = cell(dl, columns.lowerBound)
            for at in first..<first + columns.count { plane[at] = .zero }
        }
    }

    /// self += factor · other
    fileprivate mutating func add(_ other: LanePatch, times factor: Complex) {
        widen(to: box.union(other.box))
        if factor.im != 0 || !other.isReal { becomeComplex() }
        if factor.re != 0 {
            Self.accumulate(re, other.re, factor.re, other)
            if !other.isReal { Self.accumulate(im, other.im, factor.re, other) }
        }
        if factor.im != 0 {
            Self.accumulate(im, other.re, factor.im, other)
            if !other.isReal { Self.accumulate(re, other.im, -factor.im, other) }
        }
    }

    private static func accumulate(_ target: LaneBuffer, _ source: LaneBuffer, _ factor: Double, _ patch: LanePatch) {
        let box = patch.box, count = box.qHigh - box.qLow + 1
        for dl in box.lLow...box.lHigh {
            let first = patch.cell(dl, box.qLow)
            for at in first..<first + count { target[at] += factor * source[at] }
        }
    }
}

/// Left and right multiplication by spin operators as in `MultipoleAlgebra`, on eight columns of neighbouring q at once.
///
/// The square roots come from tables of √n: √((l−q)(l+q+1)) = √(l−q) √(l+q+1), zero where a factor is not positive, which
/// is where the multipole does not exist.
final class MultipoleLanes {
    typealias Side = MultipoleAlgebra<Complex>.Side
    typealias Factor = MultipoleAlgebra<Complex>.Factor
    private let spinCount: Int
    private let reach: Int
    /// K_l/2, see `MultipoleAlgebra`.
    private let halfCoupling: [Double]
    /// √(n), √(n+1), … and √(n), √(n−1), … for n ≥ −origin.
    private let ascending: [SIMD8<Double>]
    private let descending: [SIMD8<Double>]
    private let origin: Int
    private var spare: [LanePatch] = []
    /// The columns: l, and q of the first lane.
    private var l = 0
    private var q = 0

    /// - Parameters:
    ///   - reach: greatest |Δl| and |Δq| of the superoperators to come.
    ///   - lMax, qMax: greatest of the columns to come.
    init(spinCount: Int, reach: Int, lMax: Int, qMax: Int) {
        self.spinCount = spinCount
        self.reach = max(reach, 1)
        let top = min(lMax + reach, spinCount) + 1, m = spinCount + 1
        halfCoupling = (0...top).map { (l: Int) -> Double in
            l == 0 ? 0 : 0.5 * Double.squareRoot(of: (m - l) * (m + l), over: 4 * l * l - 1)
        }
        let beyond = qMax + 2 * reach + 12
        origin = beyond
        let roots = (-beyond - 8...top + beyond + 10).map { Double(max($0, 0)).squareRoot() }
        func window(_ first: Int, _ step: Int) -> SIMD8<Double> {
            var lanes = SIMD8<Double>.zero
            for lane in 0..<8 { lanes[lane] = roots[first + beyond + 8 + step * lane] }
            return lanes
        }
        let range = -beyond...top + beyond + 2
        ascending = range.map { window($0, 1) }
        descending = range.map { window($0, -1) }
    }

    /// Images of T_l,q … T_l,q+7 (zero for lanes beyond q = l) under each map. The patches are the caller's until `recycle`.
    func images(l: Int, q: Int, of maps: [Superoperator]) -> [LanePatch] {
        self.l = l
        self.q = q
        let start = take(LanePatch.Box())
        var ones = SIMD8<Double>.zero
        for lane in 0..<8 where q + lane <= l { ones[lane] = 1 }
        start.re[start.cell(0, 0)] = ones
        let result = maps.map { image(of: $0, start) }
        recycle(start)
        return result
    }

    func recycle(_ patch: LanePatch) { spare.append(patch) }

    private func take(_ box: LanePatch.Box) -> LanePatch {
        var patch = spare.popLast() ?? LanePatch(reach: reach)
        patch.reset(box)
        return patch
    }

    /// Products of polynomials are applied factor by factor, as in `Superoperator.exactColumn`.
    private func image(of map: Superoperator, _ start: LanePatch) -> LanePatch {
        var sum = take(LanePatch.Box())
        func add(_ patch: LanePatch, times factor: Complex) {
            sum.add(patch, times: factor)
            recycle(patch)
        }
        for part in map.parts {
            switch part {
            case .commutator(_, let hamiltonian):
                add(multiply(start, by: hamiltonian, on: .left), times: Complex(0, -1))
                add(multiply(start, by: hamiltonian, on: .right), times: Complex(0, 1))
            case .dissipator(let factor, _, _, let a, let adjoint):
                let left = multiply(start, by: a, on: .left), right = multiply(start, by: adjoint, on: .right)
                add(multiply(left, by: adjoint, on: .right), times: factor)
                add(multiply(left, by: adjoint, on: .left), times: -0.5 * factor)
                add(multiply(right, by: a, on: .right), times: -0.5 * factor)
                recycle(left)
                recycle(right)
            }
        }
        return sum
    }

    /// P ρ or ρ P by Horner's scheme; see `MultipoleAlgebra.multiply(_:by:on:)`.
    private func multiply(_ patch: LanePatch, by polynomial: CompiledPolynomial, on side: Side) -> LanePatch {
        let inner: Factor = side == .left ? .lowering : .raising, outer: Factor = side == .left ? .raising : .lowering
        let blocks = side == .left ? polynomial.byRaising : polynomial.byLowering
        var powers = [patch]
        for _ in 0..<(side == .left ? polynomial.greatestLowering : polynomial.greatestRaising) {
            powers.append(multiply(powers[powers.count - 1], by: inner, on: side))
        }
        var sum: LanePatch?
        for block in blocks.reversed() {
            if let previous = sum {
                sum = multiply(previous, by: outer, on: side)
                recycle(previous)
            }
            var middle: LanePatch?
            for terms in block.reversed() {
                if let previous = middle {
                    middle = multiply(previous, by: .z, on: side)
                    recycle(previous)
                }
                for (power, coefficient) in terms {
                    var target = middle ?? take(powers[power].box)
                    target.add(powers[power], times: coefficient)
                    middle = target
                }
            }
            guard let middle else { continue }
            if sum == nil { sum = middle } else {
                sum?.add(middle, times: .one)
                recycle(middle)
            }
        }
        for power in powers.dropFirst() { recycle(power) }
        return sum ?? take(patch.box)
    }

    private func multiply(_ patch: LanePatch, by factor: Factor, on side: Side) -> LanePatch {
        let shift = factor == .z ? 0 : factor == .raising ? 1 : -1
        let from = patch.box
        let box = LanePatch.Box(lLow: max(from.lLow - 1, -l), lHigh: min(from.lHigh + 1, spinCount - l),
                                qLow: from.qLow + min(shift, 0), qHigh: from.qHigh + max(shift, 0))
        var result = take(box)
        if !patch.isReal { result.becomeComplex() }
        let half = side == .left ? 0.5 : -0.5
        let q = q, origin = origin, width = patch.width, isReal = patch.isReal
        let sourceRe = patch.re, sourceIm = patch.im, targetRe = result.re, targetIm = result.im
        for dl in from.lLow...from.lHigh {
            let row = l + dl, up = halfCoupling[row + 1], down = halfCoupling[row]
            let hasAbove = row < spinCount, hasBelow = row > 0
            for dq in from.qLow...from.qHigh {
                let first = q + dq, minus = row - first + origin, plus = row + first + origin
                let same: SIMD8<Double>, above: SIMD8<Double>, below: SIMD8<Double>
                switch factor {
                case .z:
                    same = half * (Double(first) + ramp)
                    above = up * descending[minus + 1] * ascending[plus + 1]
                    below = down * descending[minus] * ascending[plus]
                case .raising:
                    same = half * descending[minus] * ascending[plus + 1]
                    above = -up * ascending[plus + 1] * ascending[plus + 2]
                    below = down * descending[minus] * descending[minus - 1]
                case .lowering:
                    same = half * ascending[plus] * descending[minus + 1]
                    above = up * descending[minus + 1] * descending[minus + 2]
                    below = -down * ascending[plus] * ascending[plus - 1]
                }
                let at = patch.cell(dl, dq), to = at + shift
                let re = sourceRe[at]
                targetRe[to] += same * re
                if hasAbove { targetRe[to + width] += above * re }
                if hasBelow { targetRe[to - width] += below * re }
                if isReal { continue }
                let im = sourceIm[at]
                targetIm[to] += same * im
                if hasAbove { targetIm[to + width] += above * im }
                if hasBelow { targetIm[to - width] += below * im }
            }
        }
        return result
    }

    private let ramp = SIMD8<Double>(0, 1, 2, 3, 4, 5, 6, 7)
}
