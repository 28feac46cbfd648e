import LinearAlgebra
import Numbers

/// Matrix elements ⟨m+q|T_lq|m⟩ of the multipoles of a window: the bridge to the Dicke basis |j, m⟩.
///
/// For fixed q they are, over m, the orthonormal eigenvectors of the Casimir map [J, [J, ·]] on the q-th diagonal: a
/// symmetric tridiagonal matrix with diagonal 2j(j+1) − 2(m+q)m, off-diagonal −c_{m+q} c_m (c_m = √(j(j+1) − m(m+1)))
/// and eigenvalues l(l+1), well apart. Stable at all l, where the three-term recurrence in l is not beyond l ≈ 2√N.
final class DickeBasis {
    let spinCount: Int
    let window: MultipoleWindow
    /// [q] → column-major (N + 1 − q) × (l_max − q + 1).
    private let diagonals: [[Double]]

    init(spinCount: Int, window: MultipoleWindow) throws {
        self.spinCount = spinCount
        self.window = window
        let j = Double(spinCount) / 2, casimir = j * (j + 1)
        diagonals = try (0...window.qMax).map { q in
            let size = spinCount + 1 - q, count = window.lMax - q + 1
            let m = (0..<size).map { Double($0) - j }          // lower index, ascending
            let diagonal = m.map { 2 * casimir - 2 * ($0 + Double(q)) * $0 }
            let offDiagonal = (0..<max(0, size - 1)).map { k in
                let upper = m[k] + Double(q)
                return -((casimir - upper * (upper + 1)) * (casimir - m[k] * (m[k] + 1))).squareRoot()
            }
            var (_, vectors) = try DenseEigen.tridiagonal(diagonal: diagonal, offDiagonal: offDiagonal, lowest: count)
            // Signs: T_qq ∝ (−1)^q J+^q, then ⟨T_l|{Jz, T_l−1}⟩ > 0.
            for column in 0..<count {
                let base = column * size
                var overlap = 0.0
                if column == 0 {
                    for k in 0..<size { overlap += vectors[k] }
                    if q % 2 == 1 { overlap = -overlap }
                } else {
                    for k in 0..<size { overlap += vectors[base + k] * (2 * m[k] + Double(q)) * vectors[base - size + k] }
                }
                if overlap < 0 { for k in 0..<size { vectors[base + k] = -vectors[base + k] } }
            }
            return vectors
        }
    }

    /// The matrix ⟨m|X|m′⟩ of X = Σ x_k B_k over real multipoles, m and m′ ascending from −j, column-major.
    func matrix(_ coefficients: [Double]) -> [Complex] {
        let size = spinCount + 1, basis = MultipoleBasis(window)
        var matrix = [Complex](repeating: .zero, count: size * size)
        for q in 0...window.qMax {
            let length = size - q
            var diagonal = [Complex](repeating: .zero, count: length)
            for l in q...window.lMax {
                let base = (l - q) * length
                // x_lq of Σ x_lq T_lq from the cosine and sine parts.
                let x = q == 0 ? Complex(coefficients[basis.index(l: l, q: 0, part: .cosine)])
                    : 0.5.squareRoot() * Complex(coefficients[basis.index(l: l, q: q, part: .cosine)],
                                                 coefficients[basis.index(l: l, q: q, part: .sine)])
                if x == .zero { continue }
                for k in 0..<length { diagonal[k] += diagonals[q][base + k] * x }
            }
            for k in 0..<length {
                matrix[k * size + k + q] = diagonal[k]                        // row m + q, column m
                if q > 0 { matrix[(k + q) * size + k] = diagonal[k].conjugate }
            }
        }
        return matrix
    }

    /// Coefficients in the real multipoles of a Hermitian matrix given like the result of `matrix`.
    func coefficients(_ matrix: [Complex]) -> [Double] {
        let size = spinCount + 1, basis = MultipoleBasis(window)
        var result = [Double](repeating: 0, count: basis.count)
        for q in 0...window.qMax {
            let length = size - q
            for l in q...window.lMax {
                let base = (l - q) * length
                var x = Complex.zero
                for k in 0..<length { x += diagonals[q][base + k] * matrix[k * size + k + q] }
                if q == 0 { result[basis.index(l: l, q: 0, part: .cosine)] = x.re } else {
                    result[basis.index(l: l, q: q, part: .cosine)] = 2.0.squareRoot() * x.re
                    result[basis.index(l: l, q: q, part: .sine)] = 2.0.squareRoot() * x.im
                }
            }
        }
        return result
    }

    /// Least and greatest eigenvalue of Σ x_k B_k.
    func extremeEigenvalues(_ coefficients: [Double]) throws -> (least: Double, greatest: Double) {
        let size = spinCount + 1, matrix = matrix(coefficients)
        let values = matrix.allSatisfy { $0.im == 0 } ? try DenseEigen.symmetricEigenvalues(matrix.map(\.re), size: size)
            : try DenseEigen.hermitianEigenvalues(matrix, size: size)
        return (values[0], values[size - 1])
    }
}
