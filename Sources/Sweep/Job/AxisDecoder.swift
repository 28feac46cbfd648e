import Foundation
import SpinAlgebra
import Studies

/// Reads one axis of `sweep`: a number, a list of numbers, or a map with `values` or `from`, `to` and `points` or `step`.
struct AxisDecoder {
    static let greatestCount = Grid.greatestBlock
    /// Beyond this no study can go, and sums of N keep all digits.
    static let greatestSpinCount = 1_000_000_000

    let name: String
    let node: JobNode
    private var countsSpins: Bool { name == "N" }

    /// - Parameter isZipped: the values of a zipped axis may repeat.
    /// - Throws: `InputError`.
    func values(isZipped: Bool) throws -> (values: [Double], label: String?, unit: String?) {
        if node.isMap {
            let keys = try node.map(JobKeys.axis)
            let label = try keys["label"]?.text("a label"), unit = try keys["unit"]?.text("a unit")
            let values = try keys["values"].map { try list($0, keys, isZipped) } ?? range(keys)
            return (values, label, unit)
        }
        if node.isList { return (try list(node, [:], isZipped), nil, nil) }
        return ([try value(node, "a number, a list of numbers, or a map with from, to and points")], nil, nil)
    }

    /// One canonical value of the axis.
    func value(_ node: JobNode, _ expected: String = "a number") throws -> Double {
        if countsSpins {
            let number = try node.number("a positive integer")
            guard number == number.rounded(), number >= 1, number <= Double(Self.greatestSpinCount) else {
                throw node.error("N is the number of spins: expected a positive integer, found \(node.found)")
            }
            return number
        }
        return CanonicalNumber.rounded(try node.number(expected))
    }

    private func list(_ node: JobNode, _ keys: [String: JobNode], _ isZipped: Bool) throws -> [Double] {
        if let other = ["from", "to", "points", "step", "log"].lazy.compactMap({ keys[$0] }).first {
            throw other.keyError("values are given already", hint: "keep either values or from, to and points")
        }
        let items = try node.items("a list of numbers")
        if items.isEmpty { throw node.error("the axis \(name) is empty", hint: "give it at least one value") }
        var seen: Set<Double> = []
        return try items.map { item in
            let value = try value(item)
            if !seen.insert(value).inserted, !isZipped {
                throw item.error("the value \(CanonicalNumber.string(value)) is there twice", hint: "values that agree to 15 digits are one point")
            }
            return value
        }
    }

    private func range(_ keys: [String: JobNode]) throws -> [Double] {
        guard let first = keys["from"], let last = keys["to"] else {
            throw node.error("the axis \(name) has no values", hint: "give values: [...], or from:, to: and points: (or step:)")
        }
        let from = try value(first), to = try value(last)
        let isLog = try keys["log"]?.flag() ?? false
        switch (keys["points"], keys["step"]) {
        case (let points?, nil): return try spaced(from, to, points, isLog, keys["log"])
        case (nil, let step?):
            if isLog { throw step.keyError("a logarithmic axis has no step", hint: "use points") }
            return try stepped(from, to, step)
        case (.some, .some(let step)): throw step.keyError("points and step are both given", hint: "keep one of them")
        case (nil, nil): throw node.error("the axis \(name) needs points (how many values) or step (their distance)")
        }
    }

    private func spaced(_ from: Double, _ to: Double, _ points: JobNode, _ isLog: Bool, _ log: JobNode?) throws -> [Double] {
        let count = try points.integer(in: 1...Self.greatestCount)
        if count == 1 ? from != to : from == to {
            throw points.error(count == 1 ? "one point cannot be both \(CanonicalNumber.string(from)) and \(CanonicalNumber.string(to))"
                : "from and to are equal, so there is only one point")
        }
        guard isLog else {
            let values = AxisValues.linear(from: from, to: to, count: count)
            if countsSpins, let broken = values.first(where: { $0 != $0.rounded() }) {
                throw node.error("N is the number of spins: \(count) points give N = \(CanonicalNumber.string(broken)), which is no integer",
                                 hint: "use step, or a list of values")
            }
            return try distinct(values, points)
        }
        guard from * to > 0 else { throw (log ?? node).error("a logarithmic axis needs two ends of the same sign, neither zero") }
        let values = AxisValues.logarithmic(from: from, to: to, count: count)
        // Equal ratios of spin numbers are meant as near as integers allow.
        return countsSpins ? values.map { $0.rounded() }.reduce(into: []) { if $0.last != $1 { $0.append($1) } } : try distinct(values, points)
    }

    private func stepped(_ from: Double, _ to: Double, _ node: JobNode) throws -> [Double] {
        let step = CanonicalNumber.rounded(try node.number())
        if step == 0 { throw node.error("the step is zero") }
        guard let steps = AxisValues.steps(from: from, to: to, step: step) else {
            let direction = (to - from) * step < 0
            throw node.error("steps of \(CanonicalNumber.string(step)) do not lead from \(CanonicalNumber.string(from)) to \(CanonicalNumber.string(to))",
                             hint: direction ? "change the sign of step" : "change to or step so that the last value is met, or give points")
        }
        guard steps < Self.greatestCount else { throw node.error("the axis \(name) has more than \(Self.greatestCount) values") }
        let values = AxisValues.linear(from: from, to: to, count: steps + 1)
        if countsSpins, values.contains(where: { $0 != $0.rounded() }) { throw node.error("N is the number of spins: its step must be an integer") }
        return values
    }

    private func distinct(_ values: [Double], _ points: JobNode) throws -> [Double] {
        if zip(values, values.dropFirst()).contains(where: { $0 == $1 }) {
            throw points.error("the values lie closer than 15 digits can tell", hint: "use fewer points")
        }
        return values
    }
}
