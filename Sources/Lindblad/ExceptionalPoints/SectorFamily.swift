import LinearAlgebra
import Numbers

/// A symmetry sector of the Liouvillian along one parameter.
struct SectorFamily: SpectralFamily {
    let sector: Sector
    /// Coefficients of the sector's terms at θ.
    let coefficients: (Double) throws -> [Double]
    /// Frequencies at which slow modes may lie far from zero.
    let frequencies: [Double]
    /// A regular point near zero.
    let shift: Double
    var size: Int { sector.size }

    /// Sectors up to this size go to LAPACK, which misses nothing; up to the greater one also where the sparse search gives up.
    private static let denseLimits = (always: 240, rescue: 1000)

    func slowest(_ count: Int, at parameter: Double, expected: [Complex]) throws -> [SpectralBranch] {
        let coefficients = try coefficients(parameter)
        guard size > Self.denseLimits.always else { return try dense(coefficients) }
        do { return try sparse(count, coefficients, expected) } catch let error where error.isNumerical {
            guard size <= Self.denseLimits.rescue else { throw error }
            return try dense(coefficients)
        }
    }

    private func dense(_ coefficients: [Double]) throws -> [SpectralBranch] {
        let (right, left) = try DenseEigen.eigenpairs(sector.dense(coefficients), size: size)
        return zip(right, left).map { SpectralBranch(value: $0.value, right: $0.vector, left: $1.vector.map(\.conjugate)) }
    }

    private func sparse(_ count: Int, _ coefficients: [Double], _ expected: [Complex]) throws -> [SpectralBranch] {
        let search = SlowModes(sector: sector, coefficients: coefficients)
        var (modes, reach) = try search.nearest(min(count, size), shift: shift)
        /// What lies far off the real axis may decay as slowly as what lies near zero.
        func look(at point: Complex, slowerThan limit: Double) throws {
            modes += try search.nearest(complexShift: point, slowerThan: limit, besides: modes.map(\.eigenvalue)).filter { mode in
                mode.eigenvalue.im > 0 && !modes.contains { ($0.eigenvalue - mode.eigenvalue).magnitude < 1e-7 * mode.eigenvalue.magnitude }
            }
        }
        let slowest = modes.map(\.decayRate).max() ?? .infinity
        for frequency in frequencies where frequency > 0.8 * reach { try look(at: Complex(0, frequency), slowerThan: slowest) }
        for value in expected where value.im > 0 && value.magnitude > 0.8 * reach
            && !modes.contains(where: { ($0.eigenvalue - value).magnitude < 1e-2 * value.magnitude }) {
            try look(at: value + Complex(1e-3 * value.magnitude), slowerThan: 4 * max(slowest, -value.re))
        }
        // Right at an exceptional point inverse iteration finds no two vectors.
        let scale = reach.isFinite ? reach : 0
        guard modes.allSatisfy({ $0.condition.isFinite && $0.residual <= 1e-6 * max($0.eigenvalue.magnitude, scale) + 1e-9 }) else {
            throw EigenvalueError("modes did not settle")
        }
        return modes.map { SpectralBranch(value: $0.eigenvalue, right: $0.right, left: $0.left) }
    }

    private func columns(_ x: [Double]) -> [[Double]] { stride(from: 0, to: x.count, by: size).map { Array(x[$0..<$0 + size]) } }

    func image(_ x: [Double], at parameter: Double) throws -> [Double] {
        let values = sector.values(try coefficients(parameter))
        return columns(x).flatMap { sector.pattern.multiply(values, $0) }
    }

    func noise(_ x: [Double], at parameter: Double) throws -> Double {
        let values = sector.values(try coefficients(parameter))
        let magnitudes = columns(x).flatMap { sector.pattern.multiplyMagnitudes(values, $0) }
        return sector.entryNoise * magnitudes.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    func inverse(at parameter: Double, shift: Double) throws -> ([Double], Bool) throws -> [Double] {
        let lu = try sector.factorization(try coefficients(parameter), shift: shift)
        return { try lu.solve($0, transposed: $1) }
    }

    func inverse(at parameter: Double, shift: Complex) throws -> ([Complex], Bool) throws -> [Complex] {
        let lu = try sector.factorization(try coefficients(parameter), complexShift: shift)
        return { try lu.solve($0, transposed: $1) }
    }
}
