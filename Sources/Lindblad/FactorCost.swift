import LinearAlgebra
import SpinAlgebra

/// Size of the matrix behind a steady state, and the work of its elimination.
public struct FactorCost: Sendable {
    /// Unknowns: members of the sector that carries the steady state.
    public let unknowns: Int
    /// Entries of that sector's matrix.
    public let entries: Int
    /// Floating-point operations of one LU factorisation; what the certificate adds is not in them.
    public let flops: Double
}

extension LindbladSolver {
    /// What the last factorisation for a steady state in this window took. For benchmarks: finds ordering and fill anew.
    /// - Throws: `EvaluationError`, `SparseLUError` from the ordering.
    public func factorCost(_ instance: ModelInstance, frame: Frame, window: MultipoleWindow) throws -> FactorCost {
        let sector = try assemble(instance, frame, window, members: steadyClass(instance.spinCount)).0.steadySector, pattern = sector.pattern
        guard sector.size > 0 else { return FactorCost(unknowns: 0, entries: 0, flops: 0) }
        let flops = instance.spinCount <= Self.greatestBatchedSpinCount
            ? try BatchSteadyState.plan(pattern).flops : try FactorizationPlan(pattern).flops
        return FactorCost(unknowns: sector.size, entries: pattern.entryCount, flops: flops)
    }
}
