import LinearAlgebra
import Numbers

/// m eigenvalues close together at one θ: their invariant subspace, and the matrix S compressed to it.
struct EigenvalueCluster<Scalar: BlockScalar> {
    let parameter: Double
    let subspace: InvariantSubspace<Scalar>
    /// Error of S from rounding.
    let noise: Double

    var count: Int { subspace.count }
    var mean: Complex { (1 / Double(count)) * (0..<count).reduce(Complex.zero) { $0 + subspace.compression[$1 * (count + 1)] } }
    /// M = S − (tr S/m)·1, nilpotent where all m eigenvalues coalesce.
    var centred: SmallMatrix { SmallMatrix(subspace.compression, size: count).adding(-mean) }
    /// det M: for m = 2 it is −(λ₁ − λ₂)²/4.
    var determinant: Complex { centred.determinant }
    /// Error of `determinant` from rounding.
    var determinantNoise: Double {
        let m = centred.norm + noise
        return Double(count) * noise * (1..<count).reduce(1.0) { product, _ in product * m }
    }
    /// Root mean square of |λ_i − mean|.
    func spread() throws -> Double {
        let values = try DenseEigen.complexEigenvalues(centred.values, size: count)
        return (values.reduce(0) { $0 + $1.value.squaredMagnitude } / Double(count)).squareRoot()
    }
}

/// A complex m × m matrix, column-major, m of a few.
struct SmallMatrix {
    let size: Int
    var values: [Complex]

    init(_ values: [Complex], size: Int) {
        self.size = size
        self.values = values
    }

    /// Frobenius.
    var norm: Double { values.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot() }

    func adding(_ scalar: Complex) -> SmallMatrix {
        var sum = self
        for i in 0..<size { sum.values[i * (size + 1)] += scalar }
        return sum
    }

    static func * (a: SmallMatrix, b: SmallMatrix) -> SmallMatrix {
        let m = a.size
        var product = [Complex](repeating: .zero, count: m * m)
        for column in 0..<m {
            for row in 0..<m {
                for k in 0..<m { product[column * m + row] += a.values[k * m + row] * b.values[column * m + k] }
            }
        }
        return SmallMatrix(product, size: m)
    }

    /// By elimination; of two rows by products, where half the trace cancels.
    var determinant: Complex {
        if size == 2 { return values[0] * values[3] - values[1] * values[2] }
        var a = values, result = Complex.one
        for k in 0..<size {
            let pivot = (k..<size).max { a[k * size + $0].magnitude < a[k * size + $1].magnitude }!
            if a[k * size + pivot] == .zero { return .zero }
            if pivot != k {
                for c in 0..<size { a.swapAt(c * size + k, c * size + pivot) }
                result = -result
            }
            result *= a[k * size + k]
            for r in (k + 1)..<max(size, k + 1) {
                let factor = a[k * size + r] / a[k * size + k]
                for c in k..<size { a[c * size + r] -= factor * a[c * size + k] }
            }
        }
        return result
    }
}

/// Follows a cluster of eigenvalues in θ by its subspace.
final class ClusterTracer<Scalar: BlockScalar> {
    typealias Inverse = ([Scalar], _ transposed: Bool) throws -> [Scalar]
    private let solver: (Double, Complex) throws -> Inverse
    private let image: (Double, [Scalar]) throws -> [Scalar]
    private let noise: (Double, [Scalar]) throws -> Double
    /// Distance of the nearest other eigenvalue.
    private let separation: Double
    private var start: (parameter: Double, mean: Complex, right: ColumnBlock<Scalar>, left: ColumnBlock<Scalar>)
    private var known: [EigenvalueCluster<Scalar>] = []

    private init(slice: SpectralSlice, group: [Int], right: [Scalar], left: [Scalar], solver: @escaping (Double, Complex) throws -> Inverse,
                 image: @escaping (Double, [Scalar]) throws -> [Scalar], noise: @escaping (Double, [Scalar]) throws -> Double) {
        let size = slice.branches[0].right.count
        self.solver = solver
        self.image = image
        self.noise = noise
        separation = min(slice.separation(group), max(slice.branches.reduce(0) { max($0, $1.value.magnitude) }, 1e-300))
        start = (slice.parameter, slice.mean(group), ColumnBlock(size: size, values: right), ColumnBlock(size: size, values: left))
    }

    /// The cluster at θ, from the nearest θ known.
    func cluster(at parameter: Double) throws -> EigenvalueCluster<Scalar> {
        if let same = known.first(where: { $0.parameter == parameter }) { return same }
        let order = known.sorted { abs($0.parameter - parameter) < abs($1.parameter - parameter) }
        var (mean, right, left) = order.first.map { ($0.mean, $0.subspace.right, $0.subspace.left) } ?? (start.mean, start.right, start.left)
        if order.count > 1, order[0].parameter != order[1].parameter {
            let fraction = (parameter - order[0].parameter) / (order[1].parameter - order[0].parameter)
            if abs(fraction) <= 2 { mean += fraction * (order[1].mean - order[0].mean) }
        }
        // Off the eigenvalues by little beside their distance from the others, lest the factors be singular.
        var offset = 1e-3 * separation, tries = 0
        while true {
            tries += 1
            do {
                let solve = try solver(parameter, mean + Complex(offset))
                let subspace = try InvariantSubspace(right: right, left: left, solve: solve) { try image(parameter, $0) }
                let error = 4 * subspace.condition * (try noise(parameter, subspace.right.values)) + 1e-300
                let cluster = EigenvalueCluster(parameter: parameter, subspace: subspace, noise: error)
                let moved = (cluster.mean - mean).magnitude
                if (moved <= 0.05 * separation && subspace.turn < 1e-7) || tries >= 4 {
                    guard subspace.turn < 1e-4 else { throw EigenvalueError("the cluster near \(cluster.mean) does not stand apart") }
                    known.append(cluster)
                    return cluster
                }
                (mean, right, left) = (cluster.mean, subspace.right, subspace.left)
            } catch let error as SparseLUError {
                if tries >= 4 { throw error }
                offset *= 3
            }
        }
    }

    /// ‖dS/dθ‖ in the cluster's own bases.
    func drift(_ cluster: EigenvalueCluster<Scalar>, step: Double, within range: ClosedRange<Double>) throws -> Double {
        let basis = cluster.subspace.right.values, ends = range.around(cluster.parameter, step)
        let above = try image(ends.upperBound, basis), below = try image(ends.lowerBound, basis)
        let factor = 1 / ends.length
        let change: [Scalar] = above.indices.map { factor * above[$0] + (-factor) * below[$0] }
        return SmallMatrix(try cluster.subspace.compress(change), size: cluster.count).norm
    }
}

extension ClusterTracer where Scalar == Double {
    /// A group that has with every eigenvalue its conjugate, in real numbers.
    convenience init<Family: SpectralFamily>(_ family: Family, _ slice: SpectralSlice, _ group: [Int]) {
        func basis(_ vector: (SpectralBranch) -> [Complex]) -> [Double] {
            group.flatMap { index -> [Double] in
                let branch = slice.branches[index]
                return branch.value.im < 0 ? vector(branch).map(\.im) : vector(branch).map(\.re)
            }
        }
        self.init(slice: slice, group: group, right: basis(\.right), left: basis(\.left), solver: { try family.inverse(at: $0, shift: $1.re) },
                  image: { try family.image($1, at: $0) }, noise: { try family.noise($1, at: $0) })
    }
}

extension ClusterTracer where Scalar == Complex {
    convenience init<Family: SpectralFamily>(_ family: Family, _ slice: SpectralSlice, _ group: [Int]) {
        self.init(slice: slice, group: group, right: group.flatMap { slice.branches[$0].right }, left: group.flatMap { slice.branches[$0].left },
                  solver: { try family.inverse(at: $0, shift: $1) },
                  image: { parameter, x in
                      let re = try family.image(x.map(\.re), at: parameter), im = try family.image(x.map(\.im), at: parameter)
                      return zip(re, im).map { Complex($0, $1) }
                  },
                  noise: { parameter, x in
                      let re = try family.noise(x.map(\.re), at: parameter), im = try family.noise(x.map(\.im), at: parameter)
                      return re + im
                  })
    }
}
