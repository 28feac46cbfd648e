import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import Numbers
import SpinAlgebra
@testable import Studies
import Testing

/// A wrong spectrum must be refused, whoever computed it; spacing statistics of ensembles; shapes; the study's record.
extension SolverTests { @Suite struct SpectrumCertificateTests {
    /// LAPACK's spectrum with something wrong.
    private struct Corrupted: SpectrumSolver {
        let ranks = 4
        let change: @Sendable (inout DenseSpectrum) -> Void
        func spectrum(of pattern: SparsePattern, values: [Double]) throws -> DenseSpectrum {
            var spectrum = try LAPACKSpectrum().spectrum(of: pattern, values: values)
            if pattern.size > 50 { change(&spectrum) }
            return spectrum
        }
    }

    /// Two conjugate pairs moved against each other: the trace is right, the moments are not.
    private static func swapPairs(by shift: Double) -> @Sendable (inout DenseSpectrum) -> Void {
        { spectrum in
            let pairs = spectrum.values.indices.filter { spectrum.values[$0].im > 0 }
            for (first, sign) in [(pairs[0], 1.0), (pairs[pairs.count / 2], -1.0)] {
                for k in first...first + 1 { spectrum.values[k] += Complex(sign * shift) }
            }
        }
    }

    private func solve(_ change: @escaping @Sendable (inout DenseSpectrum) -> Void) throws -> LiouvillianSpectrum {
        let model = try ModelPreset.named("lmg-dephasing")!.model()
        return try LindbladSolver(model: model).spectrum(model.instance(spinCount: 12, [:]), with: Corrupted(change: change))
    }

    @Test func corruptedSpectraAreRefused() throws {
        #expect(try solve { _ in }.certificate.failure == nil)
        for shift in [0.1, 1e-6, 1e-9] {
            let certificate = try solve(Self.swapPairs(by: shift)).certificate
            #expect(certificate.traceError <= 1e-12 && certificate.momentError > 1e-12)
            #expect(certificate.failure?.contains("tr A^2") == true, "\(certificate.failure ?? "accepted")")
        }
        #expect(try solve { spectrum in
            let k = spectrum.values.indices.first { spectrum.values[$0].im > 0 }!
            for member in k...k + 1 { spectrum.values[member] += Complex(1e-6) }
        }.certificate.failure?.contains("tr A^1") == true)
        #expect(try solve { $0.values.removeLast() }.certificate.failure?.contains("eigenvalues of a matrix of size") == true)
        #expect(try solve { $0.values[0] = Complex(.nan) }.certificate.failure?.contains("no numbers") == true)
        #expect(try solve { spectrum in
            let k = spectrum.values.indices.first { spectrum.values[$0].im > 0 }!
            spectrum.values[k] += Complex(0, 1e-9)
        }.certificate.failure?.contains("conjugates") == true)
    }

    /// A false eigenvalue has a backward error of its distance from the spectrum over its condition.
    @Test func backwardErrorOfAFalseEigenvalue() throws {
        let model = try ModelPreset.named("lmg-dephasing")!.model(), instance = try model.instance(spinCount: 12, [:])
        let solver = try LindbladSolver(model: model)
        let level = try #require(try solver.spectrum(instance).levels.first { $0.value.im > 0 && $0.sector == 1 })
        let (liouvillian, coefficients) = try solver.assemble(instance, solver.slowModeAxes(instance).frame, MultipoleWindow(lMax: 12, qMax: 12))
        let sector = liouvillian.sectors[1], norm = MatrixMoments(sector.pattern, sector.values(coefficients)).norm
        for shift in [0, 1e-7] {
            var certificate = SpectralCertificate()
            let probe = try EigenvalueProbe(level.value + Complex(shift), in: sector, coefficients: coefficients, norm: norm)
            certificate.check(probe, norm: norm, sector: "1")
            #expect((certificate.failure == nil) == (shift == 0))
            if shift > 0 { #expect(probe.residual <= 1.01 * shift && probe.residual > 0.5 * shift / level.condition) }
        }
    }

    /// What a group returns: no condition numbers. Kernel, gap and the errors of the levels sampled come all the same.
    @Test func spectrumWithoutConditions() throws {
        let model = try ModelPreset.named("lmg-dephasing")!.model(), instance = try model.instance(spinCount: 20, [:])
        let solver = try LindbladSolver(model: model)
        let told = try solver.spectrum(instance, modes: 3)
        let silent = try solver.spectrum(instance, with: Corrupted { $0 = DenseSpectrum(values: $0.values.reversed()) }, modes: 3)
        #expect(silent.ranks == 4 && silent.kernelDimension == 1 && silent.certificate.failure == nil)
        #expect(silent.gap == told.gap && silent.levels.map(\.value) == told.levels.map(\.value))
        #expect(silent.gapError > 0 && silent.gapError < 10 * told.gapError && told.gapError < 10 * silent.gapError)
        #expect(silent.levels.contains { $0.error.isNaN })
        #expect(abs(silent.spacings.count - told.spacings.count) <= 2)
        for (a, b) in zip(told.modes, silent.modes) { #expect(a.eigenvalue == b.eigenvalue && a.right == b.right) }
    }

    /// Independent points: 2/3 and 0. The bulk of real Ginibre matrices: 0.738 and −0.241 as complex ones have (Sá, Ribeiro and
    /// Prosen, PRX 10, 021019 (2020), Table I). Levels at the rim, the real axis included, have neighbours on one side only.
    @Test func spacingRatiosOfEnsembles() throws {
        var random = Randomness(seed: 11)
        func ratios(_ levels: [Complex]) -> [Complex?] { SpacingRatios.ratios(levels, errors: [Double](repeating: 0, count: levels.count)) }
        let points = (0..<20_000).map { _ in Complex(random.real(), random.real()) }
        var poisson = SpacingStatistics(), ginibre = poisson
        for ratio in ratios(points) { poisson.add(try #require(ratio)) }
        #expect(abs(poisson.meanRatio - 2.0 / 3) < 0.01)
        #expect(abs(poisson.meanCosine) < 0.03)
        for _ in 0..<12 {
            let size = 400, radius = 20.0
            let normal = (0..<size * size).map { _ in (-2 * log(random.real(1e-12...1))).squareRoot() * cos(2 * .pi * random.real(0...1)) }
            let upper = try DenseEigen.eigenvalues(normal, size: size).filter { $0.im > 0 }
            for (level, ratio) in zip(upper, ratios(upper)) where level.magnitude < 0.75 * radius && level.im > 0.15 * radius {
                ginibre.add(try #require(ratio))
            }
        }
        print("spacing ratios: points \(poisson.meanRatio), \(poisson.meanCosine); "
              + "Ginibre \(ginibre.meanRatio), \(ginibre.meanCosine) of \(ginibre.count)")
        #expect(ginibre.count > 800)
        #expect(abs(ginibre.meanRatio - 0.738) < 0.025)
        #expect(abs(ginibre.meanCosine + 0.241) < 0.08)
        // Neighbours by looking at all pairs.
        let few = Array(points.prefix(200)), found = ratios(few)
        for (index, level) in few.enumerated() {
            let others = few.indices.filter { $0 != index }.map { few[$0] - level }.sorted { $0.magnitude < $1.magnitude }
            #expect((try #require(found[index]) - others[0] / others[1]).magnitude < 1e-14)
        }
        // By hand: neighbours at distances 1 and 2, at a right angle; blurred ones are left out.
        let corner = [Complex(0), Complex(1), Complex(0, 2)]
        let ratio = try #require(SpacingRatios.ratios(corner, errors: [0, 0, 0])[0])
        #expect((ratio - Complex(0, -0.5)).magnitude < 1e-15)
        #expect(SpacingRatios.ratios(corner, errors: [0.6, 0.6, 0])[0] == nil)
        #expect(SpacingRatios.ratios([Complex(0), Complex(1)], errors: [0, 0]) == [nil, nil])
    }

    /// Shapes counted by kind against partitions of assembled matrices.
    @Test func shapes() throws {
        let presets = ["bistable-pump", "driven-twisting", "lmg-dephasing", "resonance-fluorescence", "driven-lmg", "lmg-mesoscopic"]
        var models = try presets.map { try ModelPreset.named($0)!.model() }
        models.append(try Model(hamiltonian: "Jz", jumps: [(rate: "1/N", operator: "Jm")], parameters: []))
        models.append(try Model(hamiltonian: "Jz", jumps: [(rate: "1/N", operator: "Jz")], parameters: []))
        for model in models {
            let forecast = SpectrumForecast(model: model), solver = try LindbladSolver(model: model)
            for spinCount in [6, 9, 14, 17, 18, 23, 26] {
                let shape = try forecast.shape(spinCount: spinCount), frame = solver.axes(spinCount, along: nil).frame
                let sectors = try solver.assemble(spinCount: spinCount, frame, MultipoleWindow(lMax: spinCount, qMax: spinCount)).0.sectors
                func counts(_ all: [(SectorKind, Int)]) -> [String: Int] { Dictionary(all.map { ("\($0.0) \($0.1)", 1) }, uniquingKeysWith: +) }
                let label = Comment(rawValue: "\(model.hamiltonian.text), N = \(spinCount)")
                #expect(counts(shape.sectors.map { ($0.kind, $0.size) }) == counts(sectors.map { ($0.kindWithTrace, $0.size) }), label)
                let entries = sectors.reduce(0) { $0 + Double($1.pattern.entryCount) }, told = shape.sectors.reduce(0) { $0 + $1.entries }
                #expect(abs(told / entries - 1) < 0.05)
            }
        }
        // Cosine and sine multipoles of the complete window, without the trace.
        #expect(try SpectrumForecast(model: models[0]).shape(spinCount: 200).sectors.map(\.size) == [201 * 202 / 2 - 1, 200 * 201 / 2])
    }

    /// Records hold what is declared, in these shapes.
    @Test func study() throws {
        let options = Options(["modes": .integer(3), "keep": .choices(["right", "left"]), "ranks": .integer(2)])
        let model = try ModelPreset.named("lmg-dephasing")!.model(), point = Point(axes: ["N", "V"], values: [8, 1.5])
        let study = try SpectrumStudy(setup: StudySetup(model: model, options: options, sweepAxes: ["N", "V"]))
        #expect(study.wantedRanks == 2 && study.axes == ["N", "V"])
        let record = try study.run(at: point, in: StudyContext())
        #expect(record.status == .ok && record.reason.isEmpty)
        let extents = ["level": 81, "symmetry_sector": 2, "multipole": 81]
        #expect(Set(record.outputs.keys) == Set(study.outputs.map(\.name)))
        for output in study.outputs {
            let array = try #require(record.outputs[output.name])
            #expect(array.isComplex == (output.kind == .complex), "\(output.name)")
            #expect(array.shape == output.axes.map { $0.extent ?? extents[$0.name]! }, "\(output.name)")
        }
        #expect(record.outputs["symmetry_sector_size"]?.data == [41, 40] && record.outputs["symmetry_sector_parity"]?.data == [0, 1])
        #expect(record.outputs["spectrum_ranks"]?.data == [1])
        #expect(study.cost(at: point).seconds > 0 && study.memory(at: [point], count: 1).peak > 1e4)
        // A solver of the context takes the place of LAPACK; what it gets wrong does not reach the record.
        let context = StudyContext()
        context.spectrumSolver = Corrupted(change: Self.swapPairs(by: 1e-3))
        let wrong = try study.run(at: Point(axes: ["N", "V"], values: [12, 1.5]), in: context)
        #expect(wrong.status == .notConverged && wrong.reason.contains("tr A^2"))
        #expect(wrong.outputs["spectrum"] == nil && wrong.outputs["spectrum_ranks"]?.data == [4])
        let baseless = StudySetup(model: model, options: Options(["keep": .choices(["left"])]), sweepAxes: ["N"])
        #expect(throws: OptionError.self) { try SpectrumStudy(setup: baseless) }
    }
} }
