import Foundation
import Semiclassics
import SpinAlgebra

/// SplitMix64: the same models on every machine.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func real(_ range: ClosedRange<Double> = -1...1) -> Double { Double.random(in: range, using: &self) }
    /// Rounded, so that the text of the model carries the number exactly.
    mutating func text() -> String { "(\((real() * 1000).rounded() / 1000))" }
    mutating func direction() -> SIMD3<Double> {
        let z = real(), phi = real(0...2 * .pi), r = (1 - z * z).squareRoot()
        return SIMD3(r * cos(phi), r * sin(phi), z)
    }
}

/// Random Hermitian H and one to three random jump operators of degree up to three with complex coefficients, extensive. With
/// a field along all axes: without it words alone may leave fixed points that are degenerate, or lines of them.
func randomModel(_ random: inout Randomness) throws -> Model {
    func word(_ names: [String], _ degree: Int) -> [String] { (0..<degree).map { _ in names[Int.random(in: 0..<names.count, using: &random)] } }
    var hamiltonian = ["Jx", "Jy", "Jz"].map { "\(random.text())*\($0)" }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        let degree = Int.random(in: 1...3, using: &random), factors = word(["Jx", "Jy", "Jz"], degree)
        hamiltonian.append("\(random.text())*(\(factors.joined(separator: "*")) + \(factors.reversed().joined(separator: "*")))/j^\(degree - 1)")
    }
    var jumps: [(rate: String, operator: String)] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        var terms: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let degree = Int.random(in: 1...3, using: &random)
            terms.append("(\(random.text()) + \(random.text())*i)*\(word(["Jx", "Jy", "Jz", "Jp", "Jm"], degree).joined(separator: "*"))/j^\(degree)")
        }
        jumps.append((rate: "\((random.real(0.2...2) * 100).rounded() / 100)*j", operator: terms.joined(separator: " + ")))
    }
    return try Model(hamiltonian: hamiltonian.joined(separator: " + "), jumps: jumps, parameters: [])
}

extension SIMD3<Double> {
    var norm: Double { (self * self).sum().squareRoot() }
}

func preset(_ name: String) throws -> Model { try ModelPreset.all.first { $0.name == name }!.model() }

func field(_ model: Model, _ given: [String: Double] = [:]) throws -> MeanField { MeanField(try model.classicalSymbol(given)) }

/// A field about the z axis, φ̇ = w and θ̇ = (G_d − G_u) sin θ, turned so that no axis of the model is special.
func turned(_ jumps: [(rate: String, operator: String)], _ w: Double) throws -> Model {
    let c = 0.6, s = 0.8                                                      // turn about y: z → s x + c z, x → c x − s z
    let x = "(\(c)*Jx - \(s)*Jz)", z = "(\(s)*Jx + \(c)*Jz)"
    func text(_ operatorText: String) -> String {
        operatorText.replacingOccurrences(of: "P", with: "(\(x) + i*Jy)").replacingOccurrences(of: "M", with: "(\(x) - i*Jy)").replacingOccurrences(of: "Z", with: z)
    }
    return try Model(hamiltonian: "\(w)*\(z)", jumps: jumps.map { ($0.rate, text($0.operator)) }, parameters: [])
}
/// The turned model's z axis.
let turnedAxis = SIMD3(0.8, 0, 0.6)
