import Foundation

extension MeanField {
    /// Unit vectors on a golden spiral: evenly spread over the sphere, none at a pole.
    public static func starts(_ count: Int) -> [SIMD3<Double>] {
        let golden = Double.pi * (3 - 5.0.squareRoot())
        return (0..<count).map { k in
            let z = 1 - (2 * Double(k) + 1) / Double(count), r = (1 - z * z).squareRoot()
            return SIMD3(r * cos(golden * Double(k)), r * sin(golden * Double(k)), z)
        }
    }

    /// The orbit through a unit vector.
    /// - Parameter times: ascending from 0, in inverse units of the model's rates.
    /// - Returns: one unit vector a time, to about 1e-12 unless neighbouring orbits run apart; nil where the field is not
    ///   finite.
    public func trajectory(from start: SIMD3<Double>, times: [Double]) -> [SIMD3<Double>]? {
        let speed = Self.starts(64).reduce(velocity(start).length) { max($0, velocity($1).length) }
        guard speed.isFinite else { return nil }
        var orbit = Extrapolation<SIMD3<Double>>(tolerance: 1e-14, firstStep: 0.05 / max(speed, .leastNormalMagnitude)) { velocity($0) }
        var m = start.unit, now = 0.0, list: [SIMD3<Double>] = []
        for time in times {
            if time > now {
                guard let end = orbit.state(after: time - now, from: m) else { return nil }
                m = end.unit
                now = time
            }
            list.append(m)
        }
        return list
    }
}
