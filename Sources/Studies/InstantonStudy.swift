import Semiclassics
import SpinAlgebra

/// Activation barriers between the attractors of the classical spin (N → ∞). Depends on no N.
public struct InstantonStudy: Study {
    public static let name = "instanton"
    public static let summary = "instantons and barriers A_ij (rates ~ exp(-j A)) in Husimi Q, Glauber-Sudarshan P and semiclassical Wigner"
    public static let options: [OptionSpec] = [
        SemiclassicalInputs.representationsOption,
        OptionSpec("attractors", .integer(2...6), default: .integer(2), help: "number of attractors that there is room for"),
        OptionSpec("path", .integer(0...1000), default: .integer(0), help: "number of points stored along each instanton"),
        SemiclassicalInputs.planesOption,
    ]
    /// Places for exits in an archive.
    private static let exitExtent = 12

    private let model: Model
    private let constants: [String: Double]
    private let representations: [Representation]
    private let stateCount: Int
    private let pathCount: Int
    private let usesPlanes: Bool
    private let isPlanar: Bool
    public let axes: [String]

    public init(setup: StudySetup) throws {
        try setup.model.checkExtensive()
        model = setup.model
        constants = setup.constants
        axes = SemiclassicalInputs.axes(setup)
        let options = Self.reader(setup.options)
        representations = try SemiclassicalInputs.representations(options)
        stateCount = options.integer("attractors")
        pathCount = options.integer("path")
        usesPlanes = options.flag("planes")
        isPlanar = usesPlanes && SemiclassicalInputs.isPlanar(setup)
    }

    public var outputs: [OutputSpec] {
        let representation = SemiclassicalInputs.representation, component = SemiclassicalInputs.component
        let from = OutputAxis(name: "from_state", extent: stateCount), to = OutputAxis(name: "to_state", extent: stateCount)
        let state = OutputAxis(name: "attractor_index", extent: stateCount), exit = OutputAxis(name: "exit_index", extent: Self.exitExtent)
        var list = [
            OutputSpec("barrier", axes: [representation, from, to],
                       meaning: "barrier A in units of j: the rate from one attractor to the other ~ exp(-j A)"),
            OutputSpec("barrier_error", axes: [representation, from, to],
                       meaning: "change of the barrier in a second run with finer steps or smaller end circles"),
            OutputSpec("barrier_certificate", axes: [from, to], meaning: "|A in Q - A in P|, which are equal exactly"),
            OutputSpec("barrier_exit", kind: .integer, axes: [representation, from, to],
                       meaning: "index of the unstable fixed point that the instanton of the barrier leads to"),
            OutputSpec("action", axes: [representation, from, exit],
                       meaning: "action of the instanton from each attractor to each unstable fixed point between basins"),
            OutputSpec("action_residual", axes: [representation, from, exit],
                       meaning: "mismatch of the orbit's pieces, or greatest |H/p| along the curve"),
            OutputSpec("action_energy", axes: [representation, from, exit], dimension: .rate, meaning: "greatest |H| along the instanton"),
            OutputSpec("attractor", axes: [state, component], meaning: "attractors as unit vectors, in ascending order of the z component"),
            OutputSpec("attractor_eigenvalue", kind: .complex, axes: [state, OutputAxis(name: "eigenvalue_index", extent: 2)], dimension: .rate,
                       meaning: "eigenvalues of the linearised mean field at each attractor"),
            OutputSpec("attractors_found", kind: .integer, meaning: "number of attractors, also of those that there is no room for"),
            OutputSpec("exit_spin", axes: [exit, component], meaning: "unstable fixed points between basins as unit vectors"),
            OutputSpec("exit_type", kind: .integer, axes: [exit], meaning: "1: saddle, 2: repeller, 3: marginal"),
            OutputSpec("phase_exponent", axes: [representation, state], meaning: "w with weights of the phases ~ exp(-j w), least 0"),
            OutputSpec("gap_exponent", axes: [representation], meaning: "a with the gap ~ exp(-j a)"),
        ]
        if pathCount > 0 {
            let axes = [representation, from, to, OutputAxis(name: "path_point", extent: pathCount)]
            list += [
                OutputSpec("instanton_path", kind: .complex, axes: axes + [component],
                           meaning: "complexified unit spin along the instanton of each barrier (of SW: the real spin)"),
                OutputSpec("instanton_action", axes: axes, meaning: "action from the attractor up to each point of the path"),
            ]
        }
        return list
    }

    public func cost(at point: Point) -> Cost { Cost(seconds: SemiclassicalInputs.barrierSeconds(representations, isPlanar: isPlanar)) }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try Record.timed {
            let symbol = try SemiclassicalInputs.symbol(model, point, constants)
            let solution = BarrierSolver(symbol, representations: representations, usesPlanes: usesPlanes).solve()
            return record(solution)
        }
    }

    private func record(_ solution: BarrierSolution) -> Record {
        let found = solution.attractors.count, kept = solution.attractors.prefix(stateCount), exits = solution.exits.prefix(Self.exitExtent)
        func states(_ rows: [[Double]], _ width: Int) -> [Double] { SemiclassicalInputs.padded(rows, to: stateCount, width: width) }
        func ends(_ rows: [[Double]], _ width: Int) -> [Double] { SemiclassicalInputs.padded(rows, to: Self.exitExtent, width: width) }
        var outputs: [String: OutputArray] = [
            "attractors_found": OutputArray(Double(found)),
            "attractor": OutputArray(shape: [stateCount, 3], data: states(kept.map { SemiclassicalInputs.components($0.spin) }, 3)),
            "attractor_eigenvalue": OutputArray(shape: [stateCount, 2], data: states(kept.map(SemiclassicalInputs.eigenvalues), 4), isComplex: true),
            "exit_spin": OutputArray(shape: [Self.exitExtent, 3], data: ends(exits.map { SemiclassicalInputs.components($0.spin) }, 3)),
            "exit_type": OutputArray(shape: [Self.exitExtent], data: ends(exits.map { [Double($0.kind.rawValue)] }, 1)),
        ]
        guard solution.fixedPoints.isComplete else {
            return Record(status: .degenerate, reason: "the fixed points of the mean field are not isolated", outputs: outputs)
        }
        guard found > 1 else {
            let what = found == 0 ? "no attracting fixed point" : "one attractor only"
            return Record(status: .noBistability, reason: "the mean field has \(what)", outputs: outputs)
        }
        guard found <= stateCount else {
            let reason = "the mean field has \(found) attractors; set attractors: \(found) in the options of instanton"
            return Record(status: .failed, reason: reason, outputs: outputs)
        }
        for (name, values) in tables(solution) { outputs[name] = values }
        if pathCount > 0 { for (name, values) in paths(solution) { outputs[name] = values } }
        let (status, reason) = verdict(solution)
        return Record(status: status, reason: reason, outputs: outputs)
    }

    private func verdict(_ solution: BarrierSolution) -> (Status, String) {
        if let first = solution.fragile.min() {
            let place = CanonicalNumber.string((solution.attractors[first].spin.z * 1e6).rounded() / 1e6)
            return (.saddleNode, "attractor \(first + 1) at n_z = \(place) is about to merge with an unstable fixed point")
        }
        let worst = SemiclassicalInputs.certificate(solution)
        if worst > SemiclassicalInputs.greatestCertificate {
            return (.notConverged, "barriers in Q and P, which are equal exactly, differ by \(worst)")
        }
        let open = representations.contains { representation in
            solution.basins.contains { pair in
                pair.contains { i in pair.contains { $0 != i && solution.barrier(representation, from: i, to: $0).isNaN } }
            }
        }
        if open { return (.notConverged, solution.complaints.first ?? "no instanton leads from an attractor to the boundary of its basin") }
        // Basins that touch at no fixed point are parted by a cycle.
        guard representations.allSatisfy({ MetastableChain(barriers: solution.barriers($0)).weightExponents.allSatisfy(\.isFinite) }) else {
            return (.notConverged, "no unstable fixed point lies between the basins of all attractors: a repelling limit cycle parts them")
        }
        return (.ok, "")
    }

    private func tables(_ solution: BarrierSolution) -> [String: OutputArray] {
        let count = stateCount, exits = Self.exitExtent
        func pairs(_ value: (Representation, Int, Int) -> Double) -> OutputArray {
            OutputArray(shape: [3, count, count], data: SemiclassicalInputs.byRepresentation(representations, width: count * count) { r in
                (0..<count).flatMap { from in
                    (0..<count).map { to in from < solution.attractors.count && to < solution.attractors.count ? value(r, from, to) : .nan }
                }
            })
        }
        func perExit(_ value: (Instanton) -> Double) -> OutputArray {
            OutputArray(shape: [3, count, exits], data: SemiclassicalInputs.byRepresentation(representations, width: count * exits) { r in
                (0..<count).flatMap { from in
                    (0..<exits).map { exit in
                        guard from < solution.attractors.count, exit < solution.exits.count else { return .nan }
                        return solution.instantons[r]?[from][exit].map(value) ?? .nan
                    }
                }
            })
        }
        func instanton(_ r: Representation, _ from: Int, _ to: Int) -> Instanton? {
            from == to ? nil : solution.exit(r, from: from, to: to).flatMap { solution.instantons[r]?[from][$0] }
        }
        let chains = representations.map { ($0, MetastableChain(barriers: solution.barriers($0))) }
        func chain(_ r: Representation) -> MetastableChain? { chains.first { $0.0 == r }?.1 }
        return [
            "barrier": pairs { solution.barrier($0, from: $1, to: $2) },
            "barrier_error": pairs { instanton($0, $1, $2)?.error ?? .nan },
            "barrier_exit": pairs { r, from, to in from == to ? .nan : solution.exit(r, from: from, to: to).map(Double.init) ?? .nan },
            "barrier_certificate": OutputArray(shape: [count, count], data: (0..<count * count).map { k in
                let (from, to) = (k / count, k % count)
                guard from < solution.attractors.count, to < solution.attractors.count else { return .nan }
                return abs(solution.barrier(.q, from: from, to: to) - solution.barrier(.p, from: from, to: to))
            }),
            "action": perExit(\.action), "action_residual": perExit(\.residual), "action_energy": perExit(\.energy),
            "phase_exponent": OutputArray(shape: [3, count], data: SemiclassicalInputs.byRepresentation(representations, width: count) { r in
                (chain(r)?.weightExponents ?? []) + [Double](repeating: .nan, count: count - solution.attractors.count)
            }),
            "gap_exponent": OutputArray(shape: [3], data: SemiclassicalInputs.byRepresentation(representations, width: 1) {
                [chain($0)?.gapExponent ?? .nan]
            }),
        ]
    }

    private func paths(_ solution: BarrierSolution) -> [String: OutputArray] {
        let count = stateCount, length = pathCount
        var spins: [Double] = [], actions: [Double] = []
        for r in Representation.allCases {
            for from in 0..<count {
                for to in 0..<count {
                    let hasBoth = from != to && from < solution.attractors.count && to < solution.attractors.count
                    let exit = hasBoth ? solution.exit(r, from: from, to: to) : nil
                    let whole = exit.flatMap { solution.instantons[r]?[from][$0] }
                    let chosen = whole.map { instanton in instanton.places(length).map { (instanton, $0) } } ?? []
                    for (instanton, k) in chosen {
                        let n = instanton.path[k]
                        spins += [n.re.x, n.im.x, n.re.y, n.im.y, n.re.z, n.im.z]
                        actions.append(instanton.actions[k])
                    }
                    spins += [Double](repeating: .nan, count: 6 * (length - chosen.count))
                    actions += [Double](repeating: .nan, count: length - chosen.count)
                }
            }
        }
        return ["instanton_path": OutputArray(shape: [3, count, count, length, 3], data: spins, isComplex: true),
                "instanton_action": OutputArray(shape: [3, count, count, length], data: actions)]
    }
}

extension Instanton {
    /// Indices of at most `count` points of the path, spread evenly over its length.
    fileprivate func places(_ count: Int) -> [Int] {
        guard path.count > count else { return Array(path.indices) }
        var lengths = [0.0]
        for k in 1..<path.count {
            let a = path[k].re - path[k - 1].re, b = path[k].im - path[k - 1].im
            lengths.append(lengths[k - 1] + ((a * a).sum() + (b * b).sum()).squareRoot())
        }
        guard count > 1, let whole = lengths.last else { return [0] }
        var chosen: [Int] = []
        for k in 0..<count {
            let wanted = whole * Double(k) / Double(count - 1)
            let nearest = lengths.indices.min { abs(lengths[$0] - wanted) < abs(lengths[$1] - wanted) }!
            // Strictly on, leaving enough for those to come.
            chosen.append(min(max(nearest, (chosen.last ?? -1) + 1), path.count - count + k))
        }
        return chosen
    }
}
