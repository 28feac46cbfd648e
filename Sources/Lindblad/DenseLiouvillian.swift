import LinearAlgebra
import Numbers
import SpinAlgebra

/// The Liouvillian as a dense (N+1)² × (N+1)² matrix from Kronecker products of dense operator matrices.
///
/// Shares nothing with the multipole route (no normal ordering, no multipoles, no sectors, no truncation), which makes it
/// the independent check behind `check --physics` and the tests. Small N only: memory grows as N⁴.
public struct DenseLiouvillian {
    public let spinCount: Int
    /// Column-major; acts on ρ stacked by columns, basis m = j, …, −j.
    public let matrix: [Complex]
    public var size: Int { (spinCount + 1) * (spinCount + 1) }

    /// - Throws: `EvaluationError`.
    public init(model: Model, spinCount: Int, given: [String: Double]) throws {
        self.spinCount = spinCount
        let values = try model.values(spinCount: spinCount, given)
        let d = spinCount + 1, n = d * d
        var matrix = [Complex](repeating: .zero, count: n * n)
        /// Adds factor · A ρ B: entry (row i, k; column a, b) of B^T ⊗ A.
        func add(_ factor: Complex, _ a: [[Complex]]?, _ b: [[Complex]]?) {
            for row in 0..<d { for inner in 0..<d {
                let left = a.map { $0[row][inner] } ?? (row == inner ? .one : .zero)
                if left == .zero { continue }
                for column in 0..<d { for outer in 0..<d {
                    let right = b.map { $0[outer][column] } ?? (outer == column ? .one : .zero)
                    if right == .zero { continue }
                    matrix[(outer * d + inner) * n + column * d + row] += factor * left * right
                } }
            } }
        }
        let hamiltonian = try model.hamiltonian.directMatrix(spinCount: spinCount, values)
        add(Complex(0, -1), hamiltonian, nil)
        add(.i, nil, hamiltonian)
        for jump in model.jumps {
            let rate = try jump.rate.evaluate(values), l = try jump.operator.directMatrix(spinCount: spinCount, values)
            let adjoint = (0..<d).map { row in (0..<d).map { l[$0][row].conjugate } }
            let product = (0..<d).map { row in (0..<d).map { column in
                (0..<d).reduce(Complex.zero) { $0 + adjoint[row][$1] * l[$1][column] }
            } }
            add(rate, l, adjoint)
            add(-0.5 * rate, product, nil)
            add(-0.5 * rate, nil, product)
        }
        self.matrix = matrix
    }

    /// Eigenvalues with condition numbers, unsorted.
    public func eigenvalues() throws -> [(value: Complex, condition: Double)] { try DenseEigen.complexEigenvalues(matrix, size: size) }

    /// The density matrix ρ (row-major) with Lρ = 0, Tr ρ = 1; nil where it is not unique.
    public func steadyState() -> [[Complex]]? {
        let d = spinCount + 1, n = size
        var system = matrix
        // The rows of L add up to nothing along the trace: the first is traded for Tr ρ = 1.
        for column in 0..<n { system[column * n] = .zero }
        for k in 0..<d { system[(k * d + k) * n] = .one }
        var right = [Complex](repeating: .zero, count: n)
        right[0] = .one
        guard let x = DenseEigen.solve(system, size: n, rightHandSide: right) else { return nil }
        return (0..<d).map { row in (0..<d).map { x[$0 * d + row] } }
    }

    /// Tr(ρ P) with P as text evaluated by dense matrices.
    public static func expectation(_ state: [[Complex]], _ operatorMatrix: [[Complex]]) -> Complex {
        var sum = Complex.zero
        for i in state.indices { for k in state.indices { sum += state[i][k] * operatorMatrix[k][i] } }
        return sum
    }

    /// Greatest row sum of magnitudes.
    public var norm: Double {
        var sums = [Double](repeating: 0, count: size)
        for column in 0..<size { for row in 0..<size { sums[row] += matrix[column * size + row].magnitude } }
        return sums.max() ?? 0
    }
}
