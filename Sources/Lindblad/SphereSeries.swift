import Foundation
import Numbers

/// A real function on the sphere, f(n) = Σ_lq c_lq Y_lq(n) with c_l,−q = (−1)^q c_lq*, Condon–Shortley phases.
///
/// Evaluated by the recurrence in l of the normalised associated Legendre functions, which is stable upwards, for eight
/// points at a time and each together with its antipode, where Y_lq turns into (−1)^l Y_lq.
struct SphereSeries {
    typealias Lanes = SIMD8<Double>

    let lMax: Int, qMax: Int
    /// For each q from `offsets[q]`: l = q … and one zero to make the number even.
    private let offsets: [Int]
    private let re: [Double], im: [Double]
    private let isReal: Bool
    /// p_lq = ratio cos θ p_l−1,q − back p_l−2,q, Y_lq = p_lq e^{iqφ}.
    private let ratio: [Double], back: [Double]
    /// p_qq = start[q] sin θ p_q−1,q−1.
    private let start: [Double]

    /// A power of 2 that keeps p_qq = O(sin^q θ) above the least double; matters beyond l ≈ 1800 only.
    private static let unit = 0x1p600

    /// - Parameter coefficient: c_lq for 0 ≤ q ≤ l.
    init(lMax: Int, qMax: Int, coefficient: (_ l: Int, _ q: Int) -> Complex) {
        self.lMax = lMax
        self.qMax = qMax
        var offsets: [Int] = [], re: [Double] = [], im: [Double] = [], ratio: [Double] = [], back: [Double] = [], start: [Double] = []
        for q in 0...qMax {
            let order = Double(q)
            offsets.append(re.count)
            start.append(q == 0 ? (1 / (4 * Double.pi)).squareRoot() : -((2 * order + 1) / (2 * order)).squareRoot())
            for l in q...(lMax + (lMax - q + 1) % 2) {
                let c = l <= lMax ? coefficient(l, q) : .zero
                re.append(c.re)
                im.append(q == 0 ? 0 : c.im)
                let above = Double((l - q) * (l + q)), below = Double((l - 1 - q) * (l - 1 + q))
                let step = l == q ? 0 : (Double(4 * l * l - 1) / above).squareRoot()
                ratio.append(step)
                back.append(l <= q + 1 ? 0 : step * (below / Double(4 * (l - 1) * (l - 1) - 1)).squareRoot())
            }
        }
        offsets.append(re.count)
        (self.offsets, self.re, self.im, self.ratio, self.back, self.start) = (offsets, re, im, ratio, back, start)
        isReal = im.allSatisfy { $0 == 0 }
    }

    /// Σ_l c_lq p_lq(θ) for every q, apart by the parity of l − q.
    struct Profile {
        var evenRe: [Lanes], evenIm: [Lanes], oddRe: [Lanes], oddIm: [Lanes]
        init(_ count: Int) {
            evenRe = [Lanes](repeating: .zero, count: count)
            (evenIm, oddRe, oddIm) = (evenRe, evenRe, evenRe)
        }
    }

    func fill(_ profile: inout Profile, cosine z: Lanes, sine s: Lanes) {
        var mantissa = Lanes(repeating: 1), power = Lanes.zero
        let small = Lanes(repeating: 1 / Self.unit)
        for q in 0...qMax {
            mantissa *= start[q]
            if q > 0 { mantissa *= s }
            let magnitude = mantissa.replacing(with: -mantissa, where: mantissa .< 0)
            let isTiny = magnitude .< small
            if any(isTiny) {
                mantissa.replace(with: mantissa * Self.unit, where: isTiny)
                power.replace(with: power + 1, where: isTiny)
            }
            if power == .zero { sum(q, mantissa, z, &profile) } else { sumScaled(q, mantissa, power, z, &profile) }
        }
    }

    /// Four lanes at a time: that many sums fit the registers.
    private func sum(_ q: Int, _ first: Lanes, _ z: Lanes, _ profile: inout Profile) {
        let low = sum(q, first.lowHalf, z.lowHalf), high = sum(q, first.highHalf, z.highHalf)
        profile.evenRe[q] = Lanes(lowHalf: low.evenRe, highHalf: high.evenRe)
        profile.evenIm[q] = Lanes(lowHalf: low.evenIm, highHalf: high.evenIm)
        profile.oddRe[q] = Lanes(lowHalf: low.oddRe, highHalf: high.oddRe)
        profile.oddIm[q] = Lanes(lowHalf: low.oddIm, highHalf: high.oddIm)
    }

    private typealias Half = SIMD4<Double>

    private func sum(_ q: Int, _ first: Half, _ z: Half) -> (evenRe: Half, evenIm: Half, oddRe: Half, oddIm: Half) {
        var evenRe = Half.zero, evenIm = Half.zero, oddRe = Half.zero, oddIm = Half.zero
        let begin = offsets[q], end = offsets[q + 1]
        re.withUnsafeBufferPointer { re in
            im.withUnsafeBufferPointer { im in
                ratio.withUnsafeBufferPointer { ratio in
                    back.withUnsafeBufferPointer { back in
                        var p = first, last = Half.zero, k = begin
                        while true {
                            evenRe += p * re[k]
                            if !isReal { evenIm += p * im[k] }
                            last = (z * ratio[k + 1]) * p - last * back[k + 1]
                            oddRe += last * re[k + 1]
                            if !isReal { oddIm += last * im[k + 1] }
                            k += 2
                            if k >= end { break }
                            p = (z * ratio[k]) * last - p * back[k]
                        }
                    }
                }
            }
        }
        return (evenRe, evenIm, oddRe, oddIm)
    }

    /// The same where p_qq underflows in some lanes: they carry `unit`^power until they have grown.
    private func sumScaled(_ q: Int, _ first: Lanes, _ power: Lanes, _ z: Lanes, _ profile: inout Profile) {
        var evenRe = Lanes.zero, evenIm = Lanes.zero, oddRe = Lanes.zero, oddIm = Lanes.zero
        var p = first, last = Lanes.zero, power = power
        for k in offsets[q]..<offsets[q + 1] {
            if k > offsets[q] { (p, last) = ((z * ratio[k]) * p - last * back[k], p) }
            let grown = (power .> 0) .& ((p .> 1) .| (p .< -1))
            if any(grown) {
                let factor = Lanes(repeating: 1).replacing(with: 1 / Self.unit, where: grown)
                p *= factor
                last *= factor
                power.replace(with: power - 1, where: grown)
            }
            let visible = p.replacing(with: 0, where: power .> 0)
            if (k - offsets[q]) % 2 == 0 {
                evenRe += visible * re[k]
                evenIm += visible * im[k]
            } else {
                oddRe += visible * re[k]
                oddIm += visible * im[k]
            }
        }
        (profile.evenRe[q], profile.evenIm[q], profile.oddRe[q], profile.oddIm[q]) = (evenRe, evenIm, oddRe, oddIm)
    }

    // MARK: Values

    /// f on the grid, row-major over (θ, φ).
    /// - Parameter rotation: rows are the axes of the series in the coordinates of the grid; nil: the same axes.
    func values(on grid: SphereGrid, rotation: [[Double]]? = nil) -> [Double] {
        rotation.map { rotated(grid, $0) } ?? aligned(grid)
    }

    /// Grid and series share the z axis: one profile a θ (and π − θ), then a Fourier sum in φ.
    private func aligned(_ grid: SphereGrid) -> [Double] {
        let rows = grid.theta.count, columns = grid.phi.count, half = (rows + 1) / 2
        var values = [Double](repeating: 0, count: rows * columns), profile = Profile(qMax + 1)
        let waves = (0..<columns).map { Complex(cos(2 * Double.pi * Double($0) / Double(columns)), sin(2 * Double.pi * Double($0) / Double(columns))) }
        for first in stride(from: 0, to: half, by: 8) {
            var z = Lanes.zero, s = Lanes.zero
            for lane in 0..<8 {
                let theta = grid.theta[min(first + lane, half - 1)]
                z[lane] = cos(theta)
                s[lane] = sin(theta)
            }
            fill(&profile, cosine: z, sine: s)
            for column in 0..<columns {
                var north = Lanes.zero, south = Lanes.zero
                for q in 0...qMax {
                    // The phase e^{2πi q k/n} exactly, by reducing q k modulo n; the terms q and −q together.
                    let wave = waves[(q * column) % columns]
                    let even = profile.evenRe[q] * wave.re - profile.evenIm[q] * wave.im
                    let odd = profile.oddRe[q] * wave.re - profile.oddIm[q] * wave.im
                    let weight: Double = q == 0 ? 1 : 2
                    north += (even + odd) * weight
                    south += (even - odd) * weight
                }
                for lane in 0..<min(8, half - first) {
                    let row = first + lane
                    values[row * columns + column] = north[lane]
                    values[(rows - 1 - row) * columns + column] = south[lane]
                }
            }
        }
        return values
    }

    private func rotated(_ grid: SphereGrid, _ axes: [[Double]]) -> [Double] {
        let rows = grid.theta.count, columns = grid.phi.count
        let pairs = columns % 2 == 0            // then the antipode of a point is a point
        let count = (pairs ? (rows + 1) / 2 : rows) * columns
        var values = [Double](repeating: 0, count: rows * columns), profile = Profile(qMax + 1)
        for first in stride(from: 0, to: count, by: 8) {
            var x = Lanes.zero, y = Lanes.zero, z = Lanes.zero
            for lane in 0..<8 {
                let point = min(first + lane, count - 1)
                let n = Vector.direction(theta: grid.theta[point / columns], phi: grid.phi[point % columns])
                x[lane] = Vector.dot(axes[0], n)
                y[lane] = Vector.dot(axes[1], n)
                z[lane] = max(-1, min(1, Vector.dot(axes[2], n)))
            }
            let s = (x * x + y * y).squareRoot()
            let isPole = s .< 1e-300
            let cosine = (x / s).replacing(with: 1, where: isPole), sine = (y / s).replacing(with: 0, where: isPole)
            fill(&profile, cosine: z, sine: s)
            var here = Lanes.zero, opposite = Lanes.zero
            var waveRe = Lanes(repeating: 1), waveIm = Lanes.zero
            for q in 0...qMax {
                let even = profile.evenRe[q] * waveRe - profile.evenIm[q] * waveIm
                let odd = profile.oddRe[q] * waveRe - profile.oddIm[q] * waveIm
                let weight: Double = q == 0 ? 1 : 2
                here += (even + odd) * weight
                // At the antipode Y_lq changes by (−1)^l = (−1)^q (−1)^{l−q}.
                opposite += (even - odd) * (q % 2 == 0 ? weight : -weight)
                (waveRe, waveIm) = (waveRe * cosine - waveIm * sine, waveRe * sine + waveIm * cosine)
            }
            for lane in 0..<min(8, count - first) {
                let row = (first + lane) / columns, column = (first + lane) % columns
                values[row * columns + column] = here[lane]
                if pairs { values[(rows - 1 - row) * columns + (column + columns / 2) % columns] = opposite[lane] }
            }
        }
        return values
    }

    /// The parts f_l(n) = Σ_q c_lq Y_lq(n) of f for l = 0 … l_max at one direction, given in the axes of the series.
    func multipoles(at n: [Double]) -> [Double] {
        var parts = [Double](repeating: 0, count: lMax + 1)
        let z = n[2], s = (n[0] * n[0] + n[1] * n[1]).squareRoot()
        let step = s > 1e-300 ? Complex(n[0] / s, n[1] / s) : .one
        var wave = Complex.one, mantissa = 1.0, power = 0
        for q in 0...qMax {
            mantissa *= start[q] * (q > 0 ? s : 1)
            if mantissa == 0 { break }
            if abs(mantissa) < 1 / Self.unit {
                mantissa *= Self.unit
                power += 1
            }
            var p = mantissa, last = 0.0, scale = power
            for k in offsets[q]..<offsets[q + 1] where k - offsets[q] + q <= lMax {
                if k > offsets[q] { (p, last) = (z * ratio[k] * p - last * back[k], p) }
                if scale > 0 && abs(p) > 1 {
                    p /= Self.unit
                    last /= Self.unit
                    scale -= 1
                }
                if scale == 0 { parts[k - offsets[q] + q] += (q == 0 ? 1 : 2) * p * (re[k] * wave.re - im[k] * wave.im) }
            }
            wave *= step
        }
        return parts
    }
}

extension Vector {
    /// The unit vector with polar angle θ and azimuth φ.
    static func direction(theta: Double, phi: Double) -> [Double] { [sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)] }
}
