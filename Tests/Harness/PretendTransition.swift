import Foundation
import Studies
import Sweep

/// A transition at a place that depends on N, with a step and a cusp-like gap: for tests of refinement. Durations vary, so
/// that records of several workers come in any order.
struct PretendTransition: Study {
    static let name = "pretend"
    static let summary = "A step and a gap, for tests of refinement."
    static let options: [OptionSpec] = []
    let axes = ["N", "x"]
    let outputs = [OutputSpec("step", meaning: "jumps at the transition"), OutputSpec("gap", meaning: "least at the transition")]
    var microseconds: UInt32 = 0

    init(microseconds: UInt32) { self.microseconds = microseconds }
    init(setup: StudySetup) {}

    static func place(_ n: Double) -> Double { 0.5.squareRoot() - 1.7 / n }

    static func plan(microseconds: UInt32) -> RunPlan {
        let sweep = Grid(productOf: [GridAxis(name: "N", values: [8, 16, 32, 64], isInteger: true), GridAxis(name: "x", values: (0...16).map { Double($0) / 16 })])
        let rule = Refinement(axis: "x", targets: [.init(study: name, output: "step", feature: .jump), .init(study: name, output: "gap", feature: .minimum)], until: 1e-6)
        return RunPlan(title: "pretend", jobText: Array("pretend transition\n".utf8), studies: [PretendTransition(microseconds: microseconds)], sweep: sweep, refinement: rule)
    }

    func cost(at point: Point) -> Cost { Cost(seconds: Double(microseconds) * 1e-6) }

    func run(at point: Point, in context: StudyContext) throws -> Record {
        let n = point["N"] ?? 1, x = point["x"] ?? 0, place = Self.place(n)
        usleep(UInt32(Double(microseconds) * (1 + sin(1e4 * x))))
        if Int(x * 4096) % 61 == 7 { throw CocoaError(.featureUnsupported) }
        let gap = exp(n * (abs(x - place) - 0.8))
        guard gap > 1e-18 else { return Record(status: .unresolved, reason: "below all precision", outputs: ["step": OutputArray(x < place ? -1 : 1)]) }
        return Record(status: .ok, outputs: ["step": OutputArray(x < place ? -1 : 1), "gap": OutputArray(gap)])
    }
}
