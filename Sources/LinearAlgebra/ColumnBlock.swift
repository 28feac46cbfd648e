import CLAPACK
import Numbers

/// A number type of dense column blocks: `Double` and `Complex`.
public protocol BlockScalar: FrontalScalar {
    /// C ← factor · op(A) B + keep · C; `operation` N, T or C; `inner` is what is summed over.
    static func multiply(_ operation: String, _ a: [Self], _ b: UnsafePointer<Self>, into c: inout [Self], rows: Int, columns: Int, inner: Int,
                         factor: Double, keep: Double)
    /// Right eigenpairs of a small matrix, column-major; of a real matrix' conjugate pairs the upper member.
    static func eigenpairs(_ matrix: [Self], size: Int) throws -> [Eigenpair]
}

extension Double: BlockScalar {
    public static func multiply(_ operation: String, _ a: [Double], _ b: UnsafePointer<Double>, into c: inout [Double], rows: Int, columns: Int, inner: Int,
                                factor: Double, keep: Double) {
        var m = Int32(rows), n = Int32(columns), k = Int32(inner), leading = operation == "N" ? m : k, alpha = factor, beta = keep
        dgemm_(operation, "N", &m, &n, &k, &alpha, a, &leading, b, &k, &beta, &c, &m, 1, 1)
    }
    public static func eigenpairs(_ matrix: [Double], size: Int) throws -> [Eigenpair] { try DenseEigen.rightEigenpairs(matrix, size: size) }
}

extension Complex: BlockScalar {
    public static func multiply(_ operation: String, _ a: [Complex], _ b: UnsafePointer<Complex>, into c: inout [Complex], rows: Int, columns: Int, inner: Int,
                                factor: Double, keep: Double) {
        var m = Int32(rows), n = Int32(columns), k = Int32(inner), leading = operation == "N" ? m : k, alpha = Complex(factor), beta = Complex(keep)
        zgemm_(operation, "N", &m, &n, &k, &alpha, a, &leading, b, &k, &beta, &c, &m, 1, 1)
    }
    public static func eigenpairs(_ matrix: [Complex], size: Int) throws -> [Eigenpair] { try DenseEigen.complexEigenpairs(matrix, size: size) }
}

/// A few long columns.
public struct ColumnBlock<Scalar: BlockScalar> {
    /// Length of a column.
    public let size: Int
    /// Column after column.
    public private(set) var values: [Scalar]
    public var count: Int { values.count / max(size, 1) }

    public init(size: Int, values: [Scalar] = []) {
        self.size = size
        self.values = values
    }

    /// Columns of noise, the same for the same seed.
    public init(noise count: Int, size: Int, seed: UInt64) {
        self.init(size: size, values: (0..<count).flatMap { Arnoldi.startVector(size, seed: seed + UInt64($0)).map { Scalar(components: ($0, 0)) } })
    }

    public subscript(column: Int) -> ArraySlice<Scalar> { values[column * size..<(column + 1) * size] }
    func last(_ width: Int) -> [Scalar] { Array(values[values.count - width * size..<values.count]) }
    mutating func append(_ block: ColumnBlock) { values += block.values }

    /// AᴴB, or AᵀB without conjugation: `count` rows, a column for each of `other`.
    public func overlaps(_ other: ColumnBlock, conjugated: Bool = true) -> [Scalar] {
        var result = [Scalar](repeating: .zero, count: count * other.count)
        Scalar.multiply(conjugated ? "C" : "T", values, other.values, into: &result, rows: count, columns: other.count, inner: size, factor: 1, keep: 0)
        return result
    }

    /// Takes A · weights away; `weights` has a row for each column of A.
    mutating func subtract(_ block: ColumnBlock, _ weights: [Scalar]) {
        Scalar.multiply("N", block.values, weights, into: &values, rows: size, columns: count, inner: block.count, factor: -1, keep: 1)
    }

    /// The sum of the columns with complex weights.
    public func combination(_ weights: [Complex]) -> [Complex] {
        func sum(_ weights: [Scalar]) -> [Scalar] {
            var result = [Scalar](repeating: .zero, count: size)
            Scalar.multiply("N", values, weights, into: &result, rows: size, columns: 1, inner: count, factor: 1, keep: 0)
            return result
        }
        if Scalar.parts == 2 { return sum(weights.map { Scalar(components: ($0.re, $0.im)) }).map { Complex($0.components.re, $0.components.im) } }
        let re = sum(weights.map { Scalar(components: ($0.re, 0)) })
        if weights.allSatisfy({ $0.im == 0 }) { return re.map { Complex($0.components.re) } }
        return zip(re, sum(weights.map { Scalar(components: ($0.im, 0)) })).map { Complex($0.components.re, $1.components.re) }
    }

    /// QR by Gram–Schmidt, twice. A column that depends on the others is traded for a fresh direction, with zero in R.
    /// - Returns: R, count × count, column-major.
    mutating func orthonormalize(seed: UInt64) -> [Scalar] {
        let width = count
        var triangle = [Scalar](repeating: .zero, count: width * width), done = ColumnBlock(size: size)
        for c in 0..<width {
            var column = ColumnBlock(size: size, values: Array(self[c]))
            let before = column.norm
            func project(_ isCounted: Bool) {
                guard c > 0 else { return }
                for _ in 0..<2 {
                    let overlaps = done.overlaps(column)
                    column.subtract(done, overlaps)
                    if isCounted { for k in 0..<c { triangle[c * width + k] = triangle[c * width + k] + overlaps[k] } }
                }
            }
            project(true)
            var length = column.norm
            triangle[c * width + c] = Scalar(components: (length, 0))
            if length <= 1e-14 * before || length == 0 {
                triangle[c * width + c] = .zero
                column = ColumnBlock(noise: 1, size: size, seed: seed &* 31 &+ UInt64(c))
                project(false)
                length = column.norm
            }
            done.append(ColumnBlock(size: size, values: column.values.map { (1 / length) * $0 }))
        }
        values = done.values
        return triangle
    }

    /// Of all entries.
    private var norm: Double {
        var sum = 0.0
        for value in values {
            let (re, im) = value.components
            sum += re * re + im * im
        }
        return sum.squareRoot()
    }
}
