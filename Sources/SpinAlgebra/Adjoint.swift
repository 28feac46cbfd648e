extension Syntax {
    /// The Hermitian conjugate for real parameters: factors in reverse order, J₊ ↔ J₋, i → −i. Functions commute with
    /// conjugation wherever they are analytic.
    var adjoint: Syntax {
        switch self {
        case .number: self
        case .name("i", let at): .negation(.name("i", at), at)
        case .name("Jp", let at): .name("Jm", at)
        case .name("Jm", let at): .name("Jp", at)
        case .name: self
        case .negation(let inner, let at): Self.negated(inner.adjoint, at)
        case .call(let function, let inner, let at): .call(function, inner.adjoint, at)
        case .binary("+", let left, let right, let at): Self.sum(left.adjoint, right.adjoint, at)
        case .binary("-", let left, let right, let at): Self.sum(left.adjoint, Self.negated(right.adjoint, at), at)
        case .binary("*", let left, let right, let at): Self.product(left, right, at)
        case .binary("/", let left, let right, let at): Self.pulledOut(left.adjoint) { .binary("/", $0, right.adjoint, at) }
        case .binary(let symbol, let left, let right, let at): .binary(symbol, left.adjoint, right.adjoint, at)
        }
    }

    private static func negated(_ node: Syntax, _ at: Int) -> Syntax {
        if case .negation(let inner, _) = node { return inner }
        return .negation(node, at)
    }

    private static func sum(_ left: Syntax, _ right: Syntax, _ at: Int) -> Syntax {
        if case .negation(let inner, _) = right { return .binary("-", left, inner, at) }
        return .binary("+", left, right, at)
    }

    /// Scalars go to the front, where users write them.
    private static func product(_ left: Syntax, _ right: Syntax, _ at: Int) -> Syntax {
        func factors(_ node: Syntax) -> [Syntax] {
            if case .binary("*", let a, let b, _) = node { return factors(a) + factors(b) }
            return [node]
        }
        let all = factors(left) + factors(right)
        let scalars = all.filter { $0.firstOperator == nil }, operators = all.filter { $0.firstOperator != nil }
        let adjoints = (scalars + operators.reversed()).map(\.adjoint)
        return adjoints.dropFirst().reduce(adjoints[0]) { product, factor in
            pulledOut(product) { a in pulledOut(factor) { b in .binary("*", a, b, at) } }
        }
    }

    /// Applies `make` to the node, with a leading minus sign moved to the front of the result.
    private static func pulledOut(_ node: Syntax, _ make: (Syntax) -> Syntax) -> Syntax {
        if case .negation(let inner, let at) = node { return negated(make(inner), at) }
        return make(node)
    }
}
