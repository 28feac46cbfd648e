/// R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapters 4 and 5.
public enum Brent {
    /// A zero of a continuous function between two places where it has opposite signs.
    /// - Parameters:
    ///   - valueAtLower, valueAtUpper: the function there, known to the caller.
    ///   - tolerance: absolute, of the zero.
    public static func root(from lower: Double, to upper: Double, valueAtLower: Double, valueAtUpper: Double, tolerance: Double,
                            _ function: (Double) throws -> Double) rethrows -> Double {
        precondition(valueAtLower * valueAtUpper <= 0, "the function has one sign at both ends")
        var (a, b, fa, fb) = (lower, upper, valueAtLower, valueAtUpper)
        var (c, fc) = (a, fa), step = b - a, last = step
        for _ in 0..<200 {
            if abs(fc) < abs(fb) { (a, b, c, fa, fb, fc) = (b, c, b, fb, fc, fb) }
            let bound = 2 * b.ulp + tolerance / 2, middle = (c - b) / 2
            if abs(middle) <= bound || fb == 0 { return b }
            if abs(last) >= bound, abs(fa) > abs(fb) {
                // Secant, or inverse quadratic interpolation where three places differ.
                let s = fb / fa
                var p = 2 * middle * s, q = 1 - s
                if a != c {
                    let u = fa / fc, r = fb / fc
                    p = s * (2 * middle * u * (u - r) - (b - a) * (r - 1))
                    q = (u - 1) * (r - 1) * (s - 1)
                }
                if p > 0 { q = -q } else { p = -p }
                if 2 * p < min(3 * middle * q - abs(bound * q), abs(last * q)) {
                    (last, step) = (step, p / q)
                } else {
                    (last, step) = (middle, middle)
                }
            } else {
                (last, step) = (middle, middle)
            }
            (a, fa) = (b, fb)
            b += abs(step) > bound ? step : (middle > 0 ? bound : -bound)
            fb = try function(b)
            if (fb > 0) == (fc > 0) {
                (c, fc) = (a, fa)
                last = b - a
                step = last
            }
        }
        return b
    }

    /// The place of a maximum of a continuous function, and its value: parabolas, golden sections where they fail.
    /// - Parameter tolerance: absolute, of the place; below the square root of the function's rounding it cannot be reached.
    public static func maximum(from lower: Double, to upper: Double, tolerance: Double,
                               _ function: (Double) throws -> Double) rethrows -> (place: Double, value: Double) {
        let golden = (3 - 5.0.squareRoot()) / 2
        var (a, b) = (lower, upper), x = a + golden * (b - a), fx = try -function(x)
        var (w, v, fw, fv) = (x, x, fx, fx), step = 0.0, last = 0.0
        for _ in 0..<100 {
            let middle = (a + b) / 2, bound = tolerance / 3
            if abs(x - middle) <= 2 * bound - (b - a) / 2 { break }
            var parabolic = false
            if abs(last) > bound {
                let r = (x - w) * (fx - fv), s = (x - v) * (fx - fw)
                var p = (x - v) * s - (x - w) * r, q = 2 * (s - r)
                if q > 0 { p = -p } else { q = -q }
                if abs(p) < abs(q * last / 2), p > q * (a - x), p < q * (b - x) {
                    (last, step) = (step, p / q)
                    parabolic = true
                    if x + step - a < 2 * bound || b - x - step < 2 * bound { step = x < middle ? bound : -bound }
                }
            }
            if !parabolic {
                last = x < middle ? b - x : a - x
                step = golden * last
            }
            let u = x + (abs(step) >= bound ? step : (step > 0 ? bound : -bound)), fu = try -function(u)
            if fu <= fx {
                if u < x { b = x } else { a = x }
                (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu)
            } else {
                if u < x { a = u } else { b = u }
                if fu <= fw || w == x { (v, fv, w, fw) = (w, fw, u, fu) } else if fu <= fv || v == x || v == w { (v, fv) = (u, fu) }
            }
        }
        return (x, -fx)
    }
}
