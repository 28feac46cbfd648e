import Foundation
import Numbers
import SpinAlgebra

/// Attractors of a model, the unstable fixed points between their basins, and the instantons that lead there.
public struct BarrierSolution: Sendable {
    public let fixedPoints: FixedPointSet
    /// In ascending order of n_z.
    public let attractors: [FixedPoint]
    /// Unstable fixed points on a boundary of two basins or more.
    public let exits: [FixedPoint]
    /// Attractors (ascending) in whose basins motions from each exit end.
    public let basins: [[Int]]
    /// By representation, then attractor and exit.
    public internal(set) var instantons: [Representation: [[Instanton?]]]
    /// What went wrong, in words; empty where nothing did.
    public internal(set) var complaints: [String] = []
    /// Attractors that are about to vanish together with an exit.
    public internal(set) var fragile: Set<Int> = []

    /// The exit that an attractor's basin is left by for that of another one, with the least action.
    ///
    /// nil where representations do not all have an instanton to the exits that any of them would choose: one that is missing
    /// might be the cheapest.
    public func exit(_ representation: Representation, from: Int, to: Int) -> Int? {
        guard !fragile.contains(from) else { return nil }
        let open = exits.indices.filter { basins[$0].contains(from) && basins[$0].contains(to) }
        func cheapest(_ own: [Instanton?]) -> Int? { open.filter { own[$0] != nil }.min { own[$0]!.action < own[$1]!.action } }
        var choices: Set<Int> = []
        for own in instantons.values {
            guard let choice = cheapest(own[from]) else { return nil }
            choices.insert(choice)
        }
        guard let own = instantons[representation]?[from], choices.allSatisfy({ own[$0] != nil }) else { return nil }
        return cheapest(own)
    }

    /// A_ij, in units of j: rates go as exp(−j A_ij). NaN where basins do not touch, or no orbit is known.
    public func barrier(_ representation: Representation, from: Int, to: Int) -> Double {
        guard from != to, let exit = exit(representation, from: from, to: to) else { return .nan }
        return instantons[representation]![from][exit]!.action
    }

    public func barriers(_ representation: Representation) -> [[Double]] {
        attractors.indices.map { from in attractors.indices.map { barrier(representation, from: from, to: $0) } }
    }
}

/// Computes all barriers of a model.
public struct BarrierSolver: Sendable {
    public let symbol: ClassicalSymbol
    public let representations: [Representation]
    /// Whether invariant planes are made use of.
    public let usesPlanes: Bool
    private let field: MeanField

    public init(_ symbol: ClassicalSymbol, representations: [Representation] = Representation.allCases, usesPlanes: Bool = true) {
        self.symbol = symbol
        self.representations = representations
        self.usesPlanes = usesPlanes
        field = MeanField(symbol)
    }

    /// Distance of an attractor from an exit, and rate over the greatest one, at which both are taken to merge.
    private static let mergingDistance = 1e-2, mergingRate = 1e-3
    /// Ways out that cost so many times another one, by semiclassical Wigner, are not followed into the other representations.
    private static let greatestExcess = 4.0

    /// Whether every attractor lies in a plane of reflection symmetry: barriers are then had in a hundredth of the time.
    public var isPlanar: Bool {
        let points = field.fixedPoints()
        return usesPlanes && points.attractors.allSatisfy { !planes(through: $0, points).isEmpty }
    }

    public func solve() -> BarrierSolution {
        let points = field.fixedPoints(), attractors = points.attractors
        let unstable = points.points.filter { $0.kind != .attractor && $0.eigenvalues.0.re > 1e-9 }
        let ends = unstable.map { field.basins(of: $0, attractors: attractors) }
        let kept = unstable.indices.filter { ends[$0].count > 1 }
        var solution = BarrierSolution(fixedPoints: points, attractors: attractors, exits: kept.map { unstable[$0] },
                                       basins: kept.map { ends[$0] }, instantons: [:])
        let none = [[Instanton?]](repeating: [Instanton?](repeating: nil, count: kept.count), count: attractors.count)
        for representation in representations { solution.instantons[representation] = none }
        guard attractors.count > 1 else { return solution }
        let greatest = points.points.reduce(0) { max($0, $1.eigenvalues.0.magnitude, $1.eigenvalues.1.magnitude) }
        for (i, attractor) in attractors.enumerated() {
            let isNear = solution.exits.contains { ($0.spin - attractor.spin).length < Self.mergingDistance }
            if isNear || attractor.slowestRate < Self.mergingRate * greatest {
                solution.fragile.insert(i)
                continue
            }
            solve(i, &solution)
        }
        return solution
    }

    private func solve(_ i: Int, _ solution: inout BarrierSolution) {
        let attractor = solution.attractors[i], planes = usesPlanes ? planes(through: attractor, solution.fixedPoints) : []
        var isPlanar = false
        for plane in planes {
            let own = solution.exits.indices.filter { solution.basins[$0].contains(i) && plane.contains(solution.exits[$0].spin) }
            guard !own.isEmpty else { continue }
            isPlanar = true
            for representation in representations {
                for found in PlaneInstantons(plane: plane, representation: representation).instantons(from: attractor) {
                    guard let exit = own.first(where: { (solution.exits[$0].spin - found.end).length < 1e-6 }),
                          found.instanton.isActivation(representation) else { continue }
                    let known = solution.instantons[representation]![i][exit]
                    if known.map({ $0.action > found.instanton.action }) ?? true {
                        solution.instantons[representation]![i][exit] = found.instanton
                    }
                }
            }
        }
        // Orbits outside any plane: to saddles; and to repellers, from which motion along the boundary to a saddle is free, where
        // saddles leave a barrier unknown, or the representations do not agree on one.
        let own = solution.exits.indices.filter { solution.basins[$0].contains(i) }
        let exits = solution.exits
        search(i, own.filter { exit in exits[exit].kind == .saddle && !(isPlanar && planes.contains { $0.contains(exits[exit].spin) }) }, &solution)
        guard !isPlanar else { return }
        var isOpen = false
        for j in solution.attractors.indices where j != i && own.contains(where: { solution.basins[$0].contains(j) }) {
            let chosen = representations.map { solution.exit($0, from: i, to: j) }
            isOpen = isOpen || chosen.contains(nil) || Set(chosen).count > 1
        }
        if isOpen { search(i, own.filter { solution.exits[$0].kind != .saddle }, &solution) }
    }

    private func search(_ i: Int, _ exits: [Int], _ solution: inout BarrierSolution) {
        let attractor = solution.attractors[i]
        let near = exits.map { ($0, (solution.exits[$0].spin - attractor.spin).length) }.sorted { $0.1 < $1.1 }
        // The nearest first: those that cost much more do not matter.
        for (exit, _) in near {
            let end = solution.exits[exit]
            let name = "from attractor \(i + 1) at \(Self.text(attractor.spin)) to the \(end.kind) at \(Self.text(end.spin))"
            let known = representations.flatMap { solution.instantons[$0]![i].compactMap { $0?.action } }.min() ?? .infinity
            do {
                let results = try OrbitFinder(symbol, from: attractor, to: end)
                    .instantons(representations, limit: solution.attractors.count == 2 ? Self.greatestExcess * known : .infinity)
                for (representation, result) in results {
                    switch result {
                    case .success(let instanton): solution.instantons[representation]![i][exit] = instanton
                    case .failure(let failure): solution.complaints.append("\(representation.rawValue) \(name): \(failure)")
                    }
                }
            } catch { solution.complaints.append("\(name): \(error)") }
        }
        solution.complaints.sort()
    }

    private static func text(_ v: SIMD3<Double>) -> String { String(format: "(%.3f, %.3f, %.3f)", v.x, v.y, v.z) }

    /// Planes of reflection symmetry that hold the attractor, spanned by it and another fixed point.
    private func planes(through attractor: FixedPoint, _ points: FixedPointSet) -> [ReflectionPlane] {
        var planes: [ReflectionPlane] = []
        for other in points.points {
            let normal = attractor.spin.cross(other.spin)
            guard normal.length > 1e-6, !planes.contains(where: { abs($0.normal.dot(normal.unit)) > 1 - 1e-9 }) else { continue }
            if let plane = ReflectionPlane(symbol, normal: Self.tidied(normal.unit)) { planes.append(plane) }
        }
        return planes
    }

    /// Without components that are rounding: a coordinate plane should be one exactly.
    private static func tidied(_ v: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(abs(v.x) < 1e-12 ? 0 : v.x, abs(v.y) < 1e-12 ? 0 : v.y, abs(v.z) < 1e-12 ? 0 : v.z).unit
    }
}

extension MeanField {
    /// Attractors in which motions from near an unstable fixed point end.
    func basins(of point: FixedPoint, attractors: [FixedPoint]) -> [Int] {
        let flow = tangent(point.spin)
        var directions: [SIMD2<Double>] = []
        if point.kind == .saddle || (point.eigenvalues.0.im == 0 && point.eigenvalues.1.re < 1e-9) {
            // Along the unstable direction, both ways: (M − λ₂) maps onto it.
            let m = flow.matrix, low = point.eigenvalues.1.re
            let columns = [SIMD2(m.a - low, m.c), SIMD2(m.b, m.d - low)]
            let best = columns.max { ($0 * $0).sum() < ($1 * $1).sum() }!, unit = best / (best * best).sum().squareRoot()
            directions = [unit, -unit]
        } else {
            directions = (0..<24).map { SIMD2(cos(2 * .pi * Double($0) / 24), sin(2 * .pi * Double($0) / 24)) }
        }
        var ends: Set<Int> = []
        for direction in directions {
            if let end = attractor(reachedFrom: flow.moved(point.spin, by: 1e-4 * direction), attractors) { ends.insert(end) }
        }
        return ends.sorted()
    }

    /// The attractor that a motion ends in; nil where it does not come near one (a limit cycle, say).
    func attractor(reachedFrom start: SIMD3<Double>, _ attractors: [FixedPoint]) -> Int? {
        var integrator = Extrapolation<SIMD3<Double>>(tolerance: 1e-9, firstStep: 0.1, velocity: velocity)
        var m = start, length = 0.0
        for _ in 0..<4000 {
            let v = velocity(m), speed = v.length
            // Inside the linear neighbourhood, and slowing down.
            if let near = attractors.indices.first(where: { (attractors[$0].spin - m).length < 2e-3 }) { return near }
            guard speed > 0, length < 200, let (next, _) = integrator.advance(m, limit: max(0.1, 0.2 / speed)) else { return nil }
            length += (next - m).length
            m = next.unit
        }
        return nil
    }
}
