/// What the formulas of this room are written in: numbers, numbers with derivatives (`Dual`), power series (`Jet`). One
/// formula gives values, exact derivatives and Taylor coefficients.
protocol RealScalar {
    /// Of the same kind (a series of the same order).
    var zero: Self { get }
    /// The number itself, without derivatives.
    var leading: Double { get }
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func * (a: Double, b: Self) -> Self
    static func + (a: Self, b: Double) -> Self
    var reciprocal: Self { get }
}

extension RealScalar {
    static prefix func - (a: Self) -> Self { -1.0 * a }
    static func += (a: inout Self, b: Self) { a = a + b }
}

extension Double: RealScalar {
    var zero: Double { 0 }
    var leading: Double { self }
    var reciprocal: Double { 1 / self }
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
    var leading: Double { value }
    @inline(__always) static func + (a: Dual, b: Dual) -> Dual { Dual(a.value + b.value, a.slope + b.slope) }
    @inline(__always) static func - (a: Dual, b: Dual) -> Dual { Dual(a.value - b.value, a.slope - b.slope) }
    @inline(__always) static func * (a: Dual, b: Dual) -> Dual { Dual(a.value * b.value, a.value * b.slope + b.value * a.slope) }
    @inline(__always) static func * (a: Double, b: Dual) -> Dual { Dual(a * b.value, a * b.slope) }
    @inline(__always) static func + (a: Dual, b: Double) -> Dual { Dual(a.value + b, a.slope) }
    var reciprocal: Dual {
        let inverse = 1 / value
        return Dual(inverse, (-inverse * inverse) * slope)
    }
}

/// A number with its derivatives along four directions over any scalar: of a `Dual`, second derivatives;
/// of a `Jet`, slopes as power series.
struct DualOver<R: RealScalar>: RealScalar {
    var value: R
    var d0: R, d1: R, d2: R, d3: R

    init(_ value: R, _ d0: R, _ d1: R, _ d2: R, _ d3: R) {
        self.value = value
        (self.d0, self.d1, self.d2, self.d3) = (d0, d1, d2, d3)
    }

    /// The `direction`-th variable itself.
    init(variable value: R, _ direction: Int) {
        let zero = value.zero, one = zero + 1
        self.init(value, direction == 0 ? one : zero, direction == 1 ? one : zero, direction == 2 ? one : zero, direction == 3 ? one : zero)
    }

    var derivatives: [R] { [d0, d1, d2, d3] }
    var zero: DualOver { DualOver(value.zero, value.zero, value.zero, value.zero, value.zero) }
    var leading: Double { value.leading }

    @inline(__always) static func + (a: DualOver, b: DualOver) -> DualOver { DualOver(a.value + b.value, a.d0 + b.d0, a.d1 + b.d1, a.d2 + b.d2, a.d3 + b.d3) }
    @inline(__always) static func - (a: DualOver, b: DualOver) -> DualOver { DualOver(a.value - b.value, a.d0 - b.d0, a.d1 - b.d1, a.d2 - b.d2, a.d3 - b.d3) }
    @inline(__always) static func * (a: DualOver, b: DualOver) -> DualOver {
        DualOver(a.value * b.value, a.value * b.d0 + a.d0 * b.value, a.value * b.d1 + a.d1 * b.value,
             a.value * b.d2 + a.d2 * b.value, a.value * b.d3 + a.d3 * b.value)
    }
    @inline(__always) static func * (a: Double, b: DualOver) -> DualOver { DualOver(a * b.value, a * b.d0, a * b.d1, a * b.d2, a * b.d3) }
    @inline(__always) static func + (a: DualOver, b: Double) -> DualOver { DualOver(a.value + b, a.d0, a.d1, a.d2, a.d3) }
    var reciprocal: DualOver {
        let inverse = value.reciprocal, slope = -(inverse * inverse)
        return DualOver(inverse, slope * d0, slope * d1, slope * d2, slope * d3)
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
    static prefix func - (a: ComplexScalar) -> ComplexScalar { ComplexScalar(-a.re, -a.im) }
    /// (c + i d) · z
    @inline(__always) func scaled(_ c: Double, _ d: Double) -> ComplexScalar {
        if d == 0 { return ComplexScalar(c * re, c * im) }
        if c == 0 { return ComplexScalar(-d * im, d * re) }
        return ComplexScalar(c * re - d * im, d * re + c * im)
    }
}
