import Numbers

/// The bistable model solved without multipoles, sectors, trace trick or shift–invert Krylov: the master equation in the
/// Dicke basis as a banded matrix of double-doubles, factored with row exchanges throughout in double-double.
///
/// H = Ω Jx, jumps √(γ/j) J₋ and √(Γ/j³) J₊(j + Jz). With ρ_kl = i^(k−l) r_kl (k = j + m) everything is real. Inverse
/// iteration on L − σ gives the plane X of steady state and slow mode; T = XᵀLX holds the gap (−Tr T) and the state
/// (T y = 0), and det T = 0 is a check.
struct ExtendedReference {
    private(set) var gap = 0.0
    /// ⟨Jz⟩/j
    private(set) var jz = 0.0
    private(set) var purity = 0.0
    /// det T/(Tr T)²: zero but for rounding.
    private(set) var determinant = 0.0

    private let d: Int
    private var rows: [[(column: Int, value: DoubleDouble)]] = []

    init(spinCount: Int, omega: Double, gamma: Double = 1, pump: Double) {
        d = spinCount + 1
        let n = d * d, j = Double(spinCount) / 2
        let ladder = (0...spinCount).map { DoubleDouble(Double(($0 + 1) * (spinCount - $0))).squareRoot() }
        func c(_ k: Int) -> DoubleDouble { k >= 0 && k <= spinCount ? ladder[k] : .zero }
        func square(_ k: Int) -> Double { k >= 0 && k <= spinCount ? Double((k + 1) * (spinCount - k)) : 0 }
        let decay = DoubleDouble(gamma) / DoubleDouble(j), gain = DoubleDouble(pump) / DoubleDouble(j * j * j)
        let half = 0.5 * omega
        for k in 0..<d {
            for l in 0..<d {
                var row: [(column: Int, value: DoubleDouble)] = []
                func add(_ a: Int, _ b: Int, _ value: DoubleDouble) {
                    if a >= 0 && a < d && b >= 0 && b < d && value.high != 0 { row.append((a * d + b, value)) }
                }
                add(k - 1, l, -half * c(k - 1))
                add(k + 1, l, half * c(k))
                add(k, l - 1, -half * c(l - 1))
                add(k, l + 1, half * c(l))
                add(k + 1, l + 1, decay * c(k) * c(l))
                let up = Double(k - 1) * Double(l - 1)
                add(k - 1, l - 1, up * (gain * c(k - 1) * c(l - 1)))
                let lost = square(k - 1) + square(l - 1), pumped = square(k) * Double(k * k) + square(l) * Double(l * l)
                add(k, l, -0.5 * (lost * decay + pumped * gain))
                rows.append(row)
            }
        }
        solve(count: n, j: j)
    }

    private func apply(_ x: [DoubleDouble]) -> [DoubleDouble] {
        rows.map { row in
            var sum = DoubleDouble.zero
            for entry in row { sum += entry.value * x[entry.column] }
            return sum
        }
    }

    private func dot(_ a: [DoubleDouble], _ b: [DoubleDouble]) -> DoubleDouble {
        var sum = DoubleDouble.zero
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }

    private mutating func solve(count n: Int, j: Double) {
        let width = d + 1, span = 3 * width + 1, sigma = DoubleDouble(1e-6)
        // Row i holds columns i − width … i + 2 width.
        var band = [DoubleDouble](repeating: .zero, count: n * span)
        for (i, row) in rows.enumerated() {
            for entry in row { band[i * span + entry.column - i + width] += entry.value }
            band[i * span + width] -= sigma
        }
        var pivots = [Int](repeating: 0, count: n), factors = [DoubleDouble](repeating: .zero, count: n * width)
        for k in 0..<n {
            let last = min(n - 1, k + width), lastColumn = min(n - 1, k + 2 * width)
            var best = k
            for i in k...last where band[i * span + k - i + width].magnitude > band[best * span + k - best + width].magnitude { best = i }
            pivots[k] = best
            if best != k {
                for column in k...lastColumn { band.swapAt(k * span + column - k + width, best * span + column - best + width) }
            }
            let pivot = band[k * span + width]
            for i in k + 1..<max(last + 1, k + 1) where band[i * span + k - i + width].high != 0 {
                let factor = band[i * span + k - i + width] / pivot
                factors[k * width + i - k - 1] = factor
                for column in k + 1..<max(lastColumn + 1, k + 1) {
                    band[i * span + column - i + width] -= factor * band[k * span + column - k + width]
                }
            }
        }
        func inverse(_ b: [DoubleDouble]) -> [DoubleDouble] {
            var x = b
            for k in 0..<n {
                x.swapAt(k, pivots[k])
                for i in k + 1..<max(min(n - 1, k + width) + 1, k + 1) { x[i] -= factors[k * width + i - k - 1] * x[k] }
            }
            for k in stride(from: n - 1, through: 0, by: -1) {
                var sum = x[k]
                for column in k + 1..<max(min(n - 1, k + 2 * width) + 1, k + 1) { sum -= band[k * span + column - k + width] * x[column] }
                x[k] = sum / band[k * span + width]
            }
            return x
        }
        var a = [DoubleDouble](repeating: .zero, count: n), b = a
        for k in 0..<d {
            a[k * d + k] = .one
            b[k * d + k] = DoubleDouble(Double(k) - j)
        }
        for _ in 0..<9 {
            a = inverse(a)
            b = inverse(b)
            let length = dot(a, a).squareRoot()
            a = a.map { $0 / length }
            let overlap = dot(a, b)
            b = zip(a, b).map { $1 - overlap * $0 }
            let second = dot(b, b).squareRoot()
            b = b.map { $0 / second }
        }
        let imageA = apply(a), imageB = apply(b)
        let t00 = dot(a, imageA), t01 = dot(a, imageB), t10 = dot(b, imageA), t11 = dot(b, imageB)
        let sum = t00 + t11
        gap = -sum.high
        determinant = (t00 * t11 - t01 * t10).high / (sum.high * sum.high)
        // T y = 0 from the row of greater entries.
        let first = abs(t00.high) + abs(t01.high) > abs(t10.high) + abs(t11.high)
        let y0 = first ? t01 : t11, y1 = first ? -t00 : -t10
        let state = zip(a, b).map { y0 * $0 + y1 * $1 }
        var trace = DoubleDouble.zero, weighted = DoubleDouble.zero
        for k in 0..<d {
            trace += state[k * d + k]
            weighted += (Double(k) - j) * state[k * d + k]
        }
        jz = (weighted / (j * trace)).high
        purity = (dot(state, state) / (trace * trace)).high
    }
}
