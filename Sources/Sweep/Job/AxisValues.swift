import Foundation
import Studies

/// Values between two ends, computed in decimal: 0.5 … 1.5 in 41 points gives 0.525, not 0.52500000000000002.
enum AxisValues {
    /// `count` values at equal distances, both ends included. `count` ≥ 2, or 1 for equal ends.
    static func linear(from: Double, to: Double, count: Int) -> [Double] {
        guard count > 1 else { return [CanonicalNumber.rounded(from)] }
        let last = count - 1
        guard let a = decimal(from), let b = decimal(to) else {
            return (0...last).map { CanonicalNumber.rounded(from + (to - from) * (Double($0) / Double(last))) }
        }
        if let values = scaled(a, b, last) { return values }
        let n = Decimal(last)
        return (0...last).map { value((a * Decimal(last - $0) + b * Decimal($0)) / n) }
    }

    /// The same in whole numbers, where all of them are exact doubles: one rounding, in the division, and ten times
    /// faster. nil: too many digits.
    private static func scaled(_ a: Decimal, _ b: Decimal, _ last: Int) -> [Double]? {
        let digits = max(0, -a.exponent, -b.exponent), limit = 0x1p53
        guard digits <= 15 else { return nil }
        let scale = pow(Decimal(10), digits), divisor = value(scale) * Double(last)
        let first = value(a * scale), final = value(b * scale)
        guard max(abs(first), abs(final)) * Double(last) < limit / 2, divisor < limit else { return nil }
        return (0...last).map { CanonicalNumber.rounded((first * Double(last - $0) + final * Double($0)) / divisor) }
    }

    /// Whole number of steps from one end to the other; nil: the step does not lead there.
    static func steps(from: Double, to: Double, step: Double) -> Int? {
        let quotient: Double
        if let a = decimal(from), let b = decimal(to), let s = decimal(step) { quotient = value((b - a) / s) } else { quotient = (to - from) / step }
        guard quotient >= 0, quotient == quotient.rounded() else { return nil }
        return Int(exactly: quotient)
    }

    /// `count` values in equal ratios. Values between the ends are rounded to 12 digits, since the last ones of `pow`
    /// differ between machines, and the value is the key of its records.
    static func logarithmic(from: Double, to: Double, count: Int) -> [Double] {
        guard count > 1 else { return [CanonicalNumber.rounded(from)] }
        let a = log10(abs(from)), b = log10(abs(to)), last = count - 1, sign: Double = from < 0 ? -1 : 1
        return (0...last).map { k in
            if k == 0 { return CanonicalNumber.rounded(from) }
            if k == last { return CanonicalNumber.rounded(to) }
            return sign * rounded12(pow(10, (a * Double(last - k) + b * Double(k)) / Double(last)))
        }
    }

    private static func rounded12(_ value: Double) -> Double {
        Double(String(format: "%.11e", value)) ?? value
    }

    /// nil: outside the range where Decimal keeps all digits.
    private static func decimal(_ value: Double) -> Decimal? {
        if value == 0 { return 0 }
        guard (1e-60...1e60).contains(abs(value)) else { return nil }
        return Decimal(string: CanonicalNumber.string(value), locale: nil)
    }

    private static func value(_ decimal: Decimal) -> Double {
        CanonicalNumber.rounded(Double("\(decimal)") ?? .nan)
    }
}
