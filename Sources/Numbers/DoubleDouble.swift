/// A real number as the unevaluated sum of two doubles, about 32 digits (106 bits).
///
/// Error-free sums (Knuth) and products (Dekker, Numer. Math. 18, 224 (1971)), arranged as in Hida, Li and Bailey's QD
/// library: every operation is good to a few units of 2⁻¹⁰⁴. Products split their factors instead of relying on a fused
/// multiply–add, so the bits are the same on every processor. Magnitudes must stay between about 1e-290 and 1e300.
@frozen public struct DoubleDouble: Hashable, Sendable {
    public var high: Double
    public var low: Double

    /// Relative spacing that operations are accurate to.
    public static let ulpOfOne = 0x1p-104

    @inlinable @inline(__always) public init(_ value: Double) {
        high = value
        low = 0
    }

    /// Sum of two doubles that already do not overlap.
    @inlinable @inline(__always) init(high: Double, low: Double) {
        self.high = high
        self.low = low
    }

    /// a + b, exactly.
    @inlinable @inline(__always) public init(sum a: Double, _ b: Double) {
        let s = a + b, t = s - a
        high = s
        low = (a - (s - t)) + (b - t)
    }

    /// a · b, exactly (barring underflow).
    @inlinable @inline(__always) public init(product a: Double, _ b: Double) {
        let p = a * b
        let at = 134_217_729 * a, bt = 134_217_729 * b               // 2²⁷ + 1: halves of 26 bits
        let ah = at - (at - a), bh = bt - (bt - b)
        let al = a - ah, bl = b - bh
        high = p
        low = ((ah * bh - p) + ah * bl + al * bh) + al * bl
    }

    /// a + b, exactly, for |a| ≥ |b|.
    @inlinable @inline(__always) init(ordered a: Double, _ b: Double) {
        let s = a + b
        high = s
        low = b - (s - a)
    }

    public static let zero = DoubleDouble(0)
    public static let one = DoubleDouble(1)

    @inlinable @inline(__always) public static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let s = DoubleDouble(sum: a.high, b.high), t = DoubleDouble(sum: a.low, b.low)
        let u = DoubleDouble(ordered: s.high, s.low + t.high)
        return DoubleDouble(ordered: u.high, u.low + t.low)
    }
    @inlinable @inline(__always) public static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(high: -a.high, low: -a.low) }
    @inlinable @inline(__always) public static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + -b }
    @inlinable @inline(__always) public static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let p = DoubleDouble(product: a.high, b.high)
        return DoubleDouble(ordered: p.high, p.low + (a.high * b.low + a.low * b.high))
    }
    @inlinable @inline(__always) public static func * (a: Double, b: DoubleDouble) -> DoubleDouble {
        let p = DoubleDouble(product: a, b.high)
        return DoubleDouble(ordered: p.high, p.low + a * b.low)
    }
    @inlinable public static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let q1 = a.high / b.high
        let r1 = a - q1 * b, q2 = r1.high / b.high
        let r2 = r1 - q2 * b, q3 = r2.high / b.high
        return DoubleDouble(ordered: q1, q2) + DoubleDouble(q3)
    }
    @inlinable @inline(__always) public static func += (a: inout DoubleDouble, b: DoubleDouble) { a = a + b }
    @inlinable @inline(__always) public static func -= (a: inout DoubleDouble, b: DoubleDouble) { a = a - b }

    /// One Newton step from the square root in double precision. Negative numbers give NaN.
    @inlinable public func squareRoot() -> DoubleDouble {
        if high == 0 { return .zero }
        let root = high.squareRoot()
        let defect = self - DoubleDouble(product: root, root)
        return DoubleDouble(ordered: root, defect.high / (2 * root))
    }

    @inlinable public var magnitude: DoubleDouble { high < 0 || (high == 0 && low < 0) ? -self : self }
    @inlinable public var isFinite: Bool { high.isFinite && low.isFinite }
}

extension DoubleDouble: Comparable {
    @inlinable public static func < (a: DoubleDouble, b: DoubleDouble) -> Bool { a.high < b.high || (a.high == b.high && a.low < b.low) }
}
