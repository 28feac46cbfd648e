import Foundation

extension MultipoleState {
    /// Volume of the negative part of the Wigner function, ½((N+1)/4π ∫|W| dΩ − 1); half of the δ of Kenfack and
    /// Życzkowski, J. Opt. B 6, 396 (2004).
    ///
    /// Independent of axes, hence summed in those of the state, on a grid with equidistant θ (Fejér's weights): ten points
    /// a wavelength of the finest harmonic in θ, six in φ, at least 256 × 256. Errors are below 2·10⁻³ of the result for coherent,
    /// Dicke and cat states in any direction.
    public var wignerNegativity: Double {
        let significant = significantOrders
        let grid = SphereGrid(equidistantTheta: max(256, 5 * (significant.l + 1)), phiCount: significant.q == 0 ? 1 : max(256, 6 * significant.q))
        let integral = Self.integralOfMagnitude(wigner(onOwn: grid, significant), grid)
        return max(0, 0.5 * (integral * Double(spinCount + 1) / (4 * Double.pi) - 1))
    }

    /// ∫|f| dΩ of values on a grid with equidistant θ.
    ///
    /// The weights integrate smooth functions to all digits; a kink of |f| at t of the way between two points, where its
    /// slope jumps by Δ, makes the sum too small by h² Δ B₂(t)/2, B₂(t) = t² − t + 1/6 (Euler–Maclaurin). Added where f
    /// changes sign, along rings and along meridians: which of the two sees a kink that lies along the other's lines.
    static func integralOfMagnitude(_ values: [Double], _ grid: SphereGrid) -> Double {
        let rows = grid.theta.count, columns = grid.phi.count
        let thetaStep = Double.pi / Double(rows), phiStep = 2 * Double.pi / Double(columns)
        func correction(_ a: Double, _ b: Double) -> Double {
            if (a < 0) == (b < 0) { return 0 }
            let t = a / (a - b)
            return abs(b - a) * (t * t - t + 1 / 6)          // times h, for Δ = 2|b − a|/h
        }
        var sum = 0.0
        for row in 0..<rows {
            let base = row * columns
            var ring = 0.0, kinks = 0.0
            for column in 0..<columns {
                let value = values[base + column]
                ring += abs(value)
                if columns > 1 { kinks += correction(value, values[base + (column + 1) % columns]) }
            }
            sum += grid.weights[row] * phiStep * (ring + kinks)
            guard row + 1 < rows else { continue }
            var meridians = 0.0
            for column in 0..<columns { meridians += correction(values[base + column], values[base + columns + column]) }
            sum += thetaStep * sin(grid.theta[row] + thetaStep / 2) * phiStep * meridians
        }
        return sum
    }
}

extension SphereGrid {
    /// θ = (k + ½)π/n with the weights of Fejér's first rule: exact for polynomials in cos θ of degree below n.
    init(equidistantTheta count: Int, phiCount: Int) {
        let step = Double.pi / Double(count)
        var theta: [Double] = [], weights: [Double] = []
        for k in 0..<count {
            let angle = (Double(k) + 0.5) * step
            // Σ_i cos(2iθ)/(4i² − 1) with cos(2iθ) by Chebyshev's recurrence.
            let twice = 2 * cos(2 * angle)
            var sum = 0.0, value = cos(2 * angle), last = 1.0
            for i in stride(from: 1, through: count / 2, by: 1) {
                sum += value / Double(4 * i * i - 1)
                (last, value) = (value, twice * value - last)
            }
            theta.append(angle)
            weights.append(2 / Double(count) * (1 - 2 * sum))
        }
        self.init(theta: theta, weights: weights, phiCount: phiCount)
    }
}
