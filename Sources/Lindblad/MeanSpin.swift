import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Directions into which the classical spin relaxes, as a hint for the quantisation axis.
///
/// d⟨J_a⟩/dt = ⟨L†(J_a)⟩ is formed exactly and then factorised, J → j n (leading order in 1/j), and integrated on the
/// sphere. A hint only: the certificates decide whether the window was right.
struct MeanSpin {
    private let equations: [[Term]]
    private struct Term {
        let coefficient: Complex
        let raising: Int, z: Int, lowering: Int
    }

    init(_ instance: ModelInstance) {
        let j = Double(instance.spinCount) / 2
        equations = [SpinPolynomial.jx, .jy, .jz].map { component in
            var image = Complex.i * (instance.hamiltonian * component - component * instance.hamiltonian)
            for jump in instance.jumps where jump.rate > 0 {
                // L†JL − ½{L†L, J} = ½(L†[J, L] + [L†, J]L): commutators first, so that leading orders cancel exactly.
                let adjoint = jump.operator.adjoint
                let half = adjoint * (component * jump.operator - jump.operator * component)
                    + (adjoint * component - component * adjoint) * jump.operator
                image = image + Complex(0.5 * jump.rate) * half
            }
            return image.terms.sorted { $0.key < $1.key }.map { monomial, coefficient in
                Term(coefficient: pow(j, Double(monomial.degree - 1)) * coefficient, raising: monomial.raising, z: monomial.z, lowering: monomial.lowering)
            }
        }
    }

    /// dn/dt for a unit vector, projected on the sphere.
    private func velocity(_ n: [Double]) -> [Double] {
        let plus = Complex(n[0], n[1]), minus = plus.conjugate
        let raw = equations.map { terms in
            terms.reduce(0.0) { sum, term in
                var product = term.coefficient
                for _ in 0..<term.raising { product *= plus }
                for _ in 0..<term.lowering { product *= minus }
                for _ in 0..<term.z { product = n[2] * product }
                return sum + product.re
            }
        }
        return Vector.subtract(raw, Vector.scale(n, Vector.dot(raw, n)))
    }

    /// Principal axis of the attracting fixed points: the mean spin where there is one, the line that two share best where
    /// there are two. nil where the flow settles nowhere (limit cycle, conservative motion) or has no preferred axis.
    func principalAxis() throws -> [Double]? {
        let starts: [[Double]] = [[0, 0, 1], [0, 0, -1], [1, 0.1, 0.2], [-1, 0.2, -0.1], [0.1, 1, -0.2], [0.2, -1, 0.1]].map(Vector.unit)
        let speed = starts.map { Vector.norm(velocity($0)) }.max()!
        guard speed > 0, speed.isFinite else { return nil }
        var scatter = [Double](repeating: 0, count: 9), last: [Double] = [], settled = 0
        for start in starts {
            guard let end = relax(start, speed: speed) else { continue }
            settled += 1
            last = end
            for k in 0..<9 { scatter[k] += end[k / 3] * end[k % 3] }
        }
        guard settled > 0 else { return nil }
        let (values, vectors) = try DenseEigen.symmetric(scatter, size: 3)
        guard values[2] > 1.2 * values[1] else { return nil }
        let axis = Array(vectors[6..<9])
        return Vector.dot(axis, last) < 0 ? Vector.scale(axis, -1) : axis
    }

    private func relax(_ start: [Double], speed: Double) -> [Double]? {
        var n = start, step = 0.1 / speed
        for _ in 0..<4000 {
            let k1 = velocity(n)
            let size = Vector.norm(k1)
            if size < 1e-4 * speed { return n }
            let k2 = velocity(Vector.unit(Vector.add(n, Vector.scale(k1, step / 2))))
            let trial = Vector.unit(Vector.add(n, Vector.scale(k2, step)))
            // Steps grow while the motion is slow against them; the path itself is of no interest.
            let change = Vector.norm(Vector.subtract(Vector.scale(k2, step), Vector.scale(k1, step)))
            n = trial
            step = min(max(step * (change < 0.01 ? 1.3 : 0.6), 0.01 / speed), 20 / speed)
        }
        return nil
    }
}
