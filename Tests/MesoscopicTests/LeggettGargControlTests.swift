import Foundation
import LinearAlgebra
@testable import Mesoscopic
import Numbers
import Testing

/// Against another method, and what K3 must be where there is nothing quantum.
struct LeggettGargControlTests {
    /// All levels by splitting against the definition in the Dicke basis; a superposition and an answer at m = 0 bring in all parities.
    @Test(arguments: [(24, 0.002, 0.0, 0.0), (24, 0.05, 0.3, 1.0), (31, 0.02, 0.1, 0.0)])
    func dickeBasis(spinCount: Int, dephasing: Double, relaxation: Double, signAtZero: Double) throws {
        let model = LipkinModel(spinCount: spinCount, transverseField: 0.9), n = spinCount + 1
        let reference = try DickeBasisReference(model, dephasing: dephasing, relaxation: relaxation, signAtZero: signAtZero)
        let system = try LeggettGargSystem(model, levels: n, signAtZero: signAtZero)
        let amplitudes = signAtZero == 0 ? [1.0] : [0.8, 0.6]
        let test = try LeggettGarg(system, state: .amplitudes(amplitudes), damping: LeggettGargDamping(dephasing: dephasing, relaxationRate: relaxation))
        let pure = (0..<n).map { m in zip(amplitudes, reference.vectors).reduce(0) { $0 + $1.0 * $1.1[m] } }
        let expected = reference.correlators(pure.flatMap { a in pure.map { Complex(a * $0) } }, interval: 0.8 * system.interval)
        let found = try test.correlators(interval: 0.8 * system.interval)
        #expect(abs(found.c12 - expected.c12) < 1e-9 && abs(found.c23 - expected.c23) < 1e-9 && abs(found.c13 - expected.c13) < 1e-9)
        #expect(found.error < 1e-9 && found.traceError < 1e-12)
    }

    /// Two places: C(t) = e^{−2kt}.
    @Test func telegraph() throws {
        let hopping = try PointerHopping(hops: [0.7], question: [1, -1]), k3 = hopping.correlators(populations: [0.9, 0.1], interval: 0.4)
        #expect(abs(k3.honest - (2 * exp(-0.56) - exp(-1.12))) < 1e-14 && abs(k3.c23 - k3.c12) < 1e-14)
    }

    /// Any chain, any answers between −1 and 1, any populations: K3 ≤ 1.
    @Test func macrorealism() throws {
        var random = SplitMix64(seed: 11), greatest = -Double.infinity
        for _ in 0..<400 {
            let size = Int.random(in: 2...12, using: &random)
            let hops = (1..<size).map { _ in exp(Double.random(in: -6...4, using: &random)) }
            let question = (0..<size).map { k in k % 2 == 0 ? Double.random(in: -1...1, using: &random) : Bool.random(using: &random) ? 1 : -1 }
            let weights = (0..<size).map { _ in Double.random(in: 0...1, using: &random) }, sum = weights.reduce(0, +)
            let hopping = try PointerHopping(hops: hops, question: question)
            let k3 = hopping.correlators(populations: weights.map { $0 / sum }, interval: exp(Double.random(in: -4...3, using: &random)))
            #expect(k3.honest <= 1 + 1e-12 && k3.traceError < 1e-12)
            greatest = max(greatest, k3.honest)
        }
        #expect(greatest > 0.9)                     // the bound has been put to the test
    }

    /// The control of the model where the model itself violates.
    @Test func controlOfTheModel() throws {
        for (spinCount, rate) in [(100, 1e-6), (100, 1e-3), (101, 1), (101, 1e3)] as [(Int, Double)] {
            let system = try LeggettGargSystem(LipkinModel(spinCount: spinCount, transverseField: 0.95), levels: 5)
            let test = try LeggettGarg(system, state: .amplitudes([1, 1]), damping: LeggettGargDamping(dephasing: rate))
            let populations = try test.pointerPopulations()
            #expect(abs(populations.reduce(0, +) - 1) < 1e-13 && populations.allSatisfy { $0 > -1e-15 })
            // (E0 + E1)/√2 sits in the well of m > 0.
            #expect(populations.prefix(50).reduce(0, +) > 0.8)
            #expect(try test.macrorealist(interval: system.interval, signAtZero: 0).honest <= 1)
        }
        let system = try LeggettGargSystem(LipkinModel(spinCount: 100, transverseField: 0.95), levels: 5)
        let quantum = try LeggettGarg(system, damping: LeggettGargDamping(dephasing: 1e-6))
        #expect(try quantum.correlators(interval: quantum.system.interval).honest > 1.2)
    }

    // MARK: Tools

    /// e^{A} of a rotation by many turns, and of a matrix that is not normal.
    @Test func exponential() throws {
        let turn = try MatrixExponential.exponential([.zero, Complex(-1000), Complex(1000), .zero], size: 2)
        #expect(abs(turn[0].re - cos(1000)) < 1e-12 && abs(turn[2].re - sin(1000)) < 1e-12 && abs(turn[1].re + sin(1000)) < 1e-12)
        let shear = try MatrixExponential.exponential([Complex(0, 2), .zero, Complex(30), Complex(0, 2)], size: 2)
        let phase = Complex(cos(2), sin(2))
        #expect((shear[0] - phase).magnitude < 1e-13 && (shear[2] - 30 * phase).magnitude < 1e-12 && shear[1].magnitude < 1e-14)
    }

    @Test func brent() {
        var calls = 0
        let root = Brent.root(from: 0, to: 3, valueAtLower: -1, valueAtUpper: exp(3) - 2, tolerance: 1e-14) { calls += 1; return exp($0) - 2 }
        #expect(abs(root - log(2)) < 1e-14 && calls < 20)
        let top = Brent.maximum(from: 0, to: 3, tolerance: 1e-7) { sin($0) }
        #expect(abs(top.place - .pi / 2) < 1e-6 && abs(top.value - 1) < 1e-12)
    }

    /// One of two eigenvalues of negative mean, for which LAPACK's dstemr itself gives the wrong one.
    @Test func lowestOfTwo() throws {
        let matrix = SymmetricTridiagonal(diagonal: [-1, 0], offDiagonal: [-2])
        let (values, vectors) = try matrix.lowest(1)
        #expect(abs(values[0] - (-1 - 17.0.squareRoot()) / 2) < 1e-14 && vectors.count == 2)
        #expect(abs(-vectors[0] - 2 * vectors[1] - values[0] * vectors[0]) < 1e-14)
        #expect(try matrix.lowest(1, vectors: false).values == values)
    }
}
