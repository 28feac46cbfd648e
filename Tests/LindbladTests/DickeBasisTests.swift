import Foundation
import Testing
@testable import Lindblad
import Numbers
import SpinAlgebra

/// The transformation to the Dicke basis against itself (orthonormality, recurrences) and against Clebsch–Gordan values.
@Suite struct DickeBasisTests {
    /// Whole diagonals (m ascending) of all l from q to lMax.
    private func vectors(_ spinCount: Int, q: Int, lMax: Int) -> [[Double]] {
        let elements = MultipoleDiagonals(spinCount: spinCount, q: q), length = elements.length
        var half = [SIMD8<Double>](repeating: .zero, count: elements.halfLength), all: [[Double]] = []
        for l in stride(from: q, through: lMax, by: 8) {
            elements.fill(&half, from: l)
            for lane in 0..<min(8, lMax - l + 1) {
                var vector = [Double](repeating: 0, count: length)
                let sign: Double = (l + lane - q) % 2 == 0 ? 1 : -1
                for k in 0..<half.count {
                    vector[k] = sign * half[k][lane]
                    vector[length - 1 - k] = half[k][lane]
                }
                all.append(vector)
            }
        }
        return all
    }

    private func orthogonalityError(_ v: [[Double]]) -> Double {
        var worst = 0.0
        for a in v.indices {
            for b in 0...a {
                var dot = 0.0
                for k in v[a].indices { dot += v[a][k] * v[b][k] }
                worst = max(worst, abs(dot - (a == b ? 1 : 0)))
            }
        }
        return worst
    }

    /// N = 2000 in the window l ≤ 6.5√N, q ≤ 3.5√N of the solver.
    @Test(arguments: [0, 1, 2, 37, 156]) func orthonormalAt2000(_ q: Int) {
        #expect(orthogonalityError(vectors(2000, q: q, lMax: 290)) < 1e-13)
    }

    /// Complete spaces, where the elements span 2^N orders of magnitude.
    @Test(arguments: [(200, 0), (200, 3), (200, 100), (200, 199), (200, 200), (301, 0), (301, 150), (1, 0), (1, 1), (2, 0), (5, 2)])
    func orthonormalAndComplete(_ spinCount: Int, _ q: Int) {
        #expect(orthogonalityError(vectors(spinCount, q: q, lMax: spinCount)) < 1e-13)
    }

    /// {Jz, T_lq} = a(l+1, q) T_l+1,q + a(l, q) T_l−1,q links each vector with its neighbours, signs included; T_qq ∝ (−1)^q J₊^q
    /// fixes the first. Relative to the largest element of {Jz, ·}, N.
    @Test(arguments: [(2000, 0, 290), (2000, 37, 290), (2000, 156, 290), (60, 0, 60), (61, 7, 61)])
    func ladderInL(_ spinCount: Int, _ q: Int, _ lMax: Int) {
        let v = vectors(spinCount, q: q, lMax: lMax), m = Double(spinCount + 1)
        func a(_ l: Int) -> Double {
            let order = Double(l)
            return ((m * m - order * order) * Double(l * l - q * q) / (4 * order * order - 1)).squareRoot()
        }
        #expect(v[0].allSatisfy { $0 * (q % 2 == 0 ? 1 : -1) > 0 })
        var worst = 0.0
        for l in q + 1..<lMax {
            for k in v[0].indices {
                let anticommutator = (2 * (Double(k) - Double(spinCount) / 2) + Double(q)) * v[l - q][k]
                worst = max(worst, abs(anticommutator - a(l + 1) * v[l - q + 1][k] - a(l) * v[l - q - 1][k]))
            }
        }
        #expect(worst < 1e-12 * m)
    }

    /// Matrices of J₊^a Jz^b by their elements, against coefficients by the operator algebra, both ways.
    @Test(arguments: [4, 11]) func matchesTheOperatorAlgebra(_ spinCount: Int) {
        let size = spinCount + 1, j = Double(spinCount) / 2, window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        let basis = DickeBasis(spinCount: spinCount, window: window)
        for (a, b) in [(0, 1), (1, 0), (0, 2), (2, 1), (3, 0), (1, 3)] {
            var power = SpinPolynomial.identity
            for _ in 0..<a { power = power * .jp }
            for _ in 0..<b { power = power * .jz }
            let hermitian = power + power.adjoint, patch = MultipoleAlgebra<Complex>(spinCount: spinCount).coefficients(of: hermitian)
            let expected = MultipoleBasis(window).multipoles.map { m -> Double in
                let z = patch[m.l, m.q]
                return m.q == 0 ? z.re : 2.0.squareRoot() * (m.part == .cosine ? z.re : z.im)
            }
            var matrix = [Complex](repeating: .zero, count: size * size)
            for k in 0..<size - a {
                let m = Double(k) - j
                var element = 1.0
                for _ in 0..<b { element *= m }
                for step in 0..<a { element *= (j * (j + 1) - (m + Double(step)) * (m + Double(step) + 1)).squareRoot() }
                matrix[k * size + k + a] += Complex(element)
                matrix[(k + a) * size + k] += Complex(element)
            }
            let scale = pow(j, Double(a + b)) * 10
            #expect(largestDifference(basis.coefficients(matrix), expected) < 1e-13 * scale)
            let back = basis.matrix(expected)
            #expect(largestDifference(back.map(\.re), matrix.map(\.re)) < 1e-13 * scale && back.allSatisfy { abs($0.im) < 1e-13 * scale })
        }
    }
}
