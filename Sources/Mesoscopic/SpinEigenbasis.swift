import LinearAlgebra

/// Eigenvectors of Sz between the lowest levels: (u_a ± v_a)/√2 of eigenvalues ±s_a, u of even levels and v of odd ones.
struct SpinEigenbasis: Sendable {
    /// u_a as columns. One more than there are odd levels where the count of levels is odd; that one has s = 0.
    let even: RealMatrix
    /// v_a as columns; zero where u_a has no partner.
    let odd: RealMatrix
    /// s_a ≥ 0
    let values: [Double]

    /// - Parameters:
    ///   - spin: ⟨i|Sz|k⟩, stride × stride.
    ///   - count: levels taken, 2 or more.
    init(spin: [Double], stride: Int, count: Int) throws {
        let evens = (count + 1) / 2, odds = count / 2
        var coupling = [Double](repeating: 0, count: evens * odds)
        for b in 0..<odds { for a in 0..<evens { coupling[b * evens + a] = spin[2 * a * stride + 2 * b + 1] } }
        let svd = try SingularVectors(coupling, rows: evens, columns: odds)
        let padding = [Double](repeating: 0, count: evens - odds)
        even = RealMatrix(rows: evens, columns: evens, values: svd.left)
        odd = RealMatrix(rows: odds, columns: evens, values: svd.right + padding.flatMap { _ in [Double](repeating: 0, count: odds) })
        values = svd.values + padding
    }
}
