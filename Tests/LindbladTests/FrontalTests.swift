@testable import LinearAlgebra
import Numbers
import Testing

/// Single matrices in dense fronts, and block Krylov spaces of complex maps, against LAPACK.
extension SolverTests { @Suite struct FrontalTests {
    private func pattern(_ size: Int, _ density: Double, _ random: inout Randomness) -> SparsePattern {
        var starts = [0], rows: [Int32] = []
        for column in 0..<size {
            for row in 0..<size where row == column || random.real(0...1) < density { rows.append(Int32(row)) }
            starts.append(rows.count)
        }
        return SparsePattern(size: size, columnStarts: starts, rows: rows)
    }

    /// Random sparse matrices, unsymmetric in values and places, in a random order of elimination. The last are large enough
    /// for the kernels of BLAS.
    @Test(arguments: [(1, 0.5), (2, 0.5), (5, 0.3), (13, 0.2), (40, 0.02), (40, 0.9), (150, 0.05), (230, 0.9)])
    func eliminationAgainstDense(size: Int, density: Double) throws {
        var random = Randomness(seed: 43)
        let pattern = pattern(size, density, &random)
        let plan = FrontalPlan(pattern: pattern, ordering: (0..<size).shuffled(using: &random), isBatched: false)
        let values = pattern.rows.indices.map { k -> Complex in
            pattern.rows[k] == pattern.columns[k] ? random.real(2...3) * Complex(Double(size + 1), random.real() * Double(size)) : Complex(random.real(), random.real())
        }
        let real = FrontalLU<Double>(plan: plan, pattern: pattern), complex = FrontalLU<Complex>(plan: plan, pattern: pattern)
        for _ in 0..<2 {
            #expect(real.factor(values.map(\.re)))
            #expect(complex.factor(values))
        }
        for sides in [1, 3, 4, 5, 8, 11] {
            let b = (0..<size * sides).map { _ in Complex(random.real(), random.real()) }
            for transposed in [false, true] {
                var dense = [Complex](repeating: .zero, count: size * size)
                for k in values.indices {
                    let i = Int(pattern.rows[k]), j = Int(pattern.columns[k])
                    dense[transposed ? i * size + j : j * size + i] = values[k]
                }
                let x = real.solve(b.map(\.re), transposed: transposed), z = complex.solve(b, transposed: transposed)
                let expected = try #require(DenseEigen.solve(dense.map(\.re), size: size, rightHandSides: b.map(\.re)))
                for k in x.indices { #expect(abs(x[k] - expected[k]) < 1e-13) }
                for side in 0..<sides {
                    let column = try #require(DenseEigen.solve(dense, size: size, rightHandSide: Array(b[side * size..<(side + 1) * size])))
                    for k in 0..<size { #expect((z[side * size + k] - column[k]).magnitude < 1e-13) }
                }
            }
        }
    }

    /// A matrix that needs pivoting is refused.
    @Test func needOfPivotsIsSeen() {
        let pattern = SparsePattern(size: 3, columnStarts: [0, 2, 5, 7], rows: [0, 1, 0, 1, 2, 1, 2])
        let plan = FrontalPlan(pattern: pattern, ordering: [0, 1, 2], isBatched: false)
        #expect(!FrontalLU<Double>(plan: plan, pattern: pattern).factor([0, 1, 1, 2, 1, 1, 3]))
        #expect(!FrontalLU<Double>(plan: plan, pattern: pattern).factor([1e-20, 1, 1, 2, 1, 1, 3]))
        #expect(FrontalLU<Double>(plan: plan, pattern: pattern).factor([4, 1, 1, 2, 1, 1, 3]))
        // Five digits lost are made up for by refinement, whichever way one solves.
        let values = [1e-5, 1, 1, 2, 1, 1, 3], lu = FrontalLU<Double>(plan: plan, pattern: pattern), b = [1.0, 2, -1, 0.3, 0.4, 5]
        #expect(lu.factor(values))
        for transposed in [false, true] {
            var dense = [Double](repeating: 0, count: 9)
            for k in values.indices { dense[transposed ? Int(pattern.rows[k]) * 3 + Int(pattern.columns[k]) : Int(pattern.columns[k]) * 3 + Int(pattern.rows[k])] = values[k] }
            let expected = DenseEigen.solve(dense, size: 3, rightHandSides: b)!
            for (x, y) in zip(lu.solve(b, transposed: transposed), expected) { #expect(abs(x - y) < 4e-15 * 5) }
        }
    }

    @Test func eigenvaluesOfComplexMaps() throws {
        var random = Randomness(seed: 44)
        let size = 120
        // A spectrum that falls off, as that of an inverse does, in a basis of no symmetry; two eigenvalues coincide.
        let values = (0..<size).map { k in (1 / Double(1 + max(k, 1))) * Complex(random.real(), 0.3 + random.real(0...1)) }
        var diagonal = values
        diagonal[0] = Complex(3, 1); diagonal[1] = Complex(3, 1); diagonal[2] = Complex(-2, 0.5); diagonal[3] = Complex(0, 1.7)
        let basis = (0..<size * size).map { k in Complex(k % (size + 1) == 0 ? 3 : 0.1 * random.real(), 0.1 * random.real()) }
        func times(_ x: [Complex]) -> [Complex] {
            var y = [Complex](repeating: .zero, count: size)
            for j in 0..<size { for i in 0..<size { y[i] += basis[j * size + i] * x[j] } }
            return y
        }
        func map(_ block: [Complex]) throws -> [Complex] {
            try stride(from: 0, to: block.count, by: size).flatMap { start -> [Complex] in
                let inner = try #require(DenseEigen.solve(basis, size: size, rightHandSide: Array(block[start..<start + size])))
                return times(zip(inner, diagonal).map { $0 * $1 })
            }
        }
        let answer = try BlockKrylov<Complex>(size: size, map: map).largest(4, tolerance: 1e-10)
        let found = try #require(answer)
        let expected = diagonal.prefix(4).sorted { $0.magnitude > $1.magnitude }
        #expect(found.pairs.count == 4)
        for (pair, value) in zip(found.pairs, expected) {
            #expect((pair.value - value).magnitude < 1e-7)
            let image = try map(pair.vector)
            #expect(zip(image, pair.vector).allSatisfy { ($0 - pair.value * $1).magnitude < 1e-8 })
        }
    }
} }
