import Numbers

/// What the formulas of this room are written in: numbers, numbers with derivatives (`Dual`), power series (`Jet`). One
/// formula gives values, exact derivatives and Taylor coefficients.
protocol RealScalar {
    /// Of the same kind (a series of the same order).
    var zero: Self { get }
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func * (a: Double, b: Self) -> Self
    static func + (a: Self, b: Double) -> Self
    var reciprocal: Self { get }
    var squareRoot: Self { get }
}

extension RealScalar {
    static prefix func - (a: Self) -> Self { -1.0 * a }
    static func += (a: inout Self, b: Self) { a = a + b }
}

extension Double: RealScalar {
    var zero: Double { 0 }
    var reciprocal: Double { 1 / self }
    var squareRoot: Double { self.squareRoot() }
}

/// A number with its derivatives along four directions (forward differentiation: exact to rounding).
struct Dual: RealScalar {
    var value: Double
    var slope: SIMD4<Double>

    @inline(__always) init(_ value: Double, _ slope: SIMD4<Double>) {
        self.value = value
        self.slope = slope
    }

    /// The `direction`-th variable itself.
    init(variable value: Double, _ direction: Int) {
        self.value = value
        slope = .zero
        slope[direction] = 1
    }

    var zero: Dual { Dual(0, .zero) }
    @inline(__always) static func + (a: Dual, b: Dual) -> Dual { Dual(a.value + b.value, a.slope + b.slope) }
    @inline(__always) static func - (a: Dual, b: Dual) -> Dual { Dual(a.value - b.value, a.slope - b.slope) }
    @inline(__always) static func * (a: Dual, b: Dual) -> Dual { Dual(a.value * b.value, a.value * b.slope + b.value * a.slope) }
    @inline(__always) static func * (a: Double, b: Dual) -> Dual { Dual(a * b.value, a * b.slope) }
    @inline(__always) static func + (a: Dual, b: Double) -> Dual { Dual(a.value + b, a.slope) }
    var reciprocal: Dual {
        let inverse = 1 / value
        return Dual(inverse, (-inverse * inverse) * slope)
    }
    var squareRoot: Dual {
        let root = value.squareRoot()
        return Dual(root, (0.5 / root) * slope)
    }
}

/// A number with its derivatives along two directions, over any scalar: of a `Dual`, second derivatives; of a `Jet`,
/// slopes as power series.
struct Sloped<R: RealScalar>: RealScalar {
    var value: R
    var d0: R, d1: R

    @inline(__always) init(_ value: R, _ d0: R, _ d1: R) { (self.value, self.d0, self.d1) = (value, d0, d1) }

    var zero: Sloped { Sloped(value.zero, value.zero, value.zero) }
    @inline(__always) static func + (a: Sloped, b: Sloped) -> Sloped { Sloped(a.value + b.value, a.d0 + b.d0, a.d1 + b.d1) }
    @inline(__always) static func - (a: Sloped, b: Sloped) -> Sloped { Sloped(a.value - b.value, a.d0 - b.d0, a.d1 - b.d1) }
    @inline(__always) static func * (a: Sloped, b: Sloped) -> Sloped {
        Sloped(a.value * b.value, a.value * b.d0 + a.d0 * b.value, a.value * b.d1 + a.d1 * b.value)
    }
    @inline(__always) static func * (a: Double, b: Sloped) -> Sloped { Sloped(a * b.value, a * b.d0, a * b.d1) }
    @inline(__always) static func + (a: Sloped, b: Double) -> Sloped { Sloped(a.value + b, a.d0, a.d1) }
    var reciprocal: Sloped {
        let inverse = value.reciprocal, slope = -(inverse * inverse)
        return Sloped(inverse, slope * d0, slope * d1)
    }
    var squareRoot: Sloped {
        let root = value.squareRoot, slope = 0.5 * root.reciprocal
        return Sloped(root, slope * d0, slope * d1)
    }
}

/// A complex number over any real scalar.
struct ComplexScalar<R: RealScalar> {
    var re: R
    var im: R
    @inline(__always) init(_ re: R, _ im: R) {
        self.re = re
        self.im = im
    }
    var zero: ComplexScalar { ComplexScalar(re.zero, re.zero) }
    var conjugate: ComplexScalar { ComplexScalar(re, -im) }
    var squaredMagnitude: R { re * re + im * im }
    @inline(__always) static func + (a: ComplexScalar, b: ComplexScalar) -> ComplexScalar { ComplexScalar(a.re + b.re, a.im + b.im) }
    @inline(__always) static func - (a: ComplexScalar, b: ComplexScalar) -> ComplexScalar { ComplexScalar(a.re - b.re, a.im - b.im) }
    @inline(__always) static func * (a: ComplexScalar, b: ComplexScalar) -> ComplexScalar {
        ComplexScalar(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }
    @inline(__always) static func * (a: R, b: ComplexScalar) -> ComplexScalar { ComplexScalar(a * b.re, a * b.im) }
    @inline(__always) static func * (a: Double, b: ComplexScalar) -> ComplexScalar { ComplexScalar(a * b.re, a * b.im) }
    @inline(__always) static func + (a: ComplexScalar, b: Double) -> ComplexScalar { ComplexScalar(a.re + b, a.im) }
    @inline(__always) static func += (a: inout ComplexScalar, b: ComplexScalar) { a = a + b }
    @inline(__always) static func + (a: ComplexScalar, b: Complex) -> ComplexScalar { ComplexScalar(a.re + b.re, a.im + b.im) }
    static prefix func - (a: ComplexScalar) -> ComplexScalar { ComplexScalar(-a.re, -a.im) }
    /// (c + i d) · z
    @inline(__always) func scaled(_ c: Double, _ d: Double) -> ComplexScalar {
        if d == 0 { return ComplexScalar(c * re, c * im) }
        if c == 0 { return ComplexScalar(-d * im, d * re) }
        return ComplexScalar(c * re - d * im, d * re + c * im)
    }
}
