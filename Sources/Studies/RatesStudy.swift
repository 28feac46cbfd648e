import Foundation
import Lindblad
import Numbers
import SpinAlgebra

/// Rates of the classical Markov chain between metastable states, from the exact slow modes.
public struct RatesStudy: Study {
    public static let name = "rates"
    public static let summary = "rate matrix of the classical chain between metastable states, from the exact slow modes"
    public static let options: [OptionSpec] = [
        OptionSpec("states", .integer(2...6), default: .integer(2), help: "number of metastable states"),
        OptionSpec("estimator", .flag, default: .flag(true), help: "also solves N + 2, for estimates of the barriers"),
    ]

    private let model: Model
    private let tolerances: Tolerances
    private let constants: [String: Double]
    private let count: Int
    private let hasEstimator: Bool
    private let forecast: MemoryForecast
    public let axes: [String]

    public init(setup: StudySetup) throws {
        model = setup.model
        forecast = setup.forecast
        tolerances = setup.tolerances
        constants = setup.constants
        axes = LindbladInputs.axes(setup)
        let options = Self.reader(setup.options)
        count = options.integer("states")
        hasEstimator = options.flag("estimator")
    }

    public var outputs: [OutputSpec] {
        let from = OutputAxis(name: "from_state", extent: count), to = OutputAxis(name: "to_state", extent: count)
        // Not `state`: that is the state which `steadyState` keeps.
        let state = OutputAxis(name: "metastable_state", extent: count)
        var list = [
            OutputSpec("rate", axes: [from, to], dimension: .rate,
                       meaning: "rate from one metastable state to another (0: only by way of a third); the diagonal makes each row sum to zero"),
            OutputSpec("rate_error", axes: [from, to], dimension: .rate, meaning: "estimated error of rate from rounding and truncation"),
            OutputSpec("rate_ambiguity", axes: [from, to], dimension: .rate,
                       meaning: "by about how much rate depends on what exactly counts as a metastable state: |K||K| over the next decay rate"),
            OutputSpec("metastable_weight", axes: [state], meaning: "weight of each metastable state in the steady state"),
            OutputSpec("metastable_weight_error", axes: [state], meaning: "estimated error of metastable_weight from rounding and truncation"),
            OutputSpec("metastable_spin", axes: [state, OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])],
                       meaning: "<J>/j of each metastable state, in order of <Jz>/j (ties by <Jx>/j, <Jy>/j)"),
            OutputSpec("separation_ratio", meaning: "decay rate of the next mode over that of the fastest kept"),
        ]
        if hasEstimator {
            list += [
                OutputSpec("barrier_estimate", axes: [from, to], meaning: "ln k(N) - ln k(N+2) of each rate k: a barrier A in k ~ exp(-j A)"),
                OutputSpec("barrier_estimate_error", axes: [from, to],
                           meaning: "estimated error of barrier_estimate: rounding, truncation, and the change of rate_ambiguity/rate up to N + 2"),
            ]
        }
        return list
    }

    /// Modes to the last digit, and the slow functionals in double-double.
    public func cost(at point: Point) -> Cost {
        let spinCount = spinCount(point)
        let counts = hasEstimator ? [spinCount, spinCount + 2] : [spinCount]
        return Cost(seconds: counts.reduce(0) { $0 + LindbladInputs.ratesCost(spinCount: $1, states: count).seconds })
    }

    public func memory(at samples: [Point], count points: Int) -> Memory {
        var memory = LindbladInputs.memory(model, samples, constants) { forecast.slowModes($0, count: points, modes: count) }
        memory.peak += samples.map { LindbladInputs.ratesBytes(spinCount: spinCount($0)) }.max() ?? 0
        return memory
    }

    private func spinCount(_ point: Point) -> Int { point.spinCount ?? Int(constants["N"] ?? 1) }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        try LindbladInputs.run(model, [point], constants, context, solve: { solver, instances in
            instances.map { instance in Result { try solve(solver, instance, at: point) } }
        }, record: record)[0]
    }

    private struct Solution {
        let here: MetastableRates.Outcome
        /// At N + 2.
        let next: MetastableRates.Outcome?
    }

    private func solve(_ solver: LindbladSolver, _ instance: ModelInstance, at point: Point) throws -> Solution {
        let here = try solver.metastableRates(instance, states: count, errorTolerance: tolerances.gap)
        guard hasEstimator, case .resolved = here else { return Solution(here: here, next: nil) }
        let larger = try LindbladInputs.instance(model, point, constants, addingSpins: 2)
        return Solution(here: here, next: try solver.metastableRates(larger, states: count, errorTolerance: tolerances.gap))
    }

    private func record(_ solution: Solution, _ instance: ModelInstance) throws -> Record {
        switch solution.here {
        case .degenerate(let dimension):
            return Record(status: .degenerate, reason: "\(dimension) linearly independent stationary operators: no single steady state")
        case .unresolved(let reason, let ratio):
            return Record(status: .unresolved, reason: reason, outputs: ratio.map { ["separation_ratio": OutputArray($0)] } ?? [:])
        case .resolved(let chain):
            return record(chain, solution.next)
        }
    }

    private func record(_ chain: MetastableRates, _ next: MetastableRates.Outcome?) -> Record {
        var reasons: [String] = []
        let rates = stored(chain)
        let lost = pairs.filter { rates[$0][$1].isNaN }.map { "\($0 + 1) to \($1 + 1)" }
        if !lost.isEmpty { reasons.append("rate not resolved by double-double precision: state \(lost.joined(separator: ", "))") }
        let weights = zip(chain.weights, chain.weightErrors).map { $1 <= tolerances.gap * $0 ? $0 : .nan }
        if weights.contains(where: \.isNaN), lost.isEmpty { reasons.append("weight of a metastable state not resolved") }
        var outputs: [String: OutputArray] = [
            "rate": matrix(rates), "rate_error": matrix(chain.errors), "rate_ambiguity": matrix(chain.ambiguities),
            "metastable_weight": OutputArray(weights), "metastable_weight_error": OutputArray(chain.weightErrors),
            "metastable_spin": OutputArray(shape: [count, 3], data: chain.spins.flatMap { $0 }),
            "separation_ratio": OutputArray(chain.separationRatio),
        ]
        if let next {
            let (estimate, error, reason) = barriers(chain, rates, next)
            outputs["barrier_estimate"] = matrix(estimate)
            outputs["barrier_estimate_error"] = matrix(error)
            if let reason { reasons.append(reason) }
        }
        return Record(status: reasons.isEmpty ? .ok : .unresolved, reason: reasons.joined(separator: "; "), outputs: outputs)
    }

    private var pairs: [(Int, Int)] { (0..<count).flatMap { i in (0..<count).filter { $0 != i }.map { (i, $0) } } }

    private func matrix(_ rows: [[Double]]) -> OutputArray { OutputArray(shape: [count, count], data: rows.flatMap { $0 }) }

    /// Rates with those that are lost in errors as NaN, and direct transitions that are not told from chains of others as zero.
    private func stored(_ chain: MetastableRates) -> [[Double]] {
        var rates = chain.rates
        for (i, j) in pairs {
            let value = chain.rates[i][j], error = chain.errors[i][j]
            if error <= tolerances.gap * value { continue }
            rates[i][j] = abs(value) + error <= chain.detours[i][j] ? 0 : .nan
        }
        for (i, j) in pairs where rates[i][j] <= chain.detours[i][j] { rates[i][j] = 0 }
        for i in 0..<count {
            let others = (0..<count).filter { $0 != i }.reduce(0) { $0 + rates[i][$1] }
            // One lost rate may not matter to the sum.
            rates[i][i] = others.isNaN && chain.errors[i][i] <= -tolerances.gap * chain.rates[i][i] ? chain.rates[i][i] : -others
        }
        return rates
    }

    /// ln k(N) − ln k(N + 2), its error, and why some are missing.
    private func barriers(_ chain: MetastableRates, _ rates: [[Double]], _ next: MetastableRates.Outcome) -> ([[Double]], [[Double]], String?) {
        var estimate = [[Double]](repeating: [Double](repeating: .nan, count: count), count: count), error = estimate
        guard case .resolved(let larger) = next else {
            var why = "degenerate"
            if case .unresolved(let reason, _) = next { why = reason }
            return (estimate, error, "no barrier estimates, at N + 2: \(why)")
        }
        // States that change their order between N and N + 2 must not be mistaken for each other.
        let steps = zip(chain.spins, larger.spins).map { distance($0, $1) }.max() ?? 0
        let apart = pairs.map { distance(chain.spins[$0], chain.spins[$1]) }.min() ?? 0
        guard steps < 0.5 * apart else { return (estimate, error, "no barrier estimates: the states at N and N + 2 do not correspond") }
        let after = stored(larger)
        for (i, j) in pairs where rates[i][j] > 0 && after[i][j] > 0 {
            estimate[i][j] = log(rates[i][j]) - log(after[i][j])
            // The ambiguity of a rate falls with N; what it falls by is no part of a barrier.
            let ambiguity = (here: chain.ambiguities[i][j] / rates[i][j], next: larger.ambiguities[i][j] / after[i][j])
            error[i][j] = chain.errors[i][j] / rates[i][j] + larger.errors[i][j] / after[i][j] + abs(ambiguity.here - ambiguity.next)
        }
        let isLost = pairs.contains { !rates[$0][$1].isNaN && after[$0][$1].isNaN }
        return (estimate, error, isLost ? "some rates at N + 2 not resolved by double-double precision" : nil)
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }
}
