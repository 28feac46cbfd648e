import LinearAlgebra
import Numbers

/// e^{Lt} of few levels as dense matrices, one for each set of elements |k⟩⟨i| that parity keeps apart (k + i even, odd).
struct DensePropagation {
    /// Beyond, `SplitPropagation` is faster and as good.
    static let greatestCount = 12

    private let system: LeggettGargSystem
    private let damping: LeggettGargDamping
    private var n: Int { system.count }

    init(_ system: LeggettGargSystem, _ damping: LeggettGargDamping) {
        self.system = system
        self.damping = damping
    }

    /// At τ = step, 2 step, …, count · step.
    func correlators(_ state: LeggettGargState, step: Double, count: Int) throws -> [Correlators] {
        let start = try padded(state.density(energies: system.levels.energies)), question = system.question.map { Complex($0) }
        let propagators = try (0...1).map { try propagator(parity: $0, time: step) }
        var asked = question, state = start
        return CorrelatorSeries(question: question, start: start, rows: n).correlators(count: count) {
            asked = apply(propagators, transposed: true, asked)
            return asked
        } state: {
            state = apply(propagators, transposed: false, state)
            return state
        }
    }

    private func padded(_ density: (size: Int, values: [Complex])) -> [Complex] {
        var values = [Complex](repeating: .zero, count: n * n)
        for i in 0..<density.size { for k in 0..<density.size { values[i * n + k] = density.values[i * density.size + k] } }
        return values
    }

    private func pairs(parity: Int) -> [(row: Int, column: Int)] {
        (0..<n).flatMap { column in (0..<n).filter { ($0 + column) % 2 == parity }.map { ($0, column) } }
    }

    private func propagator(parity: Int, time: Double) throws -> [Complex] {
        let pairs = pairs(parity: parity), size = pairs.count, energies = system.levels.energies, spin = system.spin
        let γ = damping.dephasing, κ = damping.relaxationRate, lowering = lowering, loss = loss(lowering)
        var generator = [Complex](repeating: .zero, count: size * size)
        for (b, from) in pairs.enumerated() {
            for (a, to) in pairs.enumerated() {
                var element = Complex(γ * spin[to.row * n + from.row] * spin[to.column * n + from.column]
                    + κ * lowering[to.row * n + from.row] * lowering[to.column * n + from.column])
                if to.column == from.column { element.re -= loss[to.row * n + from.row] }
                if to.row == from.row { element.re -= loss[to.column * n + from.column] }
                if a == b { element.im -= energies[to.row] - energies[to.column] }
                generator[b * size + a] = time * element
            }
        }
        return try MatrixExponential.exponential(generator, size: size)
    }

    /// ⟨i|A|k⟩ of the relaxation, row-major.
    private var lowering: [Double] {
        var matrix = [Double](repeating: 0, count: n * n)
        switch damping.relaxation {
        case .doublet: matrix[1] = 1
        case .ladder: for i in 0..<n { for k in i + 1..<n { matrix[i * n + k] = system.spin[i * n + k] / system.spin[1] } }
        }
        return matrix
    }

    /// ½(γ Sz² + κ AᵀA), row-major.
    private func loss(_ lowering: [Double]) -> [Double] {
        let squares = damping.dissipator == .projected ? system.levels.evenElements { $0 * $0 } : nil
        var matrix = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for k in 0..<n {
                var square = 0.0, damped = 0.0
                for l in 0..<n {
                    square += system.spin[i * n + l] * system.spin[l * n + k]
                    damped += lowering[l * n + i] * lowering[l * n + k]
                }
                matrix[i * n + k] = (damping.dephasing * (squares?[i * n + k] ?? square) + damping.relaxationRate * damped) / 2
            }
        }
        return matrix
    }

    /// Matrices of elements, n × n column-major.
    private func apply(_ propagators: [[Complex]], transposed: Bool, _ matrix: [Complex]) -> [Complex] {
        var result = [Complex](repeating: .zero, count: n * n)
        for parity in 0...1 {
            let pairs = pairs(parity: parity), vector = pairs.map { matrix[$0.column * n + $0.row] }
            var image = [Complex](repeating: .zero, count: pairs.count)
            Complex.multiply(transposed ? "T" : "N", propagators[parity], vector, into: &image, rows: pairs.count, columns: 1, inner: pairs.count,
                             factor: 1, keep: 0)
            for (pair, value) in zip(pairs, image) { result[pair.column * n + pair.row] = value }
        }
        return result
    }
}
