import Numbers
import SpinAlgebra

/// A classical spin in the components n₊, n_z, n₋ (of the complexified spin n₋ is not the conjugate of n₊).
struct SpinComponents<R: RealScalar> {
    var plus: ComplexScalar<R>
    var z: ComplexScalar<R>
    var minus: ComplexScalar<R>
    init(_ plus: ComplexScalar<R>, _ z: ComplexScalar<R>, _ minus: ComplexScalar<R>) {
        (self.plus, self.z, self.minus) = (plus, z, minus)
    }
}

/// The symbols of a model, made ready to be evaluated on the complexified spin.
///
/// The auxiliary Hamiltonian (docs/semiclassics.md, eq. 2) is H = Re F(n) + Σ_k |l_k(n)|² with the one polynomial
/// F = −2i h − Σ_k l_k† l_k.
struct AuxiliarySymbol: Sendable {
    let generator: Polynomial
    let jumps: [Polynomial]
    /// Of H in momenta.
    let degree: Int

    /// Σ n₊^a n₋^c q_ac(n_z): terms with the same powers of n₊ and n₋ together, for Horner's rule in n_z.
    struct Polynomial: Sendable {
        struct Group: Sendable {
            let plus: Int, minus: Int
            /// Coefficients of q in ascending order, in the polynomial's list.
            let first: Int, last: Int
        }
        let groups: [Group]
        let coefficients: [Complex]

        init(_ polynomial: ClassicalPolynomial) {
            var groups: [Group] = [], coefficients: [Complex] = [], open = polynomial.terms
            while let head = open.first {
                let mine = open.filter { $0.plus == head.plus && $0.minus == head.minus }
                open.removeAll { $0.plus == head.plus && $0.minus == head.minus }
                var q = [Complex](repeating: .zero, count: (mine.map(\.z).max() ?? 0) + 1)
                for term in mine { q[term.z] = term.coefficient }
                groups.append(Group(plus: head.plus, minus: head.minus, first: coefficients.count, last: coefficients.count + q.count - 1))
                coefficients += q
            }
            self.groups = groups
            self.coefficients = coefficients
        }
    }

    init(_ symbol: ClassicalSymbol) {
        let losses = symbol.jumps.reduce(ClassicalPolynomial.zero) { $0 + $1.adjoint * $1 }
        generator = Polynomial(Complex(0, -2) * symbol.hamiltonian + Complex(-1) * losses)
        jumps = symbol.jumps.map(Polynomial.init)
        degree = max(symbol.hamiltonian.degree, 2 * (symbol.jumps.map(\.degree).max() ?? 0))
    }
}

extension AuxiliarySymbol.Polynomial {
    func value<R: RealScalar>(_ n: SpinComponents<R>) -> ComplexScalar<R> {
        var sum = n.plus.zero
        for group in groups {
            var q = n.plus.zero + coefficients[group.last]
            for k in stride(from: group.last - 1, through: group.first, by: -1) { q = q * n.z + coefficients[k] }
            for _ in 0..<group.plus { q = q * n.plus }
            for _ in 0..<group.minus { q = q * n.minus }
            sum += q
        }
        return sum
    }

    /// The value, and (∂/∂n₊, ∂/∂n_z, ∂/∂n₋).
    func linearised<R: RealScalar>(_ n: SpinComponents<R>) -> (value: ComplexScalar<R>, gradient: SpinComponents<R>) {
        let zero = n.plus.zero
        var sum = zero, slope = SpinComponents(zero, zero, zero)
        for group in groups {
            var q = zero + coefficients[group.last], dq = zero
            for k in stride(from: group.last - 1, through: group.first, by: -1) {
                dq = dq * n.z + q
                q = q * n.z + coefficients[k]
            }
            if group.minus == 0 {
                add(&sum, &slope.plus, &slope.z, q, dq, n.plus, group.plus, hasSlope: group.last > group.first)
            } else if group.plus == 0 {
                add(&sum, &slope.minus, &slope.z, q, dq, n.minus, group.minus, hasSlope: group.last > group.first)
            } else {
                // n₊^(a−1) n₋^(c−1) is common to all.
                var common = n.plus, isOne = true
                for (factor, count) in [(n.plus, group.plus - 1), (n.minus, group.minus - 1)] {
                    for _ in 0..<count {
                        common = isOne ? factor : common * factor
                        isOne = false
                    }
                }
                let both = n.plus * n.minus, all = isOne ? both : both * common, own = isOne ? q : q * common
                sum += q * all
                slope.plus += Double(group.plus) * (own * n.minus)
                slope.minus += Double(group.minus) * (own * n.plus)
                if group.last > group.first { slope.z += dq * all }
            }
        }
        return (sum, slope)
    }

    /// q(n_z) x^a and its slopes.
    @inline(__always)
    private func add<R: RealScalar>(_ sum: inout ComplexScalar<R>, _ along: inout ComplexScalar<R>, _ down: inout ComplexScalar<R>, _ q: ComplexScalar<R>,
                                    _ dq: ComplexScalar<R>, _ x: ComplexScalar<R>, _ power: Int, hasSlope: Bool) {
        guard power > 0 else {
            sum += q
            if hasSlope { down += dq }
            return
        }
        var own = q, all = x
        for _ in 1..<power {
            own = own * x
            all = all * x
        }
        sum += own * x
        along += Double(power) * own
        if hasSlope { down += dq * all }
    }
}

extension AuxiliarySymbol {
    /// H = Re F + Σ |l_k|², zero for a real spin.
    func value<R: RealScalar>(_ n: SpinComponents<R>) -> R {
        var sum = generator.value(n).re
        for jump in jumps { sum += jump.value(n).squaredMagnitude }
        return sum
    }

    /// ∂H/∂n with n̄ held fixed, ½∇F + Σ l̄_k ∇l_k, in the components (+, z, −).
    func gradient<R: RealScalar>(_ n: SpinComponents<R>) -> SpinComponents<R> {
        let drift = generator.linearised(n).gradient
        var sum = SpinComponents(0.5 * drift.plus, 0.5 * drift.z, 0.5 * drift.minus)
        for jump in jumps {
            let (value, slope) = jump.linearised(n), factor = value.conjugate
            sum.plus += factor * slope.plus
            sum.z += factor * slope.z
            sum.minus += factor * slope.minus
        }
        return sum
    }
}
