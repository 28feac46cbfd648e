/// The mean field of a model as one parameter runs through a range.
///
/// The parameter is measured by σ from 0 to 1. Fields are exact at every σ; slopes along σ are differences.
struct ParametrisedField {
    private let make: (Double) throws -> MeanField
    let range: ClosedRange<Double>
    var width: Double { range.upperBound - range.lowerBound }

    init(over range: ClosedRange<Double>, _ make: @escaping (Double) throws -> MeanField) {
        self.make = make
        self.range = range
    }

    func parameter(_ sigma: Double) -> Double {
        // The ends themselves, without rounding.
        sigma <= 0 ? range.lowerBound : sigma >= 1 ? range.upperBound : range.lowerBound + sigma * width
    }

    func field(_ sigma: Double) throws -> MeanField { try make(parameter(sigma)) }

    /// Places beside σ and weights for derivatives there, never outside the range (where rates may be negative).
    func stencil(_ sigma: Double, isFine: Bool) -> [(sigma: Double, weight: Double)] {
        // Parameters near zero of a long range vary on their own scale.
        let scale = min(1, max(abs(parameter(sigma)) / width, isFine ? 0.03 : 1e-3))
        let count = isFine ? 7 : 3, h = min((isFine ? 1e-2 : 1e-4) * scale, 1 / Double(count - 1))
        let first = min(max(sigma - h * Double(count / 2), 0), 1 - h * Double(count - 1))
        let nodes = (0..<count).map { first + h * Double($0) }
        return nodes.indices.map { i in
            let others = nodes.indices.filter { $0 != i }
            // d/dσ of Lagrange's polynomial of node i
            let weight = others.reduce(0.0) { sum, k in
                others.filter { $0 != k }.reduce(1 / (nodes[i] - nodes[k])) { $0 * (sigma - nodes[$1]) / (nodes[i] - nodes[$1]) } + sum
            }
            return (nodes[i], weight)
        }
    }

    /// ∂F/∂σ at a fixed spin.
    func slope(_ m: SIMD3<Double>, _ sigma: Double, isFine: Bool = false) throws -> SIMD3<Double> {
        try stencil(sigma, isFine: isFine).reduce(into: SIMD3<Double>.zero) { sum, node in
            // The middle node of a symmetric stencil has no weight.
            if node.weight != 0 { sum += node.weight * (try field(node.sigma)).velocity(m) }
        }
    }
}

/// Coordinates (a, b) of the sphere about a point: m = (m₀ + a e₁ + b e₂)/|…|, the velocity by its components along e₁, e₂.
struct SphereFrame {
    let centre: SIMD3<Double>
    let e1: SIMD3<Double>, e2: SIMD3<Double>

    init(_ centre: SIMD3<Double>) {
        let chart = Chart(centre: centre)
        self.centre = centre
        (e1, e2) = (chart.axes[0], chart.axes[1])
    }

    func spin(_ a: Double, _ b: Double) -> SIMD3<Double> { (centre + a * e1 + b * e2).unit }

    func coordinates(_ m: SIMD3<Double>) -> SIMD2<Double> {
        let along = m.dot(centre)
        return SIMD2(m.dot(e1) / along, m.dot(e2) / along)
    }

    /// Components of the velocity and their derivatives along a and b.
    func velocity(_ field: MeanField, _ a: Double, _ b: Double) -> (value: SIMD2<Double>, slope: Matrix2) {
        let v = centre + a * e1 + b * e2, length = v.length, m = v / length, full = field.linearised(m)
        func change(_ e: SIMD3<Double>) -> SIMD3<Double> {
            let d = (e - e.dot(m) * m) / length
            return d.x * full.columns[0] + d.y * full.columns[1] + d.z * full.columns[2]
        }
        let da = change(e1), db = change(e2)
        return (SIMD2(e1.dot(full.velocity), e2.dot(full.velocity)), Matrix2(e1.dot(da), e1.dot(db), e2.dot(da), e2.dot(db)))
    }
}
