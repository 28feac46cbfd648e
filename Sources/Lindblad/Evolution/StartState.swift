import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// States that an evolution may start from.
extension MultipoleState {
    /// Starts that are made from a matrix of (N + 1)² numbers serve up to this N.
    public static let greatestMatrixSpinCount = 4000

    /// The spin-coherent state along (θ, φ) of the laboratory, at any N.
    ///
    /// About its own axis it has ⟨T_l0⟩ = √(2l+1) N!/√((N−l)! (N+l+1)!); turned, ⟨T_lq†⟩ follows the spherical harmonics.
    public static func coherent(spinCount: Int, theta: Double, phi: Double) -> MultipoleState {
        // Beyond this l coefficients are below 1e-17 of the first: they fall like exp(−l²/2N).
        let lMax = min(spinCount, Int(9 * Double(spinCount).squareRoot()) + 8)
        let window = MultipoleWindow(lMax: lMax, qMax: lMax), basis = MultipoleBasis(window)
        var coefficients = [Double](repeating: 0, count: basis.count), axial = [Double](repeating: 0, count: lMax + 1)
        for l in 0...lMax {
            // √(4π) times it, over √(2l + 1): what multiplies the normalised harmonics.
            let logarithm = lgamma(Double(spinCount + 1)) - 0.5 * (lgamma(Double(spinCount - l + 1)) + lgamma(Double(spinCount + l + 2)))
            axial[l] = exp(logarithm) * (4 * Double.pi).squareRoot()
        }
        let c = cos(theta), s = sin(theta)
        // Normalised Legendre functions with the phase of Condon and Shortley, upwards in l for each q.
        var diagonal = 1 / (4 * Double.pi).squareRoot()
        for q in 0...lMax {
            if q > 0 { diagonal *= -((2 * Double(q) + 1) / (2 * Double(q))).squareRoot() * s }
            var below = 0.0, here = diagonal
            let order = Double(q), angle = order * phi
            for l in q...lMax {
                if q == 0 {
                    coefficients[basis.index(l: l, q: 0, part: .cosine)] = axial[l] * here
                } else {
                    // x_lq = axial Y_lq*, q > 0
                    coefficients[basis.index(l: l, q: q, part: .cosine)] = 2.0.squareRoot() * axial[l] * here * cos(angle)
                    coefficients[basis.index(l: l, q: q, part: .sine)] = -2.0.squareRoot() * axial[l] * here * sin(angle)
                }
                let degree = Double(l + 1)
                let a = ((4 * degree * degree - 1) / (degree * degree - order * order)).squareRoot()
                let previous = degree - 1
                let b = previous > order ? ((previous * previous - order * order) / (4 * previous * previous - 1)).squareRoot() : 0
                (below, here) = (here, a * (c * here - b * below))
            }
        }
        return MultipoleState(spinCount: spinCount, frame: .laboratory, window: window, coefficients: coefficients)
    }

    /// The Hermitian operator with the given matrix ⟨m|X|m′⟩ in the Dicke basis of the frame, m ascending from −j, column-major.
    public init(spinCount: Int, frame: Frame, matrix: [Complex]) {
        let window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        self.init(spinCount: spinCount, frame: frame, window: window,
                  coefficients: DickeBasis(spinCount: spinCount, window: window).coefficients(matrix))
    }

    /// ⟨m|X|m′⟩ in the Dicke basis of the frame, m ascending from −j, column-major.
    public var matrix: [Complex] { DickeBasis(spinCount: spinCount, window: window).matrix(coefficients) }

    /// |j, m⟩ along the laboratory z axis.
    /// - Throws: `EvaluationError` where there is no such level.
    public static func dicke(spinCount: Int, m: Double) throws -> MultipoleState {
        try checkMatrix(spinCount)
        return MultipoleState(spinCount: spinCount, frame: .laboratory, matrix: try InitialState.dicke(m: m).matrix(spinCount: spinCount))
    }

    /// exp(−H/T)/Z; at T = 0 the ground state, the equal mixture of ground states where rounding cannot tell several apart.
    /// - Throws: `EvaluationError` for a negative temperature or too many spins, `EigenvalueError`.
    public static func thermal(_ hamiltonian: SpinPolynomial, spinCount: Int, temperature: Double) throws -> MultipoleState {
        guard temperature >= 0 else { throw EvaluationError(message: "the temperature \(temperature) is negative") }
        let levels = try Levels(hamiltonian, spinCount: spinCount)
        let floor = levels.energies[0], resolution = 1e-13 * max(abs(floor), abs(levels.energies[spinCount]))
        let weights = levels.energies.map { energy -> Double in
            if temperature > 0 { return exp(-(energy - floor) / temperature) }
            return energy - floor <= resolution * Double(spinCount) ? 1 : 0
        }
        let kept = weights.prefix { $0 > 1e-18 }.count, vectors = try levels.vectors(kept), sum = weights.reduce(0, +)
        return MultipoleState(spinCount: spinCount, frame: .laboratory, matrix: mixture(vectors, weights: weights.prefix(kept).map { $0 / sum }))
    }

    /// The superposition Σ a_k |E_k⟩ of the lowest eigenstates of H, normalised. Signs are such that ⟨E_k|Jz|E_k+1⟩ > 0 or, where that
    /// vanishes, the greatest component of each in the Dicke basis is positive.
    /// - Throws: `EvaluationError` where rounding cannot tell the levels apart, `EigenvalueError`.
    public static func superposition(_ hamiltonian: SpinPolynomial, spinCount: Int, amplitudes: [Double]) throws -> MultipoleState {
        guard amplitudes.count <= spinCount + 1 else {
            throw EvaluationError(message: "\(amplitudes.count) amplitudes are given, and N = \(spinCount) spins have \(spinCount + 1) levels")
        }
        let norm = amplitudes.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 0 else { throw EvaluationError(message: "all amplitudes of the initial state are zero") }
        let levels = try Levels(hamiltonian, spinCount: spinCount)
        let resolution = 1e-12 * Double(spinCount) * max(abs(levels.energies[0]), abs(levels.energies[spinCount]))
        for k in 0..<min(amplitudes.count, spinCount) where levels.energies[k + 1] - levels.energies[k] <= resolution {
            throw EvaluationError(message: "rounding cannot tell the levels \(k) and \(k + 1) of the Hamiltonian apart: no superposition of them can be named")
        }
        let vectors = try levels.vectors(amplitudes.count)
        var sum = [Complex](repeating: .zero, count: spinCount + 1)
        for (amplitude, vector) in zip(amplitudes, vectors) { for m in sum.indices { sum[m] += (amplitude / norm) * vector[m] } }
        return MultipoleState(spinCount: spinCount, frame: .laboratory, matrix: mixture([sum], weights: [1]))
    }

    fileprivate static func checkMatrix(_ spinCount: Int) throws {
        guard spinCount <= greatestMatrixSpinCount else {
            throw EvaluationError(message: "this initial state is made from a matrix of (N + 1)^2 numbers and serves N up to \(greatestMatrixSpinCount), not \(spinCount)")
        }
    }

    /// Σ w_k |k⟩⟨k|, column-major.
    private static func mixture(_ vectors: [[Complex]], weights: [Double]) -> [Complex] {
        let size = vectors[0].count
        var matrix = [Complex](repeating: .zero, count: size * size)
        for (vector, weight) in zip(vectors, weights) {
            for column in 0..<size {
                let factor = weight * vector[column].conjugate
                if factor == .zero { continue }
                for row in 0..<size { matrix[column * size + row] += vector[row] * factor }
            }
        }
        return matrix
    }
}

/// Eigenstates of a Hamiltonian in the laboratory's Dicke basis, m ascending.
private struct Levels {
    let spinCount: Int
    /// Ascending, all N + 1.
    let energies: [Double]
    /// E_max − H, column-major: LAPACK gives the vectors of the greatest eigenvalues.
    private let inverted: [Complex]

    init(_ hamiltonian: SpinPolynomial, spinCount: Int) throws {
        try MultipoleState.checkMatrix(spinCount)
        let size = spinCount + 1, rows = hamiltonian.matrix(spinCount: spinCount)
        var matrix = [Complex](repeating: .zero, count: size * size)
        for column in 0..<size { for row in 0..<size { matrix[column * size + row] = rows[spinCount - row][spinCount - column] } }
        energies = try HermitianSpectrum(matrix, size: size).values
        let top = energies[spinCount]
        for k in matrix.indices { matrix[k] = -matrix[k] }
        for k in 0..<size { matrix[k * (size + 1)] += Complex(top) }
        inverted = matrix
        self.spinCount = spinCount
    }

    /// The lowest `count` eigenvectors with their signs fixed.
    func vectors(_ count: Int) throws -> [[Complex]] {
        let size = spinCount + 1, top = energies[spinCount], spread = top - energies[0]
        let cut = count <= spinCount ? top - 0.5 * (energies[count - 1] + energies[count]) : -1
        guard spread > 0 else {
            return (0..<count).map { k in (0..<size).map { $0 == k ? .one : .zero } }
        }
        let spectrum = try HermitianSpectrum(inverted, size: size, vectorsAbove: cut / spread)
        let columns: [Complex]
        switch spectrum.vectors {
        case .real(let values): columns = values.map { Complex($0) }
        case .complex(let values): columns = values
        }
        // Of the greatest eigenvalues in ascending order: the ground state is last.
        let found = columns.count / size
        var result: [[Complex]] = []
        for k in 0..<min(count, found) {
            var vector = Array(columns[(found - 1 - k) * size..<(found - k) * size])
            let j = Double(spinCount) / 2
            var element = Complex.zero
            if let previous = result.last { for m in 0..<size { element += (Double(m) - j) * (previous[m].conjugate * vector[m]) } }
            if element.magnitude < 1e-9 * j { element = vector.max { $0.squaredMagnitude < $1.squaredMagnitude }! }
            let phase = (1 / element.magnitude) * element.conjugate
            for m in 0..<size { vector[m] = phase * vector[m] }
            result.append(vector)
        }
        return result
    }
}
