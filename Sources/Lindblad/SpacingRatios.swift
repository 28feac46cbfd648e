import Numbers

/// Complex spacing ratios z = (λ_NN − λ)/(λ_NNN − λ) of the nearest and the next-to-nearest neighbour of each level
/// (Sá, Ribeiro and Prosen, PRX 10, 021019 (2020)): free of unfolding. ⟨|z|⟩ and ⟨cos arg z⟩ are 2/3 and 0 for independent
/// levels in the plane, 0.738 and −0.241 for large Ginibre matrices.
enum SpacingRatios {
    /// - Parameters:
    ///   - levels: points of one sector, all of one half plane.
    ///   - errors: by how much each may be wrong; a ratio with a spacing that is not greater than the errors of its ends is nil.
    static func ratios(_ levels: [Complex], errors: [Double]) -> [Complex?] {
        // Sorted by real parts, neighbours are looked for outwards until the real parts alone are too far apart.
        let order = levels.indices.sorted { (levels[$0].re, levels[$0].im) < (levels[$1].re, levels[$1].im) }
        var ratios = [Complex?](repeating: nil, count: levels.count)
        for (place, index) in order.enumerated() {
            var nearest = (distance: Double.infinity, index: -1), next = nearest
            func isFar(_ other: Int) -> Bool { abs(levels[other].re - levels[index].re) > next.distance }
            func look(_ other: Int) {
                let distance = (levels[other] - levels[index]).magnitude
                if distance < nearest.distance {
                    (nearest, next) = ((distance, other), nearest)
                } else if distance < next.distance { next = (distance, other) }
            }
            var below = place - 1, above = place + 1
            while true {
                let down = below >= 0 && !isFar(order[below]), up = above < order.count && !isFar(order[above])
                if !down && !up { break }
                if down { look(order[below]); below -= 1 } else { below = -1 }
                if up { look(order[above]); above += 1 } else { above = order.count }
            }
            guard next.index >= 0, nearest.distance > errors[index] + errors[nearest.index],
                  next.distance > errors[index] + errors[next.index] else { continue }
            ratios[index] = (levels[nearest.index] - levels[index]) / (levels[next.index] - levels[index])
        }
        return ratios
    }
}

/// Means of complex spacing ratios.
public struct SpacingStatistics: Sendable {
    public private(set) var count = 0
    private var radii = 0.0
    private var cosines = 0.0
    /// ⟨|z|⟩, NaN of none.
    public var meanRatio: Double { count > 0 ? radii / Double(count) : .nan }
    /// ⟨cos arg z⟩, NaN of none.
    public var meanCosine: Double { count > 0 ? cosines / Double(count) : .nan }

    mutating func add(_ ratio: Complex) {
        let radius = ratio.magnitude
        guard radius > 0 else { return }
        count += 1
        radii += radius
        cosines += ratio.re / radius
    }
}
