import CLAPACK
import Foundation

/// e^{tA}v of a sparse real matrix by Arnoldi's method: steps as long as one Krylov space allows, whose error is estimated.
///
/// In a space of dimension m, e^{τA}v ≈ β V e^{τH} e₁, with the correction of Saad, SIAM J. Numer. Anal. 29, 209 (1992), and the error estimate of
/// Expokit (Sidje, ACM Trans. Math. Softw. 24, 130 (1998)). The step is searched for afterwards, with the space at hand: nothing is thrown away.
public struct KrylovExponential {
    public let matrix: CompressedRows
    /// Entries in the order of `matrix`.
    public let values: [Double]
    /// Products A x made so far.
    public private(set) var productCount = 0
    /// ‖A‖_∞: what rounding of A x is measured by.
    public let norm: Double
    private let greatestDimension: Int
    private var basis: [Double]

    /// - Parameter dimension: greatest dimension of a Krylov space.
    public init(_ matrix: CompressedRows, values: [Double], dimension: Int) {
        precondition(values.count == matrix.entryCount)
        NumericalRuntime.ensureInitialized()
        self.matrix = matrix
        self.values = values
        norm = matrix.norm(values)
        greatestDimension = max(1, min(dimension, matrix.size))
        basis = [Double](repeating: 0, count: matrix.size * (greatestDimension + 1))
    }

    /// The other values on the same pattern.
    public init(_ other: consuming KrylovExponential, values: [Double]) {
        matrix = other.matrix
        self.values = values
        norm = matrix.norm(values)
        productCount = other.productCount
        greatestDimension = other.greatestDimension
        basis = other.basis
    }

    /// One Krylov space: e^{τA}v for every τ up to the step that its error allows.
    public struct Space {
        fileprivate let norm: Double
        fileprivate let dimension: Int
        /// Of the space, rows and columns beyond it for the correction and its error: (dimension + 2)², column-major.
        fileprivate let reduced: [Double]
        /// ‖A v_{m+1}‖
        fileprivate let nextNorm: Double
        /// A v is in the space: no error but rounding.
        fileprivate let isInvariant: Bool
        /// A v is zero but for rounding: the state stays as it is for ever.
        public fileprivate(set) var isStationary = false
        /// The time step that may be taken, at most what was asked for.
        public fileprivate(set) var step = 0.0
        /// Estimated error at the end of the step, in the 2-norm.
        public fileprivate(set) var error = 0.0
    }

    /// Of ‖A‖: images below this are rounding.
    private static let noise = 16 * Double.ulpOfOne
    /// Of τ‖A‖ in one step.
    private static let longestExponent = 1e5

    /// The Krylov space of v and the longest step τ ≤ `time` with error ≤ τ `errorRate`.
    /// - Throws: `EigenvalueError` where numbers overflow, or no step however short satisfies.
    public mutating func space(_ v: [Double], time: Double, errorRate: Double) throws -> Space {
        let size = matrix.size, m = greatestDimension, width = m + 2
        let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm.isFinite else { throw EigenvalueError("numbers overflow in the exponential of a matrix") }
        guard norm > 0, time > 0 else {
            return Space(norm: 0, dimension: 0, reduced: [], nextNorm: 0, isInvariant: true, step: time)
        }
        var reduced = [Double](repeating: 0, count: width * width)
        var dimension = m, isInvariant = false, isStationary = false, nextNorm = 0.0
        let matrixNorm = self.norm
        basis.withUnsafeMutableBufferPointer { storage in
            let basis = storage.baseAddress!
            for k in 0..<size { basis[k] = v[k] / norm }
            for j in 0..<m {
                let next = basis + (j + 1) * size
                values.withUnsafeBufferPointer { matrix.multiply($0.baseAddress!, basis + j * size, into: next) }
                let image = Self.norm(next, size)
                let remainder = Self.orthogonalise(next, against: basis, count: j + 1, size: size, imageNorm: image, into: &reduced[j * width])
                if j == 0, image <= Self.noise * matrixNorm {
                    reduced[0] = 0
                    (dimension, isInvariant, isStationary) = (1, true, true)
                    productCount += 1
                    return
                }
                if remainder <= max(1e-14 * image, 0.1 * Self.noise * matrixNorm) || j + 1 == size {
                    (dimension, isInvariant) = (j + 1, true)
                    productCount += j + 1
                    return
                }
                reduced[j * width + j + 1] = remainder
                let factor = 1 / remainder
                for k in 0..<size { next[k] *= factor }
            }
            productCount += m + 1
            let spare = UnsafeMutablePointer<Double>.allocate(capacity: size)
            defer { spare.deallocate() }
            values.withUnsafeBufferPointer { matrix.multiply($0.baseAddress!, basis + m * size, into: spare) }
            nextNorm = Self.norm(spare, size)
        }
        // Columns beyond the space integrate: their exponentials are φ₁ and φ₂ of Hτ.
        if !isInvariant { reduced[m * width + m + 1] = 1 }
        var space = Space(norm: norm, dimension: dimension, reduced: Self.cut(reduced, width, to: dimension + 2), nextNorm: nextNorm, isInvariant: isInvariant)
        if isInvariant {
            // Rounding moves eigenvalues by ε‖A‖: long steps are the more wrong for it, and must be made up of shorter ones
            // until nothing moves any more.
            space.isStationary = isStationary
            space.step = isStationary ? time : min(time, Self.longestExponent / max(matrixNorm, .leastNormalMagnitude))
            return space
        }
        try settle(&space, time: time, errorRate: errorRate)
        return space
    }

    /// Finds the step by the order of the estimate: shorter until it satisfies, then longer while that pays.
    private func settle(_ space: inout Space, time: Double, errorRate: Double) throws {
        let order = Double(space.dimension)
        /// Nearest to one over the norm of the reduced matrix there is no doubt; from there the error tells.
        var norm = 0.0
        for column in 0..<space.dimension {
            norm = max(norm, (0..<space.dimension).reduce(0) { $0 + abs(space.reduced[column * (space.dimension + 2) + $1]) })
        }
        var step = min(time, 0.3 * order / max(norm, .leastNormalMagnitude)), accepted = 0.0, acceptedError = 0.0
        for _ in 0..<40 {
            let error = try estimate(space, step)
            if error <= errorRate * step {
                (accepted, acceptedError) = (step, error)
                if step >= time { break }
            } else if accepted > 0 { break }
            let factor = error > 0 ? pow(errorRate * step / error, 1 / order) : 4
            if accepted > 0 && factor < 1.1 { break }
            step = min(time, step * min(max(0.95 * factor, 0.1), 3))
        }
        guard accepted > 0 else { throw EigenvalueError("the exponential of the Liouvillian does not reach its tolerance") }
        space.step = accepted
        space.error = acceptedError
    }

    private func estimate(_ space: Space, _ step: Double) throws -> Double {
        let m = space.dimension, width = m + 2
        let f = try MatrixExponential.exponential(space.reduced.map { $0 * step }, size: width)
        let first = abs(space.norm * f[m]), second = abs(space.norm * f[m + 1]) * space.nextNorm
        guard first.isFinite, second.isFinite else { return .infinity }
        if first > 10 * second { return second }
        return first > second ? first * second / (first - second) : first
    }

    /// e^{τA}v for 0 ≤ τ ≤ `space.step`; the space must be the last one made.
    public func state(_ space: Space, at time: Double) throws -> [Double] {
        let size = matrix.size
        guard space.norm > 0 else { return [Double](repeating: 0, count: size) }
        let width = space.dimension + 2
        let f = try MatrixExponential.exponential(space.reduced.map { $0 * time }, size: width)
        let count = space.isInvariant ? space.dimension : space.dimension + 1
        let weights = f.prefix(count).map { space.norm * $0 }
        var result = [Double](repeating: 0, count: size), n = Int32(size), columns = Int32(count), stride: Int32 = 1, one = 1.0, zero = 0.0
        basis.withUnsafeBufferPointer { dgemv_("N", &n, &columns, &one, $0.baseAddress!, &n, weights, &stride, &zero, &result, &stride, 1) }
        return result
    }

    // MARK: Arnoldi

    private static func norm(_ x: UnsafePointer<Double>, _ size: Int) -> Double {
        var n = Int32(size), stride: Int32 = 1
        // dnrm2 guards against overflow at five times the price; these numbers are of order one.
        return ddot_(&n, x, &stride, x, &stride).squareRoot()
    }

    /// Classical Gram–Schmidt, repeated where the first pass cancels (Daniel, Gragg, Kaufman and Stewart).
    /// - Returns: the norm of what is left.
    private static func orthogonalise(_ x: UnsafeMutablePointer<Double>, against basis: UnsafePointer<Double>, count: Int, size: Int, imageNorm: Double,
                                      into coefficients: UnsafeMutablePointer<Double>) -> Double {
        var n = Int32(size), columns = Int32(count), stride: Int32 = 1, one = 1.0, zero = 0.0, minusOne = -1.0
        var overlaps = [Double](repeating: 0, count: count), before = imageNorm
        for _ in 0..<3 {
            dgemv_("T", &n, &columns, &one, basis, &n, x, &stride, &zero, &overlaps, &stride, 1)
            dgemv_("N", &n, &columns, &minusOne, basis, &n, overlaps, &stride, &one, x, &stride, 1)
            for k in 0..<count { coefficients[k] += overlaps[k] }
            let after = norm(x, size)
            if after > 0.5 * before || after <= 1e-15 * imageNorm { return after }
            before = after
        }
        return before
    }

    private static func cut(_ matrix: [Double], _ width: Int, to size: Int) -> [Double] {
        var result = [Double](repeating: 0, count: size * size)
        for column in 0..<size { for row in 0..<size { result[column * size + row] = matrix[column * width + row] } }
        return result
    }
}
