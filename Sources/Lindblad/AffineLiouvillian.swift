import Foundation
import Numbers
import SpinAlgebra

/// A Hermiticity-preserving map ρ ↦ Σ_k factor_k · A_k ρ B_k.
struct Superoperator {
    struct Product {
        let factor: Complex
        /// nil stands for the identity.
        let left: CompiledPolynomial?
        let right: CompiledPolynomial?
    }
    var products: [Product] = []
    /// How it was put together: for its action on observables, and for `exactColumn`.
    private(set) var parts: [Part] = []
    enum Part {
        case commutator(SpinPolynomial, CompiledPolynomial)
        /// factor, A, B; A and B† compiled
        case dissipator(Complex, SpinPolynomial, SpinPolynomial, CompiledPolynomial, CompiledPolynomial)
    }

    /// Greatest |Δl| and |Δq| with which it couples multipoles.
    var reach: Int { products.map { ($0.left?.degree ?? 0) + ($0.right?.degree ?? 0) }.max() ?? 0 }

    /// Of the products that cancel in its entries, at most.
    func magnitude(spinCount: Int) -> Double {
        let j = Double(spinCount) / 2
        func bound(_ polynomial: SpinPolynomial) -> Double {
            polynomial.terms.reduce(0) { sum, term in sum + term.value.magnitude * pow(j, Double(term.key.degree)) }
        }
        return parts.reduce(0) { sum, part in
            switch part {
            case .commutator(let hamiltonian, _): sum + 2 * bound(hamiltonian)
            case .dissipator(let factor, let a, let b, _, _): sum + 2 * factor.magnitude * bound(a) * bound(b)
            }
        }
    }

    mutating func add(_ factor: Complex, left: SpinPolynomial? = nil, right: SpinPolynomial? = nil) {
        if left?.isZero(tolerance: 0) == true || right?.isZero(tolerance: 0) == true || factor == .zero { return }
        products.append(Product(factor: factor, left: left.map(CompiledPolynomial.init), right: right.map(CompiledPolynomial.init)))
    }

    /// −i[H, ·]
    mutating func addCommutator(_ hamiltonian: SpinPolynomial) {
        add(Complex(0, -1), left: hamiltonian)
        add(Complex(0, 1), right: hamiltonian)
        parts.append(.commutator(hamiltonian, CompiledPolynomial(0.5 * (hamiltonian + hamiltonian.adjoint))))
    }

    /// factor · (A ρ B† − ½{B†A, ρ})
    mutating func addDissipator(_ factor: Complex, _ a: SpinPolynomial, _ b: SpinPolynomial) {
        let adjoint = b.adjoint, product = adjoint * a
        add(factor, left: a, right: adjoint)
        add(-0.5 * factor, left: product)
        add(-0.5 * factor, right: product)
        parts.append(.dissipator(factor, a, b, CompiledPolynomial(a), CompiledPolynomial(adjoint)))
    }

    /// The adjoint map on an observable X: i[H, X], and factor · (B†XA − ½{B†A, X}).
    func heisenberg(_ x: SpinPolynomial) -> SpinPolynomial {
        parts.reduce(.zero) { sum, part in
            switch part {
            case .commutator(let hamiltonian, _):
                return sum + Complex.i * (hamiltonian * x - x * hamiltonian)
            case .dissipator(let factor, let a, let b, _, _):
                // ½(B†[X, A] + [B†, X]A): commutators first, so that leading orders cancel exactly.
                let adjoint = b.adjoint
                return sum + 0.5 * factor * (adjoint * (x * a - a * x) + (adjoint * x - x * adjoint) * a)
            }
        }
    }

    /// The image of T_lq without a product of polynomials rounded beforehand: B†A acts as B†(A·).
    ///
    /// Coefficients rounded to double then describe a model very slightly off, but a proper one: H stays Hermitian and the
    /// trace is conserved to the precision of `Scalar`. A rounded B†A would leak trace at 1e-16, which swamps a gap
    /// smaller than that.
    func exactColumn<Scalar>(l: Int, q: Int, _ algebra: MultipoleAlgebra<Scalar>) -> MultipolePatch<Scalar> {
        let start = MultipolePatch<Scalar>(l: l, q: q)
        var sum = start
        sum.values[0] = .zero
        for part in parts {
            switch part {
            case .commutator(_, let hamiltonian):
                sum = sum.adding(algebra.multiply(start, by: hamiltonian, on: .left), times: Complex(0, -1))
                sum = sum.adding(algebra.multiply(start, by: hamiltonian, on: .right), times: Complex(0, 1))
            case .dissipator(let factor, _, _, let a, let adjoint):
                let left = algebra.multiply(start, by: a, on: .left), right = algebra.multiply(start, by: adjoint, on: .right)
                sum = sum.adding(algebra.multiply(left, by: adjoint, on: .right), times: factor)
                sum = sum.adding(algebra.multiply(left, by: adjoint, on: .left), times: -0.5 * factor)
                sum = sum.adding(algebra.multiply(right, by: a, on: .right), times: -0.5 * factor)
            }
        }
        return sum
    }
}

/// The Liouvillian of a model at fixed N as Σ_k c_k(θ) M_k: the maps M_k depend on N and the frame only, the real
/// coefficients c_k on the other parameters. A sweep over parameters assembles with a few multiplications an entry.
struct AffineLiouvillian {
    struct Term {
        let superoperator: Superoperator
        let coefficient: @Sendable ([String: Double]) throws -> Double
    }
    let spinCount: Int
    let terms: [Term]
    let reach: Int

    /// - Parameter frame: axes in which the operators are written; see `Frame`.
    init(model: Model, spinCount: Int, frame: Frame) throws {
        self.spinCount = spinCount
        let sizeOnly: [String: Double] = ["N": Double(spinCount), "j": Double(spinCount) / 2]
        var fixed = Superoperator(), terms: [Term] = []

        /// Splits into what N alone decides (one numeric polynomial) and the groups that other parameters scale.
        func split(_ expression: OperatorExpression) throws -> (constant: SpinPolynomial, groups: [(ScalarExpression, SpinPolynomial)]) {
            var constant = SpinPolynomial.zero, groups: [(ScalarExpression, SpinPolynomial)] = []
            for group in expression.groups {
                let polynomial = frame.express(group.polynomial)
                if group.coefficient.names.isSubset(of: ["N", "j"]) {
                    constant = constant + (try group.coefficient.evaluate(sizeOnly)) * polynomial
                } else {
                    groups.append((group.coefficient, polynomial))
                }
            }
            return (constant, groups)
        }
        func append(_ superoperator: Superoperator, _ coefficient: @escaping @Sendable ([String: Double]) throws -> Double) {
            if !superoperator.products.isEmpty { terms.append(Term(superoperator: superoperator, coefficient: coefficient)) }
        }

        let hamiltonian = try split(model.hamiltonian)
        fixed.addCommutator(hamiltonian.constant)
        for (coefficient, polynomial) in hamiltonian.groups {
            // h P + h* P† over two: the parts that Re h and Im h multiply are each Hermitian.
            var even = Superoperator(), odd = Superoperator()
            even.addCommutator(Complex(0.5) * (polynomial + polynomial.adjoint))
            let skew = Complex(0, 0.5) * (polynomial - polynomial.adjoint)
            if !skew.isZero(tolerance: 1e-14) { odd.addCommutator(skew) }
            append(even) { try coefficient.evaluate($0).re }
            append(odd) { try coefficient.evaluate($0).im }
        }
        for jump in model.jumps {
            let parts = try split(jump.operator)
            var groups = parts.groups.map { (coefficient: Optional($0.0), polynomial: $0.1) }
            if !parts.constant.isZero(tolerance: 0) { groups.insert((nil, parts.constant), at: 0) }
            let rate = jump.rate
            for a in groups.indices {
                for b in a..<groups.count {
                    let first = groups[a].coefficient, second = groups[b].coefficient
                    @Sendable func product(_ values: [String: Double]) throws -> Complex {
                        let left = try first?.evaluate(values) ?? .one, right = try second?.evaluate(values) ?? .one
                        return try rate.evaluate(values).re * (left * right.conjugate)
                    }
                    var even = Superoperator()
                    even.addDissipator(.one, groups[a].polynomial, groups[b].polynomial)
                    if a != b {
                        even.addDissipator(.one, groups[b].polynomial, groups[a].polynomial)
                        var odd = Superoperator()
                        odd.addDissipator(.i, groups[a].polynomial, groups[b].polynomial)
                        odd.addDissipator(-.i, groups[b].polynomial, groups[a].polynomial)
                        append(odd) { try product($0).im }
                    }
                    append(even) { try product($0).re }
                }
            }
        }
        if !fixed.products.isEmpty { terms.insert(Term(superoperator: fixed) { _ in 1 }, at: 0) }
        self.terms = terms
        reach = terms.map(\.superoperator.reach).max() ?? 0
    }

    func coefficients(_ values: [String: Double]) throws -> [Double] {
        try terms.map { try $0.coefficient(values) }
    }
}
