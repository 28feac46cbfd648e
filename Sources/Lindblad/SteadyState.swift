import Foundation
import LinearAlgebra
import Numbers

/// A steady state with its certificates; or, below the floor of double precision, the two metastable phases.
public struct SteadyStateSolution: Sendable {
    public enum Outcome: Sendable {
        /// One steady state, certified.
        case resolved(MultipoleState)
        /// The slow mode's decay rate is below what rounding lets through: the weights of the phases are unknown, the
        /// phases themselves (least and greatest ⟨Jz⟩ first and last) are not. Empty where more than one mode is slow.
        case unresolved(phases: [MultipoleState])
        /// A kernel of the given dimension, by symmetry or dark states at every N, and no initial state to choose by.
        case degenerate(dimension: Int)
        /// A steady state out of a degenerate kernel, chosen by the initial state.
        case chosen(MultipoleState, dimension: Int)
    }
    public let outcome: Outcome
    /// ‖Lρ‖/‖ρ‖ within the window, in rate units.
    public let residual: Double
    /// Norm of Lρ outside the window over ‖ρ‖ and the damping there.
    public let leak: Double
    /// Estimated error of ⟨J_a⟩/j from rounding and truncation.
    public let error: Double
    public let window: MultipoleWindow
}

/// The steady state in one window: x = −A⁻¹ b x_00, refined once.
struct SteadyStateSolve {
    let liouvillian: TruncatedLiouvillian
    let spinCount: Int
    let coefficients: [Double]
    /// Members of the steady sector; the trace is apart.
    private(set) var x: [Double]
    let trace: Double
    let residual: Double
    let leak: Sector.Leak
    /// Norm of Lρ outside the window over ‖ρ‖, a rate.
    var escapeRate: Double { outward.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot() / norm }
    private let norm: Double
    private let outward: [Complex]

    private var shift = 0.0

    /// How a metastable phase is told from others whose rates are lost in rounding: by iterating x ← (σ − A)⁻¹ (σ x + b x₀₀)
    /// from a start within it, the mean over a time 1/σ of what becomes of the start.
    struct Settling {
        /// σ, from the largest on: rounding brings in 1/σ of other phases, but a phase that settles slowly asks for a small one.
        let shifts: [Double]
        let start: [Double]
    }

    init(_ liouvillian: TruncatedLiouvillian, spinCount: Int, coefficients: [Double], settling: Settling? = nil) throws {
        self.liouvillian = liouvillian
        self.spinCount = spinCount
        self.coefficients = coefficients
        trace = 1 / Double(spinCount + 1).squareRoot()
        let sector = liouvillian.steadySector
        guard sector.size > 0 else {
            x = []
            residual = 0
            norm = trace
            outward = sector.outgoing([], trace: trace, coefficients)
            leak = Self.scaled(sector.leak(outward), norm: trace, sector.outerDamping(coefficients))
            return
        }
        let values = sector.values(coefficients), x00 = trace, source = sector.source(coefficients).map { $0 * x00 }
        func defect(_ x: [Double]) -> [Double] { zip(sector.pattern.multiply(values, x), source).map { -$0 - $1 } }
        var x: [Double]
        if let settling {
            (x, shift) = try Self.settled(settling, sector, coefficients, defect)
        } else {
            let lu = try sector.factorization(coefficients)
            x = try lu.solve(source.map { -$0 })
            x = zip(x, try lu.solve(defect(x))).map { $0 + $1 }
        }
        self.x = x
        norm = x.reduce(trace * trace) { $0 + $1 * $1 }.squareRoot()
        residual = defect(x).reduce(0) { $0 + $1 * $1 }.squareRoot() / norm
        outward = sector.outgoing(x.map { Complex($0) }, trace: trace, coefficients)
        leak = Self.scaled(sector.leak(outward), norm: norm, sector.outerDamping(coefficients))
    }

    private static func settled(_ settling: Settling, _ sector: Sector, _ coefficients: [Double], _ defect: ([Double]) -> [Double]) throws -> (x: [Double], shift: Double) {
        var x: [Double] = []
        for shift in settling.shifts {
            let lu = try sector.factorization(coefficients, shift: shift)
            x = settling.start
            var last = Double.infinity
            for count in 1...120 {
                let step = try lu.solve(defect(x))
                x = zip(x, step).map { $0 + $1 }
                let change = (step.reduce(0) { $0 + $1 * $1 } / x.reduce(0) { $0 + $1 * $1 }).squareRoot()
                // Rounding sets the floor; a phase that is not reached in due time asks for longer ones.
                if change < 1e-13 || (change < 1e-8 && change > 0.95 * last) { return (x, shift) }
                if count >= 8, change >= last || log(1e-12 / change) / log(change / last) > 90 { break }
                last = change
            }
        }
        return (x, settling.shifts[settling.shifts.count - 1])
    }

    private static func scaled(_ leak: Sector.Leak, norm: Double, _ damping: [Double]) -> Sector.Leak {
        guard let slowest = damping.min() else { return Sector.Leak() }
        let factor = 1 / (norm * max(slowest, .leastNormalMagnitude))
        return Sector.Leak(beyondL: leak.beyondL * factor, beyondQ: leak.beyondQ * factor)
    }

    /// Estimated errors of |⟨J⟩|/j from rounding and from the multipoles left out.
    ///
    /// By the adjoint equation Aᵀy = o for o = ⟨J_a⟩/j, a defect r of the equations changes ⟨J_a⟩/j by y·r. Rounding leaves
    /// about ε|A||x| in each component; what leaves the window comes back through the multipoles outside, each damped at
    /// its own rate.
    func dipoleErrors() throws -> (rounding: Double, truncation: Double) {
        let sector = liouvillian.steadySector
        let dipoles = sector.multipoles.indices.filter { sector.multipoles[$0].l == 1 }
        guard !dipoles.isEmpty else { return (0, 0) }
        let values = sector.values(coefficients), source = sector.source(coefficients).map { abs($0 * trace) }
        let magnitudes = zip(sector.pattern.multiplyMagnitudes(values, x), source).map { $0 + $1 }
        let count = Double(spinCount), scale = (count * (count + 1) * (count + 2) / 12).squareRoot() / (count / 2)
        var sides = [Double](repeating: 0, count: sector.size * dipoles.count)
        for (a, dipole) in dipoles.enumerated() { sides[a * sector.size + dipole] = scale }
        let y = try sector.factorization(coefficients, shift: shift).solve(sides, transposed: true)
        let damping = sector.outerDamping(coefficients)
        var rounding = 0.0, truncation = 0.0
        for a in dipoles.indices {
            let column = y[a * sector.size..<(a + 1) * sector.size]
            for (w, m) in zip(column, magnitudes) { rounding += w * w * m * m }
            let inward = sector.incoming(column.map { Complex($0) }, coefficients)
            var returned = Complex.zero
            for k in damping.indices { returned += (1 / max(damping[k], .leastNormalMagnitude)) * (inward[k] * outward[k]) }
            truncation += returned.squaredMagnitude
        }
        return (2 * sector.entryNoise * rounding.squareRoot(), truncation.squareRoot())
    }

    /// The state with `weight` times a real mode added, on the whole window.
    func state(frame: Frame, adding mode: [Double] = [], weight: Double = 0) -> MultipoleState {
        var all = [Double](repeating: 0, count: liouvillian.basis.count)
        all[0] = trace
        for index in 1..<max(1, liouvillian.basis.count) where liouvillian.home[index].sector == 0 {
            let place = liouvillian.home[index].place
            all[index] = x[place] + (mode.isEmpty ? 0 : weight * mode[place])
        }
        return MultipoleState(spinCount: spinCount, frame: frame, window: liouvillian.window, coefficients: all)
    }

    /// The extreme metastable states ρ + c v: c runs over the spectrum of the left mode, an observable that tells the
    /// phases apart (Macieszczak, Guţă, Lesanovsky, Garrahan, PRL 116, 240404 (2016)).
    func phases(_ mode: Mode, frame: Frame, dicke: DickeBasis) throws -> [MultipoleState] {
        let v = mode.right.map(\.re)
        var w = mode.left.map(\.re)
        let product = zip(w, v).reduce(0) { $0 + $1.0 * $1.1 }
        w = w.map { $0 / product }
        // Whatever weight of v rounding has put into x is taken out first; the spectrum of w + w_0 1 then has ρ at zero.
        let drift = zip(w, x).reduce(0) { $0 + $1.0 * $1.1 }
        var full = [Double](repeating: 0, count: liouvillian.basis.count)
        for index in 1..<full.count where liouvillian.home[index].sector == 0 { full[index] = w[liouvillian.home[index].place] }
        let range = try dicke.extremeEigenvalues(full)
        let pair = [range.least, range.greatest].map { state(frame: frame, adding: v, weight: $0 - drift) }
        let order = pair.map { $0.expectation(.jz).re }
        return order[0] <= order[1] ? pair : [pair[1], pair[0]]
    }
}
