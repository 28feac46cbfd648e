import LinearAlgebra
import Numbers

/// Small dense and tall thin matrices of double-doubles, as arrays of columns.
enum Extended {
    /// Wᵀ V.
    static func products(_ left: [[Double]], _ right: [[DoubleDouble]]) -> [[DoubleDouble]] {
        right.map { column in left.map { dot($0, column) } }
    }

    static func dot(_ a: [Double], _ b: [DoubleDouble]) -> DoubleDouble {
        var sum = DoubleDouble.zero
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }

    /// V M for the columns of a small M.
    static func combine(_ vectors: [[DoubleDouble]], _ small: [[DoubleDouble]]) -> [[DoubleDouble]] {
        small.map { weights in
            var sum = [DoubleDouble](repeating: .zero, count: vectors.first?.count ?? 0)
            for (vector, weight) in zip(vectors, weights) {
                for i in sum.indices { sum[i] += weight * vector[i] }
            }
            return sum
        }
    }

    static func subtract(_ a: [DoubleDouble], _ b: [DoubleDouble]) -> [DoubleDouble] { zip(a, b).map { $0 - $1 } }
    static func norm(_ v: [DoubleDouble]) -> Double { v.reduce(0) { $0 + $1.high * $1.high }.squareRoot() }

    /// Solves M X = B by elimination with row exchanges; nil where M is singular. All matrices by columns.
    static func solve(_ matrix: [[DoubleDouble]], _ right: [[DoubleDouble]]) -> [[DoubleDouble]]? {
        let n = matrix.count
        var m = matrix, b = right
        for k in 0..<n {
            guard let pivot = (k..<n).max(by: { m[k][$0].magnitude < m[k][$1].magnitude }), m[k][pivot].high != 0 else { return nil }
            if pivot != k {
                for c in 0..<n { m[c].swapAt(k, pivot) }
                for c in b.indices { b[c].swapAt(k, pivot) }
            }
            for row in k + 1..<max(n, k + 1) where m[k][row].high != 0 {
                let factor = m[k][row] / m[k][k]
                for c in k..<n { m[c][row] -= factor * m[c][k] }
                for c in b.indices { b[c][row] -= factor * b[c][k] }
            }
        }
        for c in b.indices {
            for k in stride(from: n - 1, through: 0, by: -1) {
                var sum = b[c][k]
                for j in k + 1..<max(n, k + 1) { sum -= m[j][k] * b[c][j] }
                b[c][k] = sum / m[k][k]
            }
        }
        return b
    }

    /// M⁻¹ of a matrix known to be regular.
    static func inverse(_ matrix: [[DoubleDouble]]) -> [[DoubleDouble]] {
        let n = matrix.count
        let identity = (0..<n).map { c in (0..<n).map { DoubleDouble($0 == c ? 1 : 0) } }
        return solve(matrix, identity) ?? identity.map { $0.map { _ in DoubleDouble(.nan) } }
    }
}

struct ExtendedEigenvalue {
    var re: DoubleDouble
    var im: DoubleDouble
    var magnitude: Double { Complex(re.high, im.high).magnitude }
}

/// Eigenvalues of a small matrix T of double-doubles, to the precision of its entries.
///
/// LAPACK's eigenvectors in double precision make S⁻¹TS nearly diagonal, S⁻¹ being taken in double-double; once more, and
/// again, and the couplings left are below the last digits. Graded matrices (rates of 1e-12 and 1e-25) keep their digits:
/// the second round sees them on the diagonal. (Linear systems with T are better solved by elimination.)
struct ExtendedEigenbasis {
    /// Both members of each pair, the upper first.
    private(set) var eigenvalues: [ExtendedEigenvalue] = []
    /// Columns; of a pair the real and the imaginary part of the upper member's vector.
    private(set) var vectors: [[DoubleDouble]]
    /// S⁻¹ T S by columns, diagonal but for 2 × 2 blocks of pairs.
    private var form: [[DoubleDouble]]

    /// - Returns: nil where T has no basis of eigenvectors to working precision.
    init?(_ matrix: [[DoubleDouble]]) throws {
        let n = matrix.count
        form = matrix
        vectors = (0..<n).map { c in (0..<n).map { DoubleDouble($0 == c ? 1 : 0) } }
        for _ in 0..<(n == 1 ? 0 : 6) {
            // Scaled to one, so that LAPACK's thresholds for tiny numbers stay away.
            let scale = form.joined().reduce(0.0) { max($0, abs($1.high)) }
            if scale == 0 { break }
            let pairs = try DenseEigen.eigenpairs(form.flatMap { $0.map { $0.high / scale } }, size: n).right
            var s: [[DoubleDouble]] = []
            for pair in pairs {
                s.append(pair.vector.map { DoubleDouble($0.re) })
                if pair.value.im != 0 { s.append(pair.vector.map { DoubleDouble($0.im) }) }
            }
            guard s.count == n, let next = Extended.solve(s, Extended.combine(form, s)) else { return nil }
            form = next
            vectors = Extended.combine(vectors, s)
        }
        var k = 0
        while k < n {
            let a = form[k][k]
            // A pair shows as a 2 × 2 block [[a, b], [−b, a]] with b > 0; what two real ones leave is no such pattern.
            let b = k + 1 < n ? form[k + 1][k] : .zero
            if b.high > 0, abs((b + form[k][k + 1]).high) < 1e-8 * b.high, abs((a - form[k + 1][k + 1]).high) < 1e-8 * b.high {
                eigenvalues.append(ExtendedEigenvalue(re: a, im: b))
                eigenvalues.append(ExtendedEigenvalue(re: a, im: -b))
                k += 2
            } else {
                eigenvalues.append(ExtendedEigenvalue(re: a, im: .zero))
                k += 1
            }
        }
        if !eigenvalues.allSatisfy({ $0.re.isFinite && $0.im.isFinite }) || !isDiagonal { return nil }
    }

    /// Whether the couplings left are too weak to matter to eigenvalues and vectors; not so at an exceptional point.
    private var isDiagonal: Bool {
        for i in eigenvalues.indices {
            for j in eigenvalues.indices where i != j {
                let a = eigenvalues[i], b = eigenvalues[j]
                let areTwins = a.im.high != 0 && a.im == -b.im && a.re == b.re
                let distance = ExtendedEigenvalue(re: a.re - b.re, im: a.im - b.im).magnitude
                if areTwins { continue }
                let there = abs(form[j][i].high), back = abs(form[i][j].high)
                if there > 1e-10 * distance || there * back > 1e-10 * distance * min(a.magnitude, b.magnitude) { return false }
            }
        }
        return true
    }
}
