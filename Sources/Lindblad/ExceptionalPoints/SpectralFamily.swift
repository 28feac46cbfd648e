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

    /// - Parameter step: half the distance over which A′ is told.
    init<Family: SpectralFamily>(_ family: Family, count: Int, at parameter: Double, expected: [Complex], step: Double) throws {
        self.parameter = parameter
        let found = try family.slowest(count, at: parameter, expected: expected)
            .sorted { ($0.value.re, -abs($0.value.im)) > ($1.value.re, -abs($1.value.im)) }
        func difference(_ x: [Double]) throws -> [Double] {
            let above = try family.image(x, at: parameter + step), below = try family.image(x, at: parameter - step)
            return zip(above, below).map { ($0 - $1) / (2 * step) }
        }
        var branches: [SpectralBranch] = []
        for var branch in found where branches.count < count {
            let re = try difference(branch.right.map(\.re))
            let image = branch.value.im == 0 ? re.map { Complex($0) } : zip(re, try difference(branch.right.map(\.im))).map { Complex($0, $1) }
            branch.slope = SpectralBranch.product(branch.left, image) / branch.pairing
            branches.append(branch)
            if branch.value.im != 0 { branches.append(branch.conjugate) }
        }
        self.branches = branches
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
