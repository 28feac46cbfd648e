import Studies

/// A key of the job file. The decoder, the schema and the messages share these tables.
struct JobKey: Sendable {
    let name: String
    let isRequired: Bool
    let help: String

    init(_ name: String, required: Bool = false, _ help: String) {
        self.name = name
        isRequired = required
        self.help = help
    }
}

enum JobKeys {
    static let job = [
        JobKey("title", "title of archive and plots; default: the file's name"),
        JobKey("units", "labels of the job's unit system"),
        JobKey("model", required: true, "the master equation: preset, or hamiltonian with jumps and parameters"),
        JobKey("sweep", required: true, "the grid: one entry an axis, in the order of the archive's dimensions"),
        JobKey("studies", required: true, "what to compute at every point"),
        JobKey("tolerances", "accuracy demanded of every point"),
    ]
    static let units = [
        JobKey("energy", "label of the unit of energy, such as hbar*gamma"),
        JobKey("time", "label of the unit of time, such as 1/gamma"),
    ]
    static let model = [
        JobKey("preset", "name of a ready model; macrospin models prints them"),
        JobKey("hamiltonian", "expression in Jx Jy Jz Jp Jm, N, j, parameters and axes"),
        JobKey("jumps", "list of {rate, operator}, each a term of the master equation"),
        JobKey("parameters", "constants by name; expressions of other parameters are allowed"),
    ]
    static let jump = [
        JobKey("rate", "expression of parameters, real and non-negative; default 1"),
        JobKey("operator", required: true, "jump operator as an expression in Jx Jy Jz Jp Jm"),
    ]
    static let axis = [
        JobKey("values", "list of numbers"),
        JobKey("from", "first value"),
        JobKey("to", "last value, included"),
        JobKey("points", "number of values from first to last"),
        JobKey("step", "distance between values; must lead from first to last in whole steps"),
        JobKey("log", "true: equal ratios instead of equal distances (with points)"),
        JobKey("label", "label of the axis in plots"),
        JobKey("unit", "unit of the axis in plots and archive"),
        JobKey("refine", "insert values where an output jumps or has its minimum"),
    ]
    static let refine = [
        JobKey("on", required: true, "output of a study that decides, such as jz or gap; a list of them, or a map from them to what is looked for"),
        JobKey("until", required: true, "distance of values at which refinement stops, in the unit of the axis"),
        JobKey("near", "jump, steepest, minimum, maximum or zero; default: minimum for gap, jump for others"),
        JobKey("limit", "most values inserted on one line; default 100"),
    ]
    /// Keys of `sweep` that are no axes.
    static let grid = [
        JobKey("zip", "list of lists of axes that advance together instead of forming a product"),
        JobKey("points", "explicit list of points, each a map from axis names to values"),
        JobKey("where", "condition that a point must fulfil, such as Gamma < 2*Omega and not N == 40"),
    ]
    static let tolerances = Tolerances.keys.map { JobKey($0.name, $0.meaning) }
}
