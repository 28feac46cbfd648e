import Foundation
import Numbers
import SpinAlgebra
import Testing

@Suite struct PolynomialTests {
    /// Random expression text of at most the given degree.
    private func expression(_ random: inout Random, degree: Int) -> String {
        func scalar() -> String {
            random.pick(["a", "b^2", "(a - 2*i*b)", "0.75", "i", "sqrt(2)", "1/j", "N/3", "exp(i*b)", "(a + b)/j^2", "3", "-b", "sin(a)*cos(b)"])
        }
        let leaf = random.pick(["Jx", "Jy", "Jz", "Jp", "Jm"])
        guard degree > 1 else { return degree == 0 ? scalar() : random.pick([leaf, "\(scalar())*\(leaf)", "(j + \(leaf))", "-\(leaf)"]) }
        let split = 1 + random.below(degree - 1)
        let left = expression(&random, degree: split), right = expression(&random, degree: degree - split)
        switch random.below(5) {
        case 0: return "(\(left))*(\(right))"
        case 1: return "((\(left))*(\(right)) - (\(right))*(\(left)))"
        case 2: return "(\(left) + \(right))/(\(scalar()))"
        case 3: return "(\(leaf) - \(scalar())*Jz)^\(degree)"
        default: return "-(\(left))^1*\(right)"
        }
    }

    @Test func normalOrderAgreesWithDenseMatrices() throws {
        var random = Random(1)
        for round in 0..<150 {
            let text = expression(&random, degree: 1 + round % 6)
            let operation = try OperatorExpression(parsing: text)
            let count = round % 8
            let values = ["a": random.real(), "b": 1.5 + random.real(), "N": Double(max(count, 1)), "j": Double(max(count, 1)) / 2]
            let direct = try operation.directMatrix(spinCount: max(count, 1), values)
            let ordered = try operation.polynomial(values).matrix(spinCount: max(count, 1))
            let scale = try max(1, operation.polynomial(values).terms.values.map(\.magnitude).max() ?? 0) * pow(Double(count) + 2, 6)
            #expect(greatest(direct - ordered) < 1e-13 * scale, "\(text) at N = \(count)")
        }
    }

    @Test func algebra() throws {
        let (x, y, z) = (SpinPolynomial.jx, SpinPolynomial.jy, SpinPolynomial.jz)
        #expect(x.commutator(with: y) == Complex.i * z)
        #expect(y.commutator(with: z) == Complex.i * x)
        #expect(z.commutator(with: x) == Complex.i * y)
        let casimir = x * x + y * y + z * z
        #expect(casimir.commutator(with: x * z * y) == .zero)
        #expect((x * y * z).adjoint == z * y * x)
        #expect(SpinPolynomial.jm * .jp == SpinPolynomial(terms: [SpinMonomial(raising: 1, lowering: 1): .one, SpinMonomial(z: 1): Complex(-2)]))
        #expect((casimir.matrix(spinCount: 5)[3][3] - Complex(8.75)).magnitude < 1e-14)
        // (Jz + 1)^k from moving J₋ to the right.
        let shifted = z + .identity
        #expect(SpinPolynomial.jm * z * z == shifted * shifted * .jm)
    }

    /// exp(i φ n·J) J_a exp(−i φ n·J) = Σ_b R_ab J_b, so the matrix of the rotated polynomial is that of U P U†.
    @Test func rotationIsUnitary() throws {
        var random = Random(7)
        for (degree, count) in [(1, 1), (2, 3), (3, 4), (5, 6), (6, 5)] {
            let angle = 3 * random.real()
            var axis = [random.real(), random.real(), random.real()]
            let length = axis.map { $0 * $0 }.reduce(0, +).squareRoot()
            axis = axis.map { $0 / length }
            let generator = axis[0] * SpinPolynomial.jx + axis[1] * .jy + axis[2] * .jz
            let unitary = exponential((Complex(0, angle) * generator).matrix(spinCount: count))
            // i[n·J, J_a] = −ε_abc n_c J_b = (n×)_ab J_b, hence Rodrigues' formula with this sense.
            let n = axis, c = cos(angle), s = sin(angle)
            let cross = [[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]]
            let rotation = (0..<3).map { a in (0..<3).map { b in (a == b ? c : 0) + (1 - c) * n[a] * n[b] + s * cross[a][b] } }
            let text = expression(&random, degree: degree)
            let polynomial = try OperatorExpression(parsing: text).polynomial(["a": 0.3, "b": 0.7, "N": Double(count)])
            let expected = unitary * polynomial.matrix(spinCount: count) * adjoint(unitary)
            let scale = max(1, greatest(expected))
            #expect(greatest(polynomial.rotated(by: rotation).matrix(spinCount: count) - expected) < 1e-11 * scale, "\(text)")
        }
    }

    /// The coefficient of Jz⁶ is 10⁻¹⁸ of that of the identity, yet no rounding error.
    @Test func rotationKeepsSmallTermsOfHighDegree() throws {
        let polynomial = try OperatorExpression(parsing: "(j + Jz)^6").polynomial(["N": 2000])
        let turned = polynomial.rotated(by: [[0, 0, -1], [0, 1, 0], [1, 0, 0]])       // Jz → Jx
        let expected = try OperatorExpression(parsing: "(j + Jx)^6").polynomial(["N": 2000])
        #expect(turned.degree == 6)
        for (monomial, coefficient) in expected.terms {
            #expect(((turned.terms[monomial] ?? .zero) - coefficient).magnitude <= 1e-13 * coefficient.magnitude, "\(monomial)")
        }
    }

    @Test func descriptionParsesBack() throws {
        let polynomial = try OperatorExpression(parsing: "(1 + 2*i)*Jp^2*Jm - Jz^3 + 0.25*Jy - i*Jm + 4").polynomial([:])
        #expect(try OperatorExpression(parsing: polynomial.description).polynomial([:]) == polynomial)
        #expect(SpinPolynomial.zero.description == "0")
        #expect((-SpinPolynomial.jz).description == "-Jz")
    }
}
