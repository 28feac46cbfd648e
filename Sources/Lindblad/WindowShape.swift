import Foundation
import LinearAlgebra

/// Size of the matrices of a window, extrapolated from small windows of the same model and axes.
struct WindowShape {
    struct Block {
        /// Unknowns of the sector.
        let size: Double
        /// Entries of its matrix.
        let entries: Double
        /// Entries of factors and scratch of a frontal elimination of eight matrices.
        let fill: Double
        /// Of one matrix.
        let fillAlone: Double
        let bandwidths: (below: Int, above: Int)
    }
    /// Multipoles of all sectors.
    let count: Double
    /// Affine terms.
    let terms: Double
    /// The steady state's first.
    let sectors: [Block]
    /// Which of them are of the steady state's class of multipoles.
    let isOfClass: [Bool]

    var entries: Double { sectors.reduce(0) { $0 + $1.entries } }
    var steady: Block { sectors[0] }
    var greatest: Block { sectors.max { $0.size < $1.size }! }

    /// The steady state's class alone, as it is assembled for large spins. (Its own sector may be empty: a state that is the
    /// identity.)
    var steadyAlone: WindowShape {
        let own = sectors.indices.filter { $0 == 0 || isOfClass[$0] }.map { sectors[$0] }
        return WindowShape(count: own.reduce(1) { $0 + $1.size }, terms: terms, sectors: own, isOfClass: own.map { _ in true })
    }
}

/// What small windows of one kind show: entries an unknown, fill an unknown, shares of the sectors.
struct WindowAnchors {
    /// A window that was assembled and analysed.
    private struct Anchor {
        let count: Double
        let entries: Double
        let sizes: [Double]
        let isOfClass: [Bool]
        let steadyBandwidths: (below: Int, above: Int)
        let qMax: Int
        /// Of the largest sector.
        let size: Double
        let fill: Double

        /// - Throws: `EvaluationError`, `SparseLUError`.
        init(_ solver: LindbladSolver, _ spinCount: Int, _ frame: Frame, _ window: MultipoleWindow) throws {
            let sectors = try solver.assemble(spinCount: spinCount, frame, window).0.sectors
            let largest = sectors.max { $0.size < $1.size }!
            count = sectors.reduce(1) { $0 + Double($1.size) }
            entries = sectors.reduce(0) { $0 + Double($1.pattern.entryCount) }
            sizes = sectors.map { Double($0.size) }
            let members = solver.steadyClass(.max)
            isOfClass = sectors.map { sector in sector.multipoles.first.map { members.contains(q: $0.q, $0.part) } ?? false }
            steadyBandwidths = sectors[0].pattern.bandwidths
            qMax = window.qMax
            size = Double(max(largest.size, 1))
            fill = largest.size > 0 ? Double(try BatchSteadyState.plan(largest.pattern).vectorCount) : 0
        }
    }
    private let small: Anchor
    private let large: Anchor
    private let terms: Double
    private let isNarrow: Bool

    /// Windows as wide as they are at N = 20 and 100, in milliseconds.
    /// - Throws: `EvaluationError`, `SparseLUError`.
    init(wide solver: LindbladSolver, frame: Frame) throws {
        small = try Anchor(solver, 20, frame, WindowPlan(spinCount: 20).window)
        large = try Anchor(solver, 100, frame, WindowPlan(spinCount: 100).window)
        terms = Double(try solver.assemble(spinCount: 20, frame, WindowPlan(spinCount: 20).window).1.terms.count)
        isNarrow = false
    }

    /// A short piece of a narrow window: what is longer goes on alike.
    /// - Throws: `EvaluationError`, `SparseLUError`.
    init(narrow solver: LindbladSolver, frame: Frame) throws {
        let window = MultipoleWindow(lMax: 90, qMax: Int(WindowPlan.narrowQ))
        large = try Anchor(solver, 300, frame, window)
        small = large
        terms = Double(try solver.assemble(spinCount: 300, frame, window).1.terms.count)
        isNarrow = true
    }

    func shape(_ window: MultipoleWindow) -> WindowShape {
        let l = Double(window.lMax), q = Double(window.qMax), count = (q + 1) * (q + 1) + (l - q) * (2 * q + 1)
        // The rim of a wide window has fewer entries; a narrow one has the rim of its anchor all along.
        let perUnknown: Double
        if isNarrow { perUnknown = large.entries / large.count } else {
            let inverse = (1 / small.count.squareRoot(), 1 / large.count.squareRoot())
            let slope = (large.entries / large.count - small.entries / small.count) / (inverse.0 - inverse.1)
            perUnknown = large.entries / large.count + slope * (inverse.1 - 1 / count.squareRoot())
        }
        // Neighbours in l are a row of the window apart.
        let rows = max(1, q / Double(large.qMax)), band = large.steadyBandwidths
        let bandwidths = (below: Int(Double(band.below) * rows), above: Int(Double(band.above) * rows))
        return WindowShape(count: count, terms: terms, sectors: large.sizes.map { share in
            let size = max(1, share / large.count * count)
            return WindowShape.Block(size: size, entries: size * perUnknown, fill: size * fillPerUnknown(size, q), fillAlone: size * fillPerUnknown(size, q, isAlone: true),
                                     bandwidths: bandwidths)
        }, isOfClass: large.isOfClass)
    }

    /// The one |q| = 0 of a model with rotations by any angle.
    func shapeOfAxis(lMax: Int) -> WindowShape {
        let size = Double(lMax), perUnknown = large.entries / large.count
        return WindowShape(count: size + 1, terms: terms, sectors: [.init(size: size, entries: size * perUnknown, fill: 3 * size * perUnknown, fillAlone: 3 * size * perUnknown, bandwidths: large.steadyBandwidths)], isOfClass: [true])
    }

    /// In a plane window fill grows somewhat faster than n ln n and slower than the power of n that the two anchors suggest:
    /// the geometric mean of both is within a tenth at 10⁵ unknowns for all presets (of one matrix, whose fronts are merged less,
    /// nearly n ln n up to 2·10⁵). Along a narrow one it stays the same.
    private func fillPerUnknown(_ size: Double, _ q: Double, isAlone: Bool = false) -> Double {
        let before = small.fill / small.size, after = large.fill / large.size
        if isNarrow { return 1.06 * after * max(1, q / WindowPlan.narrowQ) }
        guard large.size > 1.5 * small.size, after > before, before > 0 else { return after }
        let steps = log(size / large.size) / log(large.size / small.size)
        let slow = max(1, after + (after - before) * steps), fast = after * pow(after / before, steps)
        return slow * pow(fast / slow, isAlone ? 0.2 : 0.5)
    }
}
