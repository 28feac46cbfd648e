import LinearAlgebra
import Numbers
import SpinAlgebra

/// What the quantum regression theorem starts from: Aρ and AρA†.
extension MultipoleState {
    /// X and Y of Aρ = X + iY, both Hermitian. Goes through matrices of (N + 1)² numbers.
    /// - Parameter a: in laboratory axes.
    /// - Throws: `EvaluationError` where N is too large for that.
    public func multiplied(by a: SpinPolynomial) throws -> (hermitian: MultipoleState, skew: MultipoleState) {
        let size = spinCount + 1, product = try product(a)
        var x = product, y = product
        for column in 0..<size {
            for row in 0..<size {
                let z = product[column * size + row], w = product[row * size + column].conjugate
                x[column * size + row] = 0.5 * (z + w)
                y[column * size + row] = Complex(0, -0.5) * (z - w)
            }
        }
        return (MultipoleState(spinCount: spinCount, frame: frame, matrix: x), MultipoleState(spinCount: spinCount, frame: frame, matrix: y))
    }

    /// AρA†.
    public func sandwiched(by a: SpinPolynomial) throws -> MultipoleState {
        let size = spinCount + 1, left = try product(a)
        // (Aρ)A† = (A(Aρ)†)†
        var adjoint = left
        for column in 0..<size { for row in 0..<size { adjoint[column * size + row] = left[row * size + column].conjugate } }
        return MultipoleState(spinCount: spinCount, frame: frame, matrix: Self.multiply(frame.express(a), adjoint, spinCount))
    }

    private func product(_ a: SpinPolynomial) throws -> [Complex] {
        guard spinCount <= Self.greatestMatrixSpinCount else {
            throw EvaluationError(message: "two-time correlations go through matrices of (N + 1)^2 numbers and serve N up to \(Self.greatestMatrixSpinCount), not \(spinCount)")
        }
        return Self.multiply(frame.express(a), matrix, spinCount)
    }

    /// A X, column-major with m ascending.
    private static func multiply(_ a: SpinPolynomial, _ x: [Complex], _ spinCount: Int) -> [Complex] {
        let size = spinCount + 1, rows = a.matrix(spinCount: spinCount)
        var entries: [(row: Int, column: Int, value: Complex)] = []
        // `matrix(spinCount:)` has m descending.
        for row in 0..<size { for column in 0..<size where rows[spinCount - row][spinCount - column] != .zero {
            entries.append((row, column, rows[spinCount - row][spinCount - column]))
        } }
        var result = [Complex](repeating: .zero, count: size * size)
        for column in 0..<size {
            for entry in entries { result[column * size + entry.row] += entry.value * x[column * size + entry.column] }
        }
        return result
    }
}

extension LindbladSolver {
    /// Spectrum of a stationary fluctuation: S(ω) = (1/π) Re ∫₀^∞ e^{iωτ} (⟨A†(0) A(τ)⟩ − |⟨A⟩|²) dτ, so that ∫S dω = ⟨A†A⟩ − |⟨A⟩|².
    ///
    /// By the regression theorem ⟨A†(0) A(τ)⟩ = Tr[A e^{Lτ}(ρA†)], and the integral is −(L + iω)⁻¹: one factorisation a frequency.
    /// - Parameters:
    ///   - state: stationary under `instance`.
    ///   - leakTolerance: greatest norm outside the window over that of the solution and the damping there.
    /// - Throws: `EvaluationError` where N is too large, `SparseLUError`.
    public func emissionSpectrum(_ state: MultipoleState, _ a: SpinPolynomial, _ instance: ModelInstance, frequencies: [Double], leakTolerance: Double) throws -> [Double] {
        let (x, y) = try state.multiplied(by: a), mean = state.expectation(a)
        var plan = WindowPlan(spinCount: instance.spinCount)
        while true {
            let window = plan.window, (liouvillian, coefficients) = try assemble(instance, state.frame, window), basis = liouvillian.basis
            var source = [Complex](repeating: .zero, count: basis.count), tail = 0.0, norm = 0.0
            // ρA† − ⟨A†⟩ρ = X − iY − ⟨A⟩*ρ
            func add(_ part: MultipoleState, _ factor: Complex) {
                for (m, value) in zip(MultipoleBasis(part.window).multipoles, part.coefficients) where value != 0 {
                    norm += value * value
                    if basis.contains(l: m.l, q: m.q) { source[basis.index(l: m.l, q: m.q, part: m.part)] += value * factor } else { tail += value * value }
                }
            }
            add(x, .one)
            add(y, Complex(0, -1))
            add(state, -mean.conjugate)
            let probe = liouvillian.basis.multipoles
            // Tr(A B_k) of every multipole.
            let form = ObservableForm(state.frame.express(a), spinCount: instance.spinCount)
            let weights = form.weights, isWide = tail.squareRoot() > leakTolerance * norm.squareRoot()
            var worst = isWide && !plan.isComplete ? Sector.Leak(beyondL: 2 * leakTolerance, beyondQ: 2 * leakTolerance) : Sector.Leak()
            var values = [Double](repeating: 0, count: frequencies.count)
            for sector in liouvillian.sectors where sector.size > 0 && worst.norm <= leakTolerance {
                let members = (1..<basis.count).filter { liouvillian.home[$0].sector == sector.number }
                let right = members.map { source[$0] }, left = members.map { weights[probe[$0]] ?? .zero }
                if left.allSatisfy({ $0 == .zero }) || right.allSatisfy({ $0 == .zero }) { continue }
                let damping = sector.outerDamping(coefficients).min() ?? 1
                for (k, omega) in frequencies.enumerated() {
                    let solution = try sector.factorization(coefficients, complexShift: Complex(0, -omega)).solve(right)
                    var sum = Complex.zero
                    for (w, s) in zip(left, solution) { sum += w * s }
                    values[k] -= sum.re / .pi
                    if plan.isComplete { continue }
                    let leak = sector.leak(sector.outgoing(solution, trace: 0, coefficients)), size = solution.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot()
                    let factor = size > 0 ? 1 / (size * max(damping, .leastNormalMagnitude)) : 0
                    worst.beyondL = max(worst.beyondL, leak.beyondL * factor)
                    worst.beyondQ = max(worst.beyondQ, leak.beyondQ * factor)
                    if worst.norm > leakTolerance { break }
                }
            }
            if worst.norm <= leakTolerance || plan.isComplete { return values }
            plan.widen(l: worst.beyondL / leakTolerance, q: worst.beyondQ / leakTolerance)
        }
    }
}
