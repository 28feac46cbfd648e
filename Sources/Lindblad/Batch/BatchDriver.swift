import LinearAlgebra
import SpinAlgebra

extension LindbladSolver {
    /// Above this N points are solved one by one: eight would fill memory, and one has work enough for dense kernels.
    public static let greatestBatchedSpinCount = 2000

    /// - Parameters:
    ///   - leakTolerance: greatest leak, see `SteadyStateSolution.leak`.
    ///   - errorTolerance: greatest error of ⟨J_a⟩/j before the state is `unresolved`.
    ///   - initial: chooses among degenerate steady states.
    /// - Throws: `EvaluationError` (the model makes no sense at these values), `SparseLUError`, `EigenvalueError`.
    public func steadyState(_ instance: ModelInstance, leakTolerance: Double, errorTolerance: Double,
                            initial: InitialState? = nil) throws -> SteadyStateSolution {
        try steadyStates([instance], leakTolerance: leakTolerance, errorTolerance: errorTolerance, initial: initial)[0].get()
    }

    /// Steady states of any number of points. Those that share N, axes and window are solved eight at a time; a point's
    /// bits do not depend on which others it came with.
    /// - Returns: a solution or an error for each, in order.
    public func steadyStates(_ instances: [ModelInstance], leakTolerance: Double, errorTolerance: Double,
                             initial: InitialState? = nil) -> [Result<SteadyStateSolution, any Error>] {
        // Points large enough for a group are solved one by one.
        if group != nil {
            return instances.map { instance in
                Result { try steadyStateAlone(instance, leakTolerance: leakTolerance, errorTolerance: errorTolerance, initial: initial) }
            }
        }
        // A few batches at a time: more would gain nothing, and sorting them into groups would take longer.
        let most = 8 * LaneBuffer.lanes
        if instances.count > most {
            return stride(from: 0, to: instances.count, by: most).flatMap { start in
                steadyStates(Array(instances[start..<min(start + most, instances.count)]), leakTolerance: leakTolerance, errorTolerance: errorTolerance, initial: initial)
            }
        }
        var results = [Result<SteadyStateSolution, any Error>?](repeating: nil, count: instances.count)
        func alone(_ k: Int, from plan: WindowPlan? = nil) {
            results[k] = Result {
                try steadyStateAlone(instances[k], leakTolerance: leakTolerance, errorTolerance: errorTolerance, initial: initial, from: plan)
            }
        }
        var waiting: [Candidate] = []
        for (k, isSuspicious) in suspicions(instances).enumerated() {
            if isSuspicious || instances[k].spinCount > Self.greatestBatchedSpinCount { alone(k); continue }
            do {
                let axes = try axes(instances[k])
                waiting.append(Candidate(index: k, spinCount: instances[k].spinCount, frame: axes.frame, plan: axes.plan))
            } catch { results[k] = .failure(error) }
        }
        while !waiting.isEmpty {
            let group = Candidate.nextGroup(from: &waiting), first = group[0]
            do {
                let (liouvillian, affine) = try assemble(spinCount: first.spinCount, first.frame, first.plan.window)
                guard let batch = try liouvillian.batch(spinCount: first.spinCount, workspace: workspace) else {
                    for candidate in group { alone(candidate.index, from: candidate.plan) }
                    continue
                }
                for (candidate, lane) in zip(group, batch.solve(try group.map { try affine.coefficients(instances[$0.index].values) })) {
                    var candidate = candidate
                    let isComplete = candidate.plan.isComplete
                    if !lane.isSound {
                        alone(candidate.index, from: candidate.plan)
                    } else if !(lane.leak.norm <= leakTolerance) && !isComplete {
                        candidate.plan.widen(l: lane.leak.beyondL / leakTolerance, q: lane.leak.beyondQ / leakTolerance)
                        waiting.append(candidate)
                    } else if !(lane.rounding <= min(errorTolerance, extendedFrom(instances[candidate.index]))) {
                        alone(candidate.index, from: candidate.plan)
                    } else if !(lane.truncation <= projectedTolerance) && !isComplete {
                        candidate.plan.widen(l: .infinity, q: .infinity)
                        waiting.append(candidate)
                    } else {
                        let state = MultipoleState(spinCount: candidate.spinCount, frame: candidate.frame, window: candidate.plan.window,
                                                   coefficients: lane.coefficients)
                        results[candidate.index] = .success(SteadyStateSolution(
                            outcome: .resolved(state), residual: lane.residual, leak: lane.leak.norm, error: lane.rounding + lane.truncation,
                            window: candidate.plan.window))
                    }
                }
            } catch {
                if !Candidate.retry(group, in: &waiting) { results[first.index] = .failure(error) }
            }
        }
        return results.map { $0! }
    }

    /// Which points may have several steady states by structure.
    func suspicions(_ instances: [ModelInstance]) -> [Bool] {
        var result = [Bool](repeating: true, count: instances.count)
        let bySize = Dictionary(grouping: instances.indices) { min(6 - instances[$0].spinCount % 2, instances[$0].spinCount) }
        for (small, indices) in bySize.sorted(by: { $0.key < $1.key }) {
            do {
                let probe = try probes[small] ?? BatchProbe(model: model, spinCount: small)
                probes[small] = probe
                for start in stride(from: 0, to: indices.count, by: LaneBuffer.lanes) {
                    let part = indices[start..<min(start + LaneBuffer.lanes, indices.count)]
                    for (k, isSuspicious) in zip(part, probe.isSuspicious(part.map { instances[$0].values })) { result[k] = isSuspicious }
                }
            } catch {
                // The exact path will find the same error and report it.
            }
        }
        return result
    }
}
