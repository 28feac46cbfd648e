import Numbers
import Testing

/// Double-double arithmetic against exact integers and its own identities.
@Suite struct DoubleDoubleTests {
    /// 2⁻¹⁰⁴ covers a few roundings of 106-bit arithmetic.
    private let tolerance = 8 * DoubleDouble.ulpOfOne

    private func random(_ random: inout Randomness) -> DoubleDouble {
        let scale = Double(sign: .plus, exponent: Int.random(in: -60...60, using: &random), significand: 1)
        return DoubleDouble(sum: random.real() * scale, random.real() * scale * 0x1p-54)
    }
    private func relative(_ a: DoubleDouble, _ b: DoubleDouble) -> Double { b.high == 0 ? abs(a.high) : abs((a - b).high / b.high) }

    @Test func productsOfIntegersAreExact() {
        var random = Randomness(seed: 11)
        for _ in 0..<2000 {
            let a = Int64.random(in: -(1 << 53)...(1 << 53), using: &random), b = Int64.random(in: -(1 << 53)...(1 << 53), using: &random)
            let exact = a.multipliedFullWidth(by: b), product = DoubleDouble(product: Double(a), Double(b))
            // The parts are integers: their sum in 128 bits, formed from the exact high part and what is left.
            let high = Int64(product.high / 0x1p60), rest = product.high - Double(high) * 0x1p60
            let low = Int64(rest) &+ Int64(product.low)
            // 2⁶⁰ high + low, as two's complement of 128 bits
            let shifted = (high: high >> 4, low: UInt64(bitPattern: high << 60))
            let (sum, carry) = shifted.low.addingReportingOverflow(UInt64(bitPattern: low))
            let top = shifted.high &+ (low < 0 ? -1 : 0) &+ (carry ? 1 : 0)
            #expect(top == exact.high && sum == exact.low, "\(a) · \(b)")
        }
    }

    @Test func sumsAreExactWhereTheyFit() {
        var random = Randomness(seed: 12)
        for _ in 0..<2000 {
            let a = random.real() * 0x1p40, b = random.real()
            let sum = DoubleDouble(sum: a, b)
            #expect(sum.high == a + b)
            #expect((sum - DoubleDouble(a)).high == b && (sum - DoubleDouble(b)) == DoubleDouble(a))
        }
    }

    @Test func identities() {
        var random = Randomness(seed: 13)
        for _ in 0..<2000 {
            let a = self.random(&random), b = self.random(&random), c = self.random(&random)
            #expect(a + b == b + a && a * b == b * a && a - a == .zero)
            #expect(relative((a * b) / b, a) < tolerance)
            #expect(relative((a / b) * b, a) < tolerance)
            let root = a.magnitude.squareRoot()
            #expect(relative(root * root, a.magnitude) < tolerance)
            let left = a * (b + c), right = a * b + a * c
            #expect(abs((left - right).high) <= tolerance * (abs((a * b).high) + abs((a * c).high)))
            #expect((a < b) == ((a - b).high < 0))
        }
    }

    /// Leading doubles of the expansions (Hida, Li, Bailey: QD, table of constants; OEIS A002193 for √2).
    @Test func constants() {
        let root = DoubleDouble(2).squareRoot()
        #expect(root.high == 1.4142135623730951 && abs(root.low + 9.667293313452913e-17) < 1e-31)
        let third = DoubleDouble(1) / DoubleDouble(3)
        #expect(third.high == 1.0 / 3 && relative(DoubleDouble(3) * third, .one) < tolerance)
        // Σ 1/k! to 32 digits: e = 2.718281828459045 + 1.4456468917292502e-16
        var e = DoubleDouble.zero, term = DoubleDouble.one
        for k in 1...40 {
            e += term
            term = term / DoubleDouble(Double(k))
        }
        #expect(e.high == 2.718281828459045 && abs(e.low - 1.4456468917292502e-16) < 1e-31)
    }
}
