import LinearAlgebra
import Numbers

/// C(s, t) = ½ Tr[Q e^{L(t−s)} {Q, ρ(s)}] at the times 0, τ, 2τ of a Leggett–Garg test.
public struct Correlators: Equatable, Sendable {
    public var c12: Double
    /// Begun at the state that has evolved for τ.
    public var c23: Double
    public var c13: Double
    /// |Tr ρ(τ) − 1|
    public var traceError: Double
    /// Estimated error of K3.
    public var error: Double

    /// K3 = C12 + C23 − C13.
    public var honest: Double { c12 + c23 - c13 }
    /// 2C(τ) − C(2τ), as if the state did not evolve: C23 := C12.
    public var stationary: Double { 2 * c12 - c13 }

    public init(c12: Double, c23: Double, c13: Double, traceError: Double = 0, error: Double = 0) {
        self.c12 = c12
        self.c23 = c23
        self.c13 = c13
        self.traceError = traceError
        self.error = error
    }
}

/// Reads correlators off as Q and the state evolve.
struct CorrelatorSeries {
    /// Q, rows × columns of what is kept of it, column-major.
    let question: [Complex]
    /// ρ(0), columns × columns.
    let start: [Complex]
    let rows: Int

    /// At τ = step, 2 step, …, count · step.
    /// - Parameters:
    ///   - question: evolves Q by the transpose of e^{Lt} for another step.
    ///   - state: evolves ρ for another step.
    func correlators(count: Int, question evolvedQuestion: () -> [Complex], state evolvedState: () -> [Complex]) -> [Correlators] {
        let first = asked(start)
        var begun: [Double] = [], later: [Double] = [], errors: [Double] = []
        for step in 1...2 * count {
            let evolved = evolvedQuestion()
            begun.append(paired(evolved, first))
            guard step <= count else { continue }
            let state = evolvedState()
            later.append(paired(evolved, asked(state)))
            let columns = self.question.count / rows
            errors.append(((0..<columns).reduce(Complex.zero) { $0 + state[$1 * columns + $1] } - .one).magnitude)
        }
        return (1...count).map { Correlators(c12: begun[$0 - 1], c23: later[$0 - 1], c13: begun[2 * $0 - 1], traceError: errors[$0 - 1]) }
    }

    /// Qρ: e^{Lt} keeps Hermiticity, so that of ½{Q, ρ} this half will do.
    private func asked(_ state: [Complex]) -> [Complex] {
        let columns = question.count / rows
        var product = [Complex](repeating: .zero, count: question.count)
        Complex.multiply("N", question, state, into: &product, rows: rows, columns: columns, inner: columns, factor: 1, keep: 0)
        return product
    }

    /// Re Tr[F Y] for F = e^{Lᵀt}Q, as elements: no transposition, since Q is symmetric.
    private func paired(_ evolved: [Complex], _ state: [Complex]) -> Double {
        var sum = 0.0
        for (f, y) in zip(evolved, state) { sum += f.re * y.re - f.im * y.im }
        return sum
    }
}
