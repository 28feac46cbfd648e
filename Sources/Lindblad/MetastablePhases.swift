import Foundation
import LinearAlgebra
import Numbers

/// Pure states, one inside each metastable phase, found from the slow functionals alone.
///
/// The functionals take (nearly) one value all over a phase: the values of coherent states fill a simplex whose vertices are
/// the phases. Each vertex is then refined: ψ ← ρⁿψ, ρ the phase that ψ relaxes to, is a vector of ρ's own range, so that ρ
/// ≥ p|ψ⟩⟨ψ| with p of order one. A coherent state may have tails across the border that the phase (squeezed, say) has not;
/// ψ has none that the phase has not too.
struct MetastablePhases {
    /// Amplitudes in the Dicke basis of the frame, m ascending, of norm one.
    let vectors: [[Complex]]

    /// Powers of ρ in a round, and rounds: what of ψ is in other phases falls below 1e-16 in the first, unless phases overlap.
    private static let power = 8, rounds = 3
    /// Least distance of a vertex from the others' affine hull, relative to the simplex, for the phases to count as told apart.
    private static let leastHeight = 0.05

    /// - Returns: nil where the functionals do not tell as many phases apart.
    init?(_ dynamics: ReducedDynamics) {
        let spinCount = dynamics.spinCount, count = dynamics.count + 1
        let rows = max(12, Int((4 * Double(spinCount).squareRoot()).rounded(.up)))
        let grid = SphereGrid(thetaCount: rows, phiCount: 2 * rows)
        // Husimi values of W_a are its expectation values in coherent states; frame coordinates.
        let maps = dynamics.left.map { w in
            MultipoleState(spinCount: spinCount, frame: .laboratory, window: dynamics.liouvillian.window, coefficients: w).husimi(on: grid)
        }
        let columns = grid.phi.count
        let points = (0..<grid.theta.count * columns).map { k in maps.map { $0[k] } }
        guard let vertices = Self.vertices(points, count: count) else { return nil }
        let dicke = DickeBasis(spinCount: spinCount, window: dynamics.liouvillian.window)
        vectors = vertices.map { vertex -> [Complex] in
            var vector = Self.coherent(spinCount, theta: grid.theta[vertex / columns], phi: grid.phi[vertex % columns]), alpha = points[vertex]
            for _ in 0..<Self.rounds {
                let matrix = dicke.matrix(dynamics.state(alpha).coefficients)
                for _ in 0..<Self.power { vector = Self.product(matrix, vector) }
                alpha = dynamics.functionals(dicke.coefficients(Self.projector(vector)))
            }
            return vector
        }
        guard vectors.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
    }

    /// Numbers of points at the corners of the simplex that all of them fill: the two farthest from each other, then always
    /// the one farthest from the affine hull of those before.
    static func vertices(_ points: [[Double]], count: Int) -> [Int]? {
        let dimension = points[0].count
        let ranges = (0..<dimension).map { a in (least: points.map { $0[a] }.min()!, greatest: points.map { $0[a] }.max()!) }
        guard ranges.allSatisfy({ $0.greatest > $0.least }) else { return nil }
        let scaled = points.map { point in (0..<dimension).map { (point[$0] - ranges[$0].least) / (ranges[$0].greatest - ranges[$0].least) } }
        func squared(_ a: [Double]) -> Double { a.reduce(0) { $0 + $1 * $1 } }
        func farthest(_ vectors: [[Double]]) -> Int { vectors.indices.max { squared(vectors[$0]) < squared(vectors[$1]) }! }
        let middle = (0..<dimension).map { a in scaled.reduce(0) { $0 + $1[a] } / Double(scaled.count) }
        func relative(to origin: [Double]) -> [[Double]] { scaled.map { point in zip(point, origin).map { $0 - $1 } } }
        // A start that is a vertex for sure: the farthest from the middle.
        let first = farthest(relative(to: middle))
        var heights = relative(to: scaled[first]), chosen = [first]
        while chosen.count < count {
            let next = farthest(heights), height = squared(heights[next]).squareRoot()
            guard height > leastHeight else { return nil }
            chosen.append(next)
            let axis = heights[next].map { $0 / height }
            for k in heights.indices {
                let overlap = zip(heights[k], axis).reduce(0) { $0 + $1.0 * $1.1 }
                for a in 0..<dimension { heights[k][a] -= overlap * axis[a] }
            }
        }
        return chosen
    }

    /// √(N choose k) cos^k(θ/2) (sin(θ/2) e^{iφ})^{N−k}, k = j + m.
    private static func coherent(_ spinCount: Int, theta: Double, phi: Double) -> [Complex] {
        let c = log(cos(theta / 2)), s = log(sin(theta / 2)), total: Double = lgamma(Double(spinCount + 1))
        return (0...spinCount).map { (k: Int) -> Complex in
            let up = Double(k), down = Double(spinCount - k)
            let upTerm: Double = lgamma(up + 1), downTerm: Double = lgamma(down + 1)
            let exponent: Double = 0.5 * (total - upTerm - downTerm) + up * c + down * s
            let magnitude: Double = exp(exponent), angle: Double = down * phi
            return Complex(magnitude * cos(angle), magnitude * sin(angle))
        }
    }

    private static func projector(_ vector: [Complex]) -> [Complex] {
        vector.flatMap { b in vector.map { $0 * b.conjugate } }
    }

    /// M ψ of norm one, M column-major and Hermitian.
    private static func product(_ matrix: [Complex], _ vector: [Complex]) -> [Complex] {
        let size = vector.count
        var image = [Complex](repeating: .zero, count: size)
        for column in 0..<size {
            let weight = vector[column]
            for row in 0..<size { image[row] += matrix[column * size + row] * weight }
        }
        return image.unit
    }
}
