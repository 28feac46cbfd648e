import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import Numbers
import SpinAlgebra
import Testing

/// Modes that are not slower than the rest: eigenvalues in a crowd, with left and right vectors nearly orthogonal.
extension SolverTests { @Suite struct SlowModeTests {
    /// The two slowest modes about a single phase relax like the classical spin: with s = (0, sin θ, cos θ) and
    /// g(z) = γ − Γ(1+z)², θ′ = −Ω + g sin θ, and x′ = z g x; so λ → z g − (1−z²)g′ and λ → z g, with corrections in 1/N.
    @Test func modesOfOnePhaseExtrapolateToClassicalRates() throws {
        let model = try ModelPreset.named("bistable-pump")!.model(), Gamma = 0.3, Omega = 0.5
        let solver = try LindbladSolver(model: model)
        let sizes = [200, 400, 800]
        var rates: [[Double]] = [], conditions: [Double] = []
        for spinCount in sizes {
            let modes = try solver.slowModes(model.instance(spinCount: spinCount, ["Omega": Omega, "Gamma": Gamma]), count: 2).modes
            try #require(modes.count == 2 && modes.allSatisfy { $0.eigenvalue.im == 0 && $0.error < 1e-8 })
            #expect(Set(modes.map(\.sector)).count == 2)
            rates.append(modes.map(\.decayRate))
            conditions.append(modes[0].condition)
        }
        let x = sizes.map { 1 / Double($0) }
        var limit = [0.0, 0.0]
        for a in 0..<3 {
            var weight = 1.0
            for b in 0..<3 where b != a { weight *= x[b] / (x[b] - x[a]) }
            for k in 0..<2 { limit[k] += weight * rates[a][k] }
        }
        var low = -0.99, high = -0.8
        for _ in 0..<80 {
            let z = (low + high) / 2
            if (1 - Gamma * (1 + z) * (1 + z)) * (1 - z * z).squareRoot() < Omega { low = z } else { high = z }
        }
        let z = low, g = 1 - Gamma * (1 + z) * (1 + z), slope = -2 * Gamma * (1 + z)
        let classical = [-(z * g - (1 - z * z) * slope), -z * g]
        print("decay rates at \(sizes): \(rates), conditions \(conditions); extrapolated \(limit), classical \(classical)")
        for k in 0..<2 {
            #expect(abs(limit[k] - classical[k]) < 5e-6)
            #expect(abs(rates[2][k] - classical[k]) > 1e-4)
        }
        #expect(conditions[2] > 1e4)
    }

    /// A spiral far from zero: its damping is below the rates of all modes that lie near zero. (Shift-invert about zero alone
    /// gives 1.18 at N = 50 and 1.92 at N = 200.)
    @Test func gapOfASpiral() throws {
        let model = try ModelPreset.named("driven-twisting")!.model(), values = ["Omega": 0.7, "Delta": 1.6, "chi": 2.0, "kappa": 1.0]
        let solver = try LindbladSolver(model: model)
        func slowest(_ spinCount: Int) throws -> Mode { try solver.slowModes(model.instance(spinCount: spinCount, values), count: 1).modes[0] }
        // numpy.linalg.eigvals of the 1681 × 1681 matrix from Kronecker products.
        let small = try slowest(40)
        #expect((small.eigenvalue - Complex(-0.9606642914875, 2.0226648592268)).magnitude < 1e-10)
        // ẋ = −(Δ + 2χz)y + κxz, ẏ = (Δ + 2χz)x − Ωz + κyz, ż = Ωy − κ(1−z²): into the attractor, then its rates.
        func velocity(_ s: [Double]) -> [Double] {
            let (x, y, z) = (s[0], s[1], s[2]), turn = 1.6 + 4 * z
            return [-turn * y + x * z, turn * x - 0.7 * z + y * z, 0.7 * y - (1 - z * z)]
        }
        var s = [0.0, 0, -1]
        for _ in 0..<40_000 {
            let k = velocity(s), half = velocity(zip(s, k).map { $0 + 0.005 * $1 })
            s = zip(s, half).map { $0 + 0.01 * $1 }
            let norm = s.reduce(0) { $0 + $1 * $1 }.squareRoot()
            s = s.map { $0 / norm }
        }
        let (x, y, z) = (s[0], s[1], s[2])
        // The flow stays on spheres of any radius only at |s| = 1; there the Jacobian's third eigenvalue belongs to the radius.
        let jacobian = [[z, -(1.6 + 4 * z), -4 * y + x], [1.6 + 4 * z, z, 4 * x - 0.7 + y], [0, 0.7, 2 * z]]
        let all = try DenseEigen.eigenvalues((0..<9).map { jacobian[$0 % 3][$0 / 3] }, size: 3)
        let spiral = try #require(all.first { $0.im > 0 })
        let sizes = [100, 200, 400], found = try sizes.map { try slowest($0).eigenvalue }
        var limit = Complex.zero
        for a in 0..<3 {
            var weight = 1.0
            for b in 0..<3 where b != a { weight *= Double(sizes[a]) / Double(sizes[a] - sizes[b]) }
            limit += weight * found[a]
        }
        print("spiral at \(sizes): \(found); extrapolated \(limit), classical \(spiral)")
        #expect((limit - spiral).magnitude < 1e-4)
    }

    /// A similarity that makes left and right eigenvectors nearly orthogonal, applied to a known spectrum.
    private func matrix(_ blocks: [Complex], _ random: inout Randomness) throws -> (matrix: [Double], size: Int) {
        let size = blocks.reduce(0) { $0 + ($1.im == 0 ? 1 : 2) }
        var core = [Double](repeating: 0, count: size * size), k = 0
        for value in blocks {
            core[k * size + k] = value.re
            if value.im != 0 {
                core[(k + 1) * size + k + 1] = value.re
                core[(k + 1) * size + k] = value.im
                core[k * size + k + 1] = -value.im
                k += 1
            }
            k += 1
        }
        var basis = [Double](repeating: 0, count: size * size)
        for c in 0..<size { for r in 0...c { basis[c * size + r] = r == c ? 1 : 0.5 * random.real() } }
        // A = S D S⁻¹ by (S⁻ᵀ (S D)ᵀ)ᵀ.
        var product = basis
        Double.multiply("N", basis, core, into: &product, rows: size, columns: size, inner: size, factor: 1, keep: 0)
        func transpose(_ a: [Double]) -> [Double] { (0..<size * size).map { a[$0 % size * size + $0 / size] } }
        return (transpose(try #require(DenseEigen.solve(transpose(basis), size: size, rightHandSides: transpose(product)))), size)
    }

    /// Eigenvalues known beforehand; residuals of both vectors; from rough starts, real, complex and in a cluster.
    @Test func inverseIterationFindsBothVectors() throws {
        var random = Randomness(seed: 71)
        let spectrum = [Complex(-0.8), Complex(-0.80003), Complex(-1.5, 0.7), Complex(-2.3), Complex(-3.2, 1e-4)] + (0..<30).map { Complex(-4 - 0.3 * Double($0)) }
        let (a, size) = try matrix(spectrum, &random)
        func solver<Scalar: BlockScalar>(_ shift: Complex, _ unwrap: @escaping (Scalar) -> Complex) -> ([Scalar], Bool) throws -> [Scalar] {
            return { block, transposed in
                var m = (0..<size * size).map { Complex(transposed ? a[$0 % size * size + $0 / size] : a[$0]) }
                for i in 0..<size { m[i * size + i] -= shift }
                return try stride(from: 0, to: block.count, by: size).flatMap { start in
                    try #require(DenseEigen.solve(m, size: size, rightHandSide: block[start..<start + size].map(unwrap))).map { Scalar(components: ($0.re, $0.im)) }
                }
            }
        }
        func check(_ triples: [InverseIteration.Triple], _ expected: [Complex]) {
            #expect(triples.count == expected.count)
            for value in expected {
                guard let triple = triples.first(where: { ($0.value - value).magnitude < 1e-9 }) else {
                    Issue.record("\(value) not among \(triples.map(\.value))")
                    continue
                }
                #expect(triple.isSettled)
                var right = 0.0, left = 0.0
                for i in 0..<size {
                    var image = Complex.zero, dual = Complex.zero
                    for j in 0..<size {
                        image += a[j * size + i] * triple.right[j]
                        dual += a[i * size + j] * triple.left[j]
                    }
                    right += (image - triple.value * triple.right[i]).squaredMagnitude
                    left += (dual - triple.value * triple.left[i]).squaredMagnitude
                }
                #expect(right.squareRoot() < 1e-9 && left.squareRoot() < 1e-9)
            }
        }
        func noise(_ count: Int) -> [Double] { (0..<size * count).map { _ in random.real() } }
        let real: (Complex) -> ([Double], Bool) throws -> [Double] = { solver($0) { Complex($0) } }
        let complex: (Complex) -> ([Complex], Bool) throws -> [Complex] = { solver($0) { $0 } }
        let cluster = Complex(-0.800016), single = Complex(-2.3001), pair = Complex(-1.5001, 0.7), close = Complex(-3.2)
        check(try InverseIteration.settle(ColumnBlock(size: size, values: noise(1)), count: 1, shift: single, solve: real(single)), [spectrum[3]])
        check(try InverseIteration.settle(ColumnBlock(size: size, values: noise(2)), count: 2, shift: cluster, solve: real(cluster)), [spectrum[0], spectrum[1]])
        check(try InverseIteration.settle(ColumnBlock(size: size, values: noise(1).map { Complex($0) }), count: 1, shift: pair, solve: complex(pair)), [spectrum[2]])
        // A pair hardly off the axis, in real numbers: the upper member stands for both.
        check(try InverseIteration.settle(ColumnBlock(size: size, values: noise(2)), count: 2, shift: close, solve: real(close)), [spectrum[4]])
    }

    /// A space asked twice knows what one asked once does.
    @Test func spacesGrowFromQuestionToQuestion() throws {
        var random = Randomness(seed: 72)
        let (a, size) = try matrix([Complex(3), Complex(2, 1.5), Complex(-1.9)] + (1...60).map { Complex(1 / Double($0)) }, &random)
        let map: BlockKrylov<Double>.Map = { block in
            var image = block
            Double.multiply("N", a, block, into: &image, rows: size, columns: block.count / size, inner: size, factor: 1, keep: 0)
            return image
        }
        let patient = BlockKrylov<Double>(size: size, map: map)
        let glimpse = try #require(try patient.glimpse())
        #expect(abs(glimpse.first - 3) < 0.1)
        let first = try #require(try patient.largest(4, tolerance: 1e-11)), second = try #require(try BlockKrylov<Double>(size: size, map: map).largest(4, tolerance: 1e-11))
        for answer in [first, second] {
            #expect(answer.pairs.count == 3)
            for (pair, value) in zip(answer.pairs, [Complex(3), Complex(2, 1.5), Complex(-1.9)]) { #expect((pair.value - value).magnitude < 1e-9) }
        }
    }
} }
