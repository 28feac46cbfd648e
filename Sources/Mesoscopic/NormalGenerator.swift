import Foundation

/// Normal deviates, the same for the same seeds on every rank: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) and the Box–Muller transform.
public struct NormalGenerator: Sendable {
    private var state: UInt64
    private var spare: Double?

    /// - Parameter words: all of them decide the sequence.
    public init(_ words: [UInt64]) {
        state = 0
        for word in words {
            state ^= word
            state = bits()
        }
    }

    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In (0, 1].
    private mutating func uniform() -> Double { (Double(bits() >> 11) + 1) * 0x1p-53 }

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
