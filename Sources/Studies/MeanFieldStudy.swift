import Semiclassics
import SpinAlgebra

/// Fixed points of the classical spin (N → ∞), and on demand limit cycles and trajectories. Depends on no N.
public struct MeanFieldStudy: Study {
    public static let name = "meanField"
    public static let summary = "Mean field N → ∞: all fixed points with stability; limit cycles, trajectories"
    public static let options: [OptionSpec] = [
        OptionSpec("limitCycles", .flag, default: .flag(false), help: "also attracting and repelling limit cycles"),
        OptionSpec("trajectories", .integer(0...64), default: .integer(0), help: "number of trajectories, begun evenly over the sphere"),
        OptionSpec("duration", .number(0...1e6), default: .number(20), help: "time that trajectories are followed"),
        OptionSpec("samples", .integer(2...100_000), default: .integer(201), help: "times at which trajectories are stored, both ends included"),
    ]

    /// Places for fixed points and limit cycles in an archive.
    private static let fixedPointExtent = 16, limitCycleExtent = 4

    private let model: Model
    private let constants: [String: Double]
    private let hasLimitCycles: Bool
    private let trajectories: Int
    private let duration: Double
    private let samples: Int
    public let axes: [String]

    public init(setup: StudySetup) throws {
        try setup.model.checkExtensive()
        model = setup.model
        constants = setup.constants
        axes = SemiclassicalInputs.axes(setup)
        let options = Self.reader(setup.options)
        hasLimitCycles = options.flag("limitCycles")
        trajectories = options.integer("trajectories")
        duration = options.number("duration")
        samples = options.integer("samples")
        for option in ["duration", "samples"] where options.has(option) && trajectories == 0 {
            throw OptionError(path: [option], message: "\(option) is of trajectories, and there are none", hint: "give trajectories: 12, or remove \(option)")
        }
    }

    public var outputs: [OutputSpec] {
        let index = OutputAxis(name: "fixed_point_index", extent: Self.fixedPointExtent), component = SemiclassicalInputs.component
        var list = [
            OutputSpec("fixed_point", axes: [index, component], meaning: "fixed points of the mean field as unit vectors, in ascending order of the z component"),
            OutputSpec("fixed_point_type", kind: .integer, axes: [index], meaning: "0: attractor, 1: saddle, 2: repeller, 3: marginal"),
            OutputSpec("fixed_point_eigenvalue", kind: .complex, axes: [index, OutputAxis(name: "eigenvalue_index", extent: 2)], dimension: .rate,
                       meaning: "eigenvalues of the linearised mean field, greater real part first"),
            OutputSpec("fixed_point_count", kind: .integer, meaning: "number of fixed points, also of those beyond the \(Self.fixedPointExtent) stored"),
            OutputSpec("attractor_count", kind: .integer, meaning: "number of attracting fixed points"),
            OutputSpec("index_sum", kind: .integer, meaning: "sum of the indices of all fixed points: 2 on a sphere"),
            OutputSpec("fixed_points_complete", kind: .integer, meaning: "1: the sphere was covered, no fixed point is missing; 0: they are not isolated"),
        ]
        if hasLimitCycles {
            let cycle = OutputAxis(name: "limit_cycle_index", extent: Self.limitCycleExtent)
            list += [
                OutputSpec("limit_cycle_count", kind: .integer, meaning: "number of limit cycles, also of those beyond the \(Self.limitCycleExtent) stored"),
                OutputSpec("limit_cycle_period", axes: [cycle], dimension: .time, meaning: "periods of the limit cycles, in ascending order"),
                OutputSpec("limit_cycle_multiplier", axes: [cycle], meaning: "Floquet multiplier: below 1 attracting, above 1 repelling"),
                OutputSpec("limit_cycle_exponent", axes: [cycle], dimension: .rate, meaning: "Floquet exponent, log of the multiplier over the period"),
                OutputSpec("limit_cycle_point", axes: [cycle, component], meaning: "a point of each limit cycle"),
                OutputSpec("closed_orbit_families", kind: .integer, meaning: "1: there are families of closed orbits (conservative motion), 0: none were met"),
                OutputSpec("limit_cycles_complete", kind: .integer, meaning: "1: every orbit followed ended at a fixed point, a limit cycle or in a family; 0: some did not"),
            ]
        }
        if trajectories > 0 {
            let sample = OutputAxis(name: "trajectory_sample", extent: samples)
            list += [
                OutputSpec("trajectory", axes: [OutputAxis(name: "trajectory_index", extent: trajectories), sample, component],
                           meaning: "mean-field trajectories begun on a golden spiral"),
                OutputSpec("trajectory_time", axes: [sample], dimension: .time, meaning: "times of the trajectories"),
            ]
        }
        return list
    }

    /// Measured on one core.
    public func cost(at point: Point) -> Cost {
        Cost(seconds: 0.01 + (hasLimitCycles ? 0.7 : 0) + 1e-5 * Double(trajectories) * (duration + Double(samples)))
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let field = MeanField(try SemiclassicalInputs.symbol(model, point, constants)), fixed = field.fixedPoints()
            var record = Record(status: .ok, outputs: outputs(of: fixed))
            if !fixed.isComplete {
                record.status = .degenerate
                record.reason = fixed.points.isEmpty ? "the mean field vanishes, or its fixed points are not isolated"
                    : "the fixed points of the mean field are not isolated (a line of them, or several about to meet)"
            }
            if hasLimitCycles { record.outputs.merge(outputs(of: field.limitCycles(fixedPoints: fixed))) { $1 } }
            if trajectories > 0 {
                let times = (0..<samples).map { duration * Double($0) / Double(samples - 1) }
                let missing = [Double](repeating: .nan, count: 3 * samples)
                let paths = MeanField.starts(trajectories).flatMap { start in
                    field.trajectory(from: start, times: times)?.flatMap(SemiclassicalInputs.components) ?? missing
                }
                record.outputs["trajectory"] = OutputArray(shape: [trajectories, samples, 3], data: paths)
                record.outputs["trajectory_time"] = OutputArray(times)
            }
            return record
        }
    }

    private func outputs(of set: FixedPointSet) -> [String: OutputArray] {
        let extent = Self.fixedPointExtent, points = set.points
        func rows(_ width: Int, _ values: (FixedPoint) -> [Double]) -> [Double] { SemiclassicalInputs.padded(points.map(values), to: extent, width: width) }
        return [
            "fixed_point": OutputArray(shape: [extent, 3], data: rows(3) { SemiclassicalInputs.components($0.spin) }),
            "fixed_point_type": OutputArray(rows(1) { [Double($0.kind.rawValue)] }),
            "fixed_point_eigenvalue": OutputArray(shape: [extent, 2], data: rows(4, SemiclassicalInputs.eigenvalues), isComplex: true),
            "fixed_point_count": OutputArray(Double(points.count)),
            "attractor_count": OutputArray(Double(set.attractors.count)),
            "index_sum": OutputArray(Double(set.indexSum)),
            "fixed_points_complete": OutputArray(set.isComplete ? 1 : 0),
        ]
    }

    private func outputs(of set: LimitCycleSet) -> [String: OutputArray] {
        let extent = Self.limitCycleExtent
        func rows(_ width: Int, _ values: (LimitCycle) -> [Double]) -> [Double] { SemiclassicalInputs.padded(set.cycles.map(values), to: extent, width: width) }
        return [
            "limit_cycle_count": OutputArray(Double(set.cycles.count)),
            "limit_cycle_period": OutputArray(rows(1) { [$0.period] }),
            "limit_cycle_multiplier": OutputArray(rows(1) { [$0.multiplier] }),
            "limit_cycle_exponent": OutputArray(rows(1) { [$0.exponent] }),
            "limit_cycle_point": OutputArray(shape: [extent, 3], data: rows(3) { SemiclassicalInputs.components($0.spin) }),
            "closed_orbit_families": OutputArray(set.hasFamilies ? 1 : 0),
            "limit_cycles_complete": OutputArray(set.isComplete ? 1 : 0),
        ]
    }
}
