import Foundation
import Lindblad
import LinearAlgebra
import Numbers
import SpinAlgebra

/// All eigenvalues of the Liouvillian, each with its symmetry sector and error; spacing statistics; slow modes with vectors.
public struct SpectrumStudy: Study {
    public static let name = "spectrum"
    public static let summary = "all eigenvalues of the Liouvillian by symmetry sector, with errors, certificates and spacing ratios"
    public static let options: [OptionSpec] = [
        OptionSpec("modes", .integer(0...64), default: .integer(0),
                   help: "number of slow modes with condition number and residual, a conjugate pair counted once"),
        OptionSpec("keep", .choices(["right", "left"]), help: "store multipole coefficients of the right or left eigenvectors of the slow modes"),
        OptionSpec("ranks", .integer(1...1024), help: "share each point among so many MPI ranks; default: as many as memory calls for",
                   isTechnical: true),
    ]

    private let model: Model
    private let tolerances: Tolerances
    private let constants: [String: Double]
    private let count: Int
    private let keepsRight: Bool, keepsLeft: Bool
    private let forecast: SpectrumForecast
    /// Ranks a point, where the job says so.
    public let wantedRanks: Int?
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        tolerances = setup.tolerances
        constants = setup.constants
        forecast = SpectrumForecast(model: setup.model)
        axes = LindbladInputs.axes(setup)
        let options = Self.reader(setup.options), kept = options.choices("keep")
        count = options.integer("modes")
        wantedRanks = options.integerIfGiven("ranks")
        (keepsRight, keepsLeft) = (kept.contains("right"), kept.contains("left"))
        if !kept.isEmpty, count == 0 {
            throw OptionError(path: ["keep"], message: "there are no slow modes to keep", hint: "give modes: a number of slow modes")
        }
    }

    public var outputs: [OutputSpec] {
        let level = OutputAxis(name: "level", extent: nil), sector = OutputAxis(name: "symmetry_sector", extent: nil)
        var list = [
            OutputSpec("spectrum", kind: .complex, axes: [level], dimension: .rate,
                       meaning: "all eigenvalues of the Liouvillian in ascending decay rate, the upper one of each conjugate pair first"),
            OutputSpec("spectrum_sector", kind: .integer, axes: [level], meaning: "symmetry sector of the eigenvalue"),
            OutputSpec("spectrum_error", axes: [level], dimension: .rate, meaning: "estimated error of the eigenvalue from rounding"),
            OutputSpec("spectrum_condition", axes: [level], meaning: "condition number of the eigenvalue, |w||v|/|w.v| of the balanced matrix"),
            OutputSpec("spacing_ratio", kind: .complex, axes: [level],
                       meaning: "(nearest - lambda)/(next nearest - lambda) among the eigenvalues of the sector above the real axis"),
            OutputSpec("symmetry_sector_size", kind: .integer, axes: [sector], meaning: "number of eigenvalues in the sector"),
            OutputSpec("symmetry_sector_q", kind: .integer, axes: [sector],
                       meaning: "the one |q| of the sector (symmetry about an axis), -1: it has several"),
            OutputSpec("symmetry_sector_parity", kind: .integer, axes: [sector], meaning: "0: even q, 1: odd q, -1: the sector mixes them"),
            OutputSpec("symmetry_sector_part", kind: .integer, axes: [sector], meaning: "0: cosine, 1: sine multipoles, -1: the sector mixes them"),
            OutputSpec("spectrum_gap", dimension: .rate, meaning: "least decay rate of all eigenvalues that are not stationary"),
            OutputSpec("spectrum_gap_error", dimension: .rate, meaning: "estimated error of spectrum_gap"),
            OutputSpec("antigap", dimension: .rate, meaning: "greatest decay rate"),
            OutputSpec("spectrum_kernel_dimension", kind: .integer,
                       meaning: "number of eigenvalues that their errors do not tell from zero (1: one steady state)"),
            OutputSpec("mean_spacing_ratio", meaning: "mean modulus of spacing_ratio"),
            OutputSpec("mean_spacing_cosine", meaning: "mean cosine of the angle of spacing_ratio"),
            OutputSpec("spacing_count", kind: .integer, meaning: "number of spacing ratios in the means"),
            OutputSpec("spectrum_trace_error", meaning: "greatest |sum of eigenvalues - trace| / sum of moduli over the sectors"),
            OutputSpec("spectrum_moment_error",
                       meaning: "greatest error of the sums of squares and cubes over the sectors, relative to norms of the matrix"),
            OutputSpec("spectrum_residual",
                       meaning: "greatest backward error |(A - lambda) v|/|A| of the eigenvalues sampled with a sparse factorisation"),
            OutputSpec("spectrum_ranks", kind: .integer, meaning: "MPI ranks that shared the point"),
        ]
        guard count > 0 else { return list }
        let mode = OutputAxis(name: "slow_mode", extent: count)
        list += [
            OutputSpec("slow_eigenvalue", kind: .complex, axes: [mode], dimension: .rate,
                       meaning: "eigenvalues of the slowest modes in order of decay rate, the upper one of each conjugate pair"),
            OutputSpec("slow_condition", axes: [mode], meaning: "condition number of the eigenvalue, |w||v|/|w.v|"),
            OutputSpec("slow_residual", axes: [mode], dimension: .rate, meaning: "norm of L v - lambda v for the normalised mode v"),
            OutputSpec("slow_sector", kind: .integer, axes: [mode], meaning: "symmetry sector of the mode"),
        ]
        let multipole = OutputAxis(name: "multipole", extent: nil)
        if keepsRight {
            list.append(OutputSpec("right_modes", kind: .complex, axes: [mode, multipole],
                                   meaning: "right eigenvectors in the real multipoles of slow_mode_frame, ordered by l, q, cosine before sine"))
        }
        if keepsLeft {
            list.append(OutputSpec("left_modes", kind: .complex, axes: [mode, multipole],
                                   meaning: "left eigenvectors w, w.L = lambda w, in the real multipoles of slow_mode_frame, ordered as right_modes"))
        }
        if keepsRight || keepsLeft {
            list.append(OutputSpec("slow_mode_frame", axes: [OutputAxis(name: "frame_axis", extent: 3, labels: ["x'", "y'", "z'"]),
                                                             OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])],
                                   meaning: "axes of the multipoles in laboratory coordinates"))
        }
        return list
    }

    private func spinCount(_ point: Point) -> Int { point.spinCount ?? Int(constants["N"] ?? 1) }

    /// Sizes of the matrices at a point, for whoever decides how many ranks share it.
    public func shape(at point: Point) throws -> SpectrumShape { try forecast.shape(spinCount: spinCount(point)) }

    public func cost(at point: Point) -> Cost {
        guard let shape = try? shape(at: point) else { return Cost(seconds: 1e-3) }
        return Cost(seconds: shape.seconds + Double(count) * 1e-6 * Double(shape.greatest))
    }

    public func memory(at samples: [Point], count points: Int) -> Memory {
        guard let first = samples.first, let shape = try? shape(at: first) else { return Memory() }
        return Memory(peak: shape.bytes(ranks: 1))
    }

    public func sharedBytes(at samples: [Point], ranks: Int) -> Double? {
        samples.first.flatMap { try? shape(at: $0).bytes(ranks: ranks) }
    }

    public func sharedSeconds(at point: Point, ranks: Int) -> Double? { try? shape(at: point).seconds(ranks: ranks) }

    public func workload(at point: Point) -> Workload? { (try? shape(at: point)).map { Workload(sectors: $0.sectors.map(\.size), flops: $0.flops) } }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        let solver: any SpectrumSolver = context.spectrumSolver ?? LAPACKSpectrum()
        return try LindbladInputs.run(model, [point], constants, context, solve: { lindblad, instances in
            instances.map { instance in Result { try lindblad.spectrum(instance, with: solver, modes: count) } }
        }, record: record)[0]
    }

    private func record(_ solution: LiouvillianSpectrum, _ instance: ModelInstance) -> Record {
        let certificate = solution.certificate
        var outputs: [String: OutputArray] = [
            "spectrum_trace_error": OutputArray(certificate.traceError), "spectrum_moment_error": OutputArray(certificate.momentError),
            "spectrum_residual": OutputArray(certificate.residual), "spectrum_ranks": OutputArray(Double(solution.ranks)),
        ]
        // A spectrum that fails is not stored: it would be taken for one.
        if let failure = certificate.failure { return Record(status: .notConverged, reason: failure, outputs: outputs) }
        func perLevel(_ value: (LiouvillianSpectrum.Level) -> Double) -> OutputArray { OutputArray(solution.levels.map(value)) }
        func perSector(_ value: (LiouvillianSpectrum.SectorSummary) -> Int) -> OutputArray {
            OutputArray(solution.sectors.map { Double(value($0)) })
        }
        outputs["spectrum"] = Self.complex(solution.levels.map(\.value), shape: [solution.levels.count])
        outputs["spectrum_sector"] = perLevel { Double($0.sector) }
        outputs["spectrum_error"] = perLevel(\.error)
        outputs["spectrum_condition"] = perLevel(\.condition)
        outputs["spacing_ratio"] = Self.complex(solution.levels.map { $0.spacingRatio ?? Complex(.nan, .nan) }, shape: [solution.levels.count])
        outputs["symmetry_sector_size"] = perSector(\.size)
        outputs["symmetry_sector_q"] = perSector { $0.kind.q ?? -1 }
        outputs["symmetry_sector_parity"] = perSector { $0.kind.parity ?? -1 }
        outputs["symmetry_sector_part"] = perSector { $0.kind.part?.rawValue ?? -1 }
        outputs["antigap"] = OutputArray(solution.antigap)
        outputs["spectrum_kernel_dimension"] = OutputArray(Double(solution.kernelDimension))
        outputs["mean_spacing_ratio"] = OutputArray(solution.spacings.meanRatio)
        outputs["mean_spacing_cosine"] = OutputArray(solution.spacings.meanCosine)
        outputs["spacing_count"] = OutputArray(Double(solution.spacings.count))
        if count > 0 { outputs.merge(modes(solution)) { $1 } }

        guard solution.isKernelStructural else {
            let reason = "a slow decay rate is below what double precision tells from zero: see the study gap"
            return Record(status: .unresolved, reason: reason, outputs: outputs)
        }
        outputs["spectrum_gap_error"] = OutputArray(solution.gapError)
        // A gap off the real axis may well be small beside its eigenvalue.
        guard solution.gapError <= tolerances.gap * solution.gap else {
            let reason = "the gap is not sharp enough (error \(solution.gapError)): see the study gap"
            return Record(status: .unresolved, reason: reason, outputs: outputs)
        }
        outputs["spectrum_gap"] = OutputArray(solution.gap)
        return Record(status: .ok, outputs: outputs)
    }

    private func modes(_ solution: LiouvillianSpectrum) -> [String: OutputArray] {
        let modes = solution.modes, missing = [Double](repeating: .nan, count: count - modes.count)
        let absent = [Complex](repeating: Complex(.nan, .nan), count: missing.count)
        var outputs = [
            "slow_eigenvalue": Self.complex(modes.map(\.eigenvalue) + absent, shape: [count]),
            "slow_condition": OutputArray(modes.map(\.condition) + missing), "slow_residual": OutputArray(modes.map(\.residual) + missing),
            "slow_sector": OutputArray(modes.map { Double($0.sector) } + missing),
        ]
        let width = (solution.spinCount + 1) * (solution.spinCount + 1)
        let blank = [Complex](repeating: Complex(.nan, .nan), count: width * missing.count)
        if keepsRight { outputs["right_modes"] = Self.complex(solution.right.flatMap { $0 } + blank, shape: [count, width]) }
        if keepsLeft { outputs["left_modes"] = Self.complex(solution.left.flatMap { $0 } + blank, shape: [count, width]) }
        if keepsRight || keepsLeft { outputs["slow_mode_frame"] = OutputArray(shape: [3, 3], data: solution.frame.axes.flatMap { $0 }) }
        return outputs
    }

    private static func complex(_ values: [Complex], shape: [Int]) -> OutputArray {
        OutputArray(shape: shape, data: values.flatMap { [$0.re, $0.im] }, isComplex: true)
    }
}
