import SpinAlgebra
import Testing

/// Models without a classical limit: the message names the term and the power of j that it needs.
@Suite struct ExtensivityTests {
    private func refusal(_ hamiltonian: String, _ jumps: [(rate: String, operator: String)] = []) throws -> ModelError? {
        let model = try Model(hamiltonian: hamiltonian, jumps: jumps, parameters: [("gamma", "1"), ("chi", "2")])
        return #expect(throws: ModelError.self) { try model.checkExtensive() }
    }

    @Test func rateWithoutOneOverJ() throws {
        let error = try refusal("Jx", [("gamma/j", "Jm"), ("gamma", "Jm")])
        #expect(error?.place == ["jumps", "1", "rate"])
        #expect(error?.message.contains("rate gamma grows as j^2") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("j^-1") == true)
    }

    @Test func twistingWithoutOneOverJ() throws {
        let error = try refusal("Jx + chi*Jz^2")
        #expect(error?.place == ["hamiltonian"])
        #expect(error?.message.contains("chi*Jz^2") == true && error?.message.contains("j^2") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains("j^-1") == true)
    }

    @Test func presets() throws {
        for preset in ModelPreset.all where preset.name != "lmg-mesoscopic" { #expect(throws: Never.self) { try preset.model().checkExtensive() } }
        // Dephasing by √γ Jz without 1/j.
        #expect(throws: ModelError.self) { try ModelPreset.named("lmg-mesoscopic")!.model().checkExtensive() }
    }
}
