import Foundation
@testable import Semiclassics
import SpinAlgebra
import Testing

@Suite struct TrajectoryTests {
    /// θ̇ = −Ω + κ sin θ; u = tan(θ/2) obeys u̇ = −(u² − 4u + 1)/4 at Ω = 1/2, κ = 1, so (u − r₊)/(u − r₋) falls as
    /// exp(−√3 t/2) with r± = 2 ± √3.
    @Test func resonanceFluorescence() throws {
        let field = try field(preset("resonance-fluorescence"), ["Omega": 0.5]), start = 1.2, times = (0...40).map { 0.5 * Double($0) }
        let path = try #require(field.trajectory(from: SIMD3(0, sin(start), cos(start)), times: times))
        let high = 2 + 3.0.squareRoot(), low = 2 - 3.0.squareRoot(), u = tan(start / 2), ratio = (u - high) / (u - low)
        for (t, m) in zip(times, path) {
            let r = ratio * exp(-0.5 * 3.0.squareRoot() * t), v = (high - low * r) / (1 - r), theta = 2 * atan(v)
            #expect((m - SIMD3(0, sin(theta), cos(theta))).norm < 1e-11)
        }
    }

    /// Decay with precession: tan(θ/2) grows as e^{κt} while φ = φ₀ + Δt.
    @Test func decayFromEverywhere() throws {
        let field = try field(preset("driven-twisting"), ["Omega": 0, "chi": 0, "Delta": 1.6])
        for start in MeanField.starts(12) {
            let times = [0, 0.3, 1, 2.5], path = try #require(field.trajectory(from: start, times: times))
            let theta = acos(start.z), phi = atan2(start.y, start.x)
            for (t, m) in zip(times, path) {
                let now = 2 * atan(tan(theta / 2) * exp(t)), angle = phi + 1.6 * t
                #expect((m - SIMD3(sin(now) * cos(angle), sin(now) * sin(angle), cos(now))).norm < 1e-11)
            }
        }
    }
}
