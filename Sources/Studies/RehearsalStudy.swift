import Foundation
import SpinAlgebra

/// No physics: points that last as long as they are told, and some that fail or kill their process. For calibrating,
/// benchmarking and testing runs; not listed among the studies.
public struct RehearsalStudy: Study {
    public static let name = "rehearsal"
    public static let summary = "No physics: points that take time, fail or die, to rehearse a run."
    public static let options: [OptionSpec] = [
        OptionSpec("seconds", .text, default: .text("0.01"), help: "time of a point, an expression of N, x, y"),
        OptionSpec("expected", .text, help: "time that the cost model claims; without it the true one"),
        OptionSpec("busy", .flag, help: "compute instead of sleeping"),
        OptionSpec("gigabytes", .number(0...1e9), help: "memory that the cost model claims"),
        OptionSpec("shares", .text, help: "gigabytes of a point that ranks may share, an expression of N, x, y"),
        OptionSpec("aborts", .text, help: "points that end MPI, as ScaLAPACK does on errors, where this expression of N, x, y is zero"),
        OptionSpec("fails", .text, help: "points that fail where this expression of N, x, y is zero"),
        OptionSpec("dies", .text, help: "points that kill their process where this expression of N, x, y is zero"),
    ]
    public static let inputs = [InputSpec(name: "x", meaning: "any number"), InputSpec(name: "y", meaning: "any number")]

    public let axes: [String]
    private let seconds: ScalarExpression
    private let expected: ScalarExpression
    private let fails: ScalarExpression?
    private let dies: ScalarExpression?
    private let shares: ScalarExpression?
    private let aborts: ScalarExpression?
    private let bytes: Double
    private let isBusy: Bool
    private let constants: [String: Double]

    public init(setup: StudySetup) throws {
        constants = setup.constants
        func expression(_ name: String) throws -> ScalarExpression? {
            guard case .text(let text)? = setup.options[name] else { return nil }
            do {
                let expression = try ScalarExpression(parsing: text)
                if let unknown = expression.names.first(where: { !["N", "x", "y", "pi"].contains($0) }) { throw OptionError(path: [name], message: "\(unknown) is not known", hint: "known are N, x, y") }
                return expression
            } catch let error as ExpressionError { throw OptionError(path: [name], message: error.message, hint: error.hint) }
        }
        seconds = try expression("seconds") ?? ScalarExpression(parsing: "0.01")
        expected = try expression("expected") ?? seconds
        fails = try expression("fails")
        dies = try expression("dies")
        shares = try expression("shares")
        aborts = try expression("aborts")
        let names = [seconds, expected, fails, dies, shares, aborts].compactMap { $0 }.reduce(into: Set<String>()) { $0.formUnion($1.names) }
        axes = setup.sweepAxes.filter { ["rehearsal.x", "rehearsal.y"].contains($0) || ($0 == "N" && names.contains("N")) }
        if case .number(let gigabytes)? = setup.options["gigabytes"] { bytes = 1e9 * gigabytes } else { bytes = 0 }
        if case .flag(let flag)? = setup.options["busy"] { isBusy = flag } else { isBusy = false }
    }

    public let outputs = [
        OutputSpec("value", meaning: "a number of the point"),
        OutputSpec("ranks", kind: .integer, meaning: "MPI ranks that shared the point"),
        OutputSpec("series", axes: [OutputAxis(name: "place", extent: nil)], meaning: "numbers of the point"),
    ]

    public func cost(at point: Point) -> Cost { Cost(seconds: max(0, value(expected, point) ?? 0)) }

    public func memory(at samples: [Point], count: Int) -> Memory { Memory(peak: max(bytes, shared(samples) ?? 0)) }

    public func sharedBytes(at samples: [Point], ranks: Int) -> Double? { shared(samples).map { $0 / Double(ranks) } }

    private func shared(_ samples: [Point]) -> Double? {
        shares.map { shares in 1e9 * (samples.compactMap { value(shares, $0) }.max() ?? 0) }
    }

    public var costAxes: [String] {
        axes.filter { axis in expected.names.union(shares?.names ?? []).contains(axis.split(separator: ".").last.map(String.init) ?? axis) }
    }

    private func value(_ expression: ScalarExpression, _ point: Point) -> Double? {
        var names: [String: Double] = [:]
        for (name, value) in constants.merging(point.dictionary, uniquingKeysWith: { $1 }) { names[name.split(separator: ".").last.map(String.init) ?? name] = value }
        return (try? expression.evaluate(names))?.re
    }

    public func run(at point: Point, in context: StudyContext) throws -> Record {
        let clock = ContinuousClock(), start = clock.now, duration = max(0, value(seconds, point) ?? 0), end = start + .seconds(duration)
        if let dies, value(dies, point) == 0 { kill(getpid(), SIGKILL) }
        if let aborts, value(aborts, point) == 0 { context.group?.communicator.abort() }
        // A signal must not cut the point short: a real one computes on.
        while clock.now < end {
            if !isBusy { usleep(UInt32(min(100_000, max(1, (end - clock.now) / .microseconds(1))))) }
        }
        if let fails, value(fails, point) == 0 { return Record(status: .failed, reason: "told to fail") }
        let x = point.values.enumerated().reduce(0.1) { $0 + Double($1.offset + 1) * $1.element }
        return Record(status: .ok, outputs: ["value": OutputArray(sin(x)), "ranks": OutputArray(Double(context.group?.size ?? 1)), "series": OutputArray((0..<(1 + Int(abs(x)) % 5)).map { cos(x + Double($0)) })], seconds: duration)
    }
}
