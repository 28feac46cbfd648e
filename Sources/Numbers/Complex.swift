/// A double-precision complex number with the memory layout of C99 `double _Complex` and Fortran `COMPLEX*16`,
/// so that arrays of it pass to LAPACK and MUMPS without a copy.
@frozen public struct Complex: Hashable, Sendable {
    public var re: Double
    public var im: Double

    @inlinable @inline(__always) public init(_ re: Double, _ im: Double = 0) {
        self.re = re
        self.im = im
    }

    public static let zero = Complex(0)
    public static let one = Complex(1)
    public static let i = Complex(0, 1)

    @inlinable @inline(__always) public static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
    @inlinable @inline(__always) public static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
    @inlinable @inline(__always) public static prefix func - (a: Complex) -> Complex { Complex(-a.re, -a.im) }
    @inlinable @inline(__always) public static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }
    @inlinable @inline(__always) public static func * (a: Double, b: Complex) -> Complex { Complex(a * b.re, a * b.im) }
    @inlinable @inline(__always) public static func += (a: inout Complex, b: Complex) { a = a + b }
    @inlinable @inline(__always) public static func -= (a: inout Complex, b: Complex) { a = a - b }
    @inlinable @inline(__always) public static func *= (a: inout Complex, b: Complex) { a = a * b }

    /// Smith's algorithm: no overflow where the quotient is representable.
    @inlinable public static func / (a: Complex, b: Complex) -> Complex {
        if abs(b.re) >= abs(b.im) {
            let r = b.im / b.re, d = b.re + b.im * r
            return Complex((a.re + a.im * r) / d, (a.im - a.re * r) / d)
        }
        let r = b.re / b.im, d = b.re * r + b.im
        return Complex((a.re * r + a.im) / d, (a.im * r - a.re) / d)
    }

    @inlinable public var conjugate: Complex { Complex(re, -im) }
    /// |z|², may overflow where |z| does not.
    @inlinable public var squaredMagnitude: Double { re * re + im * im }
    @inlinable public var magnitude: Double {
        let a = max(abs(re), abs(im)), b = min(abs(re), abs(im))
        if a == 0 || a.isInfinite { return a }
        let r = b / a
        return a * (1 + r * r).squareRoot()
    }
    @inlinable public var isFinite: Bool { re.isFinite && im.isFinite }
}
