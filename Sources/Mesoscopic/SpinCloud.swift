/// Directions of a classical spin scattered like a quantum state: a Gaussian with mean and covariance of n = 2⟨S⟩/N, projected onto the
/// unit sphere (truncated Wigner). The state is real in the Dicke basis: n_y is correlated with neither n_x nor n_z.
public struct SpinCloud: Sendable {
    /// ⟨n⟩, shorter than one by the fluctuations.
    public let mean: SIMD3<Double>
    /// Standard deviation of n_y.
    public let out: Double
    /// n_x and n_z beside their means as combinations of two normal deviates.
    let rows: (x: SIMD2<Double>, z: SIMD2<Double>)

    init(mean: SIMD3<Double>, out: Double, rows: (SIMD2<Double>, SIMD2<Double>)) {
        self.mean = mean
        self.out = out
        self.rows = (rows.0, rows.1)
    }

    /// Variances of n_x, n_y and n_z before the projection.
    public var variances: SIMD3<Double> { SIMD3((rows.x * rows.x).sum(), out * out, (rows.z * rows.z).sum()) }

    func direction(_ generator: inout NormalGenerator) -> SIMD3<Double> {
        let first = generator.next(), second = generator.next(), third = generator.next()
        let plane = SIMD2(first, second)
        let n = mean + SIMD3((rows.x * plane).sum(), out * third, (rows.z * plane).sum())
        return n / (n * n).sum().squareRoot()
    }
}
