import Foundation
import Numbers
import SpinAlgebra
import Testing

@Suite struct ExpressionTests {
    private func value(_ text: String, _ values: [String: Double] = [:]) throws -> Complex { try ScalarExpression(parsing: text).evaluate(values) }
    private func polynomial(_ text: String) throws -> SpinPolynomial { try OperatorExpression(parsing: text).polynomial(["N": 4]) }
    private func failure(_ text: String) -> ExpressionError? {
        do { _ = try OperatorExpression(parsing: text) } catch { return error as? ExpressionError }
        return nil
    }

    @Test func precedence() throws {
        #expect(try polynomial("-Jz^2") == -(SpinPolynomial.jz * .jz))
        #expect(try value("2^3^2") == Complex(512))
        #expect(try value("-2^2") == Complex(-4))
        #expect(try value("8/4/2") == Complex(1))
        #expect(try value("2^-1") == Complex(0.5))
        #expect(try value("1 - 2 - 3") == Complex(-4))
        #expect(try value("2*-3") == Complex(-6))
        #expect(try value("1.5e-1*.2E+1") == Complex(0.3))
        #expect(try polynomial("Jp*(j + Jz)") == .jp * (.jz + 2.0 * .identity))
    }

    @Test func functions() throws {
        func near(_ text: String, _ expected: Complex) throws { #expect((try value(text) - expected).magnitude < 1e-15, "\(text)") }
        try near("exp(i*pi)", Complex(-1))
        try near("sqrt(-4)", Complex(0, 2))
        try near("sqrt(3 - 4*i)", Complex(2, -1))
        try near("sqrt(-3 + 4*i)", Complex(1, 2))
        try near("log(-1)", Complex(0, .pi))
        try near("sin(i)", Complex(0, sinh(1)))
        try near("cos(i)", Complex(cosh(1)))
        try near("tan(1 + i) - sin(1 + i)/cos(1 + i)", .zero)
        try near("(1 + i)^3", Complex(-2, 2))
        try near("i^i", Complex(exp(-.pi / 2)))
        try near("0^0", .one)
        #expect(try value("Gamma/j^3", ["Gamma": 2, "N": 4]) == Complex(0.25))
    }

    @Test func groupsShareCoefficients() throws {
        func shown(_ text: String) throws -> [String] { try OperatorExpression(parsing: text).groups.map { "\($0.coefficient): \($0.polynomial)" } }
        #expect(try shown("Omega*Jx + 2*Omega*Jz") == ["Omega: 0.5*Jm + 2*Jz + 0.5*Jp"])
        #expect(try shown("(V/N)*Jz^2 - Jz^2*V/N") == [])
        #expect(try shown("Gamma/j^3*Jp*(j + Jz)") == ["Gamma/j^2: Jp", "Gamma/j^3: Jp*Jz"])
        #expect(try shown("a*b*Jz + Jz*b*a + 3") == ["1: 3", "a*b: 2*Jz"])
        #expect(try shown("(a + b)*(c - a)*Jz") == ["a*b: -Jz", "a*c: Jz", "a^2: -Jz", "b*c: Jz"])
        #expect(try shown("sqrt(2)*Jz/sqrt(2)").first?.hasPrefix("1: ") == true)
        let same = try (OperatorExpression(parsing: "Omega*Jx"), OperatorExpression(parsing: " Omega * (Jx)"))
        #expect(same.0 == same.1 && same.0.hashValue == same.1.hashValue)
        #expect(try ScalarExpression(parsing: "a/b") == ScalarExpression(parsing: "(a) / b"))
        #expect(try ScalarExpression.constant(Complex(1, -2)).evaluate([:]) == Complex(1, -2))
    }

    /// Text, UTF-8 offset, message, hint.
    @Test(arguments: [
        ("", 0, "the expression is empty", nil),
        ("Jx +", 4, "expected a number, a name or \"(\", found the end", nil),
        ("2*(Jx", 5, "expected \")\", found the end", nil),
        ("Jx)", 2, "expected one of + - * / ^ or the end, found \")\"", nil),
        ("Omega Jx", 6, "expected one of + - * / ^ or the end, found \"Jx\"", "write * between factors"),
        ("2Jx", 1, "a number is followed by a name", "write * between factors"),
        ("1.2.3", 0, "\"1.2.3\" is no number", nil),
        ("1e999", 0, "1e999 is too large for double precision", nil),
        ("Jz**2", 2, "** is not known", "powers are written with ^"),
        ("Ω*Jx", 0, "unexpected character \"Ω\"", "write Omega"),
        ("Omega·Jx", 5, "unexpected character \"·\"", "write *"),
        ("Jz + Jx²", 7, "unexpected character \"²\"", "powers are written with ^"),
        ("Jx & Jy", 3, "unexpected character \"&\"", "an expression has numbers, names, + - * / ^ and parentheses"),
        ("Jx(1 + j)", 0, "Jx is no function", "write Jx*(…) for a product"),
        ("2*sqr(x)*Jz", 2, "sqr is no function", "did you mean sqrt?"),
        ("2*foobar(x)", 2, "foobar is no function", "functions are sqrt, exp, log, sin, cos, tan; write * between factors"),
        ("Jz*exp", 3, "the function exp needs an argument in parentheses", "write exp(…)"),
        ("1 + 1/Jx", 5, "division by the operator Jx", "only numbers and parameters may stand below a fraction"),
        ("2*exp(a*Jx)", 2, "exp of the operator Jx is not supported", "functions take numbers and parameters; operators may be added, multiplied and raised to whole powers"),
        ("Jx^0.5", 3, "the power 0.5 of the operator Jx is no whole number 0, 1, 2, …", "write the power as a number, such as Jz^2"),
        ("Jx^n", 3, "the power n of the operator Jx is no whole number 0, 1, 2, …", "write the power as a number, such as Jz^2"),
        ("Jx^-1", 3, "the power -1 of the operator Jx is no whole number 0, 1, 2, …", "write the power as a number, such as Jz^2"),
        ("2^Jz", 2, "the operator Jz in an exponent is not supported", "operators may be raised to whole powers, such as Jz^2"),
        ("Jx^7", 3, "the operator has degree 7 or more, at most 6 is supported", nil),
        ("Jx^4*Jz^3", 4, "the operator has degree 7 or more, at most 6 is supported", nil),
        ("((Jx^6)^6)^6", 8, "the operator has degree 12 or more, at most 6 is supported", nil),
        ("Jx - Jz/0", 5, "Jz/0 is not a finite number", nil),
        ("Omega/(1 - 1)*Jx", 0, "Omega/(1 - 1) is not a finite number", nil),
        ("log(0)*Jx", 0, "log(0) is not a finite number", nil),
    ] as [(String, Int, String, String?)])
    func errors(_ text: String, _ offset: Int, _ message: String, _ hint: String?) throws {
        let error = try #require(failure(text))
        #expect(error.message == message)
        #expect(error.offset == offset)
        #expect(error.hint == hint)
    }

    @Test func hostileTextsEnd() {
        #expect(failure(String(repeating: "(", count: 100_000))?.message.hasPrefix("the expression is too long") == true)
        #expect(failure(String(repeating: "(", count: 1000))?.message == "the expression is nested too deeply")
        #expect(failure(String(repeating: "-", count: 1000) + "1")?.message == "the expression is nested too deeply")
        let summands = (0..<900).map { "a\($0)" }.joined(separator: "+")
        #expect(failure(summands + "+Jz") == nil)
        let factors = (0..<300).map { "(a\($0)+b\($0))" }.joined(separator: "*")
        #expect(failure(factors + "*Jz") == nil)
        let operators = (0..<60).map { "a\($0)*Jx" }.joined(separator: "+"), sum = "(\(operators))"
        #expect(failure("\(sum)*\(sum)*\(sum)")?.message == "the product has more than 2000 terms when multiplied out")
    }

    @Test func scalarsRefuseOperatorsAndMissingValues() throws {
        #expect(throws: ExpressionError.self) { try ScalarExpression(parsing: "gamma*Jz") }
        let expression = try ScalarExpression(parsing: "gamma/(x - 1)")
        #expect(expression.names == ["gamma", "x"])
        func message(_ values: [String: Double], _ expression: ScalarExpression) -> String? {
            do { _ = try expression.evaluate(values) } catch { return (error as? EvaluationError)?.message }
            return nil
        }
        #expect(message(["gamma": 2, "x": 1], expression) == "gamma/(x - 1) is not a finite number at gamma = 2, x = 1")
        #expect(message(["gama": 2, "x": 2], expression) == "gamma has no value (hint: did you mean gama?)")
        #expect(message([:], try ScalarExpression(parsing: "J")) == "J has no value (hint: spin length is j; declare J under parameters if you mean a coupling)")
    }
}
