import LinearAlgebra
import Numbers
import SpinAlgebra

/// The slow eigenvalues of a Liouvillian followed along one parameter, with the exceptional points met.
public struct ExceptionalPointSolution: Sendable {
    /// One eigenvalue along the parameter's values.
    public struct Track: Sendable {
        /// Symmetry sector, in the order of the sectors' least multipoles.
        public let sector: Int
        /// At each value; nil after the track was lost.
        public fileprivate(set) var values: [Complex?]
        /// |tr P P′| of spectral projectors on the way from the value before (of both branches together where a pair was exchanged).
        public fileprivate(set) var overlaps: [Double]
    }
    public let parameters: [Double]
    public fileprivate(set) var tracks: [Track]
    /// Ascending in the parameter.
    public let points: [(point: ExceptionalPoint, sector: Int)]
    /// Steps with an exceptional point that could not be located.
    public let missed: [ClosedRange<Double>]
    public var isComplete: Bool { missed.isEmpty && tracks.allSatisfy { !$0.values.contains { $0 == nil } } }
}

extension LindbladSolver {
    /// Follows the modes that are the `count` slowest at the first value (of conjugate pairs each member counts), and finds the
    /// exceptional points on these tracks and among the `count` slowest modes anywhere on the way.
    ///
    /// Complete window: truncated ones have slow modes of their own, which come and go with the parameter.
    /// - Parameters:
    ///   - parameters: at least two, ascending.
    ///   - instance: the model at a value of the parameter, of one N.
    public func exceptionalPoints(_ count: Int, along parameters: [Double],
                                  instance: @escaping (Double) throws -> ModelInstance) throws -> ExceptionalPointSolution {
        let first = try instance(parameters[0]), spinCount = first.spinCount
        let frame = axes(spinCount, along: nil).frame
        let (liouvillian, affine) = try assemble(spinCount: spinCount, frame, MultipoleWindow(lMax: spinCount, qMax: spinCount))
        let middle = try instance(parameters[parameters.count / 2])
        let samples = [first, middle, try instance(parameters[parameters.count - 1])]
        let frequencies = try Set(samples.flatMap { try modeProbes($0).map(\.frequency) }).sorted()
        let isDegenerate = try kernels.isDegenerate(spinCount: spinCount, values: middle.values)
        let families = try liouvillian.sectors.filter { $0.size > 0 }.map { sector in
            let scale = sector.values(try affine.coefficients(middle.values)).reduce(0) { max($0, abs($1)) }
            return SectorFamily(sector: sector, coefficients: { try affine.coefficients(instance($0).values) }, frequencies: frequencies,
                                shift: isDegenerate ? KernelSolve.shift(scale: scale) : 0)
        }
        let numbers = families.map(\.sector.number)
        return try ExceptionalPointSearch(families: families, numbers: numbers, count: count, parameters: parameters).run()
    }
}

/// Sectors of one matrix family side by side.
struct ExceptionalPointSearch<Family: SpectralFamily> {
    let families: [Family]
    let numbers: [Int]
    let count: Int
    /// Ascending; nothing is asked of the families beyond the first and the last.
    let parameters: [Double]
    private var range: ClosedRange<Double> { parameters[0]...parameters[parameters.count - 1] }

    func run() throws -> ExceptionalPointSolution {
        // Some more than asked for: those that come from beyond, and partners.
        let width = max(2 * count, count + 8)
        let locators = families.map { ExceptionalPointLocator(family: $0, width: width, range: range) }
        // By sector at the last value reached; the one before is let go.
        var slices = try locators.map { try $0.slice(at: parameters[0], expected: []) }
        func rate() -> Double {
            let rates = slices.flatMap { $0.branches.map { -$0.value.re } }.sorted()
            return rates[min(count, rates.count) - 1] * (1 + 1e-9)
        }
        var limits = [rate()]
        /// Between values of the axis the greater of both.
        func limit(_ parameter: Double) -> Double {
            let next = parameters.firstIndex { $0 >= parameter } ?? parameters.count - 1
            return parameters[next] == parameter ? limits[next] : max(limits[next], limits[max(next - 1, 0)])
        }
        // Tracks are numbered by decay rate at the first value, the upper member of a pair first.
        let all = slices.indices.flatMap { s in
            slices[s].branches.enumerated().map { (sector: s, branch: $0.offset, value: $0.element.value) }
        }
        let starts = all.sorted { first, second in
            let (x, y) = (first.value, second.value)
            return (-x.re, abs(x.im), first.sector, -x.im) < (-y.re, abs(y.im), second.sector, -y.im)
        }.prefix(count)
        var tracks = starts.map { ExceptionalPointSolution.Track(sector: numbers[$0.sector], values: [$0.value], overlaps: [1]) }
        var trackers = locators.map { BranchTracker(locator: $0, limit: limit) }
        var places = families.indices.map { s in
            Dictionary(uniqueKeysWithValues: starts.indices.filter { starts[$0].sector == s }.map {
                ($0, BranchTracker<Family>.Place(branch: starts[$0].branch, overlap: 1))
            })
        }
        let own = places.map { $0.keys.sorted() }
        for at in parameters.indices.dropFirst() {
            let last = slices
            slices = try families.indices.map { s in
                // Tracks may be far from slow by now; sparse searches are to find them, and slices to keep them.
                let tracked = places[s].values.map(\.branch).sorted().flatMap { last[s].forecast($0, at: parameters[at]) }
                return try locators[s].slice(at: parameters[at], expected: tracked + last[s].branches.prefix(count).map(\.value))
            }
            limits.append(rate())
            for s in families.indices {
                places[s] = try trackers[s].follow(last[s], slices[s], places[s].mapValues { .init(branch: $0.branch, overlap: 1) })
                for track in own[s] {
                    tracks[track].values.append(places[s][track].map { slices[s].branches[$0.branch].value })
                    tracks[track].overlaps.append(places[s][track]?.overlap ?? .nan)
                }
            }
        }
        let missed = trackers.flatMap(\.missed)
        let found = families.indices.flatMap { s in trackers[s].points.map { (point: $0.point, sector: s, isTracked: !$0.tracks.isEmpty) } }
        let points = try found.filter { entry in try entry.isTracked || isSlow(entry.point) }.sorted { $0.point.parameter < $1.point.parameter }
        return ExceptionalPointSolution(parameters: parameters, tracks: tracks, points: points.map { ($0.point, numbers[$0.sector]) },
                                       missed: missed.sorted { $0.lowerBound < $1.lowerBound })
    }

    /// Whether a point is among the slowest modes of all sectors at its place; one whose rank cannot be computed is not left out.
    private func isSlow(_ point: ExceptionalPoint) throws -> Bool {
        do {
            let slower = try families.reduce(0) { sum, family in
                let branches = try family.slowest(count, at: range.aside(point.parameter, 1e-7 * range.length), expected: [])
                let slower = branches.filter { $0.value.re > point.eigenvalue.re + 1e-3 * abs(point.eigenvalue.re) }
                return sum + slower.reduce(0) { $0 + ($1.value.im == 0 ? 1 : 2) }
            }
            return slower < count
        } catch let error where error.isNumerical { return true }
    }
}
