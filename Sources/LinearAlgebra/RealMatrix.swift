import CLAPACK

/// A real dense matrix in column-major order, made to multiply others that lie side by side in one buffer (dgemm).
public struct RealMatrix: Sendable {
    public let rows: Int
    public let columns: Int
    public var values: [Double]

    /// - Parameter values: column-major; zero where not given.
    public init(rows: Int, columns: Int, values: [Double]? = nil) {
        self.rows = rows
        self.columns = columns
        self.values = values ?? [Double](repeating: 0, count: rows * columns)
        precondition(self.values.count == rows * columns)
    }

    /// C ← A B, or Aᵀ B: A is this matrix.
    /// - Parameter width: columns of B and C, those of all matrices that lie side by side.
    public func multiply(transposed: Bool = false, _ b: [Double], into c: inout [Double], width: Int) {
        let height = transposed ? columns : rows, inner = transposed ? rows : columns
        precondition(b.count >= inner * width && c.count >= height * width)
        guard height > 0, inner > 0, width > 0 else { return }
        NumericalRuntime.ensureInitialized()
        var m = Int32(height), n = Int32(width), k = Int32(inner), leading = Int32(rows), one = 1.0, zero = 0.0
        dgemm_(transposed ? "T" : "N", "N", &m, &n, &k, &one, values, &leading, b, &k, &zero, &c, &m, 1, 1)
    }

    /// C ← B A, or B Aᵀ, of each of several matrices B that lie side by side: A is this matrix.
    /// - Parameter height: rows of B and C.
    public func multiplyFromRight(transposed: Bool = false, _ b: [Double], into c: inout [Double], height: Int, count: Int) {
        let width = transposed ? rows : columns, inner = transposed ? columns : rows
        precondition(b.count >= height * inner * count && c.count >= height * width * count)
        guard height > 0, inner > 0, width > 0 else { return }
        NumericalRuntime.ensureInitialized()
        var m = Int32(height), n = Int32(width), k = Int32(inner), leading = Int32(rows), one = 1.0, zero = 0.0
        b.withUnsafeBufferPointer { b in
            c.withUnsafeMutableBufferPointer { c in
                for i in 0..<count {
                    dgemm_("N", transposed ? "T" : "N", &m, &n, &k, &one, b.baseAddress! + i * height * inner, &m, values, &leading, &zero,
                           c.baseAddress! + i * height * width, &m, 1, 1)
                }
            }
        }
    }
}
