import Foundation

extension LipkinModel {
    /// N_c at which the splitting of the doublet equals a thermal energy: above, both levels are filled evenly. Between integers
    /// ln ΔE is taken as linear.
    /// - Parameter temperature: kT in units of J.
    /// - Returns: nil where no N from 2 to 2²⁰ has it.
    /// - Throws: `EigenvalueError`, see `TunnelSplitting`.
    public static func thermalSpinCount(transverseField: Double, temperature: Double) throws -> Double? {
        func logarithm(_ spinCount: Int) throws -> Double {
            try TunnelSplitting(LipkinModel(spinCount: spinCount, transverseField: transverseField)).logSplitting
        }
        let wanted = log(temperature)
        // From g = 1 on ΔE does not vanish for N → ∞ but tends to 2√(g(g − 1)).
        if transverseField > 1, temperature < 2 * (transverseField * (transverseField - 1)).squareRoot() { return nil }
        guard temperature > 0, transverseField > 0, try logarithm(2) >= wanted else { return nil }
        // ΔE falls with N.
        var lower = 2, upper = 4, atLower = try logarithm(2), atUpper = try logarithm(4)
        while atUpper > wanted {
            guard upper < 1 << 20 else { return nil }
            (lower, atLower, upper) = (upper, atUpper, 2 * upper)
            atUpper = try logarithm(upper)
        }
        while upper - lower > 1 {
            let middle = (lower + upper) / 2, value = try logarithm(middle)
            if value > wanted { (lower, atLower) = (middle, value) } else { (upper, atUpper) = (middle, value) }
        }
        return Double(lower) + (atLower - wanted) / (atLower - atUpper)
    }
}
