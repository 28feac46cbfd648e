import CLAPACK

/// LU with partial pivoting of a matrix whose entries lie near the diagonal (LAPACK dgbtrf). No ordering, no analysis, and
/// dense kernels throughout: what long, narrow problems ask for.
public final class BandedLU {
    public let pattern: SparsePattern
    private let below: Int
    private let above: Int
    /// Column-major band, `below` rows of fill first.
    private var band: [Double] = []
    private var pivots: [Int32] = []
    private var leading: Int { 2 * below + above + 1 }

    public init(_ pattern: SparsePattern) {
        self.pattern = pattern
        (below, above) = pattern.bandwidths
    }

    /// Floating-point operations of one factorisation, where no rows are exchanged.
    public var flops: Double { Double(pattern.size) * Double(below) * Double(2 * above + 1) }

    /// - Throws: `SparseLUError.singular`.
    public func factor(_ values: [Double]) throws {
        let size = pattern.size, leading = leading
        if band.isEmpty {
            band = [Double](repeating: 0, count: leading * size)
            pivots = [Int32](repeating: 0, count: size)
        } else {
            for k in band.indices { band[k] = 0 }
        }
        for k in values.indices {
            let column = Int(pattern.columns[k])
            band[column * leading + below + above + Int(pattern.rows[k]) - column] = values[k]
        }
        var n = Int32(size), kl = Int32(below), ku = Int32(above), ld = Int32(leading), info: Int32 = 0
        dgbtrf_(&n, &n, &kl, &ku, &band, &ld, &pivots, &info)
        if info != 0 { throw SparseLUError.singular }
    }

    /// Solves A X = B (or AᵀX = B); B column-major with n rows and any number of columns.
    public func solve(_ b: [Double], transposed: Bool = false) -> [Double] {
        var x = b
        var n = Int32(pattern.size), kl = Int32(below), ku = Int32(above), ld = Int32(leading), info: Int32 = 0
        var sides = Int32(b.count / max(pattern.size, 1))
        dgbtrs_(transposed ? "T" : "N", &n, &kl, &ku, &sides, band, &ld, pivots, &x, &n, &info, 1)
        precondition(info == 0)
        return x
    }
}

extension SparsePattern {
    /// How far entries lie below and above the diagonal.
    public var bandwidths: (below: Int, above: Int) {
        var below = 0, above = 0
        for column in 0..<size where columnStarts[column] < columnStarts[column + 1] {
            below = max(below, Int(rows[columnStarts[column + 1] - 1]) - column)
            above = max(above, column - Int(rows[columnStarts[column]]))
        }
        return (below, above)
    }
}
