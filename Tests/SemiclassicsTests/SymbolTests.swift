import Foundation
import Numbers
import SpinAlgebra
import Testing

/// The classical limit of operators, on complex numbers n₊, n_z, n₋ that need not be a spin.
@Suite struct SymbolTests {
    private func points(_ count: Int) -> [(plus: Complex, z: Complex, minus: Complex)] {
        var random = Randomness(seed: 7)
        func number() -> Complex { Complex(random.real(), random.real()) }
        return (0..<count).map { _ in (number(), number(), number()) }
    }

    private func check(_ polynomial: ClassicalPolynomial, _ expected: (Complex, Complex, Complex) -> Complex) {
        for n in points(8) {
            let value = polynomial.evaluate(plus: n.plus, z: n.z, minus: n.minus)
            #expect((value - expected(n.plus, n.z, n.minus)).magnitude < 1e-13, "\(value)")
        }
    }

    /// h = Ω n_x; √γ n₋, √Γ (1 + n_z) n₊.
    @Test func bistablePump() throws {
        let symbol = try preset("bistable-pump").classicalSymbol(["Omega": 0.3, "gamma": 1.44, "Gamma": 0.81])
        #expect(symbol.jumps.count == 2)
        check(symbol.hamiltonian) { plus, _, minus in Complex(0.15) * (plus + minus) }
        check(symbol.jumps[0]) { _, _, minus in 1.2 * minus }
        check(symbol.jumps[1]) { plus, z, _ in Complex(0.9) * (Complex.one + z) * plus }
    }

    /// h = Ω n_x + Δ n_z + χ n_z²; √κ n₋.
    @Test func drivenTwisting() throws {
        let symbol = try preset("driven-twisting").classicalSymbol(["Omega": 0.3, "Delta": 1.6, "chi": 2, "kappa": 0.49])
        check(symbol.hamiltonian) { plus, z, minus in Complex(0.15) * (plus + minus) + Complex(1.6) * z + Complex(2) * z * z }
        check(symbol.jumps[0]) { _, _, minus in 0.7 * minus }
    }

    /// N = 2j: a rate κ/N is κ/2 over j, a coupling V/N is V/2 over j.
    @Test func spinCountIsTwiceTheSpin() throws {
        let symbol = try preset("driven-lmg").classicalSymbol(["Omega": 0, "V": 3, "kappa": 0.98])
        check(symbol.hamiltonian) { _, z, _ in -1.5 * z * z }
        check(symbol.jumps[0]) { _, _, minus in 0.7 * minus }
    }

    @Test func orderingIsGone() throws {
        func jump(_ text: String) throws -> ClassicalPolynomial {
            try Model(hamiltonian: "Jx", jumps: [("1/j^5", text)], parameters: []).classicalSymbol([:]).jumps[0]
        }
        let first = try jump("Jz*Jp*Jx")
        for other in ["Jp*Jz*Jx", "Jx*Jp*Jz"] {
            let second = try jump(other)
            check(second) { plus, z, minus in first.evaluate(plus: plus, z: z, minus: minus) }
        }
        check(first) { plus, z, minus in Complex(0.5) * (plus + minus) * z * plus }
    }

    /// p′(n′) = p(n) for n = R n′, of a polynomial in all components with complex coefficients.
    @Test func rotation() throws {
        let polynomial = ClassicalPolynomial(terms: [.init(plus: 2, z: 1, minus: 0, coefficient: Complex(0.3, -1)), .init(plus: 0, z: 2, minus: 1, coefficient: Complex(-0.7, 0.2)),
                                                     .init(plus: 1, z: 0, minus: 1, coefficient: Complex(0, 1)), .init(plus: 0, z: 1, minus: 0, coefficient: Complex(0.9))])
        let r = eulerMatrix(0.7, 1.1, -0.4), turned = polynomial.rotated(by: r)
        for n in points(8) {
            let x = Complex(0.5) * (n.plus + n.minus), y = Complex(0, -0.5) * (n.plus - n.minus)
            func image(_ row: Int) -> Complex {
                let a = Complex(r[row][0]) * x, b = Complex(r[row][1]) * y, c = Complex(r[row][2]) * n.z
                return a + b + c
            }
            let iy = Complex.i * image(1)
            let expected = polynomial.evaluate(plus: image(0) + iy, z: image(2), minus: image(0) - iy)
            #expect((turned.evaluate(plus: n.plus, z: n.z, minus: n.minus) - expected).magnitude < 1e-12)
        }
    }
}

/// Euler angles about z, y, z.
func eulerMatrix(_ a: Double, _ b: Double, _ c: Double) -> [[Double]] {
    func product(_ p: [[Double]], _ q: [[Double]]) -> [[Double]] { p.map { row in (0..<3).map { k in row[0] * q[0][k] + row[1] * q[1][k] + row[2] * q[2][k] } } }
    func z(_ t: Double) -> [[Double]] { [[cos(t), -sin(t), 0], [sin(t), cos(t), 0], [0, 0, 1]] }
    let y = [[cos(b), 0, sin(b)], [0, 1, 0], [-sin(b), 0, cos(b)]]
    return product(product(z(a), y), z(c))
}
