import Lindblad
import Numbers
import SpinAlgebra

/// The Liouvillian gap (asymptotic decay rate) and the slowest modes over all symmetry sectors.
public struct GapStudy: Study {
    public static let name = "gap"
    public static let summary = "Liouvillian gap and slowest modes over all symmetry sectors"
    public static let options: [OptionSpec] = [
        OptionSpec("modes", .integer(1...64), default: .integer(1), help: "number of slow modes, a conjugate pair counted once"),
        OptionSpec("sectors", .integer(1...64), help: "also the gap of each of so many symmetry sectors"),
        OptionSpec("keep", .choices(["modes"]), help: "modes: store the multipole coefficients of the right eigenvectors"),
    ]

    private let model: Model
    private let tolerances: Tolerances
    private let constants: [String: Double]
    private let count: Int
    /// Sectors told apart; 0: none.
    private let sectorCount: Int
    private let keepsModes: Bool
    private let forecast: MemoryForecast
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        forecast = setup.forecast
        tolerances = setup.tolerances
        constants = setup.constants
        axes = LindbladInputs.axes(setup)
        let options = Self.reader(setup.options)
        count = options.integer("modes")
        sectorCount = options.integerIfGiven("sectors") ?? 0
        keepsModes = options.choices("keep").contains("modes")
    }

    public var outputs: [OutputSpec] {
        let mode = OutputAxis(name: "mode", extent: count)
        var list = [
            OutputSpec("gap", dimension: .rate, meaning: "Liouvillian gap: least decay rate of all modes that are not stationary"),
            OutputSpec("gap_error", dimension: .rate, meaning: "estimated error of the gap; for an unresolved point a bound on the gap"),
            OutputSpec("eigenvalue", kind: .complex, axes: [mode], dimension: .rate,
                       meaning: "eigenvalues of the slowest modes in order of decay rate, the upper one of each conjugate pair"),
            OutputSpec("mode_error", axes: [mode], dimension: .rate, meaning: "estimated error of the eigenvalue from truncation and rounding"),
            OutputSpec("mode_residual", axes: [mode], dimension: .rate, meaning: "norm of L v - lambda v for the normalised mode v"),
            OutputSpec("mode_leak", axes: [mode], meaning: "norm of L v outside the window over the damping there"),
            OutputSpec("mode_condition", axes: [mode], meaning: "condition number of the eigenvalue, |w||v|/|w.v|"),
            OutputSpec("mode_parity", kind: .integer, axes: [mode], meaning: "0: even q, 1: odd q, -1: the sector mixes them"),
            OutputSpec("mode_part", kind: .integer, axes: [mode], meaning: "0: cosine, 1: sine multipoles, -1: the sector mixes them"),
            OutputSpec("gap_radius", dimension: .rate, meaning: "no eigenvalue with modulus below this was overlooked (inf: all are known)"),
            OutputSpec("gap_kernel_dimension", kind: .integer, meaning: "number of linearly independent stationary operators"),
            OutputSpec("gap_l_max", kind: .integer, meaning: "greatest multipole order l kept"),
            OutputSpec("gap_q_max", kind: .integer, meaning: "greatest multipole component |q| kept"),
        ]
        if sectorCount > 0 {
            let sector = OutputAxis(name: "sector", extent: sectorCount)
            list += [
                OutputSpec("sector_eigenvalue", kind: .complex, axes: [sector], dimension: .rate,
                           meaning: "slowest eigenvalue of each symmetry sector, in the order of their least l, |q|, cosine before sine"),
                OutputSpec("sector_error", axes: [sector], dimension: .rate, meaning: "estimated error of sector_eigenvalue"),
                OutputSpec("sector_q", kind: .integer, axes: [sector], meaning: "the one |q| of the sector (symmetry about an axis), -1: it has several"),
                OutputSpec("sector_parity", kind: .integer, axes: [sector], meaning: "0: even q, 1: odd q, -1: the sector mixes them"),
                OutputSpec("sector_part", kind: .integer, axes: [sector], meaning: "0: cosine, 1: sine multipoles, -1: the sector mixes them"),
            ]
        }
        if keepsModes {
            list += [
                OutputSpec("modes", kind: .complex, axes: [mode, OutputAxis(name: "multipole", extent: nil)],
                           meaning: "right eigenvectors in the real multipoles of mode_frame, ordered by l, q, cosine before sine"),
                OutputSpec("mode_frame", axes: [OutputAxis(name: "frame_axis", extent: 3, labels: ["x'", "y'", "z'"]), OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])],
                           meaning: "axes of the multipoles in laboratory coordinates"),
            ]
        }
        return list
    }

    public func cost(at point: Point) -> Cost { LindbladInputs.slowModesCost(spinCount: point.spinCount ?? Int(constants["N"] ?? 1), modes: count) }

    public func memory(at samples: [Point], count points: Int) -> Memory {
        LindbladInputs.memory(model, samples, constants) { forecast.slowModes($0, count: points, modes: count) }
    }

    /// Only the single slowest mode is found for several points together.
    public func batchWidth(at point: Point) -> Int {
        let spinCount = point.spinCount ?? Int(constants["N"] ?? 1)
        return count == 1 && spinCount <= LindbladSolver.greatestBatchedSpinCount ? 8 : 1
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record { try run(at: [point], in: context)[0] }

    public func run(at points: [Point], in context: StudyContext) throws -> [Record] {
        try LindbladInputs.run(model, points, constants, context, solve: { $0.slowModes($1, count: count, perSector: sectorCount > 0) }, record: record)
    }

    private func record(_ solution: SlowModeSolution, _ instance: ModelInstance) throws -> Record {
        let missing = [Double](repeating: .nan, count: count - solution.modes.count)
        func perMode(_ value: (Mode) -> Double) -> OutputArray { OutputArray(solution.modes.map(value) + missing) }
        /// A mode whose error swamps it is not stored: its digits would be noise.
        func isResolved(_ mode: Mode) -> Bool { mode.error <= tolerances.gap * mode.decayRate }
        var outputs: [String: OutputArray] = [
            "eigenvalue": OutputArray(shape: [count], data: solution.modes.flatMap { mode -> [Double] in
                isResolved(mode) ? [mode.eigenvalue.re, mode.eigenvalue.im] : [.nan, .nan]
            } + missing + missing, isComplex: true),
            "mode_error": perMode(\.error), "mode_residual": perMode(\.residual), "mode_condition": perMode(\.condition),
            "mode_leak": perMode(\.leakNorm),
            "mode_parity": perMode { Double($0.kind.parity ?? -1) }, "mode_part": perMode { Double($0.kind.part?.rawValue ?? -1) },
            "gap_radius": OutputArray(solution.searchRadius), "gap_kernel_dimension": OutputArray(Double(solution.kernelDimension)),
            "gap_l_max": OutputArray(Double(solution.window.lMax)), "gap_q_max": OutputArray(Double(solution.window.qMax)),
        ]
        if sectorCount > 0 {
            let sectors = solution.sectorModes.prefix(sectorCount), none = [Double](repeating: .nan, count: sectorCount - sectors.count)
            func perSector(_ value: (Mode) -> Double) -> OutputArray { OutputArray(sectors.map(value) + none) }
            outputs["sector_eigenvalue"] = OutputArray(shape: [sectorCount], data: sectors.flatMap { mode -> [Double] in
                isResolved(mode) ? [mode.eigenvalue.re, mode.eigenvalue.im] : [.nan, .nan]
            } + none + none, isComplex: true)
            outputs["sector_error"] = perSector(\.error)
            outputs["sector_q"] = perSector { Double($0.kind.q ?? -1) }
            outputs["sector_parity"] = perSector { Double($0.kind.parity ?? -1) }
            outputs["sector_part"] = perSector { Double($0.kind.part?.rawValue ?? -1) }
        }
        if keepsModes {
            let width = solution.vectors.first?.count ?? 0
            let rows = solution.vectors.flatMap { $0.flatMap { [$0.re, $0.im] } }
            outputs["modes"] = OutputArray(shape: [count, width], data: rows + [Double](repeating: .nan, count: 2 * width * missing.count), isComplex: true)
            outputs["mode_frame"] = OutputArray(shape: [3, 3], data: solution.frame.axes.flatMap { $0 })
        }
        if let bound = solution.gapBound {
            outputs["gap_error"] = OutputArray(bound)
            return Record(status: .unresolved, reason: "phases coexist, and the rate between them is beyond all precision (by those of smaller N)", outputs: outputs)
        }
        guard let slowest = solution.modes.first else {
            return Record(status: .ok, reason: "", outputs: outputs)          // every operator is stationary: there is no gap
        }
        if isResolved(slowest) || abs(slowest.eigenvalue.im) > 1e3 * slowest.error {
            outputs["gap"] = OutputArray(slowest.decayRate)
            outputs["gap_error"] = OutputArray(slowest.error)
            return Record(status: .ok, outputs: outputs)
        }
        outputs["gap_error"] = OutputArray(abs(slowest.decayRate) + slowest.error)
        return Record(status: .unresolved, reason: "the slowest decay rate is below what double-double precision resolves", outputs: outputs)
    }
}
