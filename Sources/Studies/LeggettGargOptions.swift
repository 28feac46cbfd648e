import Foundation
import Mesoscopic

/// The options of `LeggettGargStudy` as values, and the outputs that they ask for.
struct LeggettGargOptions {
    static let initialStates = ["ground", "thermal", "mixture", "populations", "amplitudes"]

    let dissipator: LeggettGargDamping.Dissipator
    let relaxation: LeggettGargDamping.Relaxation
    let signAtZero: Double
    /// J/ħ in rad/s.
    let coupling: Double
    let tolerance: Double
    let seeksOptimum: Bool
    let seeksThresholds: Bool
    /// Values of τ up to 2 τ0; 0: no curve.
    let curveCount: Int
    let wantsAttribution: Bool
    let wantsMacrorealist: Bool
    let convergence: [Int]
    /// nK
    let temperatures: [Double]
    private let initial: String
    private let weights: [Double]

    /// - Parameter givenInputs: full names of inputs that the job fixes or sweeps.
    /// - Throws: `OptionError`.
    init(_ options: OptionReader, givenInputs: [String]) throws {
        dissipator = LeggettGargDamping.Dissipator(rawValue: options.text("dissipator"))!
        relaxation = LeggettGargDamping.Relaxation(rawValue: options.text("relaxationChannel"))!
        signAtZero = Double(options.integer("signAtZero"))
        coupling = options.number("coupling")
        tolerance = options.number("tolerance")
        seeksOptimum = options.flag("optimum")
        seeksThresholds = options.flag("thresholds")
        curveCount = options.integer("curve")
        wantsAttribution = options.flag("attribution")
        wantsMacrorealist = options.flag("macrorealist")
        initial = options.text("initial")
        weights = options.numbersIfGiven("weights") ?? []
        temperatures = options.numbersIfGiven("goldilocks") ?? []
        let counts = options.numbersIfGiven("convergence") ?? []
        if let wrong = counts.first(where: { $0 != $0.rounded() || $0 < 2 || $0 > 1e5 }) {
            throw OptionError(path: ["convergence"], message: "\(CanonicalNumber.string(wrong)) is no number of levels",
                              hint: "give whole numbers from 2 on, such as [2, 3, 5, 10, 20, 40]")
        }
        guard Set(counts).count == counts.count else {
            throw OptionError(path: ["convergence"], message: "a number of levels is there twice", hint: "give each once")
        }
        convergence = counts.map { Int($0) }
        if let wrong = temperatures.first(where: { $0 <= 0 }) {
            throw OptionError(path: ["goldilocks"], message: "\(CanonicalNumber.string(wrong)) nK is no temperature", hint: "give positive numbers of nK")
        }
        let takesWeights = ["populations", "amplitudes"].contains(initial)
        if takesWeights != options.has("weights") {
            throw takesWeights
                ? OptionError(path: ["initial"], message: "initial: \(initial) needs the option weights", hint: "add for example  weights: [0.5, 0.5]")
                : OptionError(path: ["weights"], message: "weights go with initial: populations or amplitudes", hint: "found initial: \(initial)")
        }
        if takesWeights, weights.allSatisfy({ $0 == 0 }) || (initial == "populations" && weights.contains { $0 < 0 }) {
            throw OptionError(path: ["weights"], message: "these weights are no state", hint: "populations are not negative, and not all are zero")
        }
        let heated = givenInputs.contains("leggettGarg.temperature")
        if (initial == "thermal") != heated {
            throw heated ? OptionError(path: ["initial"], message: "a temperature is given, but initial is \(initial)", hint: "set initial: thermal")
                : OptionError(path: ["initial"], message: "initial: thermal needs a temperature",
                              hint: "give temperature (nK) here, or the axis leggettGarg.temperature")
        }
    }

    /// kT in units of J.
    func energy(kelvin: Double) -> Double {
        // CODATA 2018, both exact.
        1.380649e-23 * kelvin / (1.054571817646156e-34 * coupling)
    }

    func state(kelvin: Double) -> LeggettGargState {
        switch initial {
        case "thermal": .thermal(energy(kelvin: kelvin))
        case "mixture": .doublet
        case "populations": .populations(weights)
        case "amplitudes": .amplitudes(weights)
        default: .ground
        }
    }

    /// In the order of the axis `dephasing_picture`.
    static func pictures(_ levels: DephasingLevels) -> [Double] {
        [levels.meanField, levels.eigenstate, levels.fiveLevels, levels.fiveLevelsTruncated,
         levels.secularFiveLevels, levels.counterRotatingTwoLevels]
    }

    var outputs: [OutputSpec] {
        var list = [
            OutputSpec("k3_honest", meaning: "K3 = C12 + C23 - C13 with C23 of the state that has evolved for tau; macrorealism: at most 1"),
            OutputSpec("k3_stationary", meaning: "2 C(tau) - C(2 tau): K3 with C23 set to C12"),
            OutputSpec("k3_c12", meaning: "correlator of sgn(Jz) at 0 and tau"),
            OutputSpec("k3_c23", meaning: "correlator of sgn(Jz) at tau and 2 tau"),
            OutputSpec("k3_c13", meaning: "correlator of sgn(Jz) at 0 and 2 tau"),
            OutputSpec("k3_error", meaning: "estimated error of K3 as a solution for these levels, the larger of both evaluations"),
            OutputSpec("k3_trace_error", meaning: "|Tr rho(tau) - 1|; with dissipator proj what has left the levels"),
            OutputSpec("k3_undamped", meaning: "k3_honest without dephasing, with the relaxation"),
            OutputSpec("k3_levels", kind: .integer, meaning: "number of levels"),
            OutputSpec("k3_interval", dimension: .time, meaning: "tau"),
            OutputSpec("k3_interval_seconds", meaning: "tau in s, by option coupling"),
            OutputSpec("k3_splitting", dimension: .energy, meaning: "splitting E1 - E0 of the doublet"),
            OutputSpec("t2_over_tau", meaning: "T2/tau with T2 = 1/(gamma G01)"),
        ]
        let evaluations = LeggettGarg.Evaluation.allCases.map(\.rawValue)
        if seeksThresholds {
            for name in evaluations {
                list += [
                    OutputSpec("gamma_threshold_\(name)", dimension: .rate,
                               meaning: "least dephasing rate with k3_\(name) = 1 at this tau; NaN: K3 <= 1 without dephasing"),
                    OutputSpec("gamma_threshold_\(name)_per_second", meaning: "gamma_threshold_\(name) in 1/s, by option coupling"),
                ]
            }
        }
        if seeksOptimum {
            for name in evaluations {
                list += [
                    OutputSpec("tau_optimal_\(name)", meaning: "tau of the greatest k3_\(name) up to 2 tau0, in units of tau0"),
                    OutputSpec("k3_optimal_\(name)", meaning: "greatest k3_\(name) for tau up to 2 tau0"),
                ]
            }
        }
        if curveCount > 0 {
            let tau = OutputAxis(name: "k3_tau", extent: curveCount, coordinates: (1...curveCount).map { 2 * Double($0) / Double(curveCount) })
            list += [
                OutputSpec("k3_curve_honest", axes: [tau], meaning: "k3_honest against tau in units of tau0"),
                OutputSpec("k3_curve_stationary", axes: [tau], meaning: "k3_stationary against tau in units of tau0"),
                OutputSpec("k3_curve_error", axes: [tau], meaning: "what the last extrapolation changed of K3 (of at most 12 levels: 0)"),
            ]
        }
        if wantsAttribution {
            let picture = OutputAxis(name: "dephasing_picture", extent: 6,
                                     labels: ["A: mean field", "B: eigenstates", "C: five levels", "C, dissipator trunc",
                                              "five levels, secular", "two levels, counter-rotating"])
            list += [
                OutputSpec("dephasing_level", axes: [picture], dimension: .rate,
                           meaning: "dephasing rate with K3 = 1 at tau0 (stationary, from E0) in each picture"),
                OutputSpec("dephasing_level_per_second", axes: [picture], meaning: "dephasing_level in 1/s, by option coupling"),
                OutputSpec("dephasing_level_ratio", axes: [picture], meaning: "dephasing_level over that of B"),
            ]
        }
        if wantsMacrorealist {
            list.append(OutputSpec("k3_macrorealist", meaning: "K3 of a spin that hops between eigenstates of Jz at rates of the model"))
        }
        if !temperatures.isEmpty {
            let temperature = OutputAxis(name: "goldilocks_temperature", extent: temperatures.count, coordinates: temperatures)
            list.append(OutputSpec("goldilocks_n", axes: [temperature],
                                   meaning: "N at which the splitting equals kT (temperatures in nK), ln of the splitting linear between integers"))
        }
        if !convergence.isEmpty {
            let levels = OutputAxis(name: "k3_level_count", extent: convergence.count, coordinates: convergence.map { Double($0) })
            list.append(OutputSpec("k3_convergence_error", axes: [levels], meaning: "k3_error of so many levels"))
            for name in evaluations {
                list.append(OutputSpec("k3_convergence_\(name)", axes: [levels], meaning: "k3_\(name) of so many levels"))
                if seeksThresholds {
                    list.append(OutputSpec("gamma_convergence_\(name)_per_second", axes: [levels],
                                           meaning: "gamma_threshold_\(name)_per_second of so many levels"))
                }
            }
        }
        return list
    }
}
