import Foundation

/// The mean-field spin under the sweep of a Landau–Zener run: dn/dt = 2 n × (g, 0, n_z + h(t)) for the unit vector n = 2⟨S⟩/N, h from
/// −h₀ to h₀, begun in the minimum of the energy at −h₀ (n_z < 0), which at h₀ is metastable or gone. Energies in units of J, times in ħ/J.
public struct ClassicalSweep: Sendable {
    public let spinCount: Int
    /// g = Γ/J
    public let transverseField: Double
    /// h₀ > 0
    public let amplitude: Double
    /// n = (cos α, 0, sin α) of the minimum at −h₀: α in (−π/2, 0).
    public let startAngle: Double

    public init(_ model: LipkinModel, amplitude: Double) {
        precondition(amplitude > 0)
        spinCount = model.spinCount
        transverseField = model.transverseField
        self.amplitude = amplitude
        let g = model.transverseField
        // The slope of −½n_z² − g n_x − h n_z along the great circle is −g at the south pole and h₀ at n_x, with one zero between.
        var low = -Double.pi / 2, high = 0.0
        while true {
            let middle = 0.5 * (low + high)
            if middle <= low || middle >= high { break }
            if sin(middle) * (g - cos(middle)) + amplitude * cos(middle) < 0 { low = middle } else { high = middle }
        }
        startAngle = 0.5 * (low + high)
    }

    /// h_sp/J = (1 − g^⅔)^{3/2}, where the metastable minimum vanishes; 0 from g = 1 on.
    public static func spinodal(transverseField g: Double) -> Double { pow(max(0, 1 - pow(g, 2.0 / 3)), 1.5) }

    /// N(1 − g)²/2: height of the barrier between the wells without bias, of the mean-field energy; 0 from g = 1 on.
    public static func barrier(_ model: LipkinModel) -> Double {
        let height = max(0, 1 - model.transverseField)
        return 0.5 * Double(model.spinCount) * height * height
    }

    /// The same with Ñ = N + 1 spins, J̃ = JÑ/N, g̃ = gN/Ñ: the symbol that treats S(S + 1) as (S + ½)².
    public static func symmetrisedBarrier(_ model: LipkinModel) -> Double {
        let n = Double(model.spinCount), height = max(0, 1 - model.transverseField * n / (n + 1))
        return 0.5 * (n + 1) * (n + 1) / n * height * height
    }

    /// ω/2 of the Bogoliubov mode about a minimum without bias, ω = 2√(1 − g²); 0 from g = 1 on.
    public static func zeroPointEnergy(_ model: LipkinModel) -> Double { model.magnetisation }

    /// n at the end of the sweep.
    /// - Returns: nil where steps get too small.
    private func end(_ start: SIMD3<Double>, duration: Double, tolerance: Double) -> SIMD3<Double>? {
        let g = transverseField, rate = 2 * amplitude / duration, amplitude = amplitude
        return DormandPrince(tolerance: tolerance).state(from: start, duration: duration) { t, n in
            let bz = n.z - amplitude + rate * t
            return SIMD3(2 * n.y * bz, 2 * (n.z * g - n.x * bz), -2 * n.y * g)
        }
    }

    /// n_z at the end, begun right in the minimum.
    public func finalComponent(duration: Double, tolerance: Double = 1e-12) -> Double? {
        end(SIMD3(cos(startAngle), 0, sin(startAngle)), duration: duration, tolerance: tolerance)?.z
    }

    /// The fraction of paths that end with n_z < 0, begun with directions drawn from a cloud, with its binomial standard error.
    /// - Returns: nil where steps get too small.
    public func error(duration: Double, paths: Int, from cloud: SpinCloud, generator: inout NormalGenerator,
                      tolerance: Double = 1e-9) -> (fraction: Double, error: Double)? {
        var failures = 0
        for _ in 0..<paths {
            guard let n = end(cloud.direction(&generator), duration: duration, tolerance: tolerance) else { return nil }
            if n.z < 0 { failures += 1 }
        }
        let fraction = Double(failures) / Double(paths)
        return (fraction, (fraction * (1 - fraction) / Double(paths)).squareRoot())
    }

    /// The Bogoliubov vacuum about the start: with the second derivatives K_α and K_y of the energy per spin along the great circle and out of
    /// it, variances √(K_y/K_α)/N of α and √(K_α/K_y)/N of n_y.
    public var bogoliubovCloud: SpinCloud {
        let x = cos(startAngle), z = sin(startAngle), field = transverseField * x - amplitude * z
        let ratio = ((z * z + field) / (2 * z * z - 1 + field)).squareRoot(), n = Double(spinCount)
        let along = (ratio / n).squareRoot()
        return SpinCloud(mean: SIMD3(x, 0, z), out: (1 / (ratio * n)).squareRoot(), rows: (SIMD2(-z * along, 0), SIMD2(x * along, 0)))
    }

    /// The quantum ground state at the start: mean and symmetrised covariances of n = 2S/N.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public func groundStateCloud() throws -> SpinCloud {
        let model = LipkinModel(spinCount: spinCount, transverseField: transverseField, bias: -amplitude), spin = model.spin
        let state = try model.matrix.lowest(1).vectors
        var x = 0.0, z = 0.0, xx = 0.0, yy = 0.0, zz = 0.0, xz = 0.0
        for k in 0...spinCount {
            let m = spin - Double(k)
            // ⟨m|S₊ψ⟩ and ⟨m|S₋ψ⟩
            let raised = k < spinCount ? ((spin - m + 1) * (spin + m)).squareRoot() * state[k + 1] : 0
            let lowered = k > 0 ? ((spin + m + 1) * (spin - m)).squareRoot() * state[k - 1] : 0
            let sx = 0.5 * (raised + lowered), sy = 0.5 * (raised - lowered)
            x += sx * state[k]
            z += m * state[k] * state[k]
            xx += sx * sx
            yy += sy * sy
            zz += m * m * state[k] * state[k]
            xz += m * state[k] * sx
        }
        let unit = 1 / spin, a = (max(0, zz - z * z)).squareRoot() * unit
        let b = a > 0 ? (xz - x * z) * unit * unit / a : 0
        let c = (max(0, (xx - x * x) * unit * unit - b * b)).squareRoot()
        return SpinCloud(mean: SIMD3(x, 0, z) * unit, out: yy.squareRoot() * unit, rows: (SIMD2(b, c), SIMD2(a, 0)))
    }
}
