import Foundation

/// Gauss–Legendre quadrature: with n nodes exact for polynomials up to degree 2n − 1.
public enum GaussLegendre {
    /// On [−1, 1]: nodes (descending) and weights, by Newton's method on P_n, the weights as 2/((1 − x²) P_n′²).
    public static func rule(_ count: Int) -> [(node: Double, weight: Double)] {
        precondition(count > 0)
        let n = Double(count)
        var rule = [(node: Double, weight: Double)](repeating: (0, 0), count: count)
        for k in 0..<(count + 1) / 2 {
            var x = 2 * k + 1 == count ? 0 : cos(Double.pi * (Double(k) + 0.75) / (n + 0.5)), slope = 0.0
            for _ in 0..<20 {
                var last = 1.0, value = x
                for l in 1..<max(count, 2) where count > 1 {
                    let order = Double(l)
                    let next = ((2 * order + 1) * x * value - order * last) / (order + 1)
                    last = value
                    value = next
                }
                slope = n * (last - x * value) / (1 - x * x)
                let step = value / slope
                if 2 * k + 1 == count { break }
                x -= step
                if abs(step) < 4e-16 { break }
            }
            let weight = 2 / ((1 - x * x) * slope * slope)
            rule[k] = (x, weight)
            rule[count - 1 - k] = (-x, weight)
        }
        return rule
    }

    /// On [0, 1], places ascending.
    public static func unitInterval(_ count: Int) -> [(place: Double, weight: Double)] {
        rule(count).map { (0.5 * (1 - $0.node), 0.5 * $0.weight) }
    }
}
