/// A factored real matrix, by whichever route serves it.
public struct Factorization {
    private enum Route { case fixed(StaticLU), pivoted(SparseLU<Double>), banded(BandedLU) }
    private let route: Route

    public func solve(_ b: [Double], transposed: Bool = false) throws -> [Double] {
        switch route {
        case .fixed(let lu): lu.solve(b, transposed: transposed)
        case .pivoted(let lu): try lu.solve(b, transposed: transposed)
        case .banded(let lu): lu.solve(b, transposed: transposed)
        }
    }

    /// Symbolic work of one pattern, done once: none for a narrow band; ordering and fill by MUMPS, and the static factor
    /// where it pays.
    public final class Plan {
        private let banded: BandedLU?
        private let pivoted: SparseLU<Double>?
        private let fixed: StaticLU?
        /// Floating-point operations of one factorisation, as the route taken expects them.
        public var flops: Double { banded?.flops ?? pivoted?.factorFlops ?? 0 }
        /// Above this many entries the dense kernels of MUMPS win over the static loops.
        public static let entryLimit = 8_000_000
        /// Bands up to this width, if they are this many times longer: fill of an ordering is about the same then.
        private static let greatestBand = 320
        private static let leastElongation = 64

        /// Whether a pattern is factored as a band.
        public static func isNarrow(size: Int, bandwidths: (below: Int, above: Int)) -> Bool {
            let band = bandwidths.below + bandwidths.above
            return band <= greatestBand && size >= leastElongation * band
        }

        /// - Throws: `SparseLUError`.
        public init(_ pattern: SparsePattern) throws {
            if Self.isNarrow(size: pattern.size, bandwidths: pattern.bandwidths) {
                banded = BandedLU(pattern)
                (pivoted, fixed) = (nil, nil)
                return
            }
            let pivoted = try SparseLU<Double>(analyzing: pattern)
            (banded, self.pivoted) = (nil, pivoted)
            fixed = StaticLU(pattern: pattern, ordering: pivoted.ordering, entryLimit: Self.entryLimit)
        }

        /// Factors without pivoting if the result stands its test, else with. The result is good until the next call.
        /// - Throws: `SparseLUError`.
        public func factor(_ values: [Double]) throws -> Factorization {
            if let banded {
                try banded.factor(values)
                return Factorization(route: .banded(banded))
            }
            if let fixed, fixed.factor(values) { return Factorization(route: .fixed(fixed)) }
            try pivoted!.factor(values)
            return Factorization(route: .pivoted(pivoted!))
        }
    }
}
