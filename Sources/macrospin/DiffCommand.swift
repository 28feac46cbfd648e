import Archive
import Foundation
import Studies

enum DiffCommand: Command {
    static let name = "diff"
    static let usage = "A B [--rtol R] [--atol A] [--within-errors] [--common] [--json]"
    static let summary = "compare two archives or runs, number by number; exit code 4 if they differ"
    static let options = tolerances + [
        OptionDescription("common", help: "look only at what both have: points, studies, outputs"),
        OptionDescription("json", help: "print the comparison as JSON, in full"),
    ]
    static let tolerances = [
        OptionDescription("rtol", value: "R", help: "numbers may differ by R times the greater of them"),
        OptionDescription("atol", value: "A", help: "numbers may differ by A"),
        OptionDescription("within-errors", help: "x may differ by the sum of the two x_error, where there are such outputs"),
    ]
    static let examples = ["macrospin diff runs/quick-start runs/quick-start/archive.h5 --rtol 1e-9"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        guard arguments.operands.count == 2 else {
            throw InputError("macrospin diff: expected two archives or runs, found \(arguments.operands.count)", hint: "usage: macrospin diff \(usage)")
        }
        let tolerance = try Tolerance(arguments, command: name)
        var comparison = Comparison(try JobRun.source(arguments.operands[0]), try JobRun.source(arguments.operands[1]))
        tolerance.set(&comparison)
        comparison.ignoresMissing = arguments.has("common")
        let progress = StepProgress()
        comparison.progress = progress.step
        let result = try comparison.run()
        progress.end()
        try report(result, asJSON: arguments.has("json"))
        return result.isAlike ? .done : .failedPoints
    }

    /// What the command line allows numbers to differ by.
    struct Tolerance {
        private let relative: Double
        private let absolute: Double
        private let usesErrors: Bool

        /// - Throws: `InputError` for what is no tolerance.
        init(_ arguments: Arguments, command: String, relative: Double = 0) throws {
            func tolerance(_ name: String, _ fallback: Double) throws -> Double {
                guard let text = arguments.value(name) else { return fallback }
                guard let value = Double(text), value >= 0, value.isFinite else { throw InputError("macrospin \(command): --\(name) takes a number from 0, found \(text)") }
                return value
            }
            self.relative = try tolerance("rtol", relative)
            absolute = try tolerance("atol", 0)
            usesErrors = arguments.has("within-errors")
        }

        func set(_ comparison: inout Comparison) {
            comparison.relative = relative
            comparison.absolute = absolute
            comparison.usesErrors = usesErrors
        }
    }

    static func report(_ result: Comparison.Result, asJSON: Bool) throws {
        if asJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            return Console.out(String(decoding: try encoder.encode(result), as: UTF8.self))
        }
        for line in result.lines() { Console.out(line) }
        let points = result.studies.reduce(0) { $0 + $1.common }, numbers = result.studies.reduce(0) { $0 + $1.outputs.reduce(0) { $0 + $1.compared } }
        Console.out((result.isAlike ? "alike" : "different") + ": \(points) points of both compared, \(numbers) numbers")
    }
}
