import Semiclassics
import SpinAlgebra

/// What the studies of the classical limit share: axes without N, symbols, and how errors of a point become records.
enum SemiclassicalInputs {
    /// Every sweep axis that is a parameter of the model; never N.
    static func axes(_ setup: StudySetup) -> [String] {
        let parameters = parameters(setup.model)
        return setup.sweepAxes.filter { parameters.contains($0) }
    }

    static func parameters(_ model: Model) -> Set<String> { model.freeNames.union(model.parameters.map(\.name)).subtracting(["N"]) }

    /// The classical limit at a point.
    /// - Parameter more: values beside the point's, such as that of a consumed axis.
    /// - Throws: `ModelError`, `EvaluationError`.
    static func symbol(_ model: Model, _ point: Point, _ constants: [String: Double], _ more: [String: Double] = [:]) throws -> ClassicalSymbol {
        let all = constants.merging(point.dictionary) { $1 }.merging(more) { $1 }
        return try model.classicalSymbol(all.filter { !$0.key.contains(".") && $0.key != "N" })
    }

    /// Whether instantons lie in planes of reflection symmetry, where they take a hundredth of the time: as the middle of the sweep
    /// tells.
    static func isPlanar(_ setup: StudySetup) -> Bool {
        let middle = setup.axisValues.compactMapValues { values in values.isEmpty ? nil : values.sorted()[values.count / 2] }
        let known = middle.filter { parameters(setup.model).contains($0.key) }
        guard let symbol = try? symbol(setup.model, Point(axes: [], values: []), setup.constants, known) else { return true }
        return BarrierSolver(symbol).isPlanar
    }

    /// Expected seconds for the barriers of one point. Measured on one core: without a plane semiclassical Wigner is searched for,
    /// and the exact orbit followed from there, which is one for Q and P.
    static func barrierSeconds(_ representations: [Representation], isPlanar: Bool) -> Double {
        if isPlanar { return 0.04 * Double(representations.count) }
        return 1 + (representations == [.semiclassicalWigner] ? 0 : 3.3)
    }

    static let component = OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])

    /// Rows of equal width, those that are missing NaN.
    static func padded(_ rows: [[Double]], to count: Int, width: Int) -> [Double] {
        let kept = rows.prefix(count).flatMap { $0 }
        return kept + [Double](repeating: .nan, count: count * width - kept.count)
    }

    static func components(_ m: SIMD3<Double>) -> [Double] { [m.x, m.y, m.z] }
    static func eigenvalues(_ point: FixedPoint) -> [Double] {
        [point.eigenvalues.0.re, point.eigenvalues.0.im, point.eigenvalues.1.re, point.eigenvalues.1.im]
    }

    static let representation = OutputAxis(name: "representation", extent: 3, labels: Representation.allCases.map(\.rawValue))

    static let representationsOption = OptionSpec("representations", .choices(Representation.allCases.map(\.rawValue)),
                                                  help: "which of Q, P and SW (semiclassical Wigner); all unless given")
    static let planesOption = OptionSpec("planes", .flag, default: .flag(true),
                                         help: "make use of invariant planes where the model has a reflection symmetry")

    /// What `representations: [Q, SW]` says; all where nothing is said.
    static func representations(_ options: OptionReader) throws -> [Representation] {
        guard options.has("representations") else { return Representation.allCases }
        let names = options.choices("representations")
        guard !names.isEmpty else {
            throw OptionError(path: ["representations"], message: "the list is empty", hint: "name at least one of Q, P, SW")
        }
        return Representation.allCases.filter { names.contains($0.rawValue) }
    }

    /// Rows in the order Q, P, SW, NaN for those that are not computed.
    static func byRepresentation(_ computed: [Representation], width: Int, _ values: (Representation) -> [Double]) -> [Double] {
        Representation.allCases.flatMap { computed.contains($0) ? values($0) : [Double](repeating: .nan, count: width) }
    }

    /// Greatest difference of barriers in Q and in P at which both are believed.
    static let greatestCertificate = 1e-8

    /// Greatest difference between the barriers in Q and in P; 0 where only one is known.
    static func certificate(_ solution: BarrierSolution) -> Double {
        let states = solution.attractors.indices
        return states.flatMap { i in states.map { abs(solution.barrier(.q, from: i, to: $0) - solution.barrier(.p, from: i, to: $0)) } }
            .filter { !$0.isNaN }.max() ?? 0
    }
}
