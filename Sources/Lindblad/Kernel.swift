import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// How many steady states a model has, by its structure (strong symmetry, dark states) rather than by metastability.
///
/// At the N of a point the two look alike in double precision: an exponentially small gap and an exact kernel both give
/// a singular matrix. At a small spin of the same parity no gap of metastability is small, while a kernel by structure
/// is there all the same.
struct StructuralKernel {
    private var plans: [Int: (AffineLiouvillian, TruncatedLiouvillian)] = [:]
    let model: Model
    /// Axes in which symmetries are blocks.
    let frame: Frame

    init(model: Model, frame: Frame) {
        self.model = model
        self.frame = frame
    }

    /// Whether more than one steady state exists at N ≈ 5 and N ≈ 12 alike (at N itself if smaller).
    mutating func isDegenerate(spinCount: Int, values: [String: Double]) throws -> Bool {
        for small in [6 - spinCount % 2, 12 + spinCount % 2] {
            if try spectrum(min(small, spinCount), values).kernel < 2 { return false }
            if small >= spinCount { return true }
        }
        return true
    }

    /// Dimension of the kernel and all other eigenvalues (of each pair the upper member) at a small spin.
    mutating func spectrum(_ spinCount: Int, _ values: [String: Double]) throws -> (kernel: Int, others: [Complex]) {
        if plans[spinCount] == nil {
            let affine = try AffineLiouvillian(model: model, spinCount: spinCount, frame: frame)
            plans[spinCount] = (affine, try TruncatedLiouvillian(affine, window: MultipoleWindow(lMax: spinCount, qMax: spinCount)))
        }
        let (affine, liouvillian) = plans[spinCount]!
        var local = values
        local["N"] = Double(spinCount)
        local["j"] = Double(spinCount) / 2
        let coefficients = try affine.coefficients(local)
        var all: [Complex] = []
        for sector in liouvillian.sectors { all += try DenseEigen.eigenvalues(sector.dense(coefficients), size: sector.size) }
        let scale = all.reduce(0) { max($0, $1.magnitude) }
        let others = all.filter { $0.magnitude > 1e-9 * scale }
        return (1 + all.count - others.count, others.filter { $0.im >= 0 })
    }
}

/// Null vectors of the sectors at the N of a degenerate point, by block inverse iteration with a small shift.
struct KernelSolve {
    /// Right and left null vectors per sector, column-major blocks; right ones orthonormal, Wᵀ V = 1.
    struct Block {
        let sector: Sector
        var right: [[Double]]
        var left: [[Double]]
    }
    let blocks: [Block]
    /// Greatest matrix entry of all sectors.
    let scale: Double
    /// With the trace's own null vector.
    var dimension: Int { 1 + blocks.reduce(0) { $0 + $1.right.count } }

    init(_ liouvillian: TruncatedLiouvillian, coefficients: [Double]) throws {
        // One scale for all sectors: a sector that vanishes but for rounding is kernel altogether.
        let scale = Self.scale(liouvillian, coefficients)
        self.scale = scale
        blocks = try liouvillian.sectors.compactMap { sector in
            guard sector.size > 0 else { return nil }
            let right = try Self.nullVectors(sector, coefficients, scale: scale, transposed: false)
            guard !right.isEmpty else { return nil }
            var left = try Self.nullVectors(sector, coefficients, scale: scale, transposed: true)
            guard left.count == right.count else {
                throw EigenvalueError("the kernel's right and left null vectors differ in number (\(right.count), \(left.count)) in sector \(SectorKind(sector.multipoles))")
            }
            // Biorthogonal: W ← W (VᵀW)⁻¹
            let k = right.count
            var gram = [Double](repeating: 0, count: k * k)
            for a in 0..<k { for b in 0..<k { gram[a * k + b] = zip(left[a], right[b]).reduce(0) { $0 + $1.0 * $1.1 } } }
            let identity = (0..<k * k).map { $0 % (k + 1) == 0 ? 1.0 : 0 }
            guard let inverse = DenseEigen.solve(gram, size: k, rightHandSides: identity) else {
                throw EigenvalueError("the zero eigenvalue is defective in sector \(SectorKind(sector.multipoles))")
            }
            // gram (column a, row b) = V_b·W_a; new W_c = Σ_a inverse[a, c] W_a
            left = (0..<k).map { c in
                (0..<sector.size).map { i in (0..<k).reduce(0) { $0 + inverse[c * k + $1] * left[$1][i] } }
            }
            return Block(sector: sector, right: right, left: left)
        }
    }

    private static func scale(_ liouvillian: TruncatedLiouvillian, _ coefficients: [Double]) -> Double {
        liouvillian.sectors.reduce(0) { greatest, sector in sector.values(coefficients).reduce(greatest) { max($0, abs($1)) } }
    }

    /// Shift for factoring a singular matrix: far above rounding, far below any rate that is not zero by structure.
    static func shift(scale: Double) -> Double { 1e-9 * scale }

    private static func nullVectors(_ sector: Sector, _ coefficients: [Double], scale: Double, transposed: Bool) throws -> [[Double]] {
        let size = sector.size, values = sector.values(coefficients)
        if values.allSatisfy({ abs($0) <= 1e-13 * scale }) { return (0..<size).map { k in (0..<size).map { $0 == k ? 1 : 0 } } }
        let lu = try sector.factorization(coefficients, shift: shift(scale: scale))
        var width = min(size, 8)
        while true {
            var block = (0..<width).map { k in Self.start(size, seed: k) }
            for _ in 0..<4 {
                block = try orthonormal(block).map { try lu.solve($0, transposed: transposed) }
            }
            block = orthonormal(block)
            // Within the block: A Q = Q (QᵀAQ) on the invariant part; null directions are those with ‖A Q y‖ ≈ 0.
            let images = block.map { sector.pattern.multiply(values, $0, transposed: transposed) }
            var gram = [Double](repeating: 0, count: width * width)
            for a in 0..<width { for b in 0..<width { gram[a * width + b] = zip(images[a], images[b]).reduce(0) { $0 + $1.0 * $1.1 } } }
            let (squares, vectors) = try DenseEigen.symmetric(gram, size: width)
            // Squaring leaves noise of about ε·scale² in the small ones.
            let nullCount = squares.filter { $0 < (1e-7 * scale) * (1e-7 * scale) }.count
            if nullCount < width || width == size {
                return (0..<nullCount).map { c in
                    (0..<size).map { i in (0..<width).reduce(0) { $0 + vectors[c * width + $1] * block[$1][i] } }
                }
            }
            width = min(size, 2 * width)
        }
    }

    private static func start(_ size: Int, seed: Int) -> [Double] {
        var state = UInt64(seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
        return (0..<size).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-52 - 1
        }
    }

    /// Gram–Schmidt, twice; dependent vectors are dropped.
    private static func orthonormal(_ block: [[Double]]) -> [[Double]] {
        var kept: [[Double]] = []
        for vector in block {
            var v = vector
            for _ in 0..<2 {
                for q in kept {
                    let c = zip(q, v).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in v.indices { v[i] -= c * q[i] }
                }
                let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
                if norm < 1e-300 { break }
                v = v.map { $0 / norm }
            }
            kept.append(v)
        }
        return kept
    }

    /// lim_{t→∞} of the state that starts with the given multipole coefficients (on the whole window, trace first).
    func limit(of initial: [Double], _ liouvillian: TruncatedLiouvillian, coefficients: [Double], trace: Double) throws -> [Double] {
        var result = [Double](repeating: 0, count: initial.count)
        result[0] = trace
        let steady = liouvillian.steadySector
        var particular = [Double](repeating: 0, count: steady.size)
        if steady.size > 0, scale > 0 {
            // A singular, b in its range: solve with the small shift and remove the shift's effect by refinement, always
            // outside the kernel.
            let values = steady.values(coefficients), source = steady.source(coefficients).map { $0 * trace }
            let lu = try steady.factorization(coefficients, shift: Self.shift(scale: scale))
            let block = blocks.first { $0.sector === steady }
            for _ in 0..<4 {
                var defect = zip(steady.pattern.multiply(values, particular), source).map { -$0 - $1 }
                if let block { defect = Self.removing(block, from: defect) }
                particular = zip(particular, try lu.solve(defect)).map { $0 + $1 }
                if let block { particular = Self.removing(block, from: particular) }
            }
        }
        for index in 1..<max(1, initial.count) where liouvillian.home[index].sector == 0 {
            result[index] = particular[liouvillian.home[index].place]
        }
        for block in blocks {
            let members = (1..<initial.count).filter { liouvillian.home[$0].sector == block.sector.number }
            let start = members.map { initial[$0] - (block.sector.number == 0 ? particular[liouvillian.home[$0].place] : 0) }
            for (v, w) in zip(block.right, block.left) {
                let weight = zip(w, start).reduce(0) { $0 + $1.0 * $1.1 }
                for index in members { result[index] += weight * v[liouvillian.home[index].place] }
            }
        }
        return result
    }

    /// (1 − V Wᵀ) x
    private static func removing(_ block: Block, from x: [Double]) -> [Double] {
        var x = x
        for (v, w) in zip(block.right, block.left) {
            let weight = zip(w, x).reduce(0) { $0 + $1.0 * $1.1 }
            for i in x.indices { x[i] -= weight * v[i] }
        }
        return x
    }
}
