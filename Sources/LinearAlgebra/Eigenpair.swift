import Numbers

/// An eigenvalue with its right eigenvector. Of a conjugate pair of a real matrix only the member with Im λ > 0 is given.
public struct Eigenpair: Sendable {
    public var value: Complex
    /// Euclidean norm one.
    public var vector: [Complex]
    public init(value: Complex, vector: [Complex]) {
        self.value = value
        self.vector = vector
    }
}

/// Why an iterative or dense eigenvalue computation gave no answer.
public struct EigenvalueError: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

extension Array where Element == Complex {
    /// Scales to Euclidean norm one, and turns the phase so that the entry of greatest magnitude is real and positive.
    public func normalizedEigenvector() -> [Complex] {
        var sum = 0.0, greatest = 0.0, phase = Complex.one
        for entry in self {
            sum += entry.squaredMagnitude
            // A hair of preference for earlier entries keeps the choice stable where two magnitudes tie.
            if entry.squaredMagnitude > greatest * (1 + 1e-9) {
                greatest = entry.squaredMagnitude
                phase = entry
            }
        }
        guard sum > 0 else { return self }
        let factor = (1 / (phase.magnitude * sum.squareRoot())) * phase.conjugate
        return map { $0 * factor }
    }
}
