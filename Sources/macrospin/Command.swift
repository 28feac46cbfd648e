import Foundation
import Studies
import Sweep

/// Exit codes, as scripts see them.
enum ExitCode: Int32 {
    case done = 0, unexpected = 1, badInput = 2, interrupted = 3, failedPoints = 4
}

/// A subcommand: what it is called, how it is used, what it does.
protocol Command {
    static var name: String { get }
    static var usage: String { get }
    static var summary: String { get }
    static var options: [OptionDescription] { get }
    /// Shell lines that run as they stand from the project's folder.
    static var examples: [String] { get }
    static func run(_ arguments: Arguments) throws -> ExitCode
}

extension Command {
    static var options: [OptionDescription] { [] }

    static var help: String {
        var lines = ["usage: macrospin \(name) \(usage)", "", summary]
        if !options.isEmpty {
            lines += ["", "options:"]
            for option in options {
                let left = "  " + (option.short.map { "-\($0), " } ?? "") + "--\(option.long)" + (option.value.map { " \($0)" } ?? "")
                lines.append(left.padding(toLength: max(28, left.count + 2), withPad: " ", startingAt: 0) + option.help)
            }
        }
        return (lines + ["", examples.count == 1 ? "example:" : "examples:"] + examples.map { "  \($0)" }).joined(separator: "\n")
    }

    /// - Throws: `InputError` unless there is exactly one operand.
    static func single(_ arguments: Arguments, _ what: String) throws -> String {
        guard arguments.operands.count == 1 else {
            throw InputError("macrospin \(name): expected one \(what), found \(arguments.operands.isEmpty ? "none" : arguments.operands.joined(separator: ", "))", hint: "usage: macrospin \(name) \(usage)")
        }
        return arguments.operands[0]
    }

    /// The number given to an option; nil: it is not given.
    /// - Throws: `InputError` for what is no whole number in the range.
    static func count(_ arguments: Arguments, _ option: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = arguments.value(option) else { return nil }
        guard let count = Int(text), range.contains(count) else {
            throw InputError("macrospin \(name): --\(option) takes a number from \(range.lowerBound) to \(range.upperBound), found \(text)")
        }
        return count
    }
}

enum Console {
    static func out(_ text: String) { Words.write(text + "\n", to: STDOUT_FILENO) }
    /// As it is.
    static func write(_ text: String) { Words.write(text, to: STDOUT_FILENO) }
    static func error(_ text: String) { Words.say(text + "\n") }
}
