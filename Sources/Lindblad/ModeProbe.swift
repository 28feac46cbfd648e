import Numbers
import SpinAlgebra

/// An oscillation frequency at which a mode far from zero may decay as slowly as the gap.
struct ModeProbe {
    let frequency: Double
    /// Decay rate to be expected there, if known.
    let decayRate: Double?
}

extension LindbladSolver {
    /// Where to look for slow modes off the real axis: at the frequencies of the classical spin about its attractors (a spiral's
    /// damping is the limit of a mode's decay rate for large N, and no other oscillating mode of that phase is slower) and
    /// along its closed orbits; and at those of the slowest modes of a small spin with the same parameters, which has few
    /// enough modes to know them all.
    func modeProbes(_ instance: ModelInstance) throws -> [ModeProbe] {
        var probes: [ModeProbe] = []
        func add(_ frequency: Double, _ decayRate: Double?, closeness: Double) {
            if frequency > 0, !probes.contains(where: { abs($0.frequency - frequency) < closeness * frequency }) { probes.append(ModeProbe(frequency: frequency, decayRate: decayRate)) }
        }
        let spin = try meanSpin(instance), attractors = spin.attractors()
        for attractor in attractors {
            let upper = spin.relaxation(at: attractor).0
            if upper.im > 0 { add(upper.im, -upper.re, closeness: 0.1) }
        }
        // Motion along an orbit dephases at a rate of order 1/N at least.
        if attractors.isEmpty { for frequency in spin.orbitFrequencies() { add(frequency, 1e-3 * frequency / Double(instance.spinCount), closeness: 0.1) } }
        let others = try kernels.spectrum(min(10 + instance.spinCount % 2, instance.spinCount), instance.values).others
        let slowest = others.sorted { $0.re > $1.re }
        guard let first = slowest.first else { return probes }
        let limit = -1.5 * first.re + 1e-9 * first.magnitude
        for value in slowest where value.im > 0 && -value.re <= limit && probes.count < 4 { add(value.im, nil, closeness: 0.5) }
        return probes
    }

    /// Whether modes far from zero will be looked for, by the spectrum of a small spin.
    func mayOscillate(_ instance: ModelInstance) throws -> Bool {
        guard let first = try kernels.spectrum(min(10 + instance.spinCount % 2, instance.spinCount), instance.values).others.map(\.magnitude).min() else { return false }
        return try modeProbes(instance).contains { $0.frequency > 0.8 * first && $0.decayRate ?? 0 < 2 * first }
    }
}
