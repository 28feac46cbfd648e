import Numbers

/// Syntax tree; each node knows its place in the text (UTF-8 offset; of a binary node, that of its sign).
indirect enum Syntax: Sendable {
    case number(Double, Int)
    case name(String, Int)
    case negation(Syntax, Int)
    case call(String, Syntax, Int)
    case binary(Character, Syntax, Syntax, Int)

    /// Where the node begins in the text (after opening parentheses).
    var offset: Int {
        switch self {
        case .number(_, let offset), .name(_, let offset), .negation(_, let offset), .call(_, _, let offset): offset
        case .binary(_, let left, _, _): left.offset
        }
    }

    /// Free names, N and j included; constants, functions and operators not.
    var names: Set<String> {
        switch self {
        case .number: []
        case .name(let name, _): ReservedName.constants.contains(name) || ReservedName.operators.contains(name) ? [] : [name]
        case .negation(let inner, _), .call(_, let inner, _): inner.names
        case .binary(_, let left, let right, _): left.names.union(right.names)
        }
    }

    var hasNames: Bool {
        switch self {
        case .number: false
        case .name(let name, _): !ReservedName.constants.contains(name) && !ReservedName.operators.contains(name)
        case .negation(let inner, _), .call(_, let inner, _): inner.hasNames
        case .binary(_, let left, let right, _): left.hasNames || right.hasNames
        }
    }

    /// Offset of the first use of a name.
    func firstUse(of sought: String) -> Int? {
        switch self {
        case .number: nil
        case .name(let name, let offset): name == sought ? offset : nil
        case .negation(let inner, _), .call(_, let inner, _): inner.firstUse(of: sought)
        case .binary(_, let left, let right, _): left.firstUse(of: sought) ?? right.firstUse(of: sought)
        }
    }

    var firstOperator: (name: String, offset: Int)? {
        switch self {
        case .number: nil
        case .name(let name, let offset): ReservedName.operators.contains(name) ? (name, offset) : nil
        case .negation(let inner, _), .call(_, let inner, _): inner.firstOperator
        case .binary(_, let left, let right, _): left.firstOperator ?? right.firstOperator
        }
    }

    /// The smallest part that is infinite or no number whatever the parameters (`1/0`, `Omega/0`).
    var firstInfiniteConstant: Syntax? {
        let parts: [Syntax] = switch self {
        case .number, .name: []
        case .negation(let inner, _), .call(_, let inner, _): [inner]
        case .binary(_, let left, let right, _): [left, right]
        }
        for part in parts { if let found = part.firstInfiniteConstant { return found } }
        if case .binary("/", _, let divisor, _) = self, divisor.firstOperator == nil, !divisor.hasNames, (try? divisor.evaluate([:])) == .zero { return self }
        guard firstOperator == nil, !hasNames, let value = try? evaluate([:]) else { return nil }
        return value.isFinite ? nil : self
    }

    /// Fully parenthesised, without places: equal exactly for equal trees.
    var canonicalText: String {
        switch self {
        case .number(let value, _): value.shortText
        case .name(let name, _): name
        case .negation(let inner, _): "(-\(inner.canonicalText))"
        case .call(let function, let inner, _): "\(function)(\(inner.canonicalText))"
        case .binary(let symbol, let left, let right, _): "(\(left.canonicalText)\(symbol)\(right.canonicalText))"
        }
    }

    /// With no more parentheses than needed, for messages.
    var plainText: String {
        func wrapped(_ node: Syntax, below rank: Int) -> String { node.rank < rank ? "(\(node.plainText))" : node.plainText }
        switch self {
        case .number(let value, _): return value.shortText
        case .name(let name, _): return name
        case .negation(let inner, _): return "-\(wrapped(inner, below: 2))"
        case .call(let function, let inner, _): return "\(function)(\(inner.plainText))"
        case .binary(let symbol, let left, let right, _):
            switch symbol {
            case "+": return "\(left.plainText) + \(wrapped(right, below: 2))"
            case "-": return "\(left.plainText) - \(wrapped(right, below: 2))"
            case "*": return "\(wrapped(left, below: 2))*\(wrapped(right, below: 3))"
            case "/": return "\(wrapped(left, below: 2))/\(wrapped(right, below: 4))"
            default: return "\(wrapped(left, below: 5))^\(wrapped(right, below: 4))"
            }
        }
    }

    /// How tightly the node binds: sum 1, sign 2, product 3, power 4, atom 5.
    private var rank: Int {
        switch self {
        case .number(let value, _): value < 0 ? 2 : 5
        case .name, .call: 5
        case .negation: 2
        case .binary("+", _, _, _), .binary("-", _, _, _): 1
        case .binary("*", _, _, _), .binary("/", _, _, _): 3
        case .binary: 4
        }
    }
}
