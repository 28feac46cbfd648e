import LinearAlgebra
import Numbers

/// Vectors of eigenvalues that are known, by inverse iteration with the sparse LU.
struct SpectrumModes {
    let liouvillian: TruncatedLiouvillian
    let coefficients: [Double]

    /// Eigenvalues nearer to each other than this part of their magnitude are settled together.
    private static let closeness = 1e-4
    /// Distance of the shift from the eigenvalue: far enough for an accurate solve, near enough for a few steps.
    private static let offset = 1e-6

    /// - Parameter levels: in ascending decay rate.
    /// - Returns: one for each of the slowest `count` levels above or on the real axis; fewer where vectors do not settle.
    func slowest(_ count: Int, of levels: [LiouvillianSpectrum.Level]) throws -> [Mode] {
        let upper = levels.filter { $0.value.im >= 0 }, wanted = Array(upper.prefix(count))
        var modes = [Mode?](repeating: nil, count: wanted.count)
        for (place, level) in wanted.enumerated() where modes[place] == nil {
            let reach = Self.closeness * level.value.magnitude
            let group = levels.filter { $0.sector == level.sector && ($0.value - level.value).magnitude <= reach }
            var found = try settled(level.value, group.map(\.value), in: liouvillian.sectors[level.sector])
            // Each level of the group takes the mode nearest to it.
            for other in place..<wanted.count where modes[other] == nil && wanted[other].sector == level.sector {
                guard (wanted[other].value - level.value).magnitude <= reach,
                      let nearest = found.indices.min(by: { distance(found[$0], wanted[other]) < distance(found[$1], wanted[other]) }),
                      distance(found[nearest], wanted[other]) <= Self.closeness * level.value.magnitude else { continue }
                modes[other] = found.remove(at: nearest)
            }
        }
        return modes.compactMap { $0 }
    }

    private func distance(_ mode: Mode, _ level: LiouvillianSpectrum.Level) -> Double { (mode.eigenvalue - level.value).magnitude }

    /// - Parameter group: all eigenvalues about `center`, itself among them.
    private func settled(_ center: Complex, _ group: [Complex], in sector: Sector) throws -> [Mode] {
        let isReal = center.im == 0, shift = center - Complex(Self.offset * center.magnitude)
        // Of a matrix of size one or two inverse iteration is the matrix itself.
        let count = min(group.count, sector.size)
        let triples: [InverseIteration.Triple]
        if isReal {
            let lu = try sector.factorization(coefficients, shift: shift.re)
            let start = ColumnBlock<Double>(noise: count, size: sector.size, seed: 23)
            triples = try InverseIteration.settle(start, count: count, shift: shift) { try lu.solve($0, transposed: $1) }
        } else {
            let lu = try sector.factorization(coefficients, complexShift: shift)
            let start = ColumnBlock<Complex>(noise: count, size: sector.size, seed: 23)
            triples = try InverseIteration.settle(start, count: count, shift: shift) { try lu.solve($0, transposed: $1) }
        }
        let context = ModeContext(sector: sector, coefficients: coefficients)
        return triples.map { context.mode($0.value, right: $0.right, left: $0.left, polish: true) }
    }

    /// Coefficients on the complete window of a vector of a mode's sector.
    func embedded(_ vector: [Complex], _ mode: Mode) -> [Complex] {
        liouvillian.multipoles.indices.map { index in
            let home = liouvillian.home[index]
            return index > 0 && home.sector == mode.sector ? vector[home.place] : .zero
        }
    }

    /// With its component along the trace: of L = [0 0; b A] the left vector is (w·b/λ, w).
    func embeddedLeft(_ mode: Mode) -> [Complex] {
        var all = embedded(mode.left, mode)
        if mode.sector == 0, mode.eigenvalue != .zero {
            let source = liouvillian.steadySector.source(coefficients)
            all[0] = zip(mode.left, source).reduce(Complex.zero) { $0 + $1.1 * $1.0 } / mode.eigenvalue
        }
        return all
    }
}
