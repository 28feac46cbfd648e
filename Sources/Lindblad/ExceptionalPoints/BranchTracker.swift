import LinearAlgebra
import Numbers

/// Follows eigenvalues from one value of the parameter to the next by their vectors, and gathers the exceptional points met.
///
/// Steps are halved until each branch overlaps with one branch alone, or until those that do not are the members of an
/// exceptional point: a real pair and a conjugate pair, which the locator takes from there, or branches that stay entangled
/// however small the step.
struct BranchTracker<Family: SpectralFamily> {
    let locator: ExceptionalPointLocator<Family>
    /// Decay rate at θ up to which branches matter that no track is on.
    let limit: (Double) -> Double
    private(set) var points: [(point: ExceptionalPoint, tracks: Set<Int>)] = []
    /// Steps in which a real pair became a conjugate pair, or the other way, at a point that could not be located; steps that
    /// could not be halved.
    private(set) var missed: [ClosedRange<Double>] = []
    private var budget = 0

    private static var deepest: Int { 30 }
    /// Depths at which what is still entangled is tried as one cluster.
    private static var attempts: Set<Int> { [8, 16, 24, 30] }
    private static var mostSlices: Int { 250 }

    init(locator: ExceptionalPointLocator<Family>, limit: @escaping (Double) -> Double) {
        self.locator = locator
        self.limit = limit
    }

    /// Where each track is in a slice.
    struct Place {
        var branch: Int
        /// Least overlap since the last value of the axis.
        var overlap: Double
    }

    /// - Parameter places: of the tracks in slice `a`.
    /// - Returns: in slice `b`; without those that were lost.
    mutating func follow(_ a: SpectralSlice, _ b: SpectralSlice, _ places: [Int: Place]) throws -> [Int: Place] {
        budget = Self.mostSlices
        return try follow(a, b, places, depth: 0)
    }

    private mutating func follow(_ a: SpectralSlice, _ b: SpectralSlice, _ places: [Int: Place], depth: Int) throws -> [Int: Place] {
        let matching = SpectralMatching(a, b)
        var located: [Int: [ExceptionalPoint]] = [:]
        for (number, group) in matching.groups.enumerated() where matters(group, a, b, places) && !isResolved(group, a, b) {
            if Self.attempts.contains(depth), group.isWhole, group.left.count > 1, group.left.count <= 6 {
                let (left, right) = (end(a, group.left), end(b, group.right))
                if let found = try? locator.cluster(left, right) {
                    located[number] = [found]
                    continue
                }
            }
            if depth < Self.deepest && budget > 0 {
                budget -= 1
                let followed = places.values.map(\.branch)
                let middle: SpectralSlice
                do {
                    middle = try locator.slice(between: a, b, groups: (relevant(a) + followed, relevant(b)))
                } catch let error where error.isNumerical {
                    miss(a, b)
                    located[number] = []
                    continue
                }
                let half = try follow(a, middle, places, depth: depth + 1)
                return try follow(middle, b, half, depth: depth + 1)
            }
            located[number] = []
        }
        var result: [Int: Place] = [:]
        var single: [(left: Int, right: Int)] = []
        for (number, group) in matching.groups.enumerated() {
            let tracks = self.tracks(places, in: group)
            if let found = located[number] {
                for point in found { add(point, tracks) }
                if !found.isEmpty { result.merge(assign(tracks, places, group, matching)) { $1 } }
            } else if group.left.count == 1 && group.right.count == 1 {
                if matters(group, a, b, places) { single.append((group.left[0], group.right[0])) }
                let overlap = matching.overlap(group.left[0], group.right[0])
                for track in tracks { result[track] = Place(branch: group.right[0], overlap: min(places[track]!.overlap, Self.bounded(overlap))) }
            } else if isCollision(group, a, b) {
                if matters(group, a, b, places) {
                    do {
                        if let point = try locator.collision(end(a, group.left), end(b, group.right)) { add(point, tracks) }
                    } catch let error where error.isNumerical { miss(a, b) }
                }
                // The upper member goes on the track with the smaller number; of two real ones the slower.
                let order = Self.upperFirst(group.right, b), first = Self.upperFirst(group.left, a)
                let overlap = Self.bounded(group.overlap.magnitude)
                for (k, track) in tracks.enumerated() {
                    let target = tracks.count == 2 ? order[k] : order[first.firstIndex(of: places[track]!.branch)!]
                    result[track] = Place(branch: target, overlap: min(places[track]!.overlap, overlap))
                }
            }
        }
        try lookBetween(single, a, b, places)
        return result
    }

    /// Branches that come close and part within the step.
    private mutating func lookBetween(_ single: [(left: Int, right: Int)], _ a: SpectralSlice, _ b: SpectralSlice, _ places: [Int: Place]) throws {
        for (k, first) in single.enumerated() {
            let value = a.branches[first.left].value
            if value.im < 0 { continue }
            for second in single[(k + 1)...] {
                let other = a.branches[second.left].value
                // Pairs once: real ones, upper ones, and an upper one with its own twin.
                guard (value.im == 0) == (other.im == 0), other.im >= 0 || a.twin(first.left) == second.left else { continue }
                let left = end(a, [first.left, second.left]), right = end(b, [first.right, second.right])
                guard ExceptionalPointLocator<Family>.mayTouch(left, right) else { continue }
                let tracks = Set(places.filter { $0.value.branch == first.left || $0.value.branch == second.left }.keys)
                for point in (try? locator.approach(left, right)) ?? [] { add(point, Array(tracks)) }
            }
        }
    }

    private mutating func miss(_ a: SpectralSlice, _ b: SpectralSlice) {
        // A slice may be a little aside of where it was asked for.
        let step = min(a.parameter, b.parameter)...max(a.parameter, b.parameter)
        if !missed.contains(step) { missed.append(step) }
    }

    private func end(_ slice: SpectralSlice, _ group: [Int]) -> ExceptionalPointLocator<Family>.End { .init(slice: slice, group: group) }

    private func tracks(_ places: [Int: Place], in group: SpectralMatching.Group) -> [Int] {
        places.filter { group.left.contains($0.value.branch) }.keys.sorted()
    }

    private func matters(_ group: SpectralMatching.Group, _ a: SpectralSlice, _ b: SpectralSlice, _ places: [Int: Place]) -> Bool {
        places.values.contains { group.left.contains($0.branch) } || group.left.contains { -a.branches[$0].value.re <= limit(a.parameter) }
            || group.right.contains { -b.branches[$0].value.re <= limit(b.parameter) }
    }

    /// Branches of a slice that matter whether or not a track is on them.
    private func relevant(_ slice: SpectralSlice) -> [Int] {
        slice.branches.indices.filter { -slice.branches[$0].value.re <= limit(slice.parameter) }
    }

    private static func upperFirst(_ group: [Int], _ slice: SpectralSlice) -> [Int] {
        group.sorted { first, second in
            let (x, y) = (slice.branches[first].value, slice.branches[second].value)
            return (x.im, x.re) > (y.im, y.re)
        }
    }

    private func isResolved(_ group: SpectralMatching.Group, _ a: SpectralSlice, _ b: SpectralSlice) -> Bool {
        guard group.isWhole else { return false }
        if group.left.count > 1 { return isCollision(group, a, b) }
        return (a.branches[group.left[0]].value.im == 0) == (b.branches[group.right[0]].value.im == 0)
    }

    private func isCollision(_ group: SpectralMatching.Group, _ a: SpectralSlice, _ b: SpectralSlice) -> Bool {
        guard group.isWhole, group.left.count == 2, a.isReal(group.left), b.isReal(group.right) else { return false }
        return (a.branches[group.left[0]].value.im == 0) != (b.branches[group.right[0]].value.im == 0)
    }

    /// Greatest overlaps first; at an exceptional point they are about equal, and nearness in number decides.
    private func assign(_ tracks: [Int], _ places: [Int: Place], _ group: SpectralMatching.Group, _ matching: SpectralMatching) -> [Int: Place] {
        var open = group.right, result: [Int: Place] = [:]
        for track in tracks {
            let place = places[track]!
            guard let target = open.max(by: { matching.overlap(place.branch, $0) < matching.overlap(place.branch, $1) - 1e-3 }) else { break }
            open.removeAll { $0 == target }
            result[track] = Place(branch: target, overlap: min(place.overlap, Self.bounded(group.overlap.magnitude)))
        }
        return result
    }

    /// Overlaps above one are as far from it as their inverse.
    private static func bounded(_ overlap: Double) -> Double { min(overlap, 1 / overlap) }

    private mutating func add(_ found: ExceptionalPoint, _ tracks: [Int]) {
        var point = found
        if point.eigenvalue.im < 0 { point.eigenvalue = point.eigenvalue.conjugate }
        // A point at the end of a step is met from both sides, one off the real axis in both half planes.
        if let same = points.firstIndex(where: { known in
            abs(known.point.parameter - point.parameter) <= 10 * (known.point.error + point.error) + 1e-10 * locator.span
                && (known.point.eigenvalue - point.eigenvalue).magnitude <= 1e-4 * (1e-3 + point.eigenvalue.magnitude)
        }) {
            points[same].tracks.formUnion(tracks)
            if point.multiplicity > points[same].point.multiplicity { points[same].point = point }
            return
        }
        points.append((point, Set(tracks)))
    }
}
