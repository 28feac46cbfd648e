import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import Numbers
import SpinAlgebra
import Testing

/// Full spectra against zgeev of the matrix from Kronecker products in the Dicke basis, and against closed forms.
extension SolverTests { @Suite struct SpectrumTests {
    /// Distances of one-to-one partners, and all that any spectrum must fulfil.
    private func distances(_ spectrum: LiouvillianSpectrum, _ exact: [(value: Complex, condition: Double)], _ label: Comment)
        -> [(distance: Double, level: LiouvillianSpectrum.Level, condition: Double)] {
        #expect(spectrum.certificate.failure == nil, label)
        #expect(spectrum.levels.count == exact.count, label)
        let certificate = spectrum.certificate
        #expect(certificate.traceError <= 1e-12 && certificate.momentError <= 1e-12 && certificate.residual <= 1e-12, label)
        #expect(spectrum.sectors.reduce(0) { $0 + $1.size } == exact.count, label)
        for level in spectrum.levels where level.value.im != 0 {
            #expect(spectrum.levels.contains { $0.value == level.value.conjugate && $0.sector == level.sector }, label)
        }
        var rest = exact
        return spectrum.levels.map { level in
            let nearest = rest.indices.min { (rest[$0].value - level.value).magnitude < (rest[$1].value - level.value).magnitude }!
            let partner = rest.remove(at: nearest)
            return ((partner.value - level.value).magnitude, level, partner.condition)
        }
    }

    @Test func randomModels() throws {
        var random = Randomness(seed: 97)
        var covered = 0, count = 0, ratios: [Double] = []
        for sample in 0..<40 {
            let model = try randomModel(&random), spinCount = sample % 8 == 0 ? 16 : Int.random(in: 1...10, using: &random)
            let dense = try DenseLiouvillian(model: model, spinCount: spinCount, given: [:]), norm = dense.norm
            let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: spinCount, [:]))
            let label = Comment(rawValue: "sample \(sample), N = \(spinCount), H = \(model.hamiltonian.text)")
            for (distance, level, condition) in distances(spectrum, try dense.eigenvalues(), label) {
                #expect(distance < 1e-9 * max(condition, level.condition.isNaN ? 1 : level.condition) * norm)
                guard level.error > 0 else { continue }
                count += 1
                if distance <= level.error { covered += 1 }
                ratios.append(distance / level.error)
            }
        }
        print("random spectra: \(covered) of \(count) errors covered, median error/estimate \(ratios.sorted()[ratios.count / 2])")
        #expect(Double(covered) >= 0.95 * Double(count))
        #expect(ratios.sorted()[ratios.count / 2] > 1e-3, "estimates are no more than a thousand times too large")
    }

    @Test(arguments: [("bistable-pump", 7), ("bistable-pump", 12), ("resonance-fluorescence", 9), ("lmg-dephasing", 12), ("driven-twisting", 8),
                      ("driven-lmg", 11)])
    func presets(_ name: String, _ spinCount: Int) throws {
        let model = try ModelPreset.named(name)!.model()
        let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: spinCount, [:]))
        let exact = try DenseLiouvillian(model: model, spinCount: spinCount, given: [:]).eigenvalues()
        for (distance, level, _) in distances(spectrum, exact, Comment(rawValue: name)) { #expect(distance <= 3 * level.error + 1e-12) }
        #expect(spectrum.kernelDimension == 1 && spectrum.isKernelStructural)
        let rates = exact.map { -$0.value.re }.sorted()
        #expect(abs(spectrum.gap - rates[1]) < 1e-10 && abs(spectrum.antigap - rates[rates.count - 1]) < 1e-9)
    }

    /// Rotations about z: each |q| is a sector.
    @Test func rotationSymmetry() throws {
        let jumps = [(rate: "1/N", operator: "Jm"), (rate: "0.4/N", operator: "Jp")]
        let model = try Model(hamiltonian: "0.3*Jz^2 + Jz", jumps: jumps, parameters: []), spinCount = 10
        let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: spinCount, [:]))
        #expect(spectrum.sectors.map(\.kind.q) == Array(0...10))
        #expect(spectrum.sectors.map(\.size) == [11] + (1...10).map { 2 * (11 - $0) })
        #expect(spectrum.spacings.count == 0, "a sector of one |q| holds two spectra that do not repel")
        let exact = try DenseLiouvillian(model: model, spinCount: spinCount, given: [:]).eigenvalues()
        for (distance, level, condition) in distances(spectrum, exact, "U(1)") {
            #expect(distance <= 1e-12 * max(condition, 1) * 10 && level.sector <= 10)
        }
    }

    /// One driven two-level atom that decays with γ = 2κ: 0, −γ/2, −3γ/4 ± √(γ²/16 − Ω²) (Mollow, Phys. Rev. 188, 1969 (1969)).
    @Test(arguments: [0.1, 0.7])
    func mollowTriplet(_ drive: Double) throws {
        let model = try ModelPreset.named("resonance-fluorescence")!.model(), gamma = 2.0
        let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: 1, ["Omega": drive, "kappa": 1]), modes: 3)
        let square = gamma * gamma / 16 - drive * drive
        let root = square >= 0 ? Complex(square.squareRoot()) : Complex(0, (-square).squareRoot())
        let expected = [Complex.zero, Complex(-gamma / 2), Complex(-0.75 * gamma) + root, Complex(-0.75 * gamma) - root]
        #expect(spectrum.levels.count == 4)
        for value in expected { #expect(spectrum.levels.contains { ($0.value - value).magnitude < 1e-14 }, "\(value)") }
        #expect(spectrum.modes.count == (square >= 0 ? 3 : 2) && spectrum.modes.allSatisfy { $0.residual < 1e-9 })
    }

    /// |m⟩⟨m′| decays with κ q²/2 and turns with q = m − m′, whatever m: N + 1 − |q| times each, N + 1 steady states.
    @Test func pureDephasing() throws {
        let model = try Model(hamiltonian: "Jz", jumps: [(rate: "0.2", operator: "Jz")], parameters: []), spinCount = 9
        let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: spinCount, [:]), modes: 4)
        #expect(spectrum.kernelDimension == 10 && spectrum.isKernelStructural && spectrum.certificate.failure == nil)
        for q in -9...9 {
            let value = Complex(-0.1 * Double(q * q), Double(q))
            #expect(spectrum.levels.filter { ($0.value - value).magnitude < 1e-12 }.count == 10 - abs(q))
        }
        #expect(abs(spectrum.gap - 0.1) < 1e-14 && abs(spectrum.antigap - 8.1) < 1e-12)
    }

    /// Decay two levels at a time keeps both parities: dark states |−j⟩, |−j+1⟩ and the coherences between them.
    @Test(arguments: [6, 7])
    func darkStates(_ spinCount: Int) throws {
        let model = try Model(hamiltonian: "0", jumps: [(rate: "1/N^2", operator: "Jm^2")], parameters: [])
        let spectrum = try LindbladSolver(model: model).spectrum(model.instance(spinCount: spinCount, [:]))
        #expect(spectrum.kernelDimension == 4 && spectrum.isKernelStructural && spectrum.certificate.failure == nil)
        #expect(spectrum.gap > 0.01)
    }

    /// What the search for slow modes finds by Krylov spaces, here from all eigenvalues; left and right vectors are orthogonal.
    @Test(arguments: ["bistable-pump", "driven-twisting"])
    func slowModes(_ name: String) throws {
        let model = try ModelPreset.named(name)!.model(), instance = try model.instance(spinCount: 24, [:])
        let solver = try LindbladSolver(model: model), spectrum = try solver.spectrum(instance, modes: 6)
        let search = try solver.slowModes(instance, count: 6)
        try #require(spectrum.modes.count == 6)
        // The search may overlook what oscillates fast, never the other way round.
        for other in search.modes where other.decayRate < spectrum.modes[5].decayRate {
            func distance(_ mode: Mode) -> Double { (mode.eigenvalue - other.eigenvalue).magnitude }
            let mode = try #require(spectrum.modes.min { distance($0) < distance($1) })
            #expect((mode.eigenvalue - other.eigenvalue).magnitude < 1e-9)
            #expect(abs(mode.condition / other.condition - 1) < 1e-4)
        }
        for mode in spectrum.modes {
            #expect(mode.residual < 1e-8)
            #expect(spectrum.levels.contains { ($0.value - mode.eigenvalue).magnitude <= $0.error && $0.sector == mode.sector })
        }
        // With the steady state, x = x_00 (1, −A⁻¹b), the left vectors' trace components are proved too.
        guard case .resolved(let state) = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome else {
            throw EvaluationError(message: "not resolved")
        }
        let full = MultipoleBasis(MultipoleWindow(lMax: 24, qMax: 24)), own = MultipoleBasis(state.window)
        for a in 0..<6 {
            for b in 0..<6 where a != b {
                let overlap = zip(spectrum.left[a], spectrum.right[b]).reduce(Complex.zero) { $0 + $1.0 * $1.1 }
                #expect(overlap.magnitude < 1e-8)
            }
            guard state.frame == spectrum.frame else { continue }
            var overlap = Complex.zero
            for (index, multipole) in own.multipoles.enumerated() {
                overlap += state.coefficients[index] * spectrum.left[a][full.index(l: multipole.l, q: multipole.q, part: multipole.part)]
            }
            #expect(overlap.magnitude < 1e-7, "left mode \(a) on the steady state: \(overlap)")
        }
    }

    /// Condition numbers without Q against zgeev's unit vectors; the size makes a pair straddle a chunk of columns.
    @Test func conditionNumbers() throws {
        var random = Randomness(seed: 3)
        let size = 150, matrix = (0..<size * size).map { _ in random.real() }
        let pattern = SparsePattern(size: size, columnStarts: (0...size).map { $0 * size }, rows: (0..<size * size).map { Int32($0 % size) })
        let spectrum = try LAPACKSpectrum().spectrum(of: pattern, values: matrix), conditions = try #require(spectrum.conditions)
        let exact = try DenseEigen.complexEigenvalues(matrix.map { Complex($0) }, size: size)
        for (value, condition) in exact {
            let place = spectrum.values.indices.min { (spectrum.values[$0] - value).magnitude < (spectrum.values[$1] - value).magnitude }!
            #expect((spectrum.values[place] - value).magnitude < 1e-11 && abs(conditions[place] / condition - 1) < 1e-6)
        }
        // Traces by dense products.
        let moments = MatrixMoments(pattern, matrix)
        var square = matrix, cube = matrix
        Double.multiply("N", matrix, matrix, into: &square, rows: size, columns: size, inner: size, factor: 1, keep: 0)
        Double.multiply("N", square, matrix, into: &cube, rows: size, columns: size, inner: size, factor: 1, keep: 0)
        for (trace, product) in zip(moments.traces, [matrix, square, cube]) {
            #expect(abs(trace - (0..<size).reduce(0) { $0 + product[$1 * size + $1] }) < 1e-9)
        }
        #expect(abs(moments.scales[2] - moments.norm * square.reduce(0) { $0 + $1 * $1 }.squareRoot()) < 1e-6)
    }
} }
