import Lindblad
import LinearAlgebra
import SpinAlgebra

/// Exceptional points of the Liouvillian along one axis of the sweep, and the slowest eigenvalues followed along it: one
/// record for the whole axis.
public struct ExceptionalPointsStudy: Study {
    public static let name = "exceptionalPoints"
    public static let summary = "Exceptional points of the Liouvillian along an axis with their order; slow eigenvalues followed by their vectors"
    public static let options: [OptionSpec] = [
        OptionSpec("over", .text, help: "required: the axis of the sweep along which eigenvalues are followed; the study takes it up as a whole"),
        OptionSpec("modes", .integer(2...32), default: .integer(6), help: "number of slow eigenvalues, both members of a conjugate pair counted"),
        OptionSpec("points", .integer(1...1000), help: "greatest number of exceptional points stored, those first on the axis; all unless given"),
    ]

    private let model: Model
    private let constants: [String: Double]
    private let forecast: MemoryForecast
    private let over: String
    private let values: [Double]
    private let count: Int
    /// Places for exceptional points; nil: as many as there are.
    private let places: Int?
    public let axes: [String]
    public var consumedAxes: [String] { [over] }
    public var consumedValues: [String: [Double]] { [over: values] }

    public init(setup: StudySetup) throws {
        model = setup.model
        constants = setup.constants
        forecast = setup.forecast
        if setup.options["over"] == .text("N") {
            throw OptionError(path: ["over"], message: "eigenvalues cannot be followed along N", hint: "name a parameter of the model")
        }
        let over = try ConsumedAxis.name(option: "over", setup)
        self.over = over
        values = (setup.axisValues[over] ?? []).sorted()
        guard values.count >= 3 else {
            throw OptionError(path: ["over"], message: "the axis \(over) has \(values.count) values, at least 3 are needed",
                              hint: "eigenvalues are followed from value to value")
        }
        axes = LindbladInputs.axes(setup).filter { $0 != over }
        let options = Self.reader(setup.options)
        count = options.integer("modes")
        places = options.integerIfGiven("points")
    }

    public var outputs: [OutputSpec] {
        let track = OutputAxis(name: "track", extent: count), point = OutputAxis(name: "track_point", extent: values.count)
        let exceptional = OutputAxis(name: "exceptional_point", extent: places)
        return [
            OutputSpec("track_value", axes: [point], meaning: "values of \(over) at which eigenvalues are given, ascending"),
            OutputSpec("track_eigenvalue", kind: .complex, axes: [point, track], dimension: .rate,
                       meaning: "eigenvalues followed from the slowest at the first value of \(over), both members of conjugate pairs"),
            OutputSpec("track_overlap", axes: [point, track],
                       meaning: "least |tr P P'| of spectral projectors on the way from the value before; 1: the same mode"),
            OutputSpec("track_sector", kind: .integer, axes: [track], meaning: "symmetry sector, in the order of their least multipoles"),
            OutputSpec("exceptional_value", axes: [exceptional], meaning: "\(over) at exceptional points, ascending"),
            OutputSpec("exceptional_error", axes: [exceptional], meaning: "estimated error of exceptional_value"),
            OutputSpec("exceptional_eigenvalue", kind: .complex, axes: [exceptional], dimension: .rate,
                       meaning: "the eigenvalue that is defective there"),
            OutputSpec("exceptional_order", kind: .integer, axes: [exceptional],
                       meaning: "size of the greatest Jordan block; -1: rounding does not let it be told"),
            OutputSpec("exceptional_exponent", axes: [exceptional], meaning: "exponent with which eigenvalues part with the distance in \(over)"),
            OutputSpec("exceptional_sector", kind: .integer, axes: [exceptional], meaning: "symmetry sector of the eigenvalues that coalesce"),
            OutputSpec("exceptional_condition", axes: [exceptional], meaning: "norm of the inverse overlap of left and right invariant subspace"),
            OutputSpec("exceptional_count", kind: .integer, meaning: "number of exceptional points found"),
        ]
    }

    private func spinCount(_ point: Point) -> Int { point.spinCount ?? Int(constants["N"] ?? 1) }

    /// Two sectors as a rule, each searched at the axis' values and about as often in between.
    public func cost(at point: Point) -> Cost {
        let size = 0.5 * Double(spinCount(point)) * Double(spinCount(point) + 2)
        let search = size <= 240 ? 1.5e-8 * size * size * size : LindbladInputs.slowModesCost(spinCount: spinCount(point), modes: 2 * count).seconds
        return Cost(seconds: 0.01 + 4 * Double(values.count) * (1e-4 + search))
    }

    /// Beside what slow modes take: vectors, both sides, at both ends of a step and of the halves inside each other.
    public func memory(at samples: [Point], count points: Int) -> Memory {
        let extended = samples.map { Point(axes: $0.axes + [over], values: $0.values + [values[0]]) }
        var memory = LindbladInputs.memory(model, extended, constants) { forecast.slowModes($0, count: points, modes: 2 * count) }
        let greatest = samples.map { Double(spinCount($0)) }.max() ?? 1
        memory.peak += 64 * Double(32 * max(2 * count, count + 8)) * greatest * (greatest + 2)
        return memory
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let given = constants.merging(point.dictionary) { $1 }
            guard let spins = given["N"], spins >= 1 else { throw EvaluationError(message: "the number of spins N is not given") }
            let solver = try LindbladInputs.solver(model, context)
            let solution = try solver.exceptionalPoints(count, along: values) { value in
                try model.instance(spinCount: Int(spins), given.merging([over: value]) { $1 }.filter { !$0.key.contains(".") && $0.key != "N" })
            }
            return Record(status: solution.isComplete ? .ok : .notConverged, reason: reason(solution), outputs: outputs(of: solution))
        }
    }

    /// What is not known, in words; nothing if all is.
    private func reason(_ solution: ExceptionalPointSolution) -> String {
        let lost = solution.tracks.enumerated().compactMap { number, track in
            track.values.firstIndex { $0 == nil }.map { "track \(number) was lost after \(over) = \(CanonicalNumber.string(values[$0 - 1]))" }
        }
        let missed = solution.missed.map { step in
            let (from, to) = (CanonicalNumber.string(step.lowerBound), CanonicalNumber.string(step.upperBound))
            return "the exceptional point between \(over) = \(from) and \(to) was not located"
        }
        return (lost + missed).joined(separator: "; ")
    }

    private func outputs(of solution: ExceptionalPointSolution) -> [String: OutputArray] {
        let tracks = solution.tracks, missing = count - tracks.count
        func table(_ width: Int, _ value: (ExceptionalPointSolution.Track, Int) -> [Double]) -> [Double] {
            values.indices.flatMap { at in tracks.flatMap { value($0, at) } + [Double](repeating: .nan, count: width * missing) }
        }
        let eigenvalues = table(2) { track, at in track.values[at].map { [$0.re, $0.im] } ?? [.nan, .nan] }
        let found = solution.points.prefix(places ?? solution.points.count)
        let empty = (places ?? found.count) - found.count, shape = [found.count + empty]
        func column(_ width: Int = 1, _ value: (ExceptionalPoint, Int) -> [Double]) -> OutputArray {
            let data = found.flatMap { value($0.point, $0.sector) } + [Double](repeating: .nan, count: width * empty)
            return OutputArray(shape: shape, data: data, isComplex: width == 2)
        }
        return [
            "track_value": OutputArray(values),
            "track_eigenvalue": OutputArray(shape: [values.count, count], data: eigenvalues, isComplex: true),
            "track_overlap": OutputArray(shape: [values.count, count], data: table(1) { [$0.overlaps[$1]] }),
            "track_sector": OutputArray(tracks.map { Double($0.sector) } + [Double](repeating: .nan, count: missing)),
            "exceptional_value": column { point, _ in [point.parameter] },
            "exceptional_error": column { point, _ in [point.error] },
            "exceptional_eigenvalue": column(2) { point, _ in [point.eigenvalue.re, point.eigenvalue.im] },
            "exceptional_order": column { point, _ in [Double(point.order)] },
            "exceptional_exponent": column { point, _ in [point.exponent] },
            "exceptional_sector": column { _, sector in [Double(sector)] },
            "exceptional_condition": column { point, _ in [point.condition] },
            "exceptional_count": OutputArray(Double(solution.points.count)),
        ]
    }
}
