import Foundation
@testable import Lindblad
import Numbers
import SpinAlgebra

/// States whose measures are known in closed form, in any frame.
enum StateExamples {
    static func direction(_ theta: Double, _ phi: Double) -> [Double] { [sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)] }

    /// Axes in general position.
    static let skew = Frame(z: [0.36, -0.48, 0.8], y: [0.5, 0.7, 0.1])

    /// A density matrix over m ascending, given in the axes of the frame, on the complete window.
    static func state(_ matrix: [Complex], spinCount: Int, frame: Frame = .laboratory) -> MultipoleState {
        let window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        return MultipoleState(spinCount: spinCount, frame: frame, window: window, coefficients: DickeBasis(spinCount: spinCount, window: window).coefficients(matrix))
    }

    static func pure(_ amplitudes: [Complex], frame: Frame = .laboratory) -> MultipoleState {
        let size = amplitudes.count
        var matrix = [Complex](repeating: .zero, count: size * size)
        for column in 0..<size { for row in 0..<size { matrix[column * size + row] = amplitudes[row] * amplitudes[column].conjugate } }
        return state(matrix, spinCount: size - 1, frame: frame)
    }

    /// √(N choose k) cos^k(θ/2) (sin(θ/2) e^{iφ})^{N−k} for k = j + m.
    static func coherentAmplitudes(_ spinCount: Int, _ theta: Double, _ phi: Double) -> [Complex] {
        (0...spinCount).map { (k: Int) -> Complex in
            var magnitude = 1.0
            for i in 0..<min(k, spinCount - k) { magnitude *= (Double(spinCount - i) / Double(i + 1)).squareRoot() }
            magnitude *= pow(cos(theta / 2), Double(k)) * pow(sin(theta / 2), Double(spinCount - k))
            let angle = Double(spinCount - k) * phi
            return magnitude * Complex(cos(angle), sin(angle))
        }
    }

    /// The spin-coherent state along a laboratory direction, written in the axes of `frame`.
    static func coherent(_ spinCount: Int, theta: Double, phi: Double, frame: Frame = .laboratory) -> MultipoleState {
        let n = direction(theta, phi), inFrame = frame.axes.map { Vector.dot($0, n) }
        return pure(coherentAmplitudes(spinCount, acos(inFrame[2]), atan2(inFrame[1], inFrame[0])), frame: frame)
    }

    static func dicke(_ spinCount: Int, level: Int) -> MultipoleState {
        pure((0...spinCount).map { $0 == level ? .one : .zero })
    }

    static func diagonal(_ populations: [Double]) -> MultipoleState {
        let size = populations.count
        var matrix = [Complex](repeating: .zero, count: size * size)
        for k in 0..<size { matrix[k * (size + 1)] = Complex(populations[k]) }
        return state(matrix, spinCount: size - 1)
    }

    /// A†A/Tr of a polynomial A: a mixed state without any symmetry, written exactly in any frame.
    static func polynomial(_ spinCount: Int, frame: Frame) throws -> MultipoleState {
        let a = try OperatorExpression(parsing: "1 + (0.7*Jx + 0.4*i*Jy*Jz/j + 0.3*Jz)/j + 0.5*Jx*Jy/j^2 + 0.2*i*Jz^3/j^3").polynomial(["N": Double(spinCount), "j": Double(spinCount) / 2])
        let patch = MultipoleAlgebra<Complex>(spinCount: spinCount).coefficients(of: frame.express(a.adjoint * a)), root = Double(spinCount + 1).squareRoot()
        let scale = 1 / (patch[0, 0].re * root)
        let window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        let coefficients = MultipoleBasis(window).multipoles.map { m -> Double in
            let z = scale * patch[m.l, m.q]
            return m.q == 0 ? z.re : 2.0.squareRoot() * (m.part == .cosine ? z.re : z.im)
        }
        return MultipoleState(spinCount: spinCount, frame: frame, window: window, coefficients: coefficients)
    }
}

/// Largest |a − b| of two lists, infinite where their lengths differ or one has a NaN that the other has not.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { worst, pair in
        if pair.0.isNaN && pair.1.isNaN { return worst }
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}
