import LinearAlgebra
import Numbers

/// The Liouvillian at fixed N, frame and window, assembled once for all parameters and split into symmetry sectors.
///
/// Truncation is an orthogonal Galerkin projection on the window's multipoles; what leaves the window (`outgoing`) and
/// what would come back (`incoming`) is kept for the certificates.
final class TruncatedLiouvillian {
    let window: MultipoleWindow
    let basis: MultipoleBasis
    let multipoles: [Multipole]
    let sectors: [Sector]
    /// Sector and place therein of each multipole; the trace (index 0) has no place, what is no member no sector (−1).
    let home: [(sector: Int, place: Int)]
    private let affine: AffineLiouvillian
    private var extendedSectors: [Int: ExtendedSector] = [:]

    private var steadyBatch: BatchSteadyState?
    /// Windows with more unknowns do not go eight at a time: their factors would take a gigabyte.
    static let batchLimit = 40_000
    /// The same for slow modes (N ≈ 600): above, one point by itself with matrix–matrix kernels is as fast.
    static let slowModeBatchLimit = 13_000

    /// The solver for eight points at a time, made on first use; nil where the window is too large for that, or empty.
    func batch(spinCount: Int, workspace: BatchLU.Workspace) throws -> BatchSteadyState? {
        guard steadySector.size > 0, steadySector.size <= Self.batchLimit else { return nil }
        if let steadyBatch { return steadyBatch }
        let made = try BatchSteadyState(self, spinCount: spinCount, workspace: workspace)
        steadyBatch = made
        return made
    }

    private var slowModeBatches: [Int: BatchSlowModes] = [:]

    /// The search for the slowest mode of a sector for eight points at a time; nil where that would not pay.
    func batchSlowModes(_ number: Int, workspace: BatchLU.Workspace) throws -> BatchSlowModes? {
        let size = sectors[number].size
        guard size > SlowModes.denseLimit, size <= Self.slowModeBatchLimit else { return nil }
        if let known = slowModeBatches[number] { return known }
        let made = try BatchSlowModes(sectors[number], workspace: workspace)
        slowModeBatches[number] = made
        return made
    }

    /// The sector that carries the steady state.
    var steadySector: Sector { sectors[0] }

    /// - Parameter members: sectors are made of these only, which no symmetry-respecting coupling leaves.
    init(_ affine: AffineLiouvillian, window: MultipoleWindow, members: MultipoleClass = .everything) throws {
        self.window = window
        self.affine = affine
        let spinCount = affine.spinCount
        let inner = MultipoleBasis(window)
        basis = inner
        multipoles = inner.multipoles
        let reach = affine.reach
        let outerWindow = MultipoleWindow(lMax: min(window.lMax + reach, spinCount), qMax: window.qMax + reach)
        var entries = Assembly.entries(of: affine, inner: inner, outer: MultipoleBasis(outerWindow), members: members)
        let parted = SectorPartition(entries, multipoles: multipoles, members: members)
        home = parted.home
        sectors = parted.sectors(&entries, affine: affine, multipoles: multipoles)
    }
}

extension TruncatedLiouvillian {
    /// A sector in double-double precision, assembled when first asked for (at about the price of the whole in double).
    func extended(_ number: Int) -> ExtendedSector {
        if let known = extendedSectors[number] { return known }
        let made = ExtendedSector(affine, self, sector: number)
        extendedSectors[number] = made
        return made
    }
}
