import Foundation
import LinearAlgebra
import Numbers

/// A Hamiltonian H(c) = diag(E) + c B on n states whose parameter c is led linearly from one value to another. Energies and times
/// share one unit (ħ = 1).
public struct LinearSweep: Sendable {
    /// n numbers.
    public let energies: [Double]
    /// B, real and symmetric, n × n.
    public let drive: [Double]
    public let from: Double
    public let to: Double
    public var size: Int { energies.count }

    public init(energies: [Double], drive: [Double], from: Double, to: Double) {
        precondition(drive.count == energies.count * energies.count)
        self.energies = energies
        self.drive = drive
        self.from = from
        self.to = to
    }

    /// Of the frozen Hamiltonian: energies above E₀, ascending, and eigenvectors as columns.
    public func eigenstates(at parameter: Double) throws -> (values: [Double], vectors: [Double]) {
        var matrix = drive.map { parameter * $0 }
        for k in 0..<size { matrix[k * size + k] += energies[k] - energies[0] }
        return try DenseEigen.symmetric(matrix, size: size)
    }

    /// The ground state at the beginning.
    public func initialState() throws -> [Complex] { try eigenstates(at: from).vectors.prefix(size).map { Complex($0) } }

    /// Populations of the final eigenstates in ascending order. Small ones are as accurate as the amplitudes themselves.
    public func finalPopulations(_ state: [Complex]) throws -> [Double] {
        let vectors = try eigenstates(at: to).vectors
        return (0..<size).map { k in
            var amplitude = Complex.zero
            for i in 0..<size { amplitude += vectors[k * size + i] * state[i] }
            return amplitude.squaredMagnitude
        }
    }

    /// The state at the end of a sweep in equal steps of the commutator-free Magnus integrator of fourth order: error O(dt⁴), unitary.
    /// With a linear parameter its two exponentials are those of H frozen dt/3 before and after the middle of the step.
    /// Alvermann and Fehske, J. Comput. Phys. 230, 5930 (2011).
    /// - Parameter duration: of the whole sweep, in inverse units of energy.
    public func propagated(_ state: [Complex], duration: Double, steps: Int) throws -> [Complex] {
        let step = duration / Double(steps)
        var re = state.map(\.re), im = state.map(\.im)
        for k in 0..<steps {
            for offset in [-1.0 / 3, 1.0 / 3] {
                let elapsed = (Double(k) + 0.5 + offset) / Double(steps)
                let (values, vectors) = try eigenstates(at: from + (to - from) * elapsed)
                let phases = values.map { Complex(cos(0.5 * step * $0), -sin(0.5 * step * $0)) }
                rotate(&re, &im, vectors, phases)
            }
        }
        return zip(re, im).map { Complex($0, $1) }
    }

    /// V diag(phases) Vᵀ applied to a vector.
    private func rotate(_ re: inout [Double], _ im: inout [Double], _ vectors: [Double], _ phases: [Complex]) {
        let size = size
        vectors.withUnsafeBufferPointer { v in
            var newRe = [Double](repeating: 0, count: size), newIm = newRe
            for k in 0..<size {
                let column = k * size
                var a = 0.0, b = 0.0
                for i in 0..<size {
                    a += v[column + i] * re[i]
                    b += v[column + i] * im[i]
                }
                let turned = phases[k] * Complex(a, b)
                for i in 0..<size {
                    newRe[i] += v[column + i] * turned.re
                    newIm[i] += v[column + i] * turned.im
                }
            }
            re = newRe
            im = newIm
        }
    }

    /// What a propagation refined until it no longer changes found.
    public struct Outcome: Sendable {
        public let state: [Complex]
        public let probabilities: [Double]
        /// Estimated greatest error of the probabilities from the steps.
        public let error: Double
        public let steps: Int
        /// |1 − ⟨ψ|ψ⟩|
        public var normError: Double { abs(1 - state.reduce(0) { $0 + $1.squaredMagnitude }) }
    }

    /// The sweep from the ground state, steps halved until the probabilities change by less than the tolerance (or there are
    /// `greatestSteps` of them: then the error says by how much).
    /// - Parameter probabilities: of the final state.
    public func run(duration: Double, tolerance: Double, firstSteps: Int? = nil,
                    probabilities: ([Complex]) throws -> [Double]) throws -> Outcome {
        let start = try initialState()
        var steps = firstSteps ?? Self.firstSteps(duration), previous = try probabilities(propagated(start, duration: duration, steps: steps))
        while true {
            steps *= 2
            let state = try propagated(start, duration: duration, steps: steps), values = try probabilities(state)
            // A fifteenth would be left of a change that falls with dt⁴; a quarter is said, in case it does not yet.
            let error = 0.25 * (zip(values, previous).map { abs($0 - $1) }.max() ?? 0)
            if error <= tolerance || 2 * steps > Self.greatestSteps {
                return Outcome(state: state, probabilities: values, error: error, steps: steps)
            }
            previous = values
        }
    }

    /// Two units of time a step, and some for a sudden sweep.
    static func firstSteps(_ duration: Double) -> Int { max(32, Int(min(0.5 * duration, 1e9).rounded(.up))) }

    /// Beyond, a sweep takes minutes.
    public static let greatestSteps = 1 << 20
}
