import LinearAlgebra
import Numbers
import SpinAlgebra

/// All (N+1)² eigenvalues of a Liouvillian, sector by sector. Theory and definitions: `docs/spectra.md`.
public struct LiouvillianSpectrum: Sendable {
    /// One eigenvalue.
    public struct Level: Sendable {
        public let value: Complex
        /// Index into `sectors`.
        public let sector: Int
        /// Estimated error from rounding; NaN where the solver told no condition number.
        public let error: Double
        /// ‖w‖‖v‖/|wᵀv| of the balanced matrix; NaN where unknown.
        public let condition: Double
        /// Complex spacing ratio within the sector; nil below the real axis, on it, and where errors swamp a spacing.
        public fileprivate(set) var spacingRatio: Complex?
    }

    /// A symmetry sector.
    public struct SectorSummary: Sendable {
        /// Eigenvalues; with that of the trace in sector 0.
        public let size: Int
        public let kind: SectorKind
    }

    /// In ascending decay rate −Re λ, then |Im λ|, the upper member of a pair first.
    public fileprivate(set) var levels: [Level]
    public let sectors: [SectorSummary]
    /// Eigenvalues that their errors do not tell from zero; 1: one steady state.
    public let kernelDimension: Int
    /// Whether there are as many by structure (symmetry, dark states): else a slow decay is lost in rounding, and `gap` with it.
    public let isKernelStructural: Bool
    /// Least decay rate of all levels that are not stationary, with its error; NaN of none.
    public let gap: Double, gapError: Double
    /// Greatest decay rate.
    public let antigap: Double
    public let certificate: SpectralCertificate
    public fileprivate(set) var spacings: SpacingStatistics
    /// The slowest modes that are not stationary, of each conjugate pair the upper one.
    public let modes: [Mode]
    /// Coefficients of `modes` on the complete window, trace first: right vectors with LV = VΛ, left ones with wᵀL = λwᵀ.
    public let right: [[Complex]], left: [[Complex]]
    public let frame: Frame
    public let spinCount: Int
    /// Ranks that shared the work.
    public let ranks: Int
}

extension LindbladSolver {
    /// The full spectrum in the complete window.
    ///
    /// Never throws for a degenerate kernel. A spectrum that fails its certificate is returned with `certificate.failure` set.
    /// - Parameters:
    ///   - solver: finds the eigenvalues of each sector, in the order of the sectors.
    ///   - count: slowest modes wanted with vectors.
    /// - Throws: `EvaluationError`, `EigenvalueError`, `SparseLUError`.
    public func spectrum(_ instance: ModelInstance, with solver: any SpectrumSolver = LAPACKSpectrum(),
                         modes count: Int = 0) throws -> LiouvillianSpectrum {
        let spinCount = instance.spinCount, frame = slowModeAxes(instance).frame
        let (liouvillian, coefficients) = try assemble(instance, frame, MultipoleWindow(lMax: spinCount, qMax: spinCount))
        var certificate = SpectralCertificate(), parts: [SectorSpectrum] = []
        for sector in liouvillian.sectors where sector.size > 0 {
            parts.append(try SectorSpectrum(sector, coefficients: coefficients, solver, slowest: max(count, SectorSpectrum.spread), &certificate))
        }
        let zero = LiouvillianSpectrum.Level(value: .zero, sector: 0, error: 0, condition: .nan)
        let levels = ([zero] + parts.flatMap(\.levels)).sorted(by: Self.precedes)
        // Errors of interior levels may exceed the levels themselves, which does not make these stationary.
        let scale = liouvillian.sectors.reduce(0) { greatest, sector in sector.values(coefficients).reduce(greatest) { max($0, abs($1)) } }
        func isStationary(_ level: LiouvillianSpectrum.Level) -> Bool {
            level.value.magnitude <= max(min(level.error, SectorSpectrum.suspicion * scale), Double.ulpOfOne * scale)
        }
        let moving = levels.filter { !isStationary($0) }, kernel = levels.count - moving.count
        let isStructural = try kernel == 1 || kernels.isDegenerate(spinCount: spinCount, values: instance.values)
        let search = SpectrumModes(liouvillian: liouvillian, coefficients: coefficients)
        let slow = certificate.failure == nil && count > 0 ? try search.slowest(count, of: moving) : []

        var spacings = SpacingStatistics()
        for level in levels { if let ratio = level.spacingRatio { spacings.add(ratio) } }
        return LiouvillianSpectrum(
            levels: levels,
            sectors: liouvillian.sectors.map { .init(size: $0.size + ($0.number == 0 ? 1 : 0), kind: $0.kindWithTrace) },
            kernelDimension: kernel, isKernelStructural: isStructural,
            gap: moving.first.map { -$0.value.re } ?? .nan, gapError: moving.first?.error ?? .nan,
            antigap: -(levels.last?.value.re ?? .nan), certificate: certificate, spacings: spacings,
            modes: slow, right: slow.map { search.embedded($0.right, $0) }, left: slow.map { search.embeddedLeft($0) },
            frame: frame, spinCount: spinCount, ranks: solver.ranks)
    }

    private static func precedes(_ a: LiouvillianSpectrum.Level, _ b: LiouvillianSpectrum.Level) -> Bool {
        (-a.value.re, abs(a.value.im), a.sector, -a.value.im) < (-b.value.re, abs(b.value.im), b.sector, -b.value.im)
    }
}

/// The levels of one sector, certified.
private struct SectorSpectrum {
    private(set) var levels: [LiouvillianSpectrum.Level]

    /// Eigenvalues sampled over the whole spectrum of a sector; so many where a solver tells no conditions.
    static let spread = 8, silentSpread = 64
    /// Sectors up to this size are proved by their three moments.
    private static let provedByMoments = 3
    /// Backward error of the dense QR in units of ε‖A‖_F. From sixty random models, N ≤ 16, against zgeev of the Kronecker matrix:
    /// errors then are below the estimates in 99 of 100 cases, and half of them below a thirtieth.
    private static let roundingFactor = 3.0
    /// An eigenvalue below this part of ‖A‖_F may be zero: its condition number is wanted.
    static let suspicion = 1e-7

    init(_ sector: Sector, coefficients: [Double], _ solver: any SpectrumSolver, slowest: Int, _ certificate: inout SpectralCertificate) throws {
        let values = sector.values(coefficients), moments = MatrixMoments(sector.pattern, values)
        // Nothing moves in this sector.
        guard moments.norm > 0 else {
            levels = (0..<sector.size).map { _ in .init(value: .zero, sector: sector.number, error: 0, condition: 1) }
            return
        }
        let name = "\(sector.number) (\(sector.kindWithTrace))"
        let found = try solver.spectrum(of: sector.pattern, values: values)
        certificate.check(found.values, moments, size: sector.size, sector: name)
        guard certificate.failure == nil else { levels = []; return }

        let order = found.values.indices.sorted { a, b in
            let (x, y) = (found.values[a], found.values[b])
            return (-x.re, abs(x.im), -x.im) < (-y.re, abs(y.im), -y.im)
        }
        let eigenvalues = order.map { found.values[$0] }, noise = Self.roundingFactor * Double.ulpOfOne + sector.entryNoise
        let norm = found.norm ?? moments.norm
        var conditions = found.conditions.map { all in order.map { all[$0] } } ?? [Double](repeating: .nan, count: sector.size)
        let isTold = found.conditions != nil
        var wanted = Self.sample(eigenvalues, slowest: slowest, spread: isTold ? Self.spread : Self.silentSpread)
        if !isTold { wanted.formUnion(eigenvalues.indices.filter { eigenvalues[$0].magnitude <= Self.suspicion * norm && eigenvalues[$0].im >= 0 }) }
        if sector.size > Self.provedByMoments || !isTold {
            for place in wanted.sorted() {
                let probe = try EigenvalueProbe(eigenvalues[place], in: sector, coefficients: coefficients, norm: moments.norm)
                certificate.check(probe, norm: moments.norm, sector: name)
                guard !isTold else { continue }
                conditions[place] = try probe.condition()
                if probe.value.im > 0 { conditions[place + 1] = conditions[place] }
            }
        }
        let errors = conditions.map { $0 * noise * norm }
        levels = eigenvalues.indices.map { .init(value: eigenvalues[$0], sector: sector.number, error: errors[$0], condition: conditions[$0]) }
        addSpacingRatios(sector, errors)
    }

    /// Places of the slowest and of some spread evenly over the rest; of each pair the upper member.
    private static func sample(_ values: [Complex], slowest: Int, spread: Int) -> Set<Int> {
        let upper = values.indices.filter { values[$0].im >= 0 }, last = upper.count - 1
        let spreadPlaces = (0..<spread).map { upper[last * $0 / (spread - 1)] }
        return Set(upper.prefix(slowest) + spreadPlaces)
    }

    /// Of the levels above the real axis. A sector of one |q| > 0 with cosine and sine holds +q and −q: two spectra, each other's
    /// conjugates, whose upper halves do not repel.
    private mutating func addSpacingRatios(_ sector: Sector, _ errors: [Double]) {
        if let q = sector.kindWithTrace.q, q > 0, sector.kindWithTrace.part == nil { return }
        // Where a solver is silent about conditions, the nearest one sampled stands for a level: they vary smoothly over the plane.
        let known = levels.indices.filter { errors[$0].isFinite }
        let all = levels.indices.map { place in
            if errors[place].isFinite { return errors[place] }
            func distance(_ other: Int) -> Double { (levels[other].value - levels[place].value).squaredMagnitude }
            return known.min { distance($0) < distance($1) }.map { errors[$0] } ?? 0
        }
        let upper = levels.indices.filter { levels[$0].value.im > all[$0] }
        let ratios = SpacingRatios.ratios(upper.map { levels[$0].value }, errors: upper.map { all[$0] })
        for (place, ratio) in zip(upper, ratios) { levels[place].spacingRatio = ratio }
    }
}

extension Sector {
    /// What the sector is made of, the trace included where it belongs to it.
    var kindWithTrace: SectorKind { SectorKind(number == 0 ? [Multipole(l: 0, q: 0, part: .cosine)] + multipoles : multipoles) }
}
