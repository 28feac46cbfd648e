import LinearAlgebra
import SpinAlgebra

extension LindbladSolver {
    /// - Parameters:
    ///   - count: modes wanted, a conjugate pair counted once.
    ///   - perSector: the slowest mode of each symmetry sector is wanted as well.
    ///   - errorTolerance: greatest relative truncation error of the slowest before the window is widened.
    /// - Throws: `EvaluationError`, `SparseLUError`, `EigenvalueError`.
    public func slowModes(_ instance: ModelInstance, count: Int, perSector: Bool = false, errorTolerance: Double = 1e-8) throws -> SlowModeSolution {
        try slowModes([instance], count: count, perSector: perSector, errorTolerance: errorTolerance)[0].get()
    }

    /// Slow modes of any number of points. Where one mode a point is wanted, points that share N, axes and window go eight at
    /// a time; a point's bits do not depend on which others it came with.
    /// - Returns: a solution or an error for each, in order.
    public func slowModes(_ instances: [ModelInstance], count: Int, perSector: Bool = false, errorTolerance: Double = 1e-8) -> [Result<SlowModeSolution, any Error>] {
        var results = [Result<SlowModeSolution, any Error>?](repeating: nil, count: instances.count)
        var waiting: [Candidate] = [], probes: [Int: [ModeProbe]] = [:]
        for (k, isSuspicious) in suspicions(instances).enumerated() {
            do {
                if let coexisting = try coexistingPhases(instances[k]) {
                    results[k] = .success(SlowModeSolution(modes: [], kernelDimension: 1, searchRadius: 0, window: coexisting.window,
                                                           frame: coexisting.states[0].frame, spinCount: instances[k].spinCount, vectors: [], sectorModes: [],
                                                           gapBound: coexisting.escapeRate))
                    continue
                }
                probes[k] = try modeProbes(instances[k])
                waiting.append(try candidate(k, instances[k], isSuspicious: isSuspicious))
            } catch { results[k] = .failure(error) }
        }
        while !waiting.isEmpty {
            let group = Candidate.nextGroup(from: &waiting), first = group[0]
            do {
                let (liouvillian, affine) = try assemble(spinCount: first.spinCount, first.frame, first.window)
                let points = try group.map { try affine.coefficients(instances[$0.index].values) }
                let isBatched = count == 1 && !first.isDegenerate && first.spinCount <= Self.greatestBatchedSpinCount
                let known = isBatched ? try batchedModes(liouvillian, points) : group.map { _ in [:] }
                for (lane, candidate) in group.enumerated() {
                    do {
                        let kernel = candidate.isDegenerate ? try KernelSolve(liouvillian, coefficients: points[lane]) : nil
                        var search = SlowModeSearch(liouvillian: liouvillian, coefficients: points[lane], count: count, isPerSector: perSector, kernel: kernel)
                        try search.run(probes: probes[candidate.index] ?? [], known: known[lane])
                        if let wider = wider(candidate, after: search, errorTolerance: errorTolerance) {
                            waiting.append(wider)
                        } else {
                            if !candidate.isDegenerate { try refine(&search, instances[candidate.index], frame: candidate.frame, from: candidate.plan) }
                            results[candidate.index] = .success(search.solution(spinCount: candidate.spinCount, frame: candidate.frame))
                        }
                    } catch { results[candidate.index] = .failure(error) }
                }
            } catch {
                if !Candidate.retry(group, in: &waiting) { results[first.index] = .failure(error) }
            }
        }
        return results.map { $0! }
    }

    private func candidate(_ index: Int, _ instance: ModelInstance, isSuspicious: Bool) throws -> Candidate {
        let spinCount = instance.spinCount
        if isSuspicious, try kernels.isDegenerate(spinCount: spinCount, values: instance.values) {
            return Candidate(index: index, spinCount: spinCount, frame: .laboratory, plan: WindowPlan(spinCount: spinCount), isDegenerate: true)
        }
        let axes = slowModeAxes(instance)
        return Candidate(index: index, spinCount: spinCount, frame: axes.frame, plan: axes.plan)
    }

    /// - Returns: the candidate with a wider window, if this one was too narrow.
    private func wider(_ candidate: Candidate, after search: SlowModeSearch, errorTolerance: Double) -> Candidate? {
        if candidate.window.isComplete(spinCount: candidate.spinCount)
            || search.isCertified(leading: errorTolerance, others: candidate.widenings < 3 ? 1e-6 : .infinity) { return nil }
        var wider = candidate
        let guilty = search.leaks
        wider.plan.widen(l: guilty.beyondL >= 0.1 * guilty.beyondQ ? .infinity : 0, q: guilty.beyondQ >= 0.1 * guilty.beyondL ? .infinity : 0)
        wider.widenings += 1
        return wider
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
}
