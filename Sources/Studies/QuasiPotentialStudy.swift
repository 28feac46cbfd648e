import Lindblad
import Semiclassics
import SpinAlgebra

/// S on the sphere: quasiprobability of the steady state ~ exp(−j S) for N → ∞. Depends on no N.
public struct QuasiPotentialStudy: Study {
    public static let name = "quasiPotential"
    public static let summary = "quasi-potential S on the sphere: Husimi Q (or semiclassical Wigner) of the steady state ~ exp(-j S)"
    public static let options: [OptionSpec] = [
        OptionSpec("representation", .choice([Representation.q.rawValue, Representation.semiclassicalWigner.rawValue]),
                   default: .text(Representation.q.rawValue), help: "Q or SW (semiclassical Wigner)"),
        SphereGrid.option(of: "quasi_potential"),
    ]

    private let model: Model
    private let constants: [String: Double]
    private let representation: Representation
    private let grid: SphereGrid
    public let axes: [String]

    public init(setup: StudySetup) throws {
        try setup.model.checkExtensive()
        model = setup.model
        constants = setup.constants
        axes = SemiclassicalInputs.axes(setup)
        let options = Self.reader(setup.options)
        representation = Representation(rawValue: options.text("representation")) ?? .q
        grid = SphereGrid(options)
    }

    public var outputs: [OutputSpec] {
        let sphere = grid.outputAxes
        return [
            OutputSpec("quasi_potential", axes: sphere,
                       meaning: "S in units of j, least 0: \(representation.rawValue) of the steady state ~ exp(-j S); "
                           + "above the exits an upper bound, missing beyond twice their level"),
            OutputSpec("quasi_potential_source", kind: .integer, axes: sphere,
                       meaning: "fixed point that each direction is reached from: attractors in ascending order of n_z, then exits; -1 where none"),
        ]
    }

    /// Measured on one core: rays, with or without a plane.
    public func cost(at point: Point) -> Cost { Cost(seconds: 20) }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let symbol = try SemiclassicalInputs.symbol(model, point, constants)
            let solution = BarrierSolver(symbol, representations: [representation]).solve()
            guard solution.fixedPoints.isComplete else {
                return Record(status: .degenerate, reason: "the fixed points of the mean field are not isolated")
            }
            guard !solution.attractors.isEmpty else {
                return Record(status: .notConverged, reason: "the mean field has no attracting fixed point")
            }
            // One attractor alone has weight one, whatever its neighbourhood.
            let sources = solution.attractors.count == 1 ? [(point: solution.attractors[0], value: 0)] : solution.sources(representation)
            guard sources.prefix(solution.attractors.count).allSatisfy({ $0.value.isFinite }) else {
                let unknown = "an attractor is about to merge with an unstable fixed point, or no barrier out of its basin is known"
                return Record(status: solution.fragile.isEmpty ? .notConverged : .saddleNode, reason: solution.complaints.first ?? unknown)
            }
            let potential = try QuasiPotential(symbol, representation, sources: sources, at: grid.directions)
            // Well above the highest way out what is known is an upper bound, and no good one.
            let exits = sources.dropFirst(solution.attractors.count).map(\.value), limit = exits.max().map { 2 * $0 + 0.25 } ?? .infinity
            let isTrusted = potential.values.map { $0 <= limit }
            let shape = [grid.theta.count, grid.phi.count]
            return Record(status: .ok, outputs: [
                "quasi_potential": OutputArray(shape: shape, data: zip(potential.values, isTrusted).map { $1 ? $0 : .nan }),
                "quasi_potential_source": OutputArray(shape: shape, data: zip(potential.owners, isTrusted).map { $1 ? Double($0) : -1 }),
            ])
        }
    }
}
