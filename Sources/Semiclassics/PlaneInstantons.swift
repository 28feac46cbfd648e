import Foundation
import Numbers

/// Instantons inside the invariant plane of a reflection symmetry.
struct PlaneInstantons {
    let plane: ReflectionPlane
    let representation: Representation

    /// Change of an action with the steps at which it is believed.
    private static let tolerance = 1e-10

    /// The zero-energy curves that leave an attractor, one each way, as far as they end at another fixed point.
    func instantons(from attractor: FixedPoint) -> [(end: SIMD3<Double>, instanton: Instanton)] {
        [1.0, -1.0].compactMap { side in
            // Coordinates reach all around but for the point opposite the centre. A curve that runs off is tried once more with
            // the centre further ahead.
            for ahead in [1.0, 2.2] {
                let chart = chart(attractor.spin, side * ahead)
                let hamiltonian = AuxiliaryHamiltonian(plane.symbol, Gauge(representation), chart: chart)
                let start = chart.coordinates(attractor.spin).1
                // x₂ grows towards y′ = z′ × x′ of the chart; the centre lies ahead.
                let isUpward = start < 0
                var tracer = PlaneTracer(PlaneEnergy(hamiltonian))
                guard case .arrived(let curve, let end) = tracer.trace(from: start, upward: isUpward) else { continue }
                // Steps are halved until that makes no difference any more.
                var again = curve, change = Double.infinity
                for _ in 0..<6 where change > Self.tolerance {
                    tracer.stride *= 0.5
                    tracer.turn *= 0.5
                    guard case .arrived(let finer, let other) = tracer.trace(from: start, upward: isUpward), abs(other - end) < 1e-9 else { break }
                    change = abs(finer.action - again.action)
                    again = finer
                }
                guard change < 1e-6 else { continue }
                let states = again.points.map { SIMD4(0, $0.x, 0, $0.y) }
                let instanton = Instanton(action: again.action, error: max(change, 1e-15), residual: again.residual,
                                          energy: states.reduce(0) { max($0, abs(hamiltonian.value($1))) },
                                          path: states.map(hamiltonian.laboratorySpin), actions: again.actions, isPlane: true)
                return (chart.direction(0, end), instanton)
            }
            return nil
        }
    }

    /// Centred in the plane, at an angle from a direction of it.
    private func chart(_ from: SIMD3<Double>, _ angle: Double) -> Chart {
        let side = plane.normal.cross(from)
        return Chart(centre: (cos(angle) * from + sin(angle) * side).unit, normal: plane.normal)
    }
}
