import LinearAlgebra
import SpinAlgebra

extension LindbladSolver {
    /// - Parameters:
    ///   - count: modes wanted, a conjugate pair counted once.
    ///   - errorTolerance: greatest relative truncation error of the slowest before the window is widened.
    /// - Throws: `EvaluationError`, `SparseLUError`, `EigenvalueError`.
    public func slowModes(_ instance: ModelInstance, count: Int, errorTolerance: Double = 1e-8) throws -> SlowModeSolution {
        try slowModes([instance], count: count, errorTolerance: errorTolerance)[0].get()
    }

    /// Slow modes of any number of points. Where one mode a point is wanted, points that share N, axes and window go eight at
    /// a time; a point's bits do not depend on which others it came with.
    /// - Returns: a solution or an error for each, in order.
    public func slowModes(_ instances: [ModelInstance], count: Int, errorTolerance: Double = 1e-8) -> [Result<SlowModeSolution, any Error>] {
        var results = [Result<SlowModeSolution, any Error>?](repeating: nil, count: instances.count)
        var waiting: [SlowModeCandidate] = []
        for (k, instance) in instances.enumerated() {
            do { waiting.append(try candidate(k, instance)) } catch { results[k] = .failure(error) }
        }
        while let first = waiting.first {
            var group: [SlowModeCandidate] = []
            waiting.removeAll { other in
                guard group.count < LaneBuffer.lanes, other.spinCount == first.spinCount, other.isDegenerate == first.isDegenerate,
                      other.frame == first.frame, other.window == first.window, group.isEmpty || !(first.isSolitary || other.isSolitary) else { return false }
                group.append(other)
                return true
            }
            do {
                let assembled = try group.map { try assemble(instances[$0.index], $0.frame, $0.window) }
                let isBatched = count == 1 && !first.isDegenerate && first.spinCount <= Self.greatestBatchedSpinCount
                let known = isBatched ? try batchedModes(assembled[0].0, assembled.map(\.1)) : group.map { _ in [:] }
                for (position, candidate) in group.enumerated() {
                    do {
                        if let wider = try finish(candidate, instances[candidate.index], assembled[position], known[position], count: count,
                                                  errorTolerance: errorTolerance, into: &results) { waiting.append(wider) }
                    } catch { results[candidate.index] = .failure(error) }
                }
            } catch {
                // Whose fault it is shows when each runs alone.
                if group.count == 1 { results[first.index] = .failure(error) } else { waiting = group.map(\.solitary) + waiting }
            }
        }
        return results.map { $0! }
    }

    private struct SlowModeCandidate {
        let index: Int
        let spinCount: Int
        let frame: Frame
        let isDegenerate: Bool
        var plan: WindowPlan
        var widenings = 0
        /// Solved by itself, after a group that it was in has failed.
        var isSolitary = false
        var solitary: SlowModeCandidate {
            var copy = self
            copy.isSolitary = true
            return copy
        }
        /// Slow modes of models with several steady states reach l = N.
        var window: MultipoleWindow { isDegenerate ? MultipoleWindow(lMax: spinCount, qMax: spinCount) : plan.window }
    }

    private func candidate(_ index: Int, _ instance: ModelInstance) throws -> SlowModeCandidate {
        let spinCount = instance.spinCount
        if try kernels.isDegenerate(spinCount: spinCount, values: instance.values) {
            return SlowModeCandidate(index: index, spinCount: spinCount, frame: .laboratory, isDegenerate: true, plan: WindowPlan(spinCount: spinCount))
        }
        let axes = try slowModeAxes(instance)
        return SlowModeCandidate(index: index, spinCount: spinCount, frame: axes.frame, isDegenerate: false, plan: axes.plan)
    }

    /// By point and sector, what eight points at a time can tell.
    private func batchedModes(_ liouvillian: TruncatedLiouvillian, _ points: [[Double]]) throws -> [[Int: BatchSlowModes.Lane]] {
        var known = [[Int: BatchSlowModes.Lane]](repeating: [:], count: points.count)
        for sector in liouvillian.sectors {
            guard let batch = try liouvillian.batchSlowModes(sector.number, workspace: workspace) else { continue }
            for (lane, found) in try batch.solve(points).enumerated() { known[lane][sector.number] = found }
        }
        return known
    }

    /// - Returns: the candidate with a wider window, if this one was too narrow.
    private func finish(_ candidate: SlowModeCandidate, _ instance: ModelInstance, _ assembled: (TruncatedLiouvillian, [Double]),
                        _ known: [Int: BatchSlowModes.Lane], count: Int, errorTolerance: Double,
                        into results: inout [Result<SlowModeSolution, any Error>?]) throws -> SlowModeCandidate? {
        let (liouvillian, coefficients) = assembled, spinCount = candidate.spinCount
        let kernel = candidate.isDegenerate ? try KernelSolve(liouvillian, coefficients: coefficients) : nil
        var search = SlowModeSearch(liouvillian: liouvillian, coefficients: coefficients, count: count, kernel: kernel)
        try search.run(probes: try probeFrequencies(instance), known: known)
        if candidate.window.isComplete(spinCount: spinCount)
            || search.isCertified(leading: errorTolerance, others: candidate.widenings < 3 ? 1e-6 : .infinity) {
            if !candidate.isDegenerate { try refine(&search, instance, frame: candidate.frame, from: candidate.plan) }
            results[candidate.index] = .success(search.solution(spinCount: spinCount, frame: candidate.frame))
            return nil
        }
        var wider = candidate
        let guilty = search.leaks
        wider.plan.widen(l: guilty.beyondL >= 0.1 * guilty.beyondQ ? .infinity : 0, q: guilty.beyondQ >= 0.1 * guilty.beyondL ? .infinity : 0)
        wider.widenings += 1
        return wider
    }
}
