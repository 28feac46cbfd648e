import Lindblad
import SpinAlgebra

/// What the option `measures` of `steadyState` asks about a density matrix beyond expectation values.
///
/// Every measure gives outputs for the steady state and, with `_phases` appended and a leading axis `phase`, for the two
/// metastable phases of an unresolved point. Definitions: `docs/observables.md`.
struct StateMeasures: Sendable {
    enum Measure: String, CaseIterable, Sendable {
        case squeezing, fisher, entropy, populations, husimi, wigner, negativity
    }

    static let options: [OptionSpec] = [
        OptionSpec("measures", .choices(Measure.allCases.map(\.rawValue)),
                   help: "further outputs: spin squeezing, quantum Fisher information, entropy and positivity, populations of Jz, "
                       + "Husimi and Wigner functions on the sphere, Wigner negativity"),
        SphereGrid.option(of: "husimi and wigner"),
    ]
    /// Beyond this the density matrix and its eigenvectors take more than 3 GB.
    static let greatestMatrixSpinCount = 5000

    private let measures: [Measure]
    private let grid: SphereGrid

    init(_ options: OptionReader) {
        let names = options.choices("measures")
        measures = Measure.allCases.filter { names.contains($0.rawValue) }
        grid = SphereGrid(options)
    }

    // MARK: Outputs

    var outputs: [OutputSpec] {
        let phase = OutputAxis(name: "phase", extent: 2, labels: ["lower", "upper"])
        let single = measures.flatMap(outputs)
        return single + single.map { OutputSpec("\($0.name)_phases", axes: [phase] + $0.axes, meaning: "\($0.meaning), of the metastable phases of an unresolved point") }
    }

    private func outputs(of measure: Measure) -> [OutputSpec] {
        let component = OutputAxis(name: "component", extent: 3, labels: ["x", "y", "z"])
        let sphere = grid.outputAxes
        switch measure {
        case .squeezing:
            return [
                OutputSpec("squeezing_wineland", meaning: "Wineland xi_R^2 = N min Var(J_perp)/|<J>|^2"),
                OutputSpec("squeezing_kitagawa_ueda", meaning: "Kitagawa-Ueda xi_S^2 = 4 min Var(J_perp)/N"),
                OutputSpec("squeezing_angle", meaning: "angle in rad of the direction of least variance, from e_theta towards e_phi at the mean spin"),
                OutputSpec("squeezing_direction", axes: [component], meaning: "unit vector along the direction of least variance"),
            ]
        case .fisher:
            return [
                OutputSpec("fisher_information", meaning: "quantum Fisher information of rotations about the best axis"),
                OutputSpec("fisher_direction", axes: [component], meaning: "unit vector along the rotation axis of greatest quantum Fisher information"),
            ]
        case .entropy:
            return [
                OutputSpec("entropy", meaning: "von Neumann entropy -Tr rho ln rho in nats"),
                OutputSpec("smallest_eigenvalue", meaning: "smallest eigenvalue of rho"),
            ]
        case .populations:
            return [OutputSpec("populations", axes: [OutputAxis(name: "level", extent: nil)], meaning: "populations <m|rho|m> of the levels of Jz, m = level - j")]
        case .husimi:
            return [OutputSpec("husimi", axes: sphere, meaning: "Husimi function <n|rho|n>, (N+1)/4pi times its integral over the sphere is 1")]
        case .wigner:
            return [OutputSpec("wigner", axes: sphere, meaning: "Wigner function (Stratonovich-Weyl), (N+1)/4pi times its integral over the sphere is 1")]
        case .negativity:
            return [OutputSpec("wigner_negativity", meaning: "volume of the negative part of the Wigner function")]
        }
    }

    private var needsMatrix: Bool { measures.contains(.fisher) || measures.contains(.entropy) }

    /// Of the density matrix with its eigenvectors.
    func bytes(spinCount: Int) -> Double { needsMatrix ? 120 * Double(spinCount) * Double(spinCount) : 0 }

    /// Expected additional time of a point.
    func seconds(spinCount: Int) -> Double {
        let n = Double(spinCount), window = min(6.5 * n.squareRoot(), n), points = Double(grid.theta.count * grid.phi.count)
        let multipoles = window * min(3.5 * n.squareRoot(), n)
        var seconds = needsMatrix ? 2e-9 * n * n * n + 4e-10 * n * multipoles : 0
        for measure in [Measure.husimi, .wigner] where measures.contains(measure) { seconds += 5e-10 * points * multipoles }
        if measures.contains(.negativity) { seconds += 5e-10 * max(256 * 256, 20 * multipoles) * window }
        return seconds
    }

    // MARK: Values

    /// - Throws: `EvaluationError` where a measure needs a matrix that is too large; asked before the state is solved for.
    func check(spinCount: Int) throws {
        guard spinCount > Self.greatestMatrixSpinCount, let guilty = [Measure.fisher, .entropy].first(where: measures.contains) else { return }
        throw EvaluationError(message: "the measure \(guilty.rawValue) needs the density matrix and serves N up to \(Self.greatestMatrixSpinCount), not \(spinCount)")
    }

    /// Outputs for one state (the steady state) or two (the phases), without those named in `known`.
    /// - Throws: `EigenvalueError`.
    func evaluate(_ states: [MultipoleState], arePhases: Bool = false, known: Set<String> = []) throws -> [String: OutputArray] {
        let suffix = arePhases ? "_phases" : ""
        var result: [String: OutputArray] = [:]
        let wanted = measures.filter { measure in outputs(of: measure).contains { !known.contains($0.name + suffix) } }
        let each = try states.map { try values(wanted, $0) }
        guard let first = each.first else { return [:] }
        for (name, array) in first {
            result[name + suffix] = arePhases ? OutputArray(shape: [states.count] + array.shape, data: each.flatMap { $0[name]?.data ?? [] }) : array
        }
        return result.filter { !known.contains($0.key) }
    }

    private func values(_ wanted: [Measure], _ state: MultipoleState) throws -> [String: OutputArray] {
        var result: [String: OutputArray] = [:]
        if wanted.contains(.squeezing) {
            let squeezing = Squeezing(state)
            result["squeezing_wineland"] = OutputArray(squeezing.wineland)
            result["squeezing_kitagawa_ueda"] = OutputArray(squeezing.kitagawaUeda)
            result["squeezing_angle"] = OutputArray(squeezing.angle)
            result["squeezing_direction"] = OutputArray(squeezing.direction)
        }
        if wanted.contains(.fisher) || wanted.contains(.entropy) {
            let spectrum = try DensitySpectrum(state, withVectors: wanted.contains(.fisher))
            if wanted.contains(.entropy) {
                result["entropy"] = OutputArray(spectrum.entropy)
                result["smallest_eigenvalue"] = OutputArray(spectrum.smallest)
            }
            if wanted.contains(.fisher) {
                let fisher = try spectrum.quantumFisherInformation()
                result["fisher_information"] = OutputArray(fisher.value)
                result["fisher_direction"] = OutputArray(fisher.direction)
            }
        }
        let shape = [grid.theta.count, grid.phi.count]
        if wanted.contains(.populations) { result["populations"] = OutputArray(state.populations) }
        if wanted.contains(.husimi) { result["husimi"] = OutputArray(shape: shape, data: state.husimi(on: grid)) }
        if wanted.contains(.wigner) { result["wigner"] = OutputArray(shape: shape, data: state.wigner(on: grid)) }
        if wanted.contains(.negativity) { result["wigner_negativity"] = OutputArray(state.wignerNegativity) }
        return result
    }
}
