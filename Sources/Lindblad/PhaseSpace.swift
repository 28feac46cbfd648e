import Numbers

/// Phase-space functions on the sphere, in laboratory axes, and what follows from them.
///
/// Both are Σ_lq f_l x_lq √(4π/(N+1)) Y_lq(n) and normalised so that (N+1)/4π ∫ dΩ = Tr ρ (Agarwal, PRA 24, 2889 (1981);
/// Dowling, Agarwal, Schleich, PRA 49, 4101 (1994)).
extension MultipoleState {
    /// Husimi function Q(n) = ⟨n|ρ|n⟩, |n⟩ the spin-coherent state along n: f_l = ⟨jj; l0|jj⟩ = (2j)! √(2j+1)/√((2j−l)!(2j+l+1)!).
    /// - Returns: row-major over (θ, φ).
    public func husimi(on grid: SphereGrid) -> [Double] { series(Self.husimiFactors(spinCount: spinCount, lMax: window.lMax)).values(on: grid, rotation: rotation) }

    /// Wigner function of the Stratonovich–Weyl correspondence (s = 0): f_l = 1.
    /// - Returns: row-major over (θ, φ).
    public func wigner(on grid: SphereGrid) -> [Double] { series(nil).values(on: grid, rotation: rotation) }

    /// Populations ⟨m|ρ|m⟩ of the levels of the laboratory Jz, m ascending from −j.
    ///
    /// From the multipoles x_l0 of the laboratory axes alone, x_l0 = √(4π/(2l+1)) Σ_q x_lq Y_lq(z in the state's axes).
    public var populations: [Double] {
        let z = frame.axes.map { $0[2] }
        let parts = plainSeries.multipoles(at: z)
        let x = parts.enumerated().map { Complex($1 * (4 * Double.pi / Double(2 * $0 + 1)).squareRoot()) }
        return DickeBasis.diagonal(x, q: 0, spinCount: spinCount).map(\.re)
    }

    // MARK: Series

    private var rotation: [[Double]]? { frame == .laboratory ? nil : frame.axes }

    /// Σ x_lq Y_lq without any factor.
    private var plainSeries: SphereSeries { makeSeries(lMax: window.lMax, qMax: window.qMax, scale: 1, factors: nil) }

    private func series(_ factors: [Double]?, lMax: Int? = nil, qMax: Int? = nil) -> SphereSeries {
        let significant = significantOrders
        return makeSeries(lMax: lMax ?? significant.l, qMax: qMax ?? significant.q, scale: (4 * Double.pi / Double(spinCount + 1)).squareRoot(), factors: factors)
    }

    private func makeSeries(lMax: Int, qMax: Int, scale: Double, factors: [Double]?) -> SphereSeries {
        let (shape, values) = sphericalCoefficients
        return SphereSeries(lMax: lMax, qMax: qMax) { l, q in (scale * (factors?[l] ?? 1)) * values[l * shape[1] + q] }
    }

    /// The Wigner function with the grid in the axes of the state, from multipoles of the given orders.
    func wigner(onOwn grid: SphereGrid, _ orders: (l: Int, q: Int)) -> [Double] { series(nil, lMax: orders.l, qMax: orders.q).values(on: grid) }

    /// Orders beyond which coefficients add less than 10⁻¹⁷ of the norm.
    var significantOrders: (l: Int, q: Int) {
        var byL = [Double](repeating: 0, count: window.lMax + 1), byQ = [Double](repeating: 0, count: window.qMax + 1)
        for (multipole, x) in zip(MultipoleBasis(window).multipoles, coefficients) {
            byL[multipole.l] += x * x
            byQ[multipole.q] += x * x
        }
        func last(_ squares: [Double]) -> Int {
            let least = 1e-34 * squares.reduce(0, +)
            var tail = 0.0, index = squares.count - 1
            while index > 0, tail + squares[index] <= least {
                tail += squares[index]
                index -= 1
            }
            return index
        }
        let l = last(byL)
        return (l, min(last(byQ), l))
    }

    /// ⟨jj; l0|jj⟩ by the ratio √((N−l+1)/(N+l+1)) of successive ones.
    static func husimiFactors(spinCount: Int, lMax: Int) -> [Double] {
        var factors = [1.0]
        for l in stride(from: 1, through: lMax, by: 1) {
            factors.append(factors[l - 1] * (Double(spinCount - l + 1) / Double(spinCount + l + 1)).squareRoot())
        }
        return factors
    }
}
