import Numbers
import SpinAlgebra

/// Orthonormal right-handed axes in which a calculation writes the spin operators. The third is the quantisation axis.
public struct Frame: Hashable, Sendable {
    /// Rows x′, y′, z′ in laboratory coordinates.
    public let axes: [[Double]]

    public static let laboratory = Frame(axes: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])

    private init(axes: [[Double]]) { self.axes = axes }

    /// The frame with the given z′, and y′ as near as possible to `y`.
    public init(z: [Double], y: [Double]) {
        let zUnit = Vector.unit(z)
        var yUnit = Vector.subtract(y, Vector.scale(zUnit, Vector.dot(y, zUnit)))
        if Vector.norm(yUnit) < 1e-6 {
            // y was along z: take the laboratory axis farthest from z instead.
            let spare = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]].min { abs(Vector.dot($0, zUnit)) < abs(Vector.dot($1, zUnit)) }!
            yUnit = Vector.subtract(spare, Vector.scale(zUnit, Vector.dot(spare, zUnit)))
        }
        yUnit = Vector.unit(yUnit)
        axes = [Vector.cross(yUnit, zUnit), yUnit, zUnit].map { $0.map { abs($0) < 1e-15 ? 0 : $0 } }
    }

    /// A laboratory polynomial in terms of the frame's own J_x′, J_y′, J_z′.
    func express(_ polynomial: SpinPolynomial) -> SpinPolynomial {
        if self == .laboratory { return polynomial }
        // J_b = Σ_a (axes)_ab J_a′
        return polynomial.rotated(by: (0..<3).map { b in (0..<3).map { a in axes[a][b] } })
    }
}

/// Arithmetic of three-vectors.
enum Vector {
    static func dot(_ a: [Double], _ b: [Double]) -> Double { a[0] * b[0] + a[1] * b[1] + a[2] * b[2] }
    static func cross(_ a: [Double], _ b: [Double]) -> [Double] {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    }
    static func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }
    static func scale(_ a: [Double], _ s: Double) -> [Double] { a.map { $0 * s } }
    static func subtract(_ a: [Double], _ b: [Double]) -> [Double] { [a[0] - b[0], a[1] - b[1], a[2] - b[2]] }
    static func add(_ a: [Double], _ b: [Double]) -> [Double] { [a[0] + b[0], a[1] + b[1], a[2] + b[2]] }
    static func unit(_ a: [Double]) -> [Double] { scale(a, 1 / norm(a)) }
}
