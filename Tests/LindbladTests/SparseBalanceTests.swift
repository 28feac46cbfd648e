import Foundation
@testable import LinearAlgebra
import Numbers
import Testing

@Suite struct SparseBalanceTests {
    /// A matrix spoilt by a diagonal similarity over twelve decades is balanced again: scaling by powers of two is exact, so that
    /// a_ij a_ji keep every bit, and eigenvalues agree with LAPACK's of the matrix that was spoilt.
    @Test func undoesScaling() throws {
        var random = Randomness(seed: 5)
        let n = 40
        var starts = [0], rows: [Int32] = [], values: [Double] = [], dense = [Double](repeating: 0, count: n * n)
        let scaling = (0..<n).map { _ in Double.random(in: -6...6, using: &random) }
        for column in 0..<n {
            for row in 0..<n where row == column || Double.random(in: 0...1, using: &random) < 0.3 {
                let value = Double.random(in: -1...1, using: &random)
                dense[column * n + row] = value
                rows.append(Int32(row))
                values.append(value * pow(10, scaling[row] - scaling[column]))
            }
            starts.append(rows.count)
        }
        let pattern = SparsePattern(size: n, columnStarts: starts, rows: rows), balanced = pattern.balanced(values)
        func norm(_ list: [Double]) -> Double { list.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        #expect(norm(values) > 1e6 * norm(dense) && norm(balanced) < 3 * norm(dense))
        for k in values.indices {
            let quotient = balanced[k] / values[k]
            #expect(quotient.significand == 1 && quotient > 0, "a power of two")
        }
        let expected = try DenseEigen.eigenvalues(dense, size: n), found = try LAPACKSpectrum().spectrum(of: pattern, values: balanced).values
        for value in expected { #expect(found.contains { ($0 - value).magnitude < 1e-11 }, "\(value)") }
        #expect(pattern.balanced(balanced) == balanced, "nothing is left to do")
    }
}
