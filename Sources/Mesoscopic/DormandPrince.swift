import Foundation

/// The embedded Runge–Kutta pair of orders 5 and 4 with steps of its own, for three unknowns.
/// Dormand and Prince, J. Comput. Appl. Math. 6, 19 (1980).
struct DormandPrince {
    /// Greatest estimated error of a step, in any component.
    let tolerance: Double

    /// - Parameters:
    ///   - duration: from t = 0.
    ///   - velocity: dn/dt at (t, n), of order one in the unit of time.
    /// - Returns: nil where steps get too small.
    @inline(__always)
    func state(from start: SIMD3<Double>, duration: Double, velocity: (Double, SIMD3<Double>) -> SIMD3<Double>) -> SIMD3<Double>? {
        typealias V = SIMD3<Double>
        var t = 0.0, n = start, step = min(duration, 0.1), k1 = velocity(0, start)
        while t < duration {
            let isLast = t + step >= duration, h = isLast ? duration - t : step
            let k2 = velocity(t + h / 5, n + (h / 5) * k1)
            let n3: V = k1 * (3.0 / 40) + k2 * (9.0 / 40)
            let k3 = velocity(t + 0.3 * h, n + h * n3)
            let n4: V = k1 * (44.0 / 45) - k2 * (56.0 / 15) + k3 * (32.0 / 9)
            let k4 = velocity(t + 0.8 * h, n + h * n4)
            let n5a: V = k1 * (19372.0 / 6561) - k2 * (25360.0 / 2187)
            let n5b: V = k3 * (64448.0 / 6561) - k4 * (212.0 / 729)
            let k5 = velocity(t + h * 8 / 9, n + h * (n5a + n5b))
            let n6a: V = k1 * (9017.0 / 3168) - k2 * (355.0 / 33) + k3 * (46732.0 / 5247)
            let n6b: V = k4 * (49.0 / 176) - k5 * (5103.0 / 18656)
            let k6 = velocity(t + h, n + h * (n6a + n6b))
            let n7a: V = k1 * (35.0 / 384) + k3 * (500.0 / 1113) + k4 * (125.0 / 192)
            let n7b: V = k6 * (11.0 / 84) - k5 * (2187.0 / 6784)
            let next = n + h * (n7a + n7b)
            let k7 = velocity(t + h, next)
            let ea: V = k1 * (71.0 / 57600) - k3 * (71.0 / 16695) + k4 * (71.0 / 1920)
            let eb: V = k6 * (22.0 / 525) - k5 * (17253.0 / 339200) - k7 * (1.0 / 40)
            let difference = h * (ea + eb), magnitudes = difference.replacing(with: -difference, where: difference .< 0)
            let error = magnitudes.max() / tolerance
            if error <= 1 {
                t = isLast ? duration : t + h
                n = next
                k1 = k7
            } else if !(h > 1e-12 * max(1, t)) {
                return nil
            }
            // Of order five; a NaN makes the step smaller.
            step = h * (error > 0 ? min(5, max(0.2, 0.9 * pow(error, -0.2))) : error == 0 ? 5 : 0.2)
        }
        return n
    }
}
