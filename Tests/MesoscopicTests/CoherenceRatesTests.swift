import Foundation
import Lindblad
import LinearAlgebra
import Mesoscopic
import Numbers
import SpinAlgebra
import Testing

/// Rates of the doublet against dense Liouvillians and eigenvalue solvers.
@Suite struct CoherenceRatesTests {
    /// At the paper's benchmark, in 1/s: the restricted Liouvillian, and the one that leaks, against numbers from mpmath and numpy.
    @Test func benchmark() throws {
        let splitting = try TunnelSplitting(LipkinModel(spinCount: 370, transverseField: 0.95)), coupling = 37138.60883781949
        let rates = CoherenceRates(TunnelDoublet(splitting, coupling: coupling, rate: 0.05))
        #expect(abs(rates.splitting - 1308) < 1e-8 && abs(rates.secularParameter - 18.42927166897508) < 1e-9)
        #expect((rates.restrictedEigenvalues[2] - Complex(-122.56179334411831, 1302.245217620893)).magnitude < 1e-8)
        #expect((rates.coherenceEigenvalue - Complex(-141.94809469350594, 1302.2452176208935)).magnitude < 1e-8)
        #expect(abs(LipkinMeanField(splitting.model).localRate / (rates.mean + rates.squaredTransition) - 1.2615549175709373) < 1e-11)
        #expect(abs(rates.meanLeakage - 0.1365731705751076) < 1e-11)
    }

    /// The eigenvalue of the whole Liouvillian that becomes iΔE without dissipation: what the doublet leaves out, the way back from
    /// other levels, is of second order in γ.
    @Test(arguments: [9, 12]) func wholeLiouvillian(spinCount: Int) throws {
        let model = try ModelPreset.named("lmg-mesoscopic")!.model()
        let splitting = try TunnelSplitting(LipkinModel(spinCount: spinCount, transverseField: 0.9))
        let differences = try [4e-4, 2e-4].map { rate -> Double in
            let rates = CoherenceRates(TunnelDoublet(splitting, coupling: 1, rate: rate))
            let dense = try DenseLiouvillian(model: model, spinCount: spinCount, given: ["g": 0.9, "gamma_phi": rate])
            let distance = try #require(try dense.eigenvalues().map { ($0.value - rates.coherenceEigenvalue).magnitude }.min())
            #expect(distance < 0.02 * rates.eigenstateRate)
            return distance
        }
        #expect(abs(differences[0] / differences[1] - 4) < 0.1)
    }

    /// L(ρ) of two levels with several jump operators A_k = Re(a_k) σx + Im(a_k) σy by zgeev, weak and strong.
    @Test func restrictedEigenvalues() throws {
        let cases: [([Complex], Double)] = [
            ([Complex(0.7)], 1.3), ([Complex(2, -1)], 0.1), ([Complex(0.7), Complex(0.3, 0.9)], 0.2), ([Complex(1), Complex(0.4, -0.8)], 3),
        ]
        for (elements, splitting) in cases {
            let channels = elements.enumerated().map { index, element in
                TunnelDoublet.Channel(rate: 0.4 + Double(index), secondMoments: (6, 7), transition: element,
                                      oppositeElement: .zero, equalElement: .zero)
            }
            let energies = [-splitting / 2, splitting / 2, 5, 6]
            let rates = CoherenceRates(TunnelDoublet(energies: energies, logSplitting: log(splitting), channels: channels))
            // Columns: images of |0⟩⟨0|, |1⟩⟨0|, |0⟩⟨1|, |1⟩⟨1|, stacked by columns.
            var matrix = [Complex](repeating: .zero, count: 16)
            for column in 0..<4 {
                let r = column % 2, c = column / 2
                for channel in channels {
                    let a = [[Complex.zero, channel.transition], [channel.transition.conjugate, .zero]]
                    for i in 0..<2 { for k in 0..<2 { matrix[column * 4 + k * 2 + i] += channel.rate * (a[i][r] * a[c][k]) } }
                    matrix[column * 4 + column] -= Complex(channel.rate * channel.transition.squaredMagnitude)
                }
                matrix[column * 4 + column] += Complex(0, -splitting * Double(r - c))
            }
            var exact = try DenseEigen.complexEigenvalues(matrix, size: 4).map(\.value)
            for value in rates.restrictedEigenvalues {
                let nearest = exact.indices.min { (exact[$0] - value).magnitude < (exact[$1] - value).magnitude }!
                #expect((exact[nearest] - value).magnitude < 1e-13)
                exact.remove(at: nearest)
            }
        }
    }

    /// Roots of appendix B against the eigenvalues of its three equations, and the Zeno limit Δ²/Γ where a difference would be lost.
    @Test func twoChannels() throws {
        for (splitting, dephasing) in [(1.0, 0.3), (1.0, 1.9), (1.0, 2.1), (1.0, 30)] {
            let rates = TwoChannelRates(splitting: splitting, dephasing: dephasing)
            let values = try DenseEigen.eigenvalues([-dephasing, 0, 0, 0, -dephasing, 2 * splitting, 0, -splitting / 2, 0], size: 3)
            let pair = values.filter { ($0 + Complex(dephasing)).magnitude > 1e-12 }.sorted { $0.re > $1.re }
            #expect(rates.isZeno == (pair[0].im == 0))
            #expect(abs(rates.slow + pair[0].re) < 1e-13 && abs(rates.fast + pair[1].re) < 1e-12 && abs(rates.frequency - abs(pair[0].im)) < 1e-13)
        }
        #expect(abs(TwoChannelRates(splitting: 1e-30, dephasing: 4).slow / 2.5e-61 - 1) < 1e-14)
    }

    /// Random models that are even under a rotation by π, with odd Hermitian jump operators: γG01 is the exact element of the dense
    /// Liouvillian; populations feed coherences of equal parity and no others. Eigenvectors come from the whole matrix of H.
    @Test func universality() throws {
        var random = SplitMix64(seed: 7), compared = 0
        for sample in 0..<40 {
            let turn = sample % 3, count = 3 + sample % 6
            let (x, y, z) = (["Jx", "Jy", "Jz"][turn], ["Jy", "Jz", "Jx"][turn], ["Jz", "Jx", "Jy"][turn])
            func number() -> String { "(\((Double.random(in: -1...1, using: &random) * 1000).rounded() / 1000))" }
            func anticommutator(_ a: String, _ b: String) -> String { "\(number())*(\(a)*\(b) + \(b)*\(a))/j" }
            let squares = [x, y, z].map { "\(number())*\($0)^2/j" }
            // Of degree four: blocks that are wider than tridiagonal.
            let quartic = "\(number())*(\(y)^2*\(z)^2 + \(z)^2*\(y)^2)/j^3"
            let hamiltonian = (["\(number())*\(x)", anticommutator(y, z)] + squares + (sample % 4 < 2 ? [quartic] : [])).joined(separator: " + ")
            let jumps = (0...sample % 2).map { index in
                (rate: "\(0.2 + 0.3 * Double(index))", operator: "\(number())*\(z) + \(number())*\(y) + \(anticommutator(x, z))")
            }
            let model = try Model(hamiltonian: hamiltonian, jumps: jumps, parameters: [])
            let found = try ParityDoublet(model.instance(spinCount: count, [:])), rates = CoherenceRates(found.doublet)
            #expect(found.axis.rawValue == String(x.last!))

            let size = count + 1, dense = try model.hamiltonian.directMatrix(spinCount: count, model.values(spinCount: count, [:]))
            let turned = (0..<size * size).map { Complex($0 / size == $0 % size ? 100 : 0) - dense[$0 % size][$0 / size] }
            let spectrum = try HermitianSpectrum(turned, size: size, vectorsAbove: 0)
            let energies = spectrum.values.map { 100 - $0 }
            guard case .complex(let columns) = spectrum.complexColumns else { continue }
            // Which vectors of the whole matrix: found by energy, where energies tell.
            func vector(_ energy: Double) -> [Complex]? {
                let near = energies.indices.filter { abs(energies[$0] - energy) < 1e-2 }
                guard near.count == 1 else { return nil }
                #expect(abs(energies[near[0]] - energy) < 1e-12)
                return Array(columns[near[0] * size..<(near[0] + 1) * size])
            }
            guard let ground = vector(found.doublet.energies[0]), let partner = vector(found.doublet.energies[1]),
                  let excited = vector(found.doublet.energies[2]) else { continue }
            let liouvillian = try DenseLiouvillian(model: model, spinCount: count, given: [:])
            /// ⟨a|L(|b⟩⟨c|)|d⟩
            func element(_ a: [Complex], _ b: [Complex], _ c: [Complex], _ d: [Complex]) -> Complex {
                var sum = Complex.zero
                for k in 0..<size * size {
                    let start = b[k % size] * c[k / size].conjugate
                    for i in 0..<size * size { sum += a[i % size].conjugate * d[i / size] * (liouvillian.matrix[k * size * size + i] * start) }
                }
                return sum
            }
            let decay = element(ground, ground, partner, partner)
            #expect(abs(decay.re + rates.eigenstateRate) < 1e-11 * max(1, rates.eigenstateRate))
            #expect(abs(decay.im - (found.doublet.energies[1] - found.doublet.energies[0])) < 1e-11)
            #expect(element(ground, ground, ground, partner).magnitude < 1e-11 && rates.oppositeElement < 1e-13)
            #expect(abs(element(ground, ground, ground, excited).magnitude - rates.equalElement) < 1e-10)
            #expect(abs(element(ground, partner, ground, partner).magnitude - rates.rate * rates.counterRotation) < 1e-10)
            #expect(rates.equalElement > 1e-6)
            compared += 1
        }
        #expect(compared >= 20)
    }

    /// The two routes to the LMG doublet: quantised along z in blocks of m → −m, and along x in blocks of every second m.
    @Test(arguments: [1, 2, 11, 60]) func routesAgree(spinCount: Int) throws {
        let instance = try ModelPreset.named("lmg-mesoscopic")!.model().instance(spinCount: spinCount, ["g": 0.9, "gamma_phi": 0.3])
        let general = try ParityDoublet(instance), model = LipkinModel(spinCount: spinCount, transverseField: 0.9)
        let lipkin = TunnelDoublet(try TunnelSplitting(model), coupling: 1, rate: 0.3)
        let a = CoherenceRates(general.doublet), b = CoherenceRates(lipkin)
        #expect(general.axis == .x)
        for (e, f) in zip(general.doublet.energies, lipkin.energies) { #expect(abs(e - f) < 1e-12 * Double(spinCount) || (e.isNaN && f.isNaN)) }
        #expect(abs(a.mean / b.mean - 1) < 1e-11 && abs(a.transition / b.transition - 1) < 1e-11 && abs(a.logSplitting - b.logSplitting) < 1e-10)
        #expect(spinCount == 1 || abs(a.equalElement - b.equalElement) < 1e-10 * (1 + b.equalElement))
    }
}

extension HermitianSpectrum {
    fileprivate var complexColumns: Columns {
        if case .real(let columns) = vectors { return .complex(columns.map { Complex($0) }) }
        return vectors
    }
}
