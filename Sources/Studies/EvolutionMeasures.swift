import Lindblad
import SpinAlgebra

/// What the option `measures` of `evolve` asks about ρ(t) beyond expectation values. Definitions: `docs/observables.md`.
struct EvolutionMeasures: Sendable {
    enum Measure: String, CaseIterable, Sendable { case squeezing, fisher, entropy, populations }

    private let measures: [Measure]

    init(_ names: [String]) { measures = Measure.allCases.filter { names.contains($0.rawValue) } }

    private var needsMatrix: Bool { measures.contains(.fisher) || measures.contains(.entropy) }

    func outputs(_ time: OutputAxis) -> [OutputSpec] {
        measures.flatMap { measure -> [OutputSpec] in
            switch measure {
            case .squeezing:
                return [
                    OutputSpec("squeezing_wineland_t", axes: [time], meaning: "Wineland xi_R^2 = N min Var(J_perp)/|<J>|^2 at time"),
                    OutputSpec("squeezing_kitagawa_ueda_t", axes: [time], meaning: "Kitagawa-Ueda xi_S^2 = 4 min Var(J_perp)/N at time"),
                ]
            case .fisher:
                let axis = OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])
                return [
                    OutputSpec("fisher_information_t", axes: [time], meaning: "quantum Fisher information of rotations about the best axis at time"),
                    OutputSpec("fisher_components_t", axes: [time, axis], meaning: "quantum Fisher information of rotations about x, y and z at time"),
                ]
            case .entropy: return [OutputSpec("entropy_t", axes: [time], meaning: "von Neumann entropy -Tr rho ln rho in nats at time")]
            case .populations:
                return [OutputSpec("populations_t", axes: [time, OutputAxis(name: "level", extent: nil)], meaning: "populations <m|rho|m> of the levels of Jz at time, m = level - j")]
            }
        }
    }

    /// Of one time.
    func seconds(spinCount: Int) -> Double {
        let n = Double(spinCount)
        return needsMatrix ? 2e-9 * n * n * n + 1e-5 : 0
    }

    func bytes(spinCount: Int) -> Double { needsMatrix ? 120 * Double(spinCount) * Double(spinCount) : 0 }

    /// - Throws: `EvaluationError` where a measure needs a matrix that is too large.
    func check(spinCount: Int) throws {
        guard needsMatrix, spinCount > StateMeasures.greatestMatrixSpinCount else { return }
        throw EvaluationError(message: "the measures fisher and entropy need the density matrix and serve N up to \(StateMeasures.greatestMatrixSpinCount), not \(spinCount)")
    }

    /// - Throws: `EigenvalueError`.
    func values(_ state: MultipoleState) throws -> [(name: String, value: [Double])] {
        var list: [(name: String, value: [Double])] = []
        if measures.contains(.squeezing) {
            let squeezing = Squeezing(state)
            list += [("squeezing_wineland_t", [squeezing.wineland]), ("squeezing_kitagawa_ueda_t", [squeezing.kitagawaUeda])]
        }
        if needsMatrix {
            let spectrum = try DensitySpectrum(state, withVectors: measures.contains(.fisher))
            if measures.contains(.entropy) { list.append(("entropy_t", [spectrum.entropy])) }
            if measures.contains(.fisher) {
                let fisher = try spectrum.quantumFisherInformation()
                list += [("fisher_information_t", [fisher.value]), ("fisher_components_t", (0..<3).map { fisher.matrix[$0][$0] })]
            }
        }
        if measures.contains(.populations) { list.append(("populations_t", state.populations)) }
        return list
    }
}
