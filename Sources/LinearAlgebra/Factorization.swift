import Numbers

/// A factored matrix, by whichever route serves it.
public struct Factorization<Scalar> {
    private let solver: ([Scalar], Bool) throws -> [Scalar]

    fileprivate init(_ solver: @escaping ([Scalar], Bool) throws -> [Scalar]) { self.solver = solver }

    /// Solves A X = B (or AᵀX = B); B column-major with n rows and any number of columns. Eight columns cost little more
    /// than one.
    /// - Throws: `SparseLUError`.
    public func solve(_ b: [Scalar], transposed: Bool = false) throws -> [Scalar] { try solver(b, transposed) }
}

/// Symbolic work of one pattern, done once for real and complex matrices: none for a narrow band, else MUMPS' ordering and the
/// fronts that follow from it.
public final class FactorizationPlan {
    private let pattern: SparsePattern
    private let banded: BandedLU?
    private let fronts: FrontalPlan?
    private var real: FrontalLU<Double>?
    private var pivoted: SparseLU<Double>?
    private let group: ProcessGroup?
    /// Floating-point operations of one factorisation, as the route taken expects them.
    public var flops: Double { banded?.flops ?? fronts?.flops ?? 0 }
    /// Bands up to this width, if they are this many times longer: fill of an ordering is about the same then.
    private static let greatestBand = 320
    private static let leastElongation = 64

    /// Whether a pattern is factored as a band.
    public static func isNarrow(size: Int, bandwidths: (below: Int, above: Int)) -> Bool {
        let band = bandwidths.below + bandwidths.above
        return band <= greatestBand && size >= leastElongation * band
    }

    /// - Parameter group: ranks that share the factors, by MUMPS; nil: this one has them all.
    /// - Throws: `SparseLUError`.
    public init(_ pattern: SparsePattern, group: ProcessGroup? = nil) throws {
        self.pattern = pattern
        self.group = group
        if group != nil {
            banded = nil
            fronts = nil
        } else if Self.isNarrow(size: pattern.size, bandwidths: pattern.bandwidths) {
            banded = BandedLU(pattern)
            fronts = nil
        } else {
            banded = nil
            fronts = FrontalPlan(pattern: pattern, ordering: try SparseLU<Double>(analyzing: pattern).ordering, isBatched: false)
        }
    }

    /// Factors without pivoting if the result stands its test, else with. The result is good until the next call.
    /// - Throws: `SparseLUError`.
    public func factor(_ values: [Double]) throws -> Factorization<Double> {
        if let banded {
            try banded.factor(values)
            return Factorization { banded.solve($0, transposed: $1) }
        }
        if let fronts {
            let lu = real ?? FrontalLU(plan: fronts, pattern: pattern)
            real = lu
            if lu.factor(values) { return Factorization { lu.solve($0, transposed: $1) } }
        }
        let lu = try pivoted ?? SparseLU(analyzing: pattern, group: group)
        pivoted = lu
        try lu.factor(values)
        return Factorization { try lu.solve($0, transposed: $1) }
    }

    /// The same for a complex matrix, whose factors take twice the memory and are not kept.
    /// - Throws: `SparseLUError`.
    public func factor(_ values: [Complex]) throws -> Factorization<Complex> {
        if let fronts = fronts ?? frontsOfBand() {
            let lu = FrontalLU<Complex>(plan: fronts, pattern: pattern)
            if lu.factor(values) { return Factorization { lu.solve($0, transposed: $1) } }
        }
        let lu = try SparseLU<Complex>(analyzing: pattern, group: group)
        try lu.factor(values)
        return Factorization { try lu.solve($0, transposed: $1) }
    }

    /// A band in the order in which it stands.
    private func frontsOfBand() -> FrontalPlan? { banded == nil ? nil : FrontalPlan(pattern: pattern, ordering: Array(0..<pattern.size), isBatched: false) }
}
