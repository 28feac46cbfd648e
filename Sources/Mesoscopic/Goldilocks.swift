import Foundation
import SpinAlgebra

extension LipkinModel {
    /// N_c at which the splitting of the doublet equals a thermal energy: above, both levels are filled evenly. Between integers
    /// ln ΔE is taken as linear.
    /// - Parameter temperature: kT in units of J.
    /// - Returns: nil where no N from 2 on that the energies resolve has it.
    public static func thermalSpinCount(transverseField: Double, temperature: Double) throws -> Double? {
        func logarithm(_ spinCount: Int) throws -> Double? {
            do {
                return log(try LipkinModel(spinCount: spinCount, transverseField: transverseField).doubletSplitting())
            } catch is EvaluationError { return nil }
        }
        let wanted = log(temperature)
        // ΔE falls with N: a splitting below what is resolved is below any temperature that can be told from zero.
        guard temperature > 0, let first = try logarithm(2), first >= wanted else { return nil }
        var lower = 2, upper = 4, atLower = first, atUpper: Double?
        while true {
            atUpper = try logarithm(upper)
            guard let value = atUpper, value > wanted else { break }
            guard upper < 1 << 20 else { return nil }
            (lower, atLower, upper) = (upper, value, 2 * upper)
        }
        while upper - lower > 1 {
            let middle = (lower + upper) / 2, value = try logarithm(middle)
            if let value, value > wanted { (lower, atLower) = (middle, value) } else { (upper, atUpper) = (middle, value) }
        }
        return atUpper.map { Double(lower) + (atLower - wanted) / (atLower - $0) }
    }
}
