import Studies

/// What a run is to compute: studies, each with its own grid. Holds no points, so that 10⁹ of them cost nothing; every
/// rank makes the same plan from the job's text, and from the points that rank 0 says have been inserted (`Wire.grow`).
public struct RunPlan: Sendable {
    public let title: String
    /// Bytes of the job file.
    public let jobText: [UInt8]
    public let studies: [any Study]
    /// Where workers find states kept by other runs.
    let keptStates: (any KeptStates)?
    /// Studies over the same axes go together: they share the points, and a worker's cached solution serves them all.
    let parts: [Part]
    /// nil: no axis is refined.
    let refinement: Refinement?
    /// Points that refinement has inserted so far, each with the axes of the study that called for it.
    let inserted: [Point]
    /// The sweep without them.
    private let sweep: Grid?

    struct Part: Sendable {
        /// Indices into the plan's studies.
        let studies: [Int]
        let grid: Grid
        let spinAxis: Int?
        /// Most expensive first.
        let classes: [CostClass]

        /// Bit k stands for the k-th study of the part.
        var allStudies: UInt64 { studies.count == 64 ? .max : (1 << UInt64(studies.count)) - 1 }
    }

    /// - Precondition: one grid a study, the sweep's projected on the study's axes; at most 64 studies.
    public init(title: String, jobText: [UInt8], studies: [any Study], grids: [Grid], keptStates: (any KeptStates)? = nil) {
        self.init(title: title, jobText: jobText, studies: studies, grids: grids, keptStates: keptStates, refinement: nil, sweep: nil, inserted: [])
    }

    /// A plan that grows: points are inserted between those of the sweep.
    public init(title: String, jobText: [UInt8], studies: [any Study], sweep: Grid, keptStates: (any KeptStates)? = nil, refinement: Refinement?) {
        self.init(title: title, jobText: jobText, studies: studies, grids: studies.map { sweep.projected(on: $0.axes) }, keptStates: keptStates,
                  refinement: refinement, sweep: sweep, inserted: [])
    }

    /// The plan with these points inserted, in the place of those it has inserted now.
    func inserting(_ points: [Point]) -> RunPlan {
        guard let refinement, let sweep else { return self }
        let grown = sweep.inserting(points, along: refinement.axis)
        return RunPlan(title: title, jobText: jobText, studies: studies, grids: studies.map { grown.projected(on: $0.axes) }, keptStates: keptStates,
                       refinement: refinement, sweep: sweep, inserted: points)
    }

    private init(title: String, jobText: [UInt8], studies: [any Study], grids: [Grid], keptStates: (any KeptStates)?, refinement: Refinement?, sweep: Grid?, inserted: [Point]) {
        precondition(studies.count == grids.count && studies.count <= 64)
        self.title = title
        self.jobText = jobText
        self.studies = studies
        self.keptStates = keptStates
        self.refinement = refinement
        self.sweep = sweep
        self.inserted = inserted
        var groups: [(axes: [String], members: [Int])] = []
        for (number, study) in studies.enumerated() {
            if let place = groups.firstIndex(where: { $0.axes == study.axes }) { groups[place].members.append(number) } else { groups.append((study.axes, [number])) }
        }
        parts = groups.map { group in
            let grid = grids[group.members[0]], members = group.members.map { studies[$0] }
            return Part(studies: group.members, grid: grid, spinAxis: grid.axisNames.firstIndex(of: "N"), classes: CostClass.all(of: grid, studies: members))
        }
    }

    /// Number of records.
    public var count: Int { parts.reduce(0) { $0 + $1.grid.count * $1.studies.count } }

    /// Number of records by N, where it is an axis.
    var countBySpinCount: [Int: Int] {
        parts.reduce(into: [:]) { totals, part in
            guard let axis = part.spinAxis else { return }
            for (value, count) in part.grid.counts(ofAxis: axis) { totals[Int(value), default: 0] += count * part.studies.count }
        }
    }

    /// What is expected of one worker, in total.
    public var expectedSeconds: Double {
        parts.reduce(0) { sum, part in part.classes.reduce(sum) { $0 + $1.seconds.reduce(0, +) * Double($1.count) } }
    }

    /// What the longest study of a point is expected to take on one core.
    public var longestPointSeconds: Double {
        parts.reduce(0) { most, part in part.classes.reduce(most) { max($0, $1.seconds.max() ?? 0) } }
    }

    /// Greatest memory that a point is expected to need.
    public var greatestBytes: Double {
        parts.reduce(0) { most, part in part.classes.reduce(most) { max($0, bytes($1, in: part)) } }
    }

    /// Greatest memory that a point of a class is expected to need: of the study that needs most, with what the others keep and the scratch they share.
    /// Not for every rank to know: it takes a look at the model.
    /// - Parameter members: places among the part's studies; nil: all of them.
    func bytes(_ costClass: CostClass, in part: Part, only members: [Int]? = nil) -> Double {
        let samples = costClass.sampleOrdinals.map { part.grid[costClass.gridIndex($0)] }
        let needs = (members ?? Array(part.studies.indices)).map { studies[part.studies[$0]].memory(at: samples, count: costClass.count) }
        let kept = needs.reduce(0) { $0 + $1.kept }, scratch = needs.reduce(0) { max($0, $1.scratch) }
        return needs.map { $0.peak + kept - $0.kept + scratch - $0.scratch }.max() ?? 0
    }
}
