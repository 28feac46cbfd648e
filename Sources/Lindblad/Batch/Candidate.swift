import LinearAlgebra

/// A point that waits for its turn among others of one call.
struct Candidate {
    let index: Int
    let spinCount: Int
    let frame: Frame
    var plan: WindowPlan
    /// Several steady states, by structure: slow modes of such models reach l = N.
    var isDegenerate = false
    var widenings = 0
    /// Solved by itself, after a group that it was in has failed.
    var isSolitary = false

    var window: MultipoleWindow { isDegenerate ? MultipoleWindow(lMax: spinCount, qMax: spinCount) : plan.window }

    private func fits(with other: Candidate) -> Bool {
        spinCount == other.spinCount && isDegenerate == other.isDegenerate && frame == other.frame && window == other.window
    }

    /// Takes the first and up to seven more that can be solved with it.
    static func nextGroup(from waiting: inout [Candidate]) -> [Candidate] {
        let first = waiting[0]
        var group: [Candidate] = []
        waiting.removeAll { other in
            guard group.count < LaneBuffer.lanes, first.fits(with: other), group.isEmpty || !(first.isSolitary || other.isSolitary) else { return false }
            group.append(other)
            return true
        }
        return group
    }

    /// After a group has failed: whose fault it is shows when each runs alone.
    /// - Returns: whether there is another try.
    static func retry(_ group: [Candidate], in waiting: inout [Candidate]) -> Bool {
        guard group.count > 1 else { return false }
        waiting = group.map { candidate in
            var solitary = candidate
            solitary.isSolitary = true
            return solitary
        } + waiting
        return true
    }
}
