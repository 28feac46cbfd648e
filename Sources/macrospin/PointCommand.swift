import Foundation
import Studies
import Sweep

enum PointCommand: Command {
    static let name = "point"
    static let usage = "JOB [--set N=100 Gamma=0.8 …]"
    static let summary = "compute one point of a job and print it as JSON"
    static let options = [OptionDescription("set", "s", value: "NAME=VALUE", takesMany: true, help: "value of an axis (several may follow); others take their first value")]
    static let examples = ["macrospin point jobs/quick-start.yaml --set N=50 Gamma=0.8"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let job = try Job.load(path: try single(arguments, "job file"))
        var given: [String: Double] = [:]
        for text in arguments.all("set") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let value = Double(parts[1]), value.isFinite else { throw InputError("macrospin point: expected NAME=VALUE with a number, found \(text)") }
            guard let axis = job.grid.axis(named: parts[0]) else {
                throw InputError("macrospin point: \(parts[0]) is no axis of the job", hint: "axes are \(job.grid.axisNames.joined(separator: ", "))")
            }
            if axis.isInteger, value != value.rounded() || value < 1 { throw InputError("macrospin point: \(parts[0]) must be a positive integer, found \(parts[1])") }
            given[parts[0]] = value
        }
        let names = job.grid.axisNames
        let point = Point(axes: names, values: names.map { given[$0] ?? job.grid.axis(named: $0)?.values.first ?? 0 })
        let context = StudyContext(keptStates: ArchivedStates())
        var studies: [String: Any] = [:], hasFailed = false
        for entry in job.entries {
            let record = try entry.study.run(at: point.projected(on: entry.study.axes), in: context)
            hasFailed = hasFailed || record.status.isFailure
            studies[entry.name] = ["status": record.status.word, "reason": record.reason, "seconds": record.seconds,
                                   "outputs": record.outputs.mapValues(json)] as [String: Any]
        }
        let document: [String: Any] = ["point": point.dictionary, "studies": studies]
        let data = try JSONSerialization.data(withJSONObject: document, options: [.prettyPrinted, .sortedKeys])
        Console.out(String(decoding: data, as: UTF8.self))
        return hasFailed ? .failedPoints : .done
    }

    /// JSON knows no NaN and no infinity: both become null.
    private static func json(_ array: OutputArray) -> [String: Any] {
        func list(_ values: [Double]) -> [Any] { values.map { $0.isFinite ? $0 as Any : NSNull() } }
        if array.isComplex {
            let pairs = stride(from: 0, to: array.data.count, by: 2)
            return ["shape": array.shape, "re": list(pairs.map { array.data[$0] }), "im": list(pairs.map { array.data[$0 + 1] })]
        }
        return ["shape": array.shape, "data": list(array.data)]
    }
}
