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
        let first = try instance(parameters[0]), spinCount = first.spinCount, span = parameters[parameters.count - 1] - parameters[0]
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
        return try ExceptionalPointSearch(families: families, numbers: numbers, count: count, parameters: parameters, span: span).run()
    }
}

/// Sectors of one matrix family side by side.
struct ExceptionalPointSearch<Family: SpectralFamily> {
    let families: [Family]
    let numbers: [Int]
    let count: Int
    let parameters: [Double]
    let span: Double

    func run() throws -> ExceptionalPointSolution {
        // Some more than asked for: those that come from beyond, and partners.
        let width = max(2 * count, count + 8)
        let locators = families.map { ExceptionalPointLocator(family: $0, width: width, span: span) }
        let slices = try locators.map { locator in
            var last: [Complex] = []
            return try parameters.map { parameter in
                let slice = try locator.slice(at: parameter, expected: last)
                last = slice.branches.prefix(count).map(\.value)
                return slice
            }
        }
        let limits = parameters.indices.map { at in
            let rates = slices.flatMap { $0[at].branches.map { -$0.value.re } }.sorted()
            return rates[min(count, rates.count) - 1] * (1 + 1e-9)
        }
        /// Between values of the axis the greater of both.
        func limit(_ parameter: Double) -> Double {
            let next = parameters.firstIndex { $0 >= parameter } ?? parameters.count - 1
            return parameters[next] == parameter ? limits[next] : max(limits[next], limits[max(next - 1, 0)])
        }
        // Tracks are numbered by decay rate at the first value, the upper member of a pair first.
        let all = slices.indices.flatMap { s in
            slices[s][0].branches.enumerated().map { (sector: s, branch: $0.offset, value: $0.element.value) }
        }
        let starts = all.sorted { first, second in
            let (x, y) = (first.value, second.value)
            return (-x.re, abs(x.im), first.sector, -x.im) < (-y.re, abs(y.im), second.sector, -y.im)
        }.prefix(count)
        var tracks = starts.map { ExceptionalPointSolution.Track(sector: numbers[$0.sector], values: [$0.value], overlaps: [1]) }
        var missed: [ClosedRange<Double>] = []
        var found: [(point: ExceptionalPoint, sector: Int, isTracked: Bool)] = []
        for s in families.indices {
            var tracker = BranchTracker(locator: locators[s], limit: limit)
            var places: [Int: BranchTracker<Family>.Place] = [:]
            for (number, start) in starts.enumerated() where start.sector == s { places[number] = .init(branch: start.branch, overlap: 1) }
            let own = places.keys.sorted()
            for at in parameters.indices.dropFirst() {
                for track in places.keys { places[track]!.overlap = 1 }
                places = try tracker.follow(slices[s][at - 1], slices[s][at], places)
                for track in own {
                    tracks[track].values.append(places[track].map { slices[s][at].branches[$0.branch].value })
                    tracks[track].overlaps.append(places[track]?.overlap ?? .nan)
                }
            }
            missed += tracker.missed
            found += tracker.points.map { ($0.point, s, !$0.tracks.isEmpty) }
        }
        let points = try found.filter { entry in try entry.isTracked || isSlow(entry.point) }.sorted { $0.point.parameter < $1.point.parameter }
        return ExceptionalPointSolution(parameters: parameters, tracks: tracks, points: points.map { ($0.point, numbers[$0.sector]) },
                                       missed: missed.sorted { $0.lowerBound < $1.lowerBound })
    }

    /// Whether a point is among the slowest modes of all sectors at its place.
    private func isSlow(_ point: ExceptionalPoint) throws -> Bool {
        let slower = try families.reduce(0) { sum, family in
            let branches = try family.slowest(count, at: point.parameter + 1e-7 * span, expected: [])
            let slower = branches.filter { $0.value.re > point.eigenvalue.re + 1e-3 * abs(point.eigenvalue.re) }
            return sum + slower.reduce(0) { $0 + ($1.value.im == 0 ? 1 : 2) }
        }
        return slower < count
    }
}
