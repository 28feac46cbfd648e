import LinearAlgebra
import Mesoscopic
import Testing

/// Levels against values from mpmath (80 digits; shared/reference/lmg.json of the project's notes, "levels").
struct LipkinLevelsTests {
    @Test func fewSpins() throws {
        let levels = try LipkinLevels(LipkinModel(spinCount: 10, transverseField: 0.5), count: 4)
        for (k, exact) in [-6.4255221734236588031, -6.3884509025873330986, -5.3011251489759972474, -4.7308130718571324533].enumerated() {
            #expect(abs(levels.energies[k] - exact) < 1e-13 * abs(exact))
        }
        #expect(abs(levels.spin[1] - 4.076228108350272) < 1e-12)
        let square = levels.evenElements { $0 * $0 }
        #expect(abs(square[0] - 17.133355550160733) < 1e-11 && abs(square[5] - 18.352294565790576) < 1e-11)
    }

    /// One spin: E = ∓g − 1/2, and Sz between its levels is 1/2.
    @Test func oneSpin() throws {
        let levels = try LipkinLevels(LipkinModel(spinCount: 1, transverseField: 0.3), count: 2)
        #expect(abs(levels.energies[0] + 0.8) < 1e-15 && abs(levels.energies[1] + 0.2) < 1e-15)
        #expect(levels.spin == [0, 0.5, 0.5, 0] && levels.sign() == [0, 1, 1, 0])
    }

    /// The blocks together have the spectrum of the whole matrix, for even and odd N.
    @Test(arguments: [2, 3, 8, 41]) func blocksMakeTheWhole(spinCount: Int) throws {
        let model = LipkinModel(spinCount: spinCount, transverseField: 1.02)
        let whole = try model.matrix.lowest(spinCount + 1, vectors: false).values
        let levels = try LipkinLevels(model, count: spinCount + 1)
        for (a, b) in zip(whole, levels.energies) { #expect(abs(a - b) < 1e-13 * Double(spinCount)) }
    }
}
