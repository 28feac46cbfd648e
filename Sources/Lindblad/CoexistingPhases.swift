import Foundation
import LinearAlgebra
import SpinAlgebra

/// The metastable phases of a large spin, each solved in axes along its own mean spin.
///
/// Such a window holds one phase and not the others, which point elsewhere: truncation cuts the ways between them, whose
/// rates are far below anything a double holds. What it cuts off is measured as for any other state.
struct CoexistingPhases {
    /// In ascending order of ⟨Jz⟩.
    let states: [MultipoleState]
    /// Of all phases the greatest, see `SteadyStateSolution`.
    let residual: Double
    let leak: Double
    /// Greatest error of a phase's own ⟨J_a⟩/j.
    let error: Double
    let window: MultipoleWindow
    /// Bound on the gap: rates of escape out of all phases.
    ///
    /// With the left mode scaled to tell the phases apart by one, a phase ρ is left at the rate |Tr(w L ρ)| ≤ ‖L ρ‖₁ ≤
    /// √(N+1) ‖L ρ‖, residual and leak together.
    let escapeRate: Double

    /// Greatest difference of ⟨J_a⟩/j between two phases.
    var separation: Double {
        let spins = states.map { state in [SpinPolynomial.jx, .jy, .jz].map { state.expectation($0).re * 2 / Double(state.spinCount) } }
        return spins.flatMap { a in spins.flatMap { b in zip(a, b).map { abs($0 - $1) } } }.max() ?? 0
    }

    var solution: SteadyStateSolution {
        SteadyStateSolution(outcome: .unresolved(phases: states.count == 2 ? states : []), residual: residual, leak: leak,
                            error: separation, window: window)
    }
}

extension LindbladSolver {
    /// Two phases at once are not tried above this N: millions of unknowns.
    private static let greatestWideSpinCount = 200_000

    /// The solved phases of a point whose gap is hopelessly small, and nil for all others.
    ///
    /// - Throws: `EvaluationError`, `SparseLUError`; `EigenvalueError` where the phases of a very large spin cannot be told apart.
    func coexistingPhases(_ instance: ModelInstance) throws -> CoexistingPhases? {
        guard instance.spinCount > Self.greatestBatchedSpinCount else { return nil }
        if let last = lastPhases, last.spinCount == instance.spinCount, last.values == instance.values { return last.phases }
        let directions = try phaseDirections(instance)
        let isApart = try directions.count > 1 && isBeyondPrecision(instance)
        let phases = try isApart ? phases(instance, along: directions) : nil
        // The whole window would fill any memory.
        if isApart, phases == nil, instance.spinCount > Self.greatestWideSpinCount {
            throw EigenvalueError("phases coexist and could not be told apart at this N: rounding mixes them beyond the tolerance")
        }
        lastPhases = (instance.values, instance.spinCount, phases)
        return phases
    }

    /// - Returns: nil where a phase does not fit into a narrow window of its own.
    func phases(_ instance: ModelInstance, along directions: [[Double]]) throws -> CoexistingPhases? {
        // What rounding brings in of the other phases leaks at this level in any narrow window, however wide.
        let leakTolerance = 1e-9 * (1 + Double(instance.spinCount) / 2e4)
        let spinCount = instance.spinCount
        var states: [MultipoleState] = [], residual = 0.0, leak = 0.0, error = 0.0, escapeRate = 0.0
        var window = MultipoleWindow(lMax: 0, qMax: 0)
        for direction in directions {
            let axes = axes(spinCount, along: direction)
            var plan = axes.plan
            while true {
                let (liouvillian, coefficients) = try assemble(instance, axes.frame, plan.window, members: steadyClass(spinCount))
                let solve = try SteadyStateSolve(liouvillian, spinCount: spinCount, coefficients: coefficients,
                                                 settling: Self.settling(liouvillian.steadySector, spinCount, coefficients))
                if solve.leak.norm <= leakTolerance {
                    let (rounding, truncation) = try solve.dipoleErrors()
                    // A second phase in the window would make its matrix all but singular.
                    guard rounding <= extendedFrom(instance) else { return nil }
                    if truncation <= projectedTolerance {
                        let state = solve.state(frame: axes.frame)
                        states.append(state)
                        (residual, leak, error) = (max(residual, solve.residual), max(leak, solve.leak.norm), max(error, rounding + truncation))
                        escapeRate += Double(spinCount + 1).squareRoot() * state.purity.squareRoot() * (solve.residual + solve.escapeRate)
                        window = MultipoleWindow(lMax: max(window.lMax, plan.window.lMax), qMax: max(window.qMax, plan.window.qMax))
                        break
                    }
                }
                // A phase about to vanish wanders far from its axis.
                if plan.isWide || solve.leak.norm > 1e-3 { return nil }
                plan.widen(l: solve.leak.beyondL / leakTolerance, q: solve.leak.beyondQ / leakTolerance)
            }
        }
        states.sort { $0.expectation(.jz).re < $1.expectation(.jz).re }
        return CoexistingPhases(states: states, residual: residual, leak: leak, error: error, window: window, escapeRate: escapeRate)
    }

    /// From the spin-coherent state along the axis, T_l0 coefficients √(2l+1) N!/√((N−l)! (N+l+1)!).
    private static func settling(_ sector: Sector, _ spinCount: Int, _ coefficients: [Double]) -> SteadyStateSolve.Settling {
        var coherent = [1 / Double(spinCount + 1).squareRoot()]
        for l in 1...max(1, sector.multipoles.map(\.l).max() ?? 1) {
            let ratio = Double((2 * l + 1) * (spinCount - l + 1)) / Double((2 * l - 1) * (spinCount + l + 1))
            coherent.append(coherent[l - 1] * ratio.squareRoot())
        }
        // The dipole's own rates stand for those of the phase.
        let values = sector.values(coefficients), pattern = sector.pattern
        var rate = 0.0
        for k in values.indices where pattern.rows[k] == pattern.columns[k] && sector.multipoles[Int(pattern.rows[k])].l == 1 { rate = max(rate, abs(values[k])) }
        return SteadyStateSolve.Settling(shifts: [1, 0.1, 0.01].map { $0 * rate }, start: sector.multipoles.map { $0.q == 0 ? coherent[$0.l] : 0 })
    }

    /// Whether the gap of a large spin is hopelessly small, by those of small ones: ln gap is linear in N where phases coexist.
    func isBeyondPrecision(_ instance: ModelInstance) throws -> Bool {
        // What depends on N takes its value at the small one.
        var values = instance.values
        for name in ["N", "j"] + model.parameters.filter({ !$0.expression.names.isDisjoint(with: ["N", "j"]) }).map(\.name) { values[name] = nil }
        var known: [(spinCount: Int, logarithm: Double)] = []
        for size in [150, 300, 600] {
            let spinCount = size + instance.spinCount % 2
            guard let slowest = try slowModes(model.instance(spinCount: spinCount, values), count: 1).modes.first else { return false }
            // One that is unresolved already at a small spin, with all digits of double-double, is out of reach at a large one.
            guard slowest.decayRate > 0, slowest.error < 0.1 * slowest.eigenvalue.magnitude else { break }
            known.append((spinCount, log10(slowest.decayRate)))
            // Exponential beyond doubt; near a critical point, where it may be a power of N, one more size is asked.
            if known.count > 1, log10(slowest.decayRate) < -8 { break }
        }
        guard let last = known.last else { return true }
        guard known.count > 1 else { return last.logarithm < -12 }
        let before = known[known.count - 2]
        let slope = (last.logarithm - before.logarithm) / Double(last.spinCount - before.spinCount)
        // Half as many digits again as double-double has: the line is a rough one.
        return last.logarithm + slope * Double(instance.spinCount - last.spinCount) < -45
    }
}
