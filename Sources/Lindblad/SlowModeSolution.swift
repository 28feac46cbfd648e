import LinearAlgebra
import Numbers

/// The slowest modes of all symmetry sectors together.
public struct SlowModeSolution: Sendable {
    /// In ascending decay rate; conjugate pairs counted once.
    public let modes: [Mode]
    /// Dimension of the kernel (1: one steady state).
    public let kernelDimension: Int
    /// No eigenvalue with |λ| below this was overlooked (infinite: all eigenvalues are known).
    public let searchRadius: Double
    public let window: MultipoleWindow
    public let frame: Frame
    public let spinCount: Int
    /// Coefficients on the whole window of the right modes, in the order of `modes`.
    public let vectors: [[Complex]]
    /// The slowest mode of each symmetry sector, in the order of the sectors' least multipoles; empty where that was not asked for.
    public let sectorModes: [Mode]
    /// Where phases coexist and the gap is beyond all precision: a bound on it, and no modes.
    public var gapBound: Double?
}

/// Collects the slow modes of all sectors in one window.
struct SlowModeSearch {
    let liouvillian: TruncatedLiouvillian
    let coefficients: [Double]
    let count: Int
    /// Whether the slowest mode of each sector is wanted, however fast.
    let isPerSector: Bool
    let kernel: KernelSolve?
    /// The slowest of each sector, by number, if these are wanted.
    private var slowest: [Int: Mode] = [:]
    private(set) var modes: [Mode] = []
    private(set) var radius = Double.infinity
    /// Greatest |λ| known of each sector, of a mode or of a disc known to be empty.
    private(set) var extents: [Int: Double] = [:]
    /// Sectors whose modes slower than `separation` come from a solution in double-double, maybe in a window of its own.
    private var refined: [Int: (liouvillian: TruncatedLiouvillian, separation: Double)] = [:]

    init(liouvillian: TruncatedLiouvillian, coefficients: [Double], count: Int, isPerSector: Bool = false, kernel: KernelSolve?) {
        self.liouvillian = liouvillian
        self.coefficients = coefficients
        self.count = count
        self.isPerSector = isPerSector
        self.kernel = kernel
    }

    /// - Parameter known: slowest modes by sector that were found already.
    mutating func run(probes: [ModeProbe], known: [Int: BatchSlowModes.Lane] = [:]) throws {
        for sector in liouvillian.sectors where sector.size > 0 {
            let nullCount = kernel?.blocks.first { $0.sector === sector }?.right.count ?? 0
            if nullCount == sector.size { continue }
            let scale = kernel?.scale ?? 0
            let solver = SlowModes(sector: sector, coefficients: coefficients)
            // What decays faster than the modes of other sectors need not be known to the last digit.
            let rates = modes.map(\.decayRate).sorted(), limit = rates.count >= count && !isPerSector ? rates[count - 1] : .infinity
            var (found, reach) = try known[sector.number].map { ([$0.mode], $0.radius) }
                ?? solver.nearest(count + nullCount, shift: nullCount > 0 ? KernelSolve.shift(scale: scale) : 0, slowerThan: limit)
            if nullCount > 0 {
                found = Array(found.dropFirst(found.prefix { $0.eigenvalue.magnitude < 1e-7 * scale }.count))
            }
            modes += found
            extents[sector.number] = found.reduce(reach) { max($0, $1.eigenvalue.magnitude) }
            if reach < radius { radius = reach }
            // A mode far off on the imaginary axis may decay slower than all that lie near zero.
            for probe in probes where probe.frequency > 0.8 * reach && reach.isFinite {
                let own = modes.filter { $0.sector == sector.number }, rates = (isPerSector ? own : modes).map(\.decayRate).sorted()
                let wanted = isPerSector ? 1 : count, limit = rates.count >= wanted ? 1.01 * rates[wanted - 1] : .infinity
                // What the classical spin says is right for large N only: a factor is left to it.
                if let rate = probe.decayRate, rate > 2 * limit { continue }
                let more = try solver.nearest(complexShift: Complex(0, probe.frequency), slowerThan: limit, besides: own.map(\.eigenvalue))
                for mode in more where mode.eigenvalue.im > 0
                    && !modes.contains(where: { $0.sector == sector.number && ($0.eigenvalue - mode.eigenvalue).magnitude < 1e-7 * mode.eigenvalue.magnitude }) {
                    modes.append(mode)
                }
            }
            if isPerSector { slowest[sector.number] = modes.filter { $0.sector == sector.number }.min { $0.decayRate < $1.decayRate } }
        }
        modes.sort { ($0.decayRate, $0.eigenvalue.im, $0.sector) < ($1.decayRate, $1.eigenvalue.im, $1.sector) }
        modes = Array(modes.prefix(count))
    }

    /// Truncation error within tolerance of |λ| (rounding sets its own limit and is no fault of the window).
    func isCertified(leading: Double, others: Double) -> Bool {
        modes.enumerated().allSatisfy { index, mode in Self.isCertified(mode, index == 0 ? leading : others) }
            && slowest.values.allSatisfy { Self.isCertified($0, leading) }
    }

    private static func isCertified(_ mode: Mode, _ tolerance: Double) -> Bool {
        mode.truncationError <= tolerance * mode.eigenvalue.magnitude || mode.truncationError <= mode.roundingError
    }

    /// All modes that are wanted for one reason or another.
    var all: [Mode] { modes + slowest.values }

    /// Greatest leaks among the modes that are not certified yet.
    var leaks: Sector.Leak {
        all.reduce(Sector.Leak()) { Sector.Leak(beyondL: max($0.beyondL, $1.leak.beyondL), beyondQ: max($0.beyondQ, $1.leak.beyondQ)) }
    }

    /// Trades the modes of a sector that double precision cannot tell from zero for the given ones.
    mutating func replaceSlowModes(by slow: [Mode], in liouvillian: TruncatedLiouvillian, sector: Int, separation: Double) {
        refined[sector] = (liouvillian, 0.1 * separation)
        modes.removeAll { $0.sector == sector && $0.eigenvalue.magnitude < 0.1 * separation }
        modes += slow
        modes.sort { ($0.decayRate, $0.eigenvalue.im, $0.sector) < ($1.decayRate, $1.eigenvalue.im, $1.sector) }
        modes = Array(modes.prefix(count))
        if slowest[sector] != nil, let first = slow.min(by: { $0.decayRate < $1.decayRate }) { slowest[sector] = first }
    }

    func solution(spinCount: Int, frame: Frame) -> SlowModeSolution {
        let origins = modes.map { mode -> TruncatedLiouvillian in
            if let own = refined[mode.sector], mode.eigenvalue.magnitude < own.separation { return own.liouvillian }
            return liouvillian
        }
        // One window for all: the greatest, the others padded with zeros.
        let windows = origins.map(\.window) + [liouvillian.window]
        let window = MultipoleWindow(lMax: windows.map(\.lMax).max()!, qMax: windows.map(\.qMax).max()!)
        let basis = MultipoleBasis(window)
        let vectors = zip(modes, origins).map { mode, origin -> [Complex] in
            var all = [Complex](repeating: .zero, count: basis.count)
            for (index, multipole) in origin.multipoles.enumerated() where index > 0 && origin.home[index].sector == mode.sector {
                all[basis.index(l: multipole.l, q: multipole.q, part: multipole.part)] = mode.right[origin.home[index].place]
            }
            return all
        }
        return SlowModeSolution(modes: modes, kernelDimension: kernel?.dimension ?? 1, searchRadius: radius, window: window,
                                frame: frame, spinCount: spinCount, vectors: vectors,
                                sectorModes: slowest.sorted { $0.key < $1.key }.map(\.value))
    }
}
