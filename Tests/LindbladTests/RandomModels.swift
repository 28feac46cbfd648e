import Numbers
import SpinAlgebra

/// The same models on every machine.
struct Randomness: RandomNumberGenerator {
    private var bits: SplitMix64
    init(seed: UInt64) { bits = SplitMix64(seed: seed) }
    mutating func next() -> UInt64 { bits.next() }
    mutating func real(_ range: ClosedRange<Double> = -1...1) -> Double { Double.random(in: range, using: &self) }
    /// Rounded, so that the text of the model carries the number exactly.
    mutating func text() -> String {
        let value = (real() * 1000).rounded() / 1000
        return value < 0 ? "(\(value))" : "\(value)"
    }
}

/// Random Hermitian H and one to three random jump operators, all of degree up to three, with complex coefficients and
/// parameters among them.
func randomModel(_ random: inout Randomness) throws -> Model {
    func word(_ degree: Int) -> String {
        (0..<degree).map { _ in ["Jx", "Jy", "Jz", "Jp", "Jm"][Int.random(in: 0..<5, using: &random)] + "/j" }.joined(separator: "*")
    }
    var hamiltonian: [String] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        let degree = Int.random(in: 1...3, using: &random)
        let factors = (0..<degree).map { _ in ["Jx", "Jy", "Jz"][Int.random(in: 0..<3, using: &random)] }
        let coefficient = Bool.random(using: &random) ? "a" : random.text()
        // (W + W†)/2 with W† the reversed word: Hermitian by construction.
        hamiltonian.append("\(coefficient)*(\(factors.joined(separator: "*")) + \(factors.reversed().joined(separator: "*")))/j^\(degree - 1)")
    }
    let jumps = (0..<Int.random(in: 1...3, using: &random)).map { _ -> (rate: String, operator: String) in
        let terms = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            "(\(random.text()) + \(random.text())*i)*\(Bool.random(using: &random) ? "b*" : "")\(word(Int.random(in: 1...3, using: &random)))"
        }
        return (rate: "gamma*\((random.real(0.2...2) * 100).rounded() / 100)*j", operator: terms.joined(separator: " + "))
    }
    return try Model(hamiltonian: hamiltonian.joined(separator: " + "), jumps: jumps,
                     parameters: [("a", random.text()), ("b", "0.7"), ("gamma", "1")])
}
