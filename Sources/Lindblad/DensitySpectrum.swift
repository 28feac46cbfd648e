import Foundation
import LinearAlgebra
import Numbers

/// Eigenvalues of a density matrix and what needs them: entropy, positivity, quantum Fisher information.
///
/// The matrix is made in the Dicke basis of the state's own axes: (N+1)² numbers, O(N³) operations.
public struct DensitySpectrum: Sendable {
    /// Eigenvalues of ρ, ascending. Rounding and truncation leave those near zero uncertain by about 10⁻¹⁶ and the leak.
    public let eigenvalues: [Double]
    private let state: MultipoleState
    private let vectors: HermitianSpectrum.Columns
    /// Of the greatest eigenvalue: smaller ones change F by less than 10⁻¹³ of that of a coherent state.
    private static let support = 1e-14

    /// - Parameter withVectors: whether `quantumFisherInformation` will be asked for.
    /// - Throws: `EigenvalueError`.
    public init(_ state: MultipoleState, withVectors: Bool) throws {
        self.state = state
        let size = state.spinCount + 1
        let matrix = DickeBasis(spinCount: state.spinCount, window: state.window).matrix(state.coefficients)
        let spectrum = try HermitianSpectrum(matrix, size: size, vectorsAbove: withVectors ? Self.support / Double(size) : nil)
        eigenvalues = spectrum.values
        vectors = spectrum.vectors
    }

    public var smallest: Double { eigenvalues[0] }

    /// Von Neumann entropy −Tr ρ ln ρ in nats.
    public var entropy: Double {
        eigenvalues.reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
    }

    /// Quantum Fisher information about the angle of a rotation exp(−iφ u·J), for the best axis u, and that axis.
    public struct FisherInformation: Sendable {
        /// F_Q = the greatest eigenvalue of F_ab = 2 Σ_ik (p_i − p_k)²/(p_i + p_k) Re⟨i|J_a|k⟩⟨k|J_b|i⟩ (Braunstein and Caves,
        /// PRL 72, 3439 (1994); Pezzè et al., RMP 90, 035005 (2018)). N for coherent states, at most N².
        public let value: Double
        /// u in laboratory coordinates, with u_z > 0 (or u_y > 0 where |u_z| < 10⁻⁶, or u = x); NaN where two axes are best (F equal to 10⁻⁹).
        public let direction: [Double]
        /// F_ab in laboratory axes, rows.
        public let matrix: [[Double]]
    }

    /// Needs `withVectors`. Computed as F_ab = 4 Re⟨J_a J_b⟩ − 8 Σ_ik p_i p_k/(p_i + p_k) Re⟨i|J_a|k⟩⟨k|J_b|i⟩, where only
    /// eigenvectors with p > 0 count.
    public func quantumFisherInformation() throws -> FisherInformation {
        let (z, raising, count) = generators()
        let p = eigenvalues.suffix(count).map { $0 }
        // J_x = (J₊ + J₊†)/2, J_y = (J₊ − J₊†)/2i between eigenvectors i and k.
        var xx = 0.0, yy = 0.0, zz = 0.0, xy = 0.0, xz = 0.0, yz = 0.0
        for k in 0..<count {
            for i in 0..<count {
                let weight = p[i] * p[k] / (p[i] + p[k])
                let up = raising[k * count + i], down = raising[i * count + k]
                let x = Complex(0.5 * (up.re + down.re), 0.5 * (up.im - down.im))
                let y = Complex(0.5 * (up.im + down.im), -0.5 * (up.re - down.re)), jz = z[k * count + i]
                xx += weight * x.squaredMagnitude
                yy += weight * y.squaredMagnitude
                zz += weight * jz.squaredMagnitude
                xy += weight * (x.re * y.re + x.im * y.im)
                xz += weight * (x.re * jz.re + x.im * jz.im)
                yz += weight * (y.re * jz.re + y.im * jz.im)
            }
        }
        let sum = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]
        let axes = state.frame.axes, moments = state.secondMoments
        var matrix = [[Double]](repeating: [0, 0, 0], count: 3)
        for a in 0..<3 {
            for b in 0..<3 {
                var pure = 0.0
                for c in 0..<3 { for d in 0..<3 { pure += axes[c][a] * sum[c][d] * axes[d][b] } }
                matrix[a][b] = 4 * moments[a][b] - 8 * pure
            }
        }
        let (values, eigenvectors) = try DenseEigen.symmetric(matrix.flatMap { $0 }, size: 3)
        let isUnique = values[2] - values[1] > 1e-9 * max(abs(values[2]), 1)
        var direction = isUnique ? Array(eigenvectors[6..<9]) : [.nan, .nan, .nan]
        if let leading = direction.last(where: { abs($0) > 1e-6 }), leading < 0 { direction = Vector.scale(direction, -1) }
        return FisherInformation(value: values[2], direction: direction, matrix: matrix)
    }

    /// ⟨i|J_z|k⟩ and ⟨i|J₊|k⟩ between the eigenvectors, column-major, in the axes of the state.
    private func generators() -> (z: [Complex], raising: [Complex], count: Int) {
        let size = state.spinCount + 1, j = Double(state.spinCount) / 2
        let levels = (0..<size).map { Double($0) - j }
        let steps = levels.map { (m: Double) -> Double in max(0, j * (j + 1) - m * (m + 1)).squareRoot() }
        switch vectors {
        case .real(let v):
            var z = v, raised = [Double](repeating: 0, count: v.count)
            for column in stride(from: 0, to: v.count, by: size) {
                for k in 0..<size {
                    z[column + k] = levels[k] * v[column + k]
                    if k > 0 { raised[column + k] = steps[k - 1] * v[column + k - 1] }
                }
            }
            return (AdjointProduct.multiply(v, z, rows: size).map { Complex($0) }, AdjointProduct.multiply(v, raised, rows: size).map { Complex($0) }, v.count / size)
        case .complex(let v):
            var z = v, raised = [Complex](repeating: .zero, count: v.count)
            for column in stride(from: 0, to: v.count, by: size) {
                for k in 0..<size {
                    z[column + k] = levels[k] * v[column + k]
                    if k > 0 { raised[column + k] = steps[k - 1] * v[column + k - 1] }
                }
            }
            return (AdjointProduct.multiply(v, z, rows: size), AdjointProduct.multiply(v, raised, rows: size), v.count / size)
        }
    }
}
