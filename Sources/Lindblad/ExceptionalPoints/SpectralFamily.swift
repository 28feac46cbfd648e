import LinearAlgebra
import Numbers

/// A real square matrix A(θ) that depends on one parameter, as far as its slow eigenvalues are concerned.
protocol SpectralFamily {
    var size: Int { get }
    /// At least the `count` slowest eigenvalues (greatest Re λ) with vectors, or all there are; of conjugate pairs the upper
    /// member, which counts twice.
    /// - Parameter expected: eigenvalues that are about to be there and must not be missed.
    func slowest(_ count: Int, at parameter: Double, expected: [Complex]) throws -> [SpectralBranch]
    /// A(θ) x for columns one after the other.
    func image(_ x: [Double], at parameter: Double) throws -> [Double]
    /// Norm of what rounding does to A(θ) x.
    func noise(_ x: [Double], at parameter: Double) throws -> Double
    /// (A(θ) − σ)⁻¹ or its transpose on a block; good until the next call.
    func inverse(at parameter: Double, shift: Double) throws -> ([Double], _ transposed: Bool) throws -> [Double]
    func inverse(at parameter: Double, shift: Complex) throws -> ([Complex], _ transposed: Bool) throws -> [Complex]
}

/// An eigenvalue with both vectors, Av = λv and wᵀA = λwᵀ, of any norm.
struct SpectralBranch {
    let value: Complex
    let right: [Complex]
    let left: [Complex]
    /// wᵀv
    let pairing: Complex
    /// dλ/dθ = wᵀA′v/wᵀv
    var slope = Complex.zero

    init(value: Complex, right: [Complex], left: [Complex]) {
        self.value = value
        self.right = right
        self.left = left
        pairing = Self.product(left, right)
    }

    var conjugate: SpectralBranch {
        var twin = SpectralBranch(value: value.conjugate, right: right.map(\.conjugate), left: left.map(\.conjugate))
        twin.slope = slope.conjugate
        return twin
    }

    /// ‖v‖‖w‖/|wᵀv|: infinite where the eigenvalue is defective.
    var condition: Double {
        func squaredNorm(_ x: [Complex]) -> Double { x.reduce(0) { $0 + $1.squaredMagnitude } }
        return (squaredNorm(right) * squaredNorm(left)).squareRoot() / pairing.magnitude
    }

    /// Σ a_i b_i, without conjugation.
    static func product(_ a: [Complex], _ b: [Complex]) -> Complex {
        var sum = Complex.zero
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }
}

/// The slow eigenvalues at one value of the parameter, slowest first, both members of conjugate pairs (upper one first).
struct SpectralSlice {
    let parameter: Double
    let branches: [SpectralBranch]

    /// - Parameters:
    ///   - expected: eigenvalues kept beside the `count` slowest: of each the nearest one found.
    ///   - step: half the distance over which A′ is told.
    ///   - range: outside it the family need not make sense.
    init<Family: SpectralFamily>(_ family: Family, count: Int, at parameter: Double, expected: [Complex], step: Double,
                                 within range: ClosedRange<Double>) throws {
        self.parameter = parameter
        let found = try family.slowest(count, at: parameter, expected: expected)
            .sorted { ($0.value.re, -abs($0.value.im)) > ($1.value.re, -abs($1.value.im)) }
        func difference(_ x: [Double]) throws -> [Double] {
            let ends = range.around(parameter, step)
            let above = try family.image(x, at: ends.upperBound), below = try family.image(x, at: ends.lowerBound)
            return zip(above, below).map { ($0 - $1) / (ends.upperBound - ends.lowerBound) }
        }
        var branches: [SpectralBranch] = []
        let wanted = Self.nearest(to: expected, in: found)
        for (index, entry) in found.enumerated() where branches.count < count || wanted.contains(index) {
            var branch = entry
            let re = try difference(branch.right.map(\.re))
            let image = branch.value.im == 0 ? re.map { Complex($0) } : zip(re, try difference(branch.right.map(\.im))).map { Complex($0, $1) }
            branch.slope = SpectralBranch.product(branch.left, image) / branch.pairing
            branches.append(branch)
            if branch.value.im != 0 { branches.append(branch.conjugate) }
        }
        self.branches = branches
    }

    /// Which of those found (of pairs the upper member) the expected ones are: no two the same, lest one of two that cross be lost.
    private static func nearest(to expected: [Complex], in found: [SpectralBranch]) -> Set<Int> {
        var taken: Set<Int> = [], seen: Set<[Double]> = []
        for value in expected where seen.insert([value.re, abs(value.im)]).inserted {
            let upper = Complex(value.re, abs(value.im))
            let open = found.indices.filter { !taken.contains($0) }
            if let index = open.min(by: { (found[$0].value - upper).magnitude < (found[$1].value - upper).magnitude }) { taken.insert(index) }
        }
        return taken
    }

    /// The eigenvalue of a branch where it is and where its slope leads at θ. Beside an exceptional point slopes lead nowhere.
    func forecast(_ index: Int, at parameter: Double) -> [Complex] {
        let branch = branches[index], change = (parameter - self.parameter) * branch.slope
        return change.magnitude < 0.5 * branch.value.magnitude ? [branch.value, branch.value + change] : [branch.value]
    }

    /// The other member of a conjugate pair; itself for a real eigenvalue.
    func twin(_ index: Int) -> Int {
        let im = branches[index].value.im
        return im > 0 ? index + 1 : im < 0 ? index - 1 : index
    }

    func mean(_ group: [Int]) -> Complex { (1 / Double(group.count)) * group.reduce(Complex.zero) { $0 + branches[$1].value } }
    func radius(_ group: [Int]) -> Double {
        let mean = mean(group)
        return group.reduce(0) { max($0, (branches[$1].value - mean).magnitude) }
    }
    /// Distance of the nearest other eigenvalue from the mean of a group.
    func separation(_ group: [Int]) -> Double {
        let mean = mean(group)
        return branches.indices.filter { !group.contains($0) }.reduce(Double.infinity) { min($0, (branches[$1].value - mean).magnitude) }
    }
    /// Whether the group has with every eigenvalue its conjugate.
    func isReal(_ group: [Int]) -> Bool { group.allSatisfy { group.contains(twin($0)) } }
}

/// The axis, beyond whose ends the model may make no sense: a rate from zero on.
extension ClosedRange<Double> {
    var length: Double { upperBound - lowerBound }

    /// From x − h to x + h, less what lies outside.
    func around(_ x: Double, _ h: Double) -> ClosedRange<Double> { Swift.max(x - h, lowerBound)...Swift.min(x + h, upperBound) }

    /// A little aside, towards the middle.
    func aside(_ x: Double, _ h: Double) -> Double { x < 0.5 * (lowerBound + upperBound) ? x + h : x - h }
}

/// A family given by its matrices, column-major.
struct DenseFamily: SpectralFamily {
    let size: Int
    let matrix: (Double) throws -> [Double]

    init(size: Int, matrix: @escaping (Double) throws -> [Double]) {
        self.size = size
        self.matrix = matrix
    }

    func slowest(_ count: Int, at parameter: Double, expected: [Complex]) throws -> [SpectralBranch] {
        let (right, left) = try DenseEigen.eigenpairs(matrix(parameter), size: size)
        return zip(right, left).map { SpectralBranch(value: $0.value, right: $0.vector, left: $1.vector.map(\.conjugate)) }
    }

    func image(_ x: [Double], at parameter: Double) throws -> [Double] {
        var y = [Double](repeating: 0, count: x.count)
        Double.multiply("N", try matrix(parameter), x, into: &y, rows: size, columns: x.count / size, inner: size, factor: 1, keep: 0)
        return y
    }

    func noise(_ x: [Double], at parameter: Double) throws -> Double {
        let absolute = try DenseFamily(size: size) { try matrix($0).map(abs) }.image(x.map(abs), at: parameter)
        return Double.ulpOfOne * absolute.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    func inverse(at parameter: Double, shift: Double) throws -> ([Double], Bool) throws -> [Double] {
        var shifted = try matrix(parameter)
        for i in 0..<size { shifted[i * (size + 1)] -= shift }
        return { block, transposed in
            let a = transposed ? Self.transpose(shifted, size) : shifted
            guard let x = DenseEigen.solve(a, size: size, rightHandSides: block) else { throw EigenvalueError("singular at the shift \(shift)") }
            return x
        }
    }

    func inverse(at parameter: Double, shift: Complex) throws -> ([Complex], Bool) throws -> [Complex] {
        var shifted = try matrix(parameter).map { Complex($0) }
        for i in 0..<size { shifted[i * (size + 1)] -= shift }
        return { block, transposed in
            let a = transposed ? Self.transpose(shifted, size) : shifted
            return try stride(from: 0, to: block.count, by: size).flatMap { start in
                guard let x = DenseEigen.solve(a, size: size, rightHandSide: Array(block[start..<start + size])) else {
                    throw EigenvalueError("singular at the shift \(shift)")
                }
                return x
            }
        }
    }

    private static func transpose<T>(_ a: [T], _ size: Int) -> [T] { (0..<size * size).map { a[$0 % size * size + $0 / size] } }
}
