import LinearAlgebra
import Numbers

/// e^{Lt} of many levels: Strang splitting (`ParitySlab`) with Romberg's extrapolation of its even powers of the step.
///
/// The state stays among low levels, while the jump of Q = sgn(Sz) reaches all of them. So the correlators are evaluated as
/// Re Σ F_ki (Qρ)_ki with F = e^{Lᵀt}Q, of which only the columns i that ρ reaches are followed.
struct SplitPropagation {
    /// Fewer levels than this are all followed.
    private static let leastColumns = 40
    private static let coarsest = 16
    /// Of steps per τ0.
    private static let finest = 1024

    private let system: LeggettGargSystem
    private let damping: LeggettGargDamping
    private let tolerance: Double

    /// - Parameter tolerance: wanted of K3.
    init(_ system: LeggettGargSystem, _ damping: LeggettGargDamping, tolerance: Double) {
        precondition(damping.dissipator == .truncated, "P Sz² P is not diagonal in the eigenbasis of P Sz P")
        precondition(damping.relaxation == .doublet || damping.relaxationRate == 0, "the ladder does not commute with H")
        self.system = system
        self.damping = damping
        self.tolerance = tolerance
    }

    /// At one τ, extrapolated until estimates of two orders and of two steps agree to the tolerance, or steps are at their finest.
    func correlators(_ state: LeggettGargState, interval: Double) throws -> Correlators {
        let density = try state.density(energies: system.levels.energies)
        let coarse = steps(interval, perInterval: Self.coarsest)
        var (columns, first, change) = try columns(density, interval, coarse)
        var rows = [[first]], steps = coarse
        while true {
            let row = rows[rows.count - 1]
            if rows.count > 1 {
                first = row[row.count - 1]
                first.error = change + Self.error(rows)
                if first.error <= tolerance || 2 * steps > self.steps(interval, perInterval: Self.finest) { return first }
            }
            steps *= 2
            var next = [try run(density, columns: columns, step: interval, count: 1, steps: steps)[0]]
            for k in 1...min(rows.count, 4) where k <= row.count { next.append(Correlators(extrapolating: next[k - 1], row[k - 1], order: k)) }
            rows.append(next)
        }
    }

    /// Of the last row's last estimate. Strong damping spoils the expansion in even powers of the step: as long as successive
    /// differences do not fall by four, extrapolation is not believed, and the difference itself counts.
    private static func error(_ rows: [[Correlators]]) -> Double {
        func distance(_ a: Correlators, _ b: Correlators) -> Double { max(abs(a.honest - b.honest), abs(a.stationary - b.stationary)) }
        let row = rows[rows.count - 1], before = rows[rows.count - 2], last = row[row.count - 1]
        let raw = distance(row[0], before[0])
        guard rows.count > 2 else { return raw }
        let ratio = distance(before[0], rows[rows.count - 3][0]) / max(raw, .leastNormalMagnitude)
        guard ratio > 3.5, ratio < 4.6 else { return raw }
        return max(distance(last, row[row.count - 2]), distance(last, before[before.count - 1]))
    }

    /// At τ = longest/count, …, longest with steps of two sizes.
    func curve(_ state: LeggettGargState, longest: Double, count: Int) throws -> [Correlators] {
        let density = try state.density(energies: system.levels.energies), step = longest / Double(count)
        let columns = try columns(density, longest, steps(longest, perInterval: Self.coarsest)).columns
        let coarse = steps(step, perInterval: 8 * Self.coarsest)
        let rough = try run(density, columns: columns, step: step, count: count, steps: coarse)
        let better = try run(density, columns: columns, step: step, count: count, steps: 2 * coarse)
        return zip(rough, better).map { coarse, fine in
            var value = Correlators(extrapolating: fine, coarse, order: 1)
            value.error = max(abs(value.honest - fine.honest), abs(value.stationary - fine.stationary))
            return value
        }
    }

    private func steps(_ time: Double, perInterval count: Int) -> Int {
        max(1, Int((time / system.interval * Double(count)).rounded(.up)))
    }

    /// How many columns it takes, found with coarse steps: as many as change K3 by less than a tenth of the tolerance where half more are taken.
    private func columns(_ density: (size: Int, values: [Complex]), _ interval: Double, _ steps: Int) throws -> (columns: Int, coarse: Correlators, change: Double) {
        var columns = min(system.count, max(Self.leastColumns, density.size + density.size / 2))
        var value = try run(density, columns: columns, step: interval, count: 1, steps: steps)[0]
        while columns < system.count {
            let more = min(system.count, columns + columns / 2)
            let next = try run(density, columns: more, step: interval, count: 1, steps: steps)[0]
            let change = max(abs(next.honest - value.honest), abs(next.stationary - value.stationary))
            if change <= tolerance / 10 { return (columns, value, change) }
            (columns, value) = (more, next)
        }
        return (columns, value, 0)
    }

    /// - Parameters:
    ///   - columns: levels that the state is followed in.
    ///   - steps: of the splitting in each `step`.
    private func run(_ density: (size: Int, values: [Complex]), columns: Int, step: Double, count: Int, steps: Int) throws -> [Correlators] {
        let n = system.count, time = step / Double(steps), energies = system.levels.energies
        let rowBasis = system.eigenbasis
        let columnBasis = columns == n ? rowBasis : try SpinEigenbasis(spin: system.spin, stride: n, count: columns)
        let question = system.question.prefix(n * columns).map { Complex($0) }
        var before = [Complex](repeating: .zero, count: columns * columns)
        for i in 0..<density.size { for k in 0..<density.size { before[i * columns + k] = density.values[i * density.size + k] } }
        func slabs(_ matrix: [Complex], _ basis: SpinEigenbasis, _ height: Int, _ parities: [Int], isTransposed: Bool) -> [ParitySlab] {
            parities.map { parity in
                let kernel = ParitySlab.Kernel(rows: basis, columns: columnBasis, parity: parity, energies: energies, damping: damping, time: time,
                                               isTransposed: isTransposed)
                return ParitySlab(matrix, stride: height, kernel: kernel)
            }
        }
        // Coherences of ρ between parities answer only to the even part of Q.
        var questions = slabs(question, rowBasis, n, system.asksAtZero ? [0, 1] : [1], isTransposed: true)
        var states = slabs(before, columnBasis, columns, system.asksAtZero ? [0, 1] : [0], isTransposed: false)
        func after(_ slabs: inout [ParitySlab], _ height: Int) -> [Complex] {
            var whole = [Complex](repeating: .zero, count: height * columns)
            for k in slabs.indices {
                slabs[k].evolve(steps: steps)
                slabs[k].add(to: &whole, stride: height)
            }
            return whole
        }
        return CorrelatorSeries(question: question, start: before, rows: n)
            .correlators(count: count) { after(&questions, n) } state: { after(&states, columns) }
    }
}

extension Correlators {
    /// Richardson: of a fine and a coarse result with twice the step, the power `2 order` of it taken out.
    fileprivate init(extrapolating fine: Correlators, _ coarse: Correlators, order: Int) {
        var factor = 1.0
        for _ in 0..<order { factor *= 4 }
        func limit(_ path: KeyPath<Correlators, Double>) -> Double { fine[keyPath: path] + (fine[keyPath: path] - coarse[keyPath: path]) / (factor - 1) }
        self.init(c12: limit(\.c12), c23: limit(\.c23), c13: limit(\.c13), traceError: fine.traceError)
    }
}
