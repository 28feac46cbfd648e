import Semiclassics
import SpinAlgebra

/// Branches of mean-field fixed points over one parameter, which is a sweep axis: one record for the whole axis.
public struct BranchesStudy: Study {
    public static let name = "branches"
    public static let summary = "Branches of mean-field fixed points over a parameter, with saddle-nodes, Hopf and branch points"
    public static let options: [OptionSpec] = [
        OptionSpec("over", .text, help: "required: the axis of the sweep along which branches are followed; the study takes it up as a whole"),
        OptionSpec("from", .number(-1e300...1e300), help: "beginning of the range; default: the axis' least value"),
        OptionSpec("to", .number(-1e300...1e300), help: "end of the range; default: the axis' greatest value"),
    ]

    private let model: Model
    private let constants: [String: Double]
    private let over: String
    private let range: ClosedRange<Double>
    public let axes: [String]
    public var consumedAxes: [String] { [over] }
    public var consumedValues: [String: [Double]] { [over: [range.lowerBound, range.upperBound]] }

    public init(setup: StudySetup) throws {
        try setup.model.checkExtensive()
        model = setup.model
        constants = setup.constants
        let over = try ConsumedAxis.name(option: "over", setup)
        self.over = over
        range = try ConsumedAxis.range(over, setup)
        axes = SemiclassicalInputs.axes(setup).filter { $0 != over }
    }

    public var outputs: [OutputSpec] {
        let branch = OutputAxis(name: "branch", extent: nil), point = OutputAxis(name: "branch_point", extent: nil)
        let bifurcation = OutputAxis(name: "bifurcation", extent: nil), component = SemiclassicalInputs.component
        return [
            OutputSpec("branch_parameter", axes: [branch, point], meaning: "\(over) along each branch; shorter branches end in NaN"),
            OutputSpec("branch_spin", axes: [branch, point, component], meaning: "fixed points along each branch as unit vectors"),
            OutputSpec("branch_type", kind: .integer, axes: [branch, point], meaning: "0: attractor, 1: saddle, 2: repeller, 3: marginal"),
            OutputSpec("branch_eigenvalue", kind: .complex, axes: [branch, point, OutputAxis(name: "eigenvalue_index", extent: 2)], dimension: .rate,
                       meaning: "eigenvalues of the linearised mean field along each branch, greater real part first"),
            OutputSpec("branch_count", kind: .integer, meaning: "number of branches"),
            OutputSpec("branches_complete", kind: .integer, meaning: "1: all branches met were followed to their ends; 0: see the reason"),
            OutputSpec("bifurcation_parameter", axes: [bifurcation], meaning: "\(over) at bifurcations, ascending"),
            OutputSpec("bifurcation_kind", kind: .integer, axes: [bifurcation], meaning: "0: saddle-node, 1: Hopf, 2: branch point (pitchfork, transcritical)"),
            OutputSpec("bifurcation_spin", axes: [bifurcation, component], meaning: "the fixed point at each bifurcation"),
        ]
    }

    /// Measured on one core: some thousand symbols.
    public func cost(at point: Point) -> Cost { Cost(seconds: 0.4) }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let diagram = try BranchDiagram(over: range) { value in
                MeanField(try SemiclassicalInputs.symbol(model, point, constants, [over: value]))
            }
            return Record(status: diagram.isComplete ? .ok : .degenerate, reason: diagram.reason, outputs: outputs(of: diagram))
        }
    }

    private func outputs(of diagram: BranchDiagram) -> [String: OutputArray] {
        let branches = diagram.branches, length = branches.map(\.points.count).max() ?? 0, found = diagram.bifurcations
        func table(_ width: Int, _ values: (FixedPoint) -> [Double]) -> [Double] {
            branches.flatMap { SemiclassicalInputs.padded($0.points.map(values), to: length, width: width) }
        }
        let shape = [branches.count, length]
        return [
            "branch_parameter": OutputArray(shape: shape, data: branches.flatMap { SemiclassicalInputs.padded($0.parameters.map { [$0] }, to: length, width: 1) }),
            "branch_spin": OutputArray(shape: shape + [3], data: table(3) { SemiclassicalInputs.components($0.spin) }),
            "branch_type": OutputArray(shape: shape, data: table(1) { [Double($0.kind.rawValue)] }),
            "branch_eigenvalue": OutputArray(shape: shape + [2], data: table(4, SemiclassicalInputs.eigenvalues), isComplex: true),
            "branch_count": OutputArray(Double(branches.count)),
            "branches_complete": OutputArray(diagram.isComplete ? 1 : 0),
            "bifurcation_parameter": OutputArray(found.map(\.parameter)),
            "bifurcation_kind": OutputArray(found.map { Double($0.kind.rawValue) }),
            "bifurcation_spin": OutputArray(shape: [found.count, 3], data: found.flatMap { SemiclassicalInputs.components($0.spin) }),
        ]
    }
}
