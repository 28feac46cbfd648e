import Foundation
import Studies

/// Fast, deterministic, never the same number twice; sleeps as long as it is told.
struct PretendStudy: Study {
    static let name = "pretend"
    static let summary = "Numbers from nothing, for tests of the run."
    static let options: [OptionSpec] = []
    let axes = ["x"]
    let outputs = [
        OutputSpec("value", meaning: "a number of the point"),
        OutputSpec("series", axes: [OutputAxis(name: "place", extent: nil)], meaning: "numbers of the point"),
    ]
    var microseconds: UInt32 = 0

    init(microseconds: UInt32) { self.microseconds = microseconds }
    init(setup: StudySetup) {}

    func cost(at point: Point) -> Cost { Cost(seconds: Double(microseconds) * 1e-6) }

    func run(at point: Point, in context: StudyContext) throws -> Record {
        // A signal must not cut the point short: a real one computes on.
        let end = Date() + Double(microseconds) * 1e-6
        while microseconds > 0, Date() < end { usleep(min(microseconds, 100_000)) }
        let x = point["x"] ?? 0, n = Double(2 + Int(x) % 7)
        if Int(x) % 97 == 96 { throw CocoaError(.featureUnsupported) }
        return Record(status: .ok, outputs: ["value": OutputArray(sin(x) / n), "series": OutputArray((0..<Int(n)).map { cos(x + Double($0)) })])
    }
}
