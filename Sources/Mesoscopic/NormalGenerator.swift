import Foundation
import Numbers

/// Normal deviates, the same for the same seeds on every rank: `SplitMix64` and the Box–Muller transform.
public struct NormalGenerator: Sendable {
    private var bits = SplitMix64(seed: 0)
    private var spare: Double?

    /// - Parameter words: all of them decide the sequence.
    public init(_ words: [UInt64]) {
        for word in words { bits.stir(word) }
    }

    /// In (0, 1].
    private mutating func uniform() -> Double { (Double(bits.next() >> 11) + 1) * 0x1p-53 }

    /// Of mean 0 and variance 1.
    public mutating func next() -> Double {
        if let known = spare {
            spare = nil
            return known
        }
        let radius = (-2 * log(uniform())).squareRoot(), angle = 2 * Double.pi * uniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }
}
