import Foundation
import Mesoscopic
import Numbers

/// The outputs of `coherenceRates`: what they are called and where their numbers come from.
enum CoherenceOutputs {
    static let specs: [OutputSpec] = doubletSpecs + lipkinSpecs

    private static let level = OutputAxis(name: "doublet_level", extent: 4, labels: ["E0", "E1", "E2", "E3"])
    private static let member = OutputAxis(name: "doublet_member", extent: 2, labels: ["E0", "E1"])

    private static let mode = OutputAxis(name: "doublet_mode", extent: 4, labels: ["stationary", "population", "coherence 1", "coherence 2"])

    // MARK: Of every model with parity

    private static let doubletSpecs: [OutputSpec] = [
        OutputSpec("doublet_energy", axes: [level], dimension: .energy,
                   meaning: "E0 and E1 of the doublet, E2 the next level of E0's parity, E3 of E1's"),
        OutputSpec("parity_axis", kind: .integer, meaning: "axis of the rotation by pi that is the parity: 0 x, 1 y, 2 z"),
        OutputSpec("doublet_splitting", dimension: .energy, meaning: "dE = E1 - E0; 0 where it underflows"),
        OutputSpec("doublet_splitting_error", dimension: .energy, meaning: "estimated error of doublet_splitting"),
        OutputSpec("doublet_log_splitting", meaning: "ln dE, of dE in units of energy"),
        OutputSpec("doublet_gap_ratio", meaning: "(E2 - E0)/dE"),
        OutputSpec("doublet_second_moment", axes: [member],
                   meaning: "<A^2> of each level of the doublet; A is Jz in the LMG model, else the jump operator"),
        OutputSpec("doublet_g01", meaning: "G01 = (<E0|A^2|E0> + <E1|A^2|E1>)/2"),
        OutputSpec("doublet_j01", meaning: "J01 = |<E0|A|E1>|"),
        OutputSpec("doublet_leakage", axes: [member], meaning: "1 - J01^2/<A^2> of each level: the part of A|E> outside the doublet"),
        OutputSpec("doublet_mean_leakage", meaning: "1 - J01^2/G01"),
        OutputSpec("eta_phys", meaning: "eta_phys = 1 + J01^2/G01"),
        OutputSpec("secular_parameter", meaning: "2 dE/(gamma G01)"),
        OutputSpec("eigenstate_rate", dimension: .rate, meaning: "gamma G01: decay of the coherence |E0><E1|"),
        OutputSpec("relaxation_rate", dimension: .rate, meaning: "2 gamma J01^2: relaxation of populations within the doublet"),
        OutputSpec("pointer_rate", dimension: .rate, meaning: "gamma (G01 + J01^2): initial decay of the coherence |P><R| of the localised states"),
        OutputSpec("doublet_eigenvalue", kind: .complex, axes: [mode], dimension: .rate,
                   meaning: "eigenvalues of the Liouvillian restricted to the doublet"),
        OutputSpec("coherence_eigenvalue", kind: .complex, dimension: .rate,
                   meaning: "-gamma G01 + sqrt((gamma J01^2)^2 - dE^2): coherence of the doublet that also leaks to all other levels"),
        OutputSpec("redfield_opposite", dimension: .rate, meaning: "|<E0|D(|E0><E0|)|E1>|, states of opposite parity: 0"),
        OutputSpec("redfield_equal", dimension: .rate, meaning: "|<E0|D(|E0><E0|)|E2>|, states of equal parity: gamma |<E0|A^2|E2>|/2"),
    ]

    static func ofDoublet(_ doublet: TunnelDoublet, _ rates: CoherenceRates, axis: ParityAxis) -> [String: OutputArray] {
        func complex(_ values: [Complex]) -> [Double] { values.flatMap { [$0.re, $0.im] } }
        return [
            "parity_axis": OutputArray(Double(["x", "y", "z"].firstIndex(of: axis.rawValue)!)),
            "doublet_energy": OutputArray(doublet.energies),
            "doublet_splitting": OutputArray(rates.splitting), "doublet_log_splitting": OutputArray(rates.logSplitting),
            "doublet_gap_ratio": OutputArray(rates.gapRatio),
            "doublet_second_moment": OutputArray([rates.secondMoments.0, rates.secondMoments.1]),
            "doublet_g01": OutputArray(rates.mean), "doublet_j01": OutputArray(rates.transition),
            "doublet_leakage": OutputArray([rates.leakage.0, rates.leakage.1]), "doublet_mean_leakage": OutputArray(rates.meanLeakage),
            "eta_phys": OutputArray(rates.etaPhysical), "secular_parameter": OutputArray(rates.secularParameter),
            "eigenstate_rate": OutputArray(rates.eigenstateRate), "relaxation_rate": OutputArray(rates.relaxationRate),
            "pointer_rate": OutputArray(rates.pointerRate),
            "doublet_eigenvalue": OutputArray(shape: [4], data: complex(rates.restrictedEigenvalues), isComplex: true),
            "coherence_eigenvalue": OutputArray(shape: [], data: complex([rates.coherenceEigenvalue]), isComplex: true),
            "redfield_opposite": OutputArray(rates.oppositeElement), "redfield_equal": OutputArray(rates.equalElement),
        ]
    }

    // MARK: Of the LMG model

    private static let lipkinSpecs: [OutputSpec] = [
        OutputSpec("g_loc", meaning: "G_loc = N^2 (1 - g^2)/2"),
        OutputSpec("eta_mf", meaning: "eta_MF = G_loc/G01"),
        OutputSpec("eta_mf_slope", meaning: "limit of N (eta_MF - 2) for large N"),
        OutputSpec("local_rate", dimension: .rate, meaning: "gamma G_loc: the mean-field estimate of decoherence"),
        OutputSpec("pointer_overestimate", meaning: "G_loc/(G01 + J01^2) - 1"),
        OutputSpec("depletion", meaning: "N z/2 - J01, z = sqrt(1 - g^2)"),
        OutputSpec("depletion_limit", meaning: "(2 + g^2)/(4 z^2) - 1/(2 z): the depletion for large N (Bogoliubov)"),
        OutputSpec("well_variance", meaning: "G01 - J01^2: variance of Jz within a well"),
        OutputSpec("well_variance_limit", meaning: "N g^2/(4 z): the variance in the Bogoliubov vacuum"),
        OutputSpec("chi_phys", meaning: "d<Jz>/d(h/J) within a well, of all levels but E1"),
        OutputSpec("chi_mean_field", meaning: "N g^2/(2 z^2): chi_phys of the classical spin"),
        OutputSpec("log_chi_doublet", meaning: "ln(4 J01^2 J/dE): ln of the part of d<Jz>/d(h/J) that is due to E1"),
        OutputSpec("tunnel_action", meaning: "S_inst = artanh z - z"),
        OutputSpec("log_splitting_wkb", meaning: "ln of the WKB splitting with its prefactor, in units of energy"),
        OutputSpec("wkb_ratio", meaning: "WKB splitting over the exact one"),
        OutputSpec("channel_zeno", kind: .integer, meaning: "1: gamma G_loc > 2 dE, overdamped (Zeno side); 0: oscillating (secular side)"),
        OutputSpec("channel_slow", dimension: .rate, meaning: "slow root of x^2 - Gamma x + dE^2 = 0, Gamma = gamma G_loc (real part)"),
        OutputSpec("channel_fast", dimension: .rate, meaning: "fast root of it (real part)"),
        OutputSpec("channel_envelope", dimension: .rate, meaning: "Gamma/2, decay of the transient's envelope on the secular side"),
        OutputSpec("channel_frequency", dimension: .rate, meaning: "sqrt(dE^2 - Gamma^2/4), angular frequency of the transient; 0 on the Zeno side"),
    ]

    /// What mean field has nothing to say of (g ≥ 1) is NaN.
    static func ofLipkin(_ splitting: TunnelSplitting, _ rates: CoherenceRates, coupling: Double) -> [String: OutputArray] {
        let field = LipkinMeanField(splitting.model), local = field.localRate, squared = rates.squaredTransition
        let channel = TwoChannelRates(splitting: rates.splitting, dephasing: rates.rate * local), isOrdered = local.isFinite
        func ordered(_ value: Double) -> OutputArray { OutputArray(isOrdered ? value : .nan) }
        let wkb = field.logSplitting + log(coupling)
        return [
            "g_loc": OutputArray(local), "eta_mf": OutputArray(local / rates.mean), "eta_mf_slope": OutputArray(field.etaSlope),
            "local_rate": OutputArray(rates.rate * local), "pointer_overestimate": OutputArray(local / (rates.mean + squared) - 1),
            "depletion": OutputArray(field.moment - rates.transition), "depletion_limit": OutputArray(field.depletionLimit),
            "well_variance": ordered(rates.mean - squared), "well_variance_limit": OutputArray(field.wellVariance),
            "chi_phys": ordered(splitting.wellSusceptibility), "chi_mean_field": OutputArray(field.susceptibility),
            "log_chi_doublet": OutputArray(log(4 * squared) - splitting.logSplitting),
            "tunnel_action": OutputArray(field.action), "log_splitting_wkb": OutputArray(wkb),
            "wkb_ratio": OutputArray(exp(wkb - rates.logSplitting)),
            "channel_zeno": ordered(channel.isZeno ? 1 : 0), "channel_slow": ordered(channel.slow), "channel_fast": ordered(channel.fast),
            "channel_envelope": ordered(channel.envelope), "channel_frequency": ordered(channel.frequency),
        ]
    }
}
