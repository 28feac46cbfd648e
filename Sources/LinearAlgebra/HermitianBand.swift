import CLAPACK
import Numbers

/// A Hermitian matrix whose entries lie within `bandwidth` of the diagonal.
public struct HermitianBand: Sendable {
    public let size: Int
    public let bandwidth: Int
    /// Lower band, column-major with bandwidth + 1 rows: LAPACK's "L" storage.
    private var band: [Complex]

    /// Zero everywhere.
    public init(size: Int, bandwidth: Int) {
        precondition(size > 0 && bandwidth >= 0)
        self.size = size
        self.bandwidth = min(bandwidth, size - 1)
        band = [Complex](repeating: .zero, count: size * (self.bandwidth + 1))
    }

    /// Entries on and below the diagonal; those above follow.
    public subscript(row: Int, column: Int) -> Complex {
        get { band[column * (bandwidth + 1) + row - column] }
        set { band[column * (bandwidth + 1) + row - column] = newValue }
    }

    /// Greatest row sum of magnitudes.
    public var norm: Double {
        var sums = [Double](repeating: 0, count: size)
        for column in 0..<size {
            for row in column..<min(size, column + bandwidth + 1) {
                let magnitude = self[row, column].magnitude
                sums[row] += magnitude
                if row != column { sums[column] += magnitude }
            }
        }
        return sums.max() ?? 0
    }

    /// The lowest eigenvalues with orthonormal eigenvectors: zhbtrd and dstemr for the values, in O(n² bandwidth), inverse iteration
    /// by banded LU for the vectors.
    /// - Throws: `EigenvalueError` where LAPACK gives up or a vector has a residual.
    public func lowest(_ count: Int) throws -> (values: [Double], vectors: [[Complex]]) {
        NumericalRuntime.ensureInitialized()
        let count = min(count, size), scale = max(norm, .leastNormalMagnitude)
        var n = Int32(size), kd = Int32(bandwidth), ld = kd + 1, one: Int32 = 1, info: Int32 = 0
        var copy = band, d = [Double](repeating: 0, count: size), e = d, none = Complex.zero
        var work = [Complex](repeating: .zero, count: size)
        zhbtrd_("N", "L", &n, &kd, &copy, &ld, &d, &e, &none, &one, &work, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("zhbtrd failed (INFO = \(info), n = \(size))") }
        var values = try SymmetricTridiagonal(diagonal: d, offDiagonal: Array(e.prefix(size - 1))).lowest(count, vectors: false).values
        var vectors: [[Complex]] = []
        for k in 0..<count {
            let (value, vector) = try inverseIteration(values[k], orthogonalTo: vectors, scale: scale)
            values[k] = value
            vectors.append(vector)
        }
        return (values, vectors)
    }

    private func inverseIteration(_ value: Double, orthogonalTo others: [[Complex]], scale: Double) throws -> (Double, [Complex]) {
        // Half the last place off, lest a pivot be zero.
        let solve = try factor(shift: value - 2e-16 * scale)
        // Any vector with a part along the wanted one; no symmetry of the matrix may forbid it.
        var seed = 0.5
        var vector = (0..<size).map { _ -> Complex in
            seed = (seed * 997 + 0.618_033_988).truncatingRemainder(dividingBy: 1)
            return Complex(0.5 + seed)
        }
        var residual = Double.infinity, quotient = value
        for _ in 0..<5 {
            vector = try solve(vector)
            for other in others {
                let part = Self.product(other, vector)
                for i in 0..<size { vector[i] -= part * other[i] }
            }
            let factor = 1 / Self.product(vector, vector).re.squareRoot()
            vector = vector.map { factor * $0 }
            let image = multiply(vector)
            quotient = Self.product(vector, image).re
            let before = residual
            residual = zip(image, vector).reduce(0) { $0 + ($1.0 - quotient * $1.1).squaredMagnitude }.squareRoot()
            if residual < 1e-14 * scale && before < 1e-12 * scale { break }
        }
        guard residual < 1e-11 * scale else { throw EigenvalueError("inverse iteration left a residual of \(residual) (n = \(size))") }
        return (quotient, vector)
    }

    private static func product(_ a: [Complex], _ b: [Complex]) -> Complex {
        var sum = Complex.zero
        for i in a.indices { sum += a[i].conjugate * b[i] }
        return sum
    }

    public func multiply(_ x: [Complex]) -> [Complex] {
        var y = [Complex](repeating: .zero, count: size)
        for column in 0..<size {
            y[column] += self[column, column].re * x[column]
            for row in (column + 1)..<max(column + 1, min(size, column + bandwidth + 1)) {
                let entry = self[row, column]
                y[row] += entry * x[column]
                y[column] += entry.conjugate * x[row]
            }
        }
        return y
    }

    /// A map from b to (H − shift)⁻¹ b.
    private func factor(shift: Double) throws -> ([Complex]) throws -> [Complex] {
        let leading = 3 * bandwidth + 1
        var factors = [Complex](repeating: .zero, count: leading * size)
        for column in 0..<size {
            for row in column..<min(size, column + bandwidth + 1) {
                let entry = self[row, column]
                factors[column * leading + 2 * bandwidth + row - column] = row == column ? Complex(entry.re - shift) : entry
                if row != column { factors[row * leading + 2 * bandwidth + column - row] = entry.conjugate }
            }
        }
        var n = Int32(size), kd = Int32(bandwidth), ld = Int32(leading), info: Int32 = 0
        var pivots = [Int32](repeating: 0, count: size)
        zgbtrf_(&n, &n, &kd, &kd, &factors, &ld, &pivots, &info)
        // An exact zero is the last pivot's: rounding in its place will do as well.
        if info > 0 { factors[(Int(info) - 1) * leading + 2 * bandwidth] = Complex(max(1e-16 * norm, .leastNormalMagnitude)) }
        guard info >= 0 else { throw EigenvalueError("zgbtrf failed (INFO = \(info), n = \(size))") }
        return { [factors, pivots, size] b in
            var x = b, n = Int32(size), kd = kd, ld = ld, one: Int32 = 1, info: Int32 = 0
            zgbtrs_("N", &n, &kd, &kd, &one, factors, &ld, pivots, &x, &n, &info, 1)
            guard info == 0 else { throw EigenvalueError("zgbtrs failed (INFO = \(info), n = \(size))") }
            return x
        }
    }
}
