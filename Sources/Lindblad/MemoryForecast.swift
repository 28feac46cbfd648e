import Foundation
import LinearAlgebra
import SpinAlgebra

/// Memory that solving will take, told beforehand.
///
/// Follows from the windows that the points' classical spins call for and from the size of the matrices there
/// (`WindowShape`): nothing is solved. Where convergence decides (how far a window is widened, how many Krylov vectors there
/// are) it is meant to be at the truth or slightly above. `Benchmarks/memory` compares it with runs.
public final class MemoryForecast: @unchecked Sendable {
    public struct Need: Sendable {
        /// Bytes at the worst moment.
        public let peak: Double
        /// Of these, bytes that stay while other questions are answered about the same points.
        public let kept: Double
        /// Of the peak, the lanes' factors: once reserved they serve every question.
        public let scratch: Double
    }

    /// Bytes of what is there, by what it is counted in. A number or an index is 8 or 4 bytes; a lane buffer has eight numbers.
    private enum Bytes {
        /// Solver, symmetry search, small spins that are solved beforehand.
        static let solver = 4e6
        /// An entry of an assembled window: row and column, a number a term; and what leaves the window.
        static func assembled(_ terms: Double) -> Double { 13 + 8 * terms }
        /// An entry while a window is assembled: in coordinates, sorted, and in its sector.
        static func assembling(_ terms: Double) -> Double { 31 + 16 * terms }
        /// An entry for eight points at a time: places, the terms in the order of fronts and in that of rows.
        static func batched(_ terms: Double) -> Double { 16 + 16 * terms }
        /// The same for slow modes: one more term (the shift), no products.
        static func batchedModes(_ terms: Double) -> Double { 20 + 8 * terms }
        /// An entry of factors for eight points.
        static let lanes = 64.0
        /// An unknown of eight points' states, defects and adjoint solutions.
        static let batchedVectors = 512.0
        /// An unknown of eight points' Krylov spaces: some forty blocks of four vectors at last (48 at most, and the images),
        /// fewer where there are few modes.
        static func batchedKrylov(_ size: Double) -> Double { 11_200 * size / (size + 1500) }
        /// An entry of a matrix in fronts for one point: where it goes.
        static let placed = 24.0
        /// An entry of the fronts' fill for one point: the number, and what waits to be added to other fronts.
        static let fronts = 9.0
        /// An unknown of one point's Krylov space while it grows (some ninety vectors), with its images; for several modes.
        static let krylov = 1800.0, crowd = 2600.0
        /// Off the real axis: an entry of the fill, an unknown of the space.
        static let complexFronts = 17.0, complexKrylov = 5000.0
        /// An entry in double-double: numbers of all terms (twice while sorted), combined, with places.
        static func extended(_ terms: Double) -> Double { 40 + 32 * terms }
        /// An unknown of the vectors in double-double while they converge, and of the search for the slow modes.
        static let extendedVectors = 1500.0
        /// An unknown of a solution in double-double that is kept for the next study.
        static let extendedSolution = 120.0
        /// An entry of a matrix at one point: values, and a shifted copy.
        static let values = 16.0
        /// Gaps of the small spins that tell whether phases are apart, with the windows kept.
        static let smallGaps = 1.8e8
        /// An unknown of a lone point's vectors in a narrow window; in a wide one its slowest mode is looked at too.
        static let vectors = 320.0, wideVectors = 1500.0
    }
    /// Below this N gaps of metastability are rarely small enough for double-double.
    private static let leastMetastable = 60
    /// Solutions in double-double that are kept: see `MetastableCache`.
    private static let keptSolutions = 64.0, keptUnknowns = 1e6

    /// What the classical spin says of a point.
    private struct Outlook {
        let attractors: [[Double]]
        /// Several steady states by structure.
        let isDegenerate: Bool
    }
    private let model: Model
    private let lock = NSLock()
    private var solver: LindbladSolver?
    private var outlooks: [[String: Double]: Outlook] = [:]
    private var anchors: [Bool: WindowAnchors] = [:]
    /// Whether phases of a large spin coexist beyond all precision, of the points that were asked about.
    private var coexistence: [[String: Double]: Bool] = [:]
    /// Points at which that is found out (seconds); the others are taken to be alike.
    private static let askedAbout = 1

    public init(model: Model) { self.model = model }

    /// Of steady states.
    /// - Parameters:
    ///   - samples: some of the points, of one N.
    ///   - count: number of points.
    public func steadyStates(_ samples: [ModelInstance], count: Int) -> Need {
        greatest(samples) { try self.steadyState($0, $1, samples, count: count) }
    }

    /// Of so many slow modes a point.
    public func slowModes(_ samples: [ModelInstance], count: Int, modes: Int) -> Need {
        greatest(samples) { try self.slowModes($0, $1, count: count, modes: modes) }
    }

    private func greatest(_ samples: [ModelInstance], _ forecast: (LindbladSolver, ModelInstance) throws -> Need) -> Need {
        lock.withLock {
            var result = Need(peak: Bytes.solver, kept: 0, scratch: 0)
            // A model that makes no sense is refused before anything is solved.
            guard let solver = try? self.solver ?? LindbladSolver(model: model) else { return result }
            self.solver = solver
            for sample in samples {
                // Points that make no sense fail before they take memory.
                guard let one = try? forecast(solver, sample) else { continue }
                result = Need(peak: max(result.peak, Bytes.solver + one.peak), kept: max(result.kept, one.kept), scratch: max(result.scratch, one.scratch))
            }
            return result
        }
    }

    // MARK: Windows

    private func outlook(_ solver: LindbladSolver, _ instance: ModelInstance) throws -> Outlook {
        // N matters little to the classical spin: that of the first N asked about serves all.
        let key = instance.values.filter { $0.key != "N" && $0.key != "j" }
        if let known = outlooks[key] { return known }
        let made = Outlook(attractors: try solver.meanSpin(instance).attractors(),
                           isDegenerate: try solver.kernels.isDegenerate(spinCount: instance.spinCount, values: instance.values))
        outlooks[key] = made
        return made
    }

    private func anchors(_ solver: LindbladSolver, isNarrow: Bool, frame: Frame) throws -> WindowAnchors {
        if let known = anchors[isNarrow] { return known }
        let made = try isNarrow ? WindowAnchors(narrow: solver, frame: frame) : WindowAnchors(wide: solver, frame: frame)
        anchors[isNarrow] = made
        return made
    }

    /// The windows that a point goes through.
    private struct Windows {
        /// As it will be at last, and at first if it is to be widened.
        let last: WindowShape
        let first: WindowShape?
        let isNarrow: Bool
        let frame: Frame
    }

    /// - Parameter mayTurn: whether a single phase gets axes of its own.
    private func windows(_ solver: LindbladSolver, _ instance: ModelInstance, _ outlook: Outlook, mayTurn: Bool) throws -> Windows {
        let n = instance.spinCount, isApart = try isApart(solver, instance, outlook)
        let isNarrow = isApart || mayTurn && !outlook.isDegenerate && outlook.attractors.count == 1 && solver.turnsToMeanSpin(n)
        let axes = solver.axes(n, along: isNarrow ? outlook.attractors[0] : nil)
        let anchors = try anchors(solver, isNarrow: isNarrow, frame: axes.frame)
        func shape(_ window: MultipoleWindow) -> WindowShape { anchors.shape(window) }
        if outlook.isDegenerate { return Windows(last: shape(MultipoleWindow(lMax: n, qMax: n)), first: nil, isNarrow: false, frame: axes.frame) }
        if isNarrow { return Windows(last: shape(axes.plan.window), first: nil, isNarrow: true, frame: axes.frame) }
        // A phase at angle θ from the axis has |q| up to about l sin θ.
        let axis = axes.frame.axes[2]
        let sine = outlook.attractors.map { direction in
            let cosine = zip(direction, axis).reduce(0) { $0 + $1.0 * $1.1 }
            return max(0, 1 - cosine * cosine).squareRoot()
        }.max() ?? 0
        var plan = axes.plan
        while plan.qFactor < 5 * sine + 0.8, !plan.isComplete { plan.widen(l: .infinity, q: .infinity) }
        return Windows(last: shape(plan.window), first: plan.window == axes.plan.window ? nil : shape(axes.plan.window), isNarrow: false, frame: axes.frame)
    }

    /// Whether the phases of a large spin are solved each in a narrow window of its own.
    private func isApart(_ solver: LindbladSolver, _ instance: ModelInstance, _ outlook: Outlook) throws -> Bool {
        guard instance.spinCount > LindbladSolver.greatestBatchedSpinCount, outlook.attractors.count > 1, solver.turnsToMeanSpin(instance.spinCount) else { return false }
        let key = instance.values.filter { $0.key != "N" && $0.key != "j" }
        if coexistence[key] == nil, coexistence.count < Self.askedAbout {
            // Where that cannot be told the whole window is the upper bound.
            coexistence[key] = (try? solver.isBeyondPrecision(instance)) ?? false
        }
        return coexistence[key] ?? coexistence.values.allSatisfy { $0 }
    }

    // MARK: Parts

    /// Whether double-double will be called for.
    private func isMetastable(_ outlook: Outlook, _ solver: LindbladSolver, _ spinCount: Int) -> Bool {
        spinCount >= Self.leastMetastable && outlook.attractors.count != 1 && solver.symmetries.rotationAxis == nil
    }

    /// Factors of one point, with all that stays for the next.
    private func factors(_ block: WindowShape.Block) -> Double {
        if FactorizationPlan.isNarrow(size: Int(block.size), bandwidths: block.bandwidths) {
            return block.size * 8 * Double(2 * block.bandwidths.below + block.bandwidths.above + 1)
        }
        return Bytes.placed * block.entries + Bytes.fronts * block.fillAlone
    }

    /// Double-double on one sector, and the solutions kept.
    private func extended(_ shape: WindowShape, _ block: WindowShape.Block, count: Int) -> (passing: Double, kept: Double) {
        let kept = min(Double(count), Self.keptSolutions, max(1, Self.keptUnknowns / block.size))
        return (Bytes.extended(shape.terms) * block.entries + Bytes.extendedVectors * block.size, Bytes.extendedSolution * block.size * kept)
    }

    private func steadyState(_ solver: LindbladSolver, _ instance: ModelInstance, _ samples: [ModelInstance], count: Int) throws -> Need {
        let outlook = try outlook(solver, instance), n = instance.spinCount, windows = try windows(solver, instance, outlook, mayTurn: true)
        let isMetastable = isMetastable(outlook, solver, n) && !windows.isNarrow
        guard n <= LindbladSolver.greatestBatchedSpinCount else {
            // Alone, and of the steady state's multipoles only.
            var shape = windows.last.steadyAlone
            if solver.steadyClass(n).order == 0, let anchors = anchors[windows.isNarrow] {
                var plan = WindowPlan(spinCount: n)
                plan.keepOrder(0)
                shape = anchors.shapeOfAxis(lMax: plan.window.lMax)
            }
            var after = (Bytes.assembled(shape.terms) + Bytes.values) * shape.entries + factors(shape.steady) + Bytes.vectors * shape.count
            if isMetastable {
                let double = extended(shape, shape.steady, count: count)
                after += double.passing + double.kept
            }
            let before = windows.isNarrow && outlook.attractors.count > 1 ? Bytes.smallGaps : 0
            return Need(peak: before + max(after, Bytes.assembling(shape.terms) * shape.entries), kept: 0, scratch: 0)
        }
        func standing(_ shape: WindowShape) -> Double {
            let isBatched = Int(shape.steady.size) <= TruncatedLiouvillian.batchLimit
            return Bytes.assembled(shape.terms) * shape.entries + (isBatched ? Bytes.batched(shape.terms) * shape.steady.entries : 0)
        }
        let shape = windows.last, steady = shape.steady
        var kept = standing(shape) * (windows.isNarrow ? try frames(solver, samples, count: count, each: shape.count) : 1)
        if let first = windows.first { kept += standing(first) + (isMetastable ? factors(first.steady) : 0) }
        let scratch = Int(steady.size) <= TruncatedLiouvillian.batchLimit ? Bytes.lanes * steady.fill : 0
        var passing = scratch > 0 ? scratch + Bytes.batchedVectors * steady.size
            : factors(steady) + (windows.isNarrow ? Bytes.vectors : Bytes.wideVectors) * steady.size
        if outlook.isDegenerate { passing = max(passing, shape.sectors.reduce(0) { $0 + factors($1) } + Bytes.krylov * steady.size) }
        if isMetastable {
            let double = extended(shape, steady, count: count)
            kept += double.kept
            passing += double.passing + (scratch > 0 ? factors(steady) : 0)
        }
        return Need(peak: max(kept + passing, Bytes.assembling(shape.terms) * shape.entries), kept: kept, scratch: scratch)
    }

    /// Frames in which a sweep's single phases are solved: the windows of some are kept.
    private func frames(_ solver: LindbladSolver, _ samples: [ModelInstance], count: Int, each: Double) throws -> Double {
        var frames: Set<Frame> = []
        for sample in samples {
            guard let outlook = try? outlook(solver, sample), outlook.attractors.count == 1 else { continue }
            frames.insert(solver.axes(sample.spinCount, along: outlook.attractors[0]).frame)
        }
        // Where nearly each sample has one of its own, so have many of the points between.
        let all = frames.count + 1 >= samples.count && samples.count > 2 ? count : frames.count
        return Double(max(1, min(all, LindbladSolver.cacheLimit, Int(Double(LindbladSolver.unknownLimit) / each))))
    }

    private func slowModes(_ solver: LindbladSolver, _ instance: ModelInstance, count: Int, modes: Int) throws -> Need {
        if try isApart(solver, instance, outlook(solver, instance)) { return try steadyState(solver, instance, [instance], count: count) }
        let outlook = try outlook(solver, instance), n = instance.spinCount, isLarge = n > LindbladSolver.greatestBatchedSpinCount
        let windows = try windows(solver, instance, outlook, mayTurn: false), shape = windows.last, greatest = shape.greatest
        var kept = Bytes.assembled(shape.terms) * shape.entries, lanes = 0.0, alone = 0.0, scratch = 0.0
        let complex = Bytes.complexFronts * greatest.fillAlone + Bytes.complexKrylov * greatest.size
        for sector in shape.sectors where Int(sector.size) > SlowModes.denseLimit {
            if modes == 1, !isLarge, !outlook.isDegenerate, Int(sector.size) <= TruncatedLiouvillian.slowModeBatchLimit {
                kept += Bytes.batchedModes(shape.terms) * sector.entries
                scratch = max(scratch, Bytes.lanes * sector.fill)
                lanes = max(lanes, Bytes.lanes * sector.fill + Bytes.batchedKrylov(sector.size) * sector.size)
            } else {
                alone += factors(sector)
            }
        }
        var passing = alone > 0 ? (modes > 1 ? Bytes.crowd : Bytes.krylov) * greatest.size : 0
        // Beside an exponentially small gap nothing oscillates slowly enough.
        if try solver.mayOscillate(instance), modes > 1 || outlook.attractors.count < 2 || n < Self.leastMetastable {
            if alone == 0, lanes > 0 { lanes = max(lanes, scratch + Bytes.placed * greatest.entries + complex) }
            passing += complex
        } else if modes > 1, alone > 0 {
            passing += Bytes.complexFronts * greatest.fillAlone
        }
        if isMetastable(outlook, solver, n), !outlook.isDegenerate {
            // The lanes' Krylov spaces have gone when double-double begins, but not the factors of its sector when the next lanes come.
            let double = extended(shape, greatest, count: count)
            if lanes > 0, count > LaneBuffer.lanes { kept += factors(greatest) + double.kept }
            if lanes > 0 { alone = max(alone, Bytes.lanes * greatest.fill + factors(greatest)) }
            passing = max(passing, double.passing)
        }
        let peak = max(kept + lanes, kept + alone + passing, Bytes.assembling(shape.terms) * shape.entries)
        return Need(peak: peak, kept: isLarge ? 0 : kept, scratch: scratch)
    }
}
