import Foundation
import LinearAlgebra
import Mesoscopic
import Testing

/// The LMG doublet in O(N) against extended precision.
@Suite struct TunnelSplittingTests {
    /// ΔE from 0.1 J down to 1e-390 J, N from 10 to 2000, on both sides of g = 1.
    @Test(arguments: LipkinReference.levels.indices) func extendedPrecision(index: Int) throws {
        let exact = LipkinReference.levels[index]
        let model = LipkinModel(spinCount: exact.spinCount, transverseField: exact.transverseField), splitting = try TunnelSplitting(model)
        for (energy, reference) in zip([splitting.even.value, splitting.odd.value] + splitting.excited, exact.energies) {
            #expect(abs(energy - reference) < 1e-13 * abs(reference))
        }
        #expect(abs(splitting.logSplitting - exact.logSplitting) < 3e-12)
        let (a0, a1) = splitting.secondMoments
        #expect(abs(a0 / exact.secondMoments.0 - 1) < 1e-12 && abs(a1 / exact.secondMoments.1 - 1) < 1e-12)
        #expect(abs(splitting.transitionMoment / exact.transition - 1) < 1e-12)
        let wkb = LipkinMeanField(model).logSplitting
        #expect(exact.transverseField >= 1 ? wkb.isNaN : abs(wkb - exact.logWKB) < 1e-11)
    }

    @Test(arguments: LipkinReference.table) func tableOfThePaper(row: [Double]) throws {
        let model = LipkinModel(spinCount: Int(row[0]), transverseField: 0.95), field = LipkinMeanField(model)
        let rates = CoherenceRates(TunnelDoublet(try TunnelSplitting(model), coupling: 1, rate: 1))
        let found = [rates.splitting, rates.mean, field.localRate / rates.mean, rates.gapRatio, rates.etaPhysical, rates.transition]
        for (value, exact) in zip(found, row[1...]) { #expect(abs(value / exact - 1) < 1e-11) }
        #expect(abs(field.moment - rates.transition - row[7]) < 1e-9)
    }

    /// One spin: ΔE = 2g, and Sz between the levels is 1/2. Two spins: the odd state is at −1/1, the even ones at −1/2 ± √(1/4 + 4g²).
    @Test func closedForms() throws {
        let one = try TunnelSplitting(LipkinModel(spinCount: 1, transverseField: 0.3))
        #expect(abs(one.logSplitting - log(0.6)) < 1e-15 && one.transitionMoment == 0.5 && one.excited.allSatisfy(\.isNaN) && one.excitedMoment.isNaN)
        let two = try TunnelSplitting(LipkinModel(spinCount: 2, transverseField: 0.3))
        #expect(abs(two.logSplitting - log((0.25 + 4 * 0.09).squareRoot() - 0.5)) < 1e-14)
    }

    /// N = 100 000: corrections to WKB and to the limits of Bogoliubov theory are of order 1/N, as N = 10 000 tells in advance.
    @Test func limits() throws {
        var corrections: [[Double]] = []
        for count in [10_000, 100_000] {
            let model = LipkinModel(spinCount: count, transverseField: 0.8), field = LipkinMeanField(model), splitting = try TunnelSplitting(model)
            let rates = CoherenceRates(TunnelDoublet(splitting, coupling: 1, rate: 1)), n = Double(count)
            corrections.append([
                field.logSplitting - splitting.logSplitting, n * (field.localRate / rates.mean - 2) - 200.0 / 27, field.moment - rates.transition - 1,
                (rates.mean - rates.squaredTransition) / field.wellVariance - 1, splitting.wellSusceptibility / field.susceptibility - 1,
            ].map { n * $0 })
        }
        #expect(corrections[1].allSatisfy { abs($0) < 100 && abs($0) > 1 })
        for (a, b) in zip(corrections[0], corrections[1]) { #expect(abs(a / b - 1) < 0.02) }
    }

    /// The linear solve against the sum over all levels.
    @Test(arguments: [(12, 0.95), (41, 0.8), (90, 0.6), (40, 1.1)]) func susceptibility(spinCount: Int, field: Double) throws {
        let model = LipkinModel(spinCount: spinCount, transverseField: field), all = try LipkinLevels(model, count: spinCount + 1), spin = all.spin
        let sum = stride(from: 3, to: all.count, by: 2).reduce(0.0) { $0 + 4 * spin[$1] * spin[$1] / (all.energies[$1] - all.energies[0]) }
        #expect(abs(try TunnelSplitting(model).wellSusceptibility / sum - 1) < 1e-10)
    }
}
