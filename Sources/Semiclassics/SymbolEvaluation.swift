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
    /// Greatest power of each component, in any of the polynomials.
    fileprivate let powers: (plus: Int, z: Int, minus: Int)

    /// Flat terms of a polynomial.
    struct Polynomial: Sendable {
        struct Term: Sendable {
            let plus: Int, z: Int, minus: Int
            let re: Double, im: Double
        }
        let terms: [Term]
        init(_ polynomial: ClassicalPolynomial) {
            terms = polynomial.terms.map { Term(plus: $0.plus, z: $0.z, minus: $0.minus, re: $0.coefficient.re, im: $0.coefficient.im) }
        }
    }

    init(_ symbol: ClassicalSymbol) {
        let losses = symbol.jumps.reduce(ClassicalPolynomial.zero) { $0 + $1.adjoint * $1 }
        generator = Polynomial(Complex(0, -2) * symbol.hamiltonian + Complex(-1) * losses)
        jumps = symbol.jumps.map(Polynomial.init)
        degree = max(symbol.hamiltonian.degree, 2 * (symbol.jumps.map(\.degree).max() ?? 0))
        let terms = ([generator] + jumps).flatMap(\.terms)
        powers = (terms.map(\.plus).max() ?? 0, terms.map(\.z).max() ?? 0, terms.map(\.minus).max() ?? 0)
    }
}

/// Powers of a spin's components, shared by all polynomials at that spin.
struct SpinPowers<R: RealScalar> {
    /// n₊⁰, n₊¹, …, then those of n_z and n₋.
    private let all: [ComplexScalar<R>]
    private let z: Int, minus: Int

    init(_ n: SpinComponents<R>, for symbol: AuxiliarySymbol) {
        z = symbol.powers.plus + 1
        minus = z + symbol.powers.z + 1
        var list: [ComplexScalar<R>] = []
        list.reserveCapacity(minus + symbol.powers.minus + 1)
        let one = n.plus.zero + 1
        list.append(one)
        for k in 0..<symbol.powers.plus { list.append(k == 0 ? n.plus : list[k] * n.plus) }
        list.append(one)
        for k in 0..<symbol.powers.z { list.append(k == 0 ? n.z : list[z + k] * n.z) }
        list.append(one)
        for k in 0..<symbol.powers.minus { list.append(k == 0 ? n.minus : list[minus + k] * n.minus) }
        all = list
    }

    /// A product of powers, factors 1 left out.
    @inline(__always) private func product(_ a: Int, _ b: Int, _ c: Int) -> ComplexScalar<R> {
        if b == 0 {
            if c == 0 { return all[a] }
            return a == 0 ? all[minus + c] : all[a] * all[minus + c]
        }
        if a == 0 { return c == 0 ? all[z + b] : all[z + b] * all[minus + c] }
        return c == 0 ? all[a] * all[z + b] : all[a] * all[z + b] * all[minus + c]
    }

    func value(_ polynomial: AuxiliarySymbol.Polynomial) -> ComplexScalar<R> {
        var sum = all[0].zero
        for term in polynomial.terms { sum += product(term.plus, term.z, term.minus).scaled(term.re, term.im) }
        return sum
    }

    /// (∂/∂n₊, ∂/∂n_z, ∂/∂n₋)
    func gradient(_ polynomial: AuxiliarySymbol.Polynomial) -> SpinComponents<R> {
        let zero = all[0].zero
        var sum = SpinComponents(zero, zero, zero)
        for term in polynomial.terms {
            if term.plus > 0 {
                let k = Double(term.plus)
                sum.plus += product(term.plus - 1, term.z, term.minus).scaled(k * term.re, k * term.im)
            }
            if term.z > 0 {
                let k = Double(term.z)
                sum.z += product(term.plus, term.z - 1, term.minus).scaled(k * term.re, k * term.im)
            }
            if term.minus > 0 {
                let k = Double(term.minus)
                sum.minus += product(term.plus, term.z, term.minus - 1).scaled(k * term.re, k * term.im)
            }
        }
        return sum
    }
}

extension AuxiliarySymbol {
    /// H = Re F + Σ |l_k|², zero for a real spin.
    func value<R: RealScalar>(_ n: SpinComponents<R>) -> R {
        let powers = SpinPowers(n, for: self)
        return jumps.reduce(powers.value(generator).re) { $0 + powers.value($1).squaredMagnitude }
    }

    /// ∂H/∂n with n̄ held fixed, ½∇F + Σ l̄_k ∇l_k, in the components (+, z, −).
    func gradient<R: RealScalar>(_ n: SpinComponents<R>) -> SpinComponents<R> {
        let powers = SpinPowers(n, for: self), drift = powers.gradient(generator)
        var sum = SpinComponents(0.5 * drift.plus, 0.5 * drift.z, 0.5 * drift.minus)
        for jump in jumps {
            let factor = powers.value(jump).conjugate, slope = powers.gradient(jump)
            sum.plus += factor * slope.plus
            sum.z += factor * slope.z
            sum.minus += factor * slope.minus
        }
        return sum
    }
}
