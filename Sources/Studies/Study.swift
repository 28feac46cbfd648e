import Lindblad
import LinearAlgebra
import SpinAlgebra

/// A physical question asked at every point of a sweep. One file a study; `StudyCatalogue` lists them.
///
/// A study says beforehand what it needs (options, axes), what it returns (outputs) and what it costs; then it runs one
/// point at a time, knowing nothing of grids, ranks or files.
public protocol Study: Sendable {
    /// The key in the job file's `studies` list.
    static var name: String { get }
    static var summary: String { get }
    static var options: [OptionSpec] { get }
    /// Sweep axes or parameters that belong to the study and not to the model; an axis names one as `study.input`.
    static var inputs: [InputSpec] { get }

    /// - Throws: `OptionError` for options that do not fit the model (an observable that does not parse, …).
    init(setup: StudySetup) throws

    /// Which of the sweep's axes the result depends on (names as in the job, `N` included).
    var axes: [String] { get }
    /// Sweep axes that the study takes up as a whole (`over: Gamma`): in use, but records do not depend on them.
    var consumedAxes: [String] { get }
    /// What records hold of consumed axes, by axis (its ends, or all its values): a job that changes these is another job.
    var consumedValues: [String: [Double]] { get }
    var outputs: [OutputSpec] { get }
    /// Expected cost of one point: decides the order, the size of chunks, and what `plan` prints. Asked often: cheap.
    func cost(at point: Point) -> Cost
    /// Those of `axes` that `cost(at:)` looks at: points that agree in them cost the same.
    var costAxes: [String] { get }
    /// Expected memory of a worker that computes these points, some out of `count` that cost the same.
    func memory(at samples: [Point], count: Int) -> Memory
    /// Expected bytes of each of several ranks that share such a point, as `memory(at:count:)` counts them; nil: the study computes
    /// its points on one rank each. Asked for numbers of ranks that `canShare(among:)` allows.
    func sharedBytes(at samples: [Point], ranks: Int) -> Double?
    /// Expected seconds of a point shared by so many ranks; nil: as on one.
    func sharedSeconds(at point: Point, ranks: Int) -> Double?
    /// So many ranks are to share each point, whatever its memory (option `ranks`); nil: as many as memory calls for.
    var wantedRanks: Int? { get }
    /// What a point consists of, where that tells a user something; nil elsewhere.
    func workload(at point: Point) -> Workload?
    /// Computes one point. A failure that belongs to the point (no convergence, a negative rate) is a record with a
    /// status; only errors of the programme itself are thrown.
    func run(at point: Point, in context: StudyContext) throws -> Record
    /// How many points it is worth giving to `run(at: [Point])` together, where they cost about as much as this one; 1 where
    /// points gain nothing from company.
    func batchWidth(at point: Point) -> Int
    /// Computes several points, one record each in order. What a point's record holds must not depend on the others.
    func run(at points: [Point], in context: StudyContext) throws -> [Record]
    /// Completes an older record (made before an observable was added) without solving again, where what it keeps
    /// allows that; nil: run again.
    func completed(_ record: Record, at point: Point, in context: StudyContext) throws -> Record?
}

extension Study {
    public static var inputs: [InputSpec] { [] }
    public var consumedAxes: [String] { [] }
    public var consumedValues: [String: [Double]] { [:] }
    public var costAxes: [String] { axes.filter { $0 == "N" } }
    public func memory(at samples: [Point], count: Int) -> Memory { Memory() }
    public func sharedBytes(at samples: [Point], ranks: Int) -> Double? { nil }
    public func sharedSeconds(at point: Point, ranks: Int) -> Double? { nil }
    public var wantedRanks: Int? { nil }
    public func workload(at point: Point) -> Workload? { nil }
    public func batchWidth(at point: Point) -> Int { 1 }
    public func run(at points: [Point], in context: StudyContext) throws -> [Record] { try points.map { try run(at: $0, in: context) } }
    public func completed(_ record: Record, at point: Point, in context: StudyContext) throws -> Record? { nil }
}

/// Expected seconds on one core.
public struct Cost: Sendable {
    public var seconds: Double
    public init(seconds: Double) { self.seconds = seconds }
}

/// Expected bytes beyond what the programme takes before it computes.
public struct Memory: Sendable {
    /// At the worst moment.
    public var peak: Double
    /// Of these, what stays while another study has its turn at the same points.
    public var kept: Double
    /// Of the peak, scratch that all studies of a worker share and that is never given back.
    public var scratch: Double
    public init(peak: Double = 0, kept: Double = 0, scratch: Double = 0) {
        self.peak = peak
        self.kept = kept
        self.scratch = scratch
    }
}

/// An input of a study that may be given in its options or swept as the axis `study.input`.
public struct InputSpec: Sendable {
    public let name: String
    public let meaning: String
    public init(name: String, meaning: String) {
        self.name = name
        self.meaning = meaning
    }
}

/// All that a study is told when a job is read.
public struct StudySetup: Sendable {
    public let model: Model
    public let options: Options
    /// The job's `tolerances`, completed with defaults.
    public let tolerances: Tolerances
    /// Names of the sweep's axes in job order.
    public let sweepAxes: [String]
    /// Values of the sweep's axes, each in job order, for studies that consume an axis.
    public let axisValues: [String: [Double]]
    /// Values fixed by the job that are no model parameters: a constant `N`, study inputs (`study.input`).
    public let constants: [String: Double]
    /// One for all studies of a job: what it finds out about the model is found once.
    let forecast: MemoryForecast

    /// - Parameter other: the setup of another study of the same job.
    public init(model: Model, options: Options, tolerances: Tolerances = Tolerances(), sweepAxes: [String], axisValues: [String: [Double]] = [:],
                constants: [String: Double] = [:], sharing other: StudySetup? = nil) {
        forecast = other?.forecast ?? MemoryForecast(model: model)
        self.model = model
        self.options = options
        self.tolerances = tolerances
        self.sweepAxes = sweepAxes
        self.axisValues = axisValues
        self.constants = constants
    }
}

/// Accuracy demanded of every point; the keys of the job's `tolerances`.
public struct Tolerances: Equatable, Sendable {
    /// Greatest norm of Lρ outside the kept multipoles, relative to the damping scale there.
    public var leak = 1e-9
    /// Greatest estimated error of an expectation value (of operators scaled to order one) before a steady state is
    /// `unresolved`.
    public var state = 1e-6
    /// Greatest estimated relative error of a gap before it is `unresolved`.
    public var gap = 1e-4
    public init() {}
    /// Key, default and meaning of each, for the job decoder, the schema and the docs.
    public static let keys: [(name: String, path: WritableKeyPath<Tolerances, Double>, meaning: String)] = [
        ("leak", \.leak, "greatest norm of L rho outside the kept multipoles, relative to the damping scale there"),
        ("state", \.state, "greatest estimated error of a steady-state expectation value before the point is unresolved"),
        ("gap", \.gap, "greatest estimated relative error of a gap before it is unresolved"),
    ]
}

/// What a worker keeps between points (solvers with cached factorisations). One per worker, used by one thread.
public final class StudyContext {
    private var services: [ObjectIdentifier: AnyObject] = [:]
    /// Ranks that share the points computed now; nil: this one is by itself. See `shared(with:_:)`.
    public internal(set) var group: ProcessGroup?
    /// Finds full spectra in the place of LAPACK on this rank: the group, while there is one.
    public var spectrumSolver: (any SpectrumSolver)?
    /// Reads kept states; nil where there are no archives to read (tests).
    public var keptStates: (any KeptStates)?
    public init(keptStates: (any KeptStates)? = nil) { self.keptStates = keptStates }
    /// Frees what is kept between points: memory for one that is shared.
    func forget() { services = [:] }
    /// The worker's instance of `Service`, made on first use.
    public func service<Service: AnyObject>(_ type: Service.Type = Service.self, make: () -> Service) -> Service {
        if let known = services[ObjectIdentifier(type)] { return known as! Service }
        let made = make()
        services[ObjectIdentifier(type)] = made
        return made
    }
}

/// Where studies find states that an earlier run has kept. The programme that can read archives provides it.
public protocol KeptStates: Sendable {
    /// The record of `steadyState` at a point.
    /// - Parameters:
    ///   - archive: path of the archive.
    ///   - values: of N and all parameters; the archive's axes are looked up among them.
    /// - Throws: `InputError` where there is no such archive, or no such point in it.
    func steadyState(archive: String, at values: [String: Double]) throws -> Record
}
