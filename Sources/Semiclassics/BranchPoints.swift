import Foundation
import LinearAlgebra

extension BranchTracer {
    /// A place where branches cross (pitchfork, transcritical) near x = (a, b, σ − σ₀) in the frame of `here`.
    ///
    /// There F = 0 is singular along the curve; regular is the system F + βψ = 0, ψᵀ∂F/∂m = 0, ψᵀ∂F/∂σ = 0, |ψ| = 1 in
    /// (m, σ, β, ψ), with β = 0 at its solution if branches truly cross (G. Moore, Numer. Funct. Anal. Optim. 2, 441 (1980)).
    /// - Parameter reach: greatest distance of the solution from x = 0.
    func branchPoint(_ here: Place, _ start: SIMD3<Double>, reach: Double) throws -> Bifurcation? {
        func residual(_ u: [Double]) throws -> [Double]? {
            let sigma = here.sigma + u[2], psi = SIMD2(cos(u[4]), sin(u[4]))
            guard sigma >= 0, sigma <= 1 else { return nil }
            let flow = here.frame.velocity(try family.field(sigma), u[0], u[1]), m = flow.slope
            let slope = try family.slope(here.frame.spin(u[0], u[1]), sigma, isFine: true)
            return [flow.value.x + u[3] * psi.x, flow.value.y + u[3] * psi.y, psi.x * m.a + psi.y * m.c, psi.x * m.b + psi.y * m.d,
                    psi.x * slope.dot(here.frame.e1) + psi.y * slope.dot(here.frame.e2)]
        }
        let sigma = min(max(here.sigma + start.z, 0), 1), m = here.frame.velocity(try family.field(sigma), start.x, start.y).slope
        // ψ is orthogonal to both columns: to the greater one.
        let column = m.a * m.a + m.c * m.c > m.b * m.b + m.d * m.d ? SIMD2(m.a, m.c) : SIMD2(m.b, m.d)
        var u = [start.x, start.y, sigma - here.sigma, 0, atan2(column.x, -column.y)], last = Double.infinity
        let h = 1e-6
        for _ in 0..<25 {
            guard let value = try residual(u) else { return nil }
            var columns: [[Double]] = []
            for k in u.indices {
                // One-sided at an end of the range.
                var up = u, down = u
                up[k] += h
                down[k] -= h
                let above = try residual(up), below = try residual(down), width = (above == nil ? 0 : h) + (below == nil ? 0 : h)
                guard width > 0 else { return nil }
                columns.append(zip(above ?? value, below ?? value).map { ($0 - $1) / width })
            }
            guard var step = DenseEigen.solve(columns.flatMap { $0 }, size: u.count, rightHandSides: value.map { -$0 }) else { return nil }
            let size = (step[0] * step[0] + step[1] * step[1] + step[2] * step[2]).squareRoot(), limit = 0.5 * reach
            guard size.isFinite else { return nil }
            if size > limit { step = step.map { limit / size * $0 } }
            for k in u.indices { u[k] += step[k] }
            if (u[0] * u[0] + u[1] * u[1] + u[2] * u[2]).squareRoot() > reach { return nil }
            let isDone = size < 1e-14 || (size < 1e-11 && size >= 0.5 * last)
            last = size
            if isDone { break }
        }
        guard last < 1e-10, abs(u[3]) < 1e-9 * max(m.size, 1e-300), here.sigma + u[2] >= 0, here.sigma + u[2] <= 1 else { return nil }
        return Bifurcation(kind: .branchPoint, parameter: family.parameter(here.sigma + u[2]), spin: here.frame.spin(u[0], u[1]))
    }
}
