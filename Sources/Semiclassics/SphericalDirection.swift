import Foundation

/// Spherical coordinates.
public enum SphericalDirection {
    /// The unit vector at polar angle θ and azimuth φ.
    public static func unit(_ theta: Double, _ phi: Double) -> SIMD3<Double> { SIMD3(sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)) }
}
