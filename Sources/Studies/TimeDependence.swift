import Foundation
import SpinAlgebra

/// A parameter as a function of time, as the option `vary` writes it: an expression of `t`, or one of
/// `ramp(from, to, start, duration)`, `pulse(base, height, centre, width)` (a Gaussian of standard deviation `width`) and
/// `square(base, height, start, duration)`, whose arguments are expressions of parameters.
struct TimeDependence: Sendable {
    enum Form: Sendable {
        case expression(ScalarExpression)
        case ramp([ScalarExpression])
        case pulse([ScalarExpression])
        case square([ScalarExpression])
    }
    let name: String
    let form: Form

    private static let arguments = ["ramp": "from, to, start, duration", "pulse": "base, height, centre, width", "square": "base, height, start, duration"]

    /// - Parameter known: names that expressions may use beside `t`.
    /// - Throws: `OptionError`.
    init(_ entry: OptionValue.NamedText, path: [String], known: Set<String>) throws {
        name = entry.name
        let path = path + [entry.name]
        func parse(_ text: String, _ known: Set<String>) throws -> ScalarExpression {
            try NamedExpression.scalar(text, path: path, known: known)
        }
        let text = entry.text.trimmingCharacters(in: .whitespaces)
        for (function, meaning) in Self.arguments.sorted(by: { $0.key < $1.key }) where text.hasPrefix("\(function)(") {
            guard text.hasSuffix(")"), let parts = Self.split(text.dropFirst(function.count + 1).dropLast()), parts.count == 4 else {
                throw OptionError(path: path, message: "\(function) takes four arguments (\(meaning)) and stands alone, found \"\(text)\"",
                                  hint: "for example  ramp(-h0, h0, 0, 100)")
            }
            let list = try parts.map { try parse($0, known) }
            form = function == "ramp" ? .ramp(list) : function == "pulse" ? .pulse(list) : .square(list)
            return
        }
        form = .expression(try parse(text, known.union(["t"])))
    }

    /// At commas outside parentheses; nil where those do not match.
    private static func split(_ text: Substring) -> [String]? {
        var parts = [""], depth = 0
        for character in text {
            if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
            if depth < 0 { return nil }
            if character == "," && depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return depth == 0 ? parts : nil
    }

    /// With the numbers of a point in place.
    struct Course: Sendable {
        let name: String
        let value: @Sendable (Double) throws -> Double
        /// Where a derivative jumps.
        let breaks: [Double]
        /// Whether nothing changes from one break to the next, told by a time between.
        let isConstant: @Sendable (Double) -> Bool
    }

    /// - Throws: `EvaluationError` for arguments that are not real, and for durations and widths that are not positive.
    func course(_ values: [String: Double]) throws -> Course {
        func numbers(_ list: [ScalarExpression]) throws -> [Double] { try list.map { try NamedExpression.real($0, values) } }
        func positive(_ number: Double, _ what: String) throws {
            guard number > 0 else { throw EvaluationError(message: "the \(what) of \(name) is \(number), not positive") }
        }
        switch form {
        case .expression(let expression):
            let varies = expression.names.contains("t")
            return Course(name: name, value: { try NamedExpression.real(expression, values.merging(["t": $0]) { $1 }) }, breaks: [], isConstant: { _ in !varies })
        case .ramp(let list):
            let a = try numbers(list), end = a[2] + a[3]
            try positive(a[3], "duration")
            return Course(name: name, value: { $0 <= a[2] ? a[0] : $0 >= end ? a[1] : a[0] + (a[1] - a[0]) * ($0 - a[2]) / a[3] }, breaks: [a[2], end],
                          isConstant: { $0 <= a[2] || $0 >= end })
        case .pulse(let list):
            let a = try numbers(list)
            try positive(a[3], "width")
            // Beyond nine widths it is over: 1e-18 of its height. Breaks within let no step stride across it.
            let reach = 9 * a[3]
            return Course(name: name, value: { abs($0 - a[2]) < reach ? a[0] + a[1] * exp(-0.5 * ($0 - a[2]) * ($0 - a[2]) / (a[3] * a[3])) : a[0] },
                          breaks: [-9, -5, -3, -1, 1, 3, 5, 9].map { a[2] + $0 * a[3] }, isConstant: { abs($0 - a[2]) >= reach })
        case .square(let list):
            let a = try numbers(list), end = a[2] + a[3]
            try positive(a[3], "duration")
            return Course(name: name, value: { $0 > a[2] && $0 <= end ? a[0] + a[1] : a[0] }, breaks: [a[2], end], isConstant: { _ in true })
        }
    }
}

/// Expressions among a study's options.
enum NamedExpression {
    /// - Throws: `OptionError` for what does not parse or uses unknown names.
    static func scalar(_ text: String, path: [String], known: Set<String>) throws -> ScalarExpression {
        do {
            let expression = try ScalarExpression(parsing: text)
            try check(expression.names, text, path, known)
            return expression
        } catch let error as ExpressionError {
            throw OptionError(path: path, message: "\(error.message) in \"\(error.text)\"", hint: error.hint)
        }
    }

    /// - Throws: `OptionError`.
    static func spinOperator(_ text: String, path: [String], known: Set<String>) throws -> OperatorExpression {
        do {
            let expression = try OperatorExpression(parsing: text)
            try check(expression.names, text, path, known)
            return expression
        } catch let error as ExpressionError {
            throw OptionError(path: path, message: "\(error.message) in \"\(error.text)\"", hint: error.hint)
        }
    }

    private static func check(_ names: Set<String>, _ text: String, _ path: [String], _ known: Set<String>) throws {
        guard let unknown = names.subtracting(known).sorted().first else { return }
        throw OptionError(path: path, message: "unknown symbol \(unknown) in \"\(text)\"", hint: ReservedName.hint(forUnknown: unknown, known: known))
    }

    /// - Throws: `EvaluationError` for a complex value.
    static func real(_ expression: ScalarExpression, _ values: [String: Double]) throws -> Double {
        let value = try expression.evaluate(values)
        guard abs(value.im) <= 1e-12 * max(1, abs(value.re)) else { throw EvaluationError(message: "\(expression) = \(value) is not real") }
        return value.re
    }
}
