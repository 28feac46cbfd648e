import Foundation
import SpinAlgebra
import Studies

/// A job file, read and checked: what physics, which grid, what to compute.
public struct Job: Sendable {
    public struct StudyEntry: Sendable {
        public let name: String
        public let study: any Study
        /// As given, without defaults.
        public let options: Options
    }

    /// The file's name without extension if the job has none.
    public let title: String
    /// Labels of the unit system; empty if the job does not say.
    public let energyUnit: String
    public let timeUnit: String
    public let model: Model
    /// Name of the preset, if the model is one.
    public let preset: String?
    /// Without the points that refinement inserts.
    public let grid: Grid
    /// nil: no axis is refined.
    public let refinement: Refinement?
    /// In the order of the file.
    public let entries: [StudyEntry]
    public let tolerances: Tolerances
    /// Inputs of studies fixed among their options, as `study.input`.
    public let constants: [String: Double]
    /// The file, byte for byte.
    public let text: [UInt8]
    public let path: String

    /// Reads and checks a job file.
    /// - Throws: `InputError` with file, line, column and key path.
    public static func load(path: String, catalogue: [any Study.Type] = StudyCatalogue.withHidden) throws -> Job {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw InputError(file: path, "there is no such file", hint: "give the path of a job file, such as jobs/bistable-transition.yaml")
        }
        if isFolder.boolValue { throw InputError(file: path, "this is a folder, not a job file") }
        let data: Data
        do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw InputError(file: path, "the file cannot be read: \(error.localizedDescription)", hint: "check its permissions")
        }
        return try Job(text: [UInt8](data), path: path, catalogue: catalogue)
    }

    /// - Parameter path: for messages, and for the title if the job has none.
    /// - Throws: `InputError`.
    public init(text: [UInt8], path: String, catalogue: [any Study.Type] = StudyCatalogue.withHidden) throws {
        self.text = text
        self.path = path
        let root = JobNode(root: try YAMLReader.read(text, file: path), file: path)
        try Self.checkPlaceOfGridKeys(root)
        let keys = try root.map(JobKeys.job)
        func node(_ name: String) -> JobNode { keys[name] ?? root }     // required keys are there: `map` has checked

        title = try keys["title"]?.text() ?? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        let units = try keys["units"]?.map(JobKeys.units) ?? [:]
        energyUnit = try units["energy"]?.text("a label") ?? ""
        timeUnit = try units["time"]?.text("a label") ?? ""
        tolerances = try keys["tolerances"].map(Self.tolerances) ?? Tolerances()

        let modelDecoder = try ModelDecoder(node("model"))
        model = modelDecoder.model
        preset = model.preset
        let studies = try StudyDecoder.all(node("studies"), catalogue: catalogue)
        constants = studies.reduce(into: [:]) { $0.merge($1.constants) { $1 } }
        let inputs = studies.flatMap { study in study.type.inputs.map { "\(study.name).\($0.name)" } }
        let names = AxisNames(model: model, constants: modelDecoder.constants, inputs: inputs)
        // Before the axes: of a slip in an expression and the axis that it leaves idle, the slip is the one to show.
        try modelDecoder.checkNames(axes: SweepDecoder.axisNames(in: node("sweep")))
        let sweep = try SweepDecoder(node: node("sweep"), names: names).decode()
        for study in studies {
            if let both = study.constants.keys.sorted().first(where: { sweep.nodes[$0] != nil }) {
                throw (sweep.nodes[both] ?? node("sweep")).keyError("\(both) is both an option of \(study.name) and an axis", hint: "remove one of them")
            }
        }
        let axes = sweep.axes.map(\.name)
        grid = try GridBuilder(sweep: sweep, model: model, node: node("sweep")).grid()

        let setup = StudySetup(model: model, options: Options(), tolerances: tolerances, sweepAxes: axes,
                               axisValues: Dictionary(uniqueKeysWithValues: sweep.axes.map { ($0.name, $0.values) }), constants: constants)
        var made: [(decoder: StudyDecoder, study: any Study)] = []
        for decoder in studies {
            if !axes.contains("N"), try decoder.make(setup, model: modelDecoder, axes: ["N"] + axes).axes.contains("N") {
                throw node("sweep").error("the study \(decoder.name) needs the number of spins", hint: "add N to the sweep, for example  N: [20, 40]")
            }
            made.append((decoder, try decoder.make(setup, model: modelDecoder)))
        }
        let used = Set(made.flatMap { $0.study.axes + $0.study.consumedAxes })
        if let idle = axes.first(where: { !used.contains($0) }) {
            throw (sweep.nodes[idle] ?? node("sweep")).keyError("nothing uses the axis \(idle): no study of this job depends on it", hint: "remove it, or add a study that does")
        }
        try OutputNames.check(axes: sweep.nodes, studies: made)
        let list = made.map { ($0.decoder.name, $0.study) }, coarse = grid
        refinement = try sweep.refined.map { try RefinementDecoder(source: $0, grid: coarse, studies: list).decode() }
        entries = made.map { StudyEntry(name: $0.decoder.name, study: $0.study, options: $0.decoder.options) }
    }

    /// The grid with the points that refinement has inserted so far (see `Ledger.insertedPoints`).
    public func grid(inserting points: [Point]) -> Grid { refinement.map { grid.inserting(points, along: $0.axis) } ?? grid }

    private static func tolerances(_ node: JobNode) throws -> Tolerances {
        var tolerances = Tolerances()
        let keys = try node.map(JobKeys.tolerances)
        for (name, path, _) in Tolerances.keys {
            guard let value = keys[name] else { continue }
            let number = try value.number("a positive number")
            guard number > 0 else { throw value.mismatch("a positive number") }
            tolerances[keyPath: path] = number
        }
        return tolerances
    }

    /// `zip`, `points` and `where` belong into `sweep`; at the top they are a likely slip.
    private static func checkPlaceOfGridKeys(_ root: JobNode) throws {
        for entry in (try? root.entries()) ?? [] where JobKeys.grid.contains(where: { $0.name == entry.key }) {
            throw entry.value.unknownKey(entry.key, among: [], hint: "write it inside sweep")
        }
    }
}
