import Foundation

/// Where fixed points of the mean field appear, vanish, cross or begin to oscillate as a parameter changes.
public struct Bifurcation: Sendable, Equatable {
    public enum Kind: Int, Sendable {
        /// Two fixed points meet and vanish (fold of a branch).
        case saddleNode = 0
        /// A pair of complex eigenvalues crosses the imaginary axis: a limit cycle is born.
        case hopf = 1
        /// Branches cross: pitchfork or transcritical.
        case branchPoint = 2
    }
    public let kind: Kind
    public let parameter: Double
    /// Unit vector.
    public let spin: SIMD3<Double>
}

/// One curve of fixed points over a parameter, in the order along the curve; at folds the parameter turns back.
public struct FixedPointBranch: Sendable {
    public let parameters: [Double]
    /// One a parameter; with eigenvalues and type.
    public let points: [FixedPoint]
    /// An isola: the last point is the first.
    public let isClosed: Bool
}

/// All branches of fixed points over a range of a parameter.
public struct BranchDiagram: Sendable {
    /// In ascending order of the parameter at their beginning, then of n_z there.
    public let branches: [FixedPointBranch]
    /// In ascending order of the parameter.
    public let bifurcations: [Bifurcation]
    /// Whether all fixed points were found where branches were begun, and each branch was followed to an end of the range
    /// or to its own beginning.
    public let isComplete: Bool
    /// What is missing; empty if nothing is.
    public let reason: String

    /// Branches over `range`, begun at all fixed points at both ends, at places in between, and on both sides of every
    /// branch point met.
    ///
    /// An isola that lives between two places and touches no other branch is the only thing that can be missed: give more
    /// `starts` where one is expected. Bifurcations hold to 1e-10 of the parameter where they are not degenerate.
    /// - Parameters:
    ///   - starts: places in between; by default seven at equal distances, and seven at equal ratios for a range of
    ///     one sign over more than a decade.
    ///   - field: the mean field at a value of the parameter; its errors are passed on.
    public init(over range: ClosedRange<Double>, starts: [Double]? = nil, field: @escaping (Double) throws -> MeanField) throws {
        precondition(range.lowerBound < range.upperBound)
        var search = BranchSearch(tracer: BranchTracer(family: ParametrisedField(over: range, field)))
        try search.run(starts ?? Self.places(range))
        branches = search.branches.map(\.branch).sorted {
            let (a, b) = ($0.parameters[0], $1.parameters[0])
            return abs(a - b) > 1e-9 * (range.upperBound - range.lowerBound) ? a < b : $0.points[0].spin.z < $1.points[0].spin.z
        }
        bifurcations = search.bifurcations.sorted { ($0.parameter, $0.spin.z) < ($1.parameter, $1.spin.z) }
        reason = search.reasons.joined(separator: "; ")
        isComplete = search.reasons.isEmpty
    }

    private static func places(_ range: ClosedRange<Double>) -> [Double] {
        let (a, b) = (range.lowerBound, range.upperBound), parts = (1...7).map { Double($0) / 8 }
        let equal = parts.map { a + (b - a) * $0 }
        return a * b > 0 && max(b / a, a / b) > 10 ? equal + parts.map { a * pow(b / a, $0) } : equal
    }
}

/// Begins branches at fixed points that lie on none yet.
private struct BranchSearch {
    let tracer: BranchTracer
    var branches: [(branch: FixedPointBranch, sigmas: [Double])] = []
    var bifurcations: [Bifurcation] = []
    var reasons: [String] = []

    init(tracer: BranchTracer) { self.tracer = tracer }

    private var family: ParametrisedField { tracer.family }

    mutating func run(_ starts: [Double]) throws {
        let range = family.range, inner = starts.filter { $0 > range.lowerBound && $0 < range.upperBound }.sorted()
        for sigma in [0, 1] + inner.map({ ($0 - range.lowerBound) / family.width }) { try begin(at: sigma) }
        // Branches that leave a branch point and end before the next start.
        var seen = 0
        while seen < bifurcations.count {
            let point = bifurcations[seen]
            seen += 1
            guard point.kind == .branchPoint, seen < 200 else { continue }
            let sigma = (point.parameter - range.lowerBound) / family.width
            for place in [sigma - 1e-3, sigma + 1e-3] where place > 0 && place < 1 { try begin(at: place) }
        }
    }

    private mutating func begin(at place: Double) throws {
        var sigma = place, set = try family.field(sigma).fixedPoints()
        // Lines of fixed points, or fixed points about to meet, at special values: look beside them.
        func isSpecial(_ set: FixedPointSet) -> Bool { !set.isComplete || set.points.contains { isSingular($0) } }
        for shift in [1.3e-4, 1.7e-3] where isSpecial(set) {
            sigma = place > 0.5 ? place - shift : place + shift
            set = try family.field(sigma).fixedPoints()
        }
        if !set.isComplete { note("fixed points are not isolated at \(family.parameter(place))") }
        for point in set.points where !isSingular(point) {
            if try isKnown(point.spin, sigma) { continue }
            try trace(point.spin, sigma)
        }
    }

    private func isSingular(_ point: FixedPoint) -> Bool {
        let (a, b) = point.eigenvalues, size = max(a.magnitude, b.magnitude)
        return min(a.magnitude, b.magnitude) <= 1e-6 * size
    }

    private mutating func note(_ reason: String) { if !reasons.contains(reason) { reasons.append(reason) } }

    /// Whether a branch passes through a fixed point.
    private func isKnown(_ spin: SIMD3<Double>, _ sigma: Double) throws -> Bool {
        let field = try family.field(sigma)
        for (branch, sigmas) in branches {
            for k in 1..<max(1, sigmas.count) {
                let (a, b) = (sigmas[k - 1], sigmas[k])
                guard min(a, b) <= sigma, sigma <= max(a, b) else { continue }
                let p = branch.points[k - 1].spin, q = branch.points[k].spin
                guard (p - spin).length < 4 * BranchTracer.greatestStep else { continue }
                let guess = p + (a == b ? 0 : (sigma - a) / (b - a)) * (q - p)
                if (guess - spin).length < 1e-7 { return true }
                if let end = field.fixedPoint(near: guess), (end - spin).length < 1e-6 { return true }
            }
        }
        return false
    }

    private mutating func trace(_ spin: SIMD3<Double>, _ sigma: Double) throws {
        let start = try tracer.place(spin, sigma), forward = try tracer.trace(from: start, direction: 1)
        var places = forward.places, found = forward.bifurcations
        if !forward.isClosed {
            let back = try tracer.trace(from: start, direction: -1)
            places = back.places.dropFirst().reversed() + places
            found += back.bifurcations
            for end in [forward, back] where !end.hasArrived {
                note("a branch was lost at \(family.parameter(end.places[end.places.count - 1].sigma))")
            }
        }
        guard places.count > 1 else { return }
        // From lower to higher parameter, as far as that makes sense.
        if (places[0].sigma, places[0].spin.z) > (places[places.count - 1].sigma, places[places.count - 1].spin.z) { places.reverse() }
        let branch = FixedPointBranch(parameters: places.map { family.parameter($0.sigma) }, points: places.map(\.fixed), isClosed: forward.isClosed)
        branches.append((branch, places.map(\.sigma)))
        for point in found where !bifurcations.contains(where: { isSame($0, point) }) { bifurcations.append(point) }
    }

    /// The same bifurcation, met on another branch.
    private func isSame(_ a: Bifurcation, _ b: Bifurcation) -> Bool {
        a.kind == b.kind && abs(a.parameter - b.parameter) < 1e-8 * family.width && (a.spin - b.spin).length < 1e-5
    }
}
