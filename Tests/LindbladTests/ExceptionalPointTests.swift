import Foundation
@testable import Lindblad
@testable import LinearAlgebra
import Numbers
import SpinAlgebra
import Studies
import Testing

/// Exceptional points and tracks against closed forms, hand-made families and a brute-force scan.
extension SolverTests { @Suite struct ExceptionalPointTests {
    private func grid(_ from: Double, _ to: Double, _ count: Int) -> [Double] {
        (0..<count).map { from + (to - from) * Double($0) / Double(count - 1) }
    }

    // MARK: One spin ½

    /// H = ΩJx + ΔJz with decay γ is the damped Bloch vector; about λ = −2γ/3 + μ, with g = γ/6,
    /// M = [[g, −Δ, 0], [Δ, g, −Ω], [0, Ω, −2g]] and det(μ − M) = μ³ + pμ + q with p = Ω² + Δ² − 3g²
    /// and q = g(2g² − Ω² + 2Δ²).
    /// All three meet where p = q = 0: Δ² = g²/3 and Ω² = 8g²/3, that is Δ = γ/6√3 and Ω = γ√(2/27).
    private let bloch = "Omega*Jx + Delta*Jz"

    private func bloch(delta: Double, _ values: [Double]) throws -> ExceptionalPointSolution {
        let model = try Model(hamiltonian: bloch, jumps: [(rate: "gamma", operator: "Jm")], parameters: [("gamma", "1")])
        return try LindbladSolver(model: model).exceptionalPoints(3, along: values) { Omega in
            try model.instance(spinCount: 1, ["Omega": Omega, "Delta": delta])
        }
    }

    /// On resonance the eigenvalues are −γ/2 and −3γ/4 ± √(γ²/16 − Ω²).
    @Test func resonanceFluorescence() throws {
        let values = grid(0.05, 0.6, 12), solution = try bloch(delta: 0, values)
        try #require(solution.points.count == 1)
        let point = solution.points[0].point
        #expect(abs(point.parameter - 0.25) < 1e-13 && abs(point.parameter - 0.25) <= point.error && point.error < 1e-13)
        #expect(point.order == 2 && abs(point.exponent - 0.5) < 1e-6 && (point.eigenvalue - Complex(-0.75)).magnitude < 1e-13)
        // −γ/2, and its partner's slower branch at first; then −γ/2 stays and the upper member goes on the second track.
        for (at, Omega) in values.enumerated() {
            let root = 1.0 / 16 - Omega * Omega, s = abs(root).squareRoot()
            let expected = [Complex(-0.5), root > 0 ? Complex(-0.75 + s) : Complex(-0.75, s), root > 0 ? Complex(-0.75 - s) : Complex(-0.75, -s)]
            for (track, value) in zip(solution.tracks, expected) { #expect((track.values[at]! - value).magnitude < 1e-12) }
        }
        #expect(solution.tracks.allSatisfy { $0.overlaps.allSatisfy { $0 > 0.9 } })
    }

    @Test func thirdOrder() throws {
        let third = (delta: 1 / (6 * 3.0.squareRoot()), Omega: (2.0 / 27).squareRoot())
        let points = try bloch(delta: third.delta, grid(0.05, 0.6, 12)).points.map(\.point)
        try #require(points.count == 1)
        #expect(abs(points[0].parameter - third.Omega) < 1e-12 && points[0].error < 1e-11)
        #expect(points[0].order == 3 && points[0].multiplicity == 3 && abs(points[0].exponent - 1.0 / 3) < 1e-4)
        #expect((points[0].eigenvalue - Complex(-2.0 / 3)).magnitude < 1e-12)
        // Beside it the roots of the discriminant −4p³ − 27q², which lie close together, or there are none.
        for factor in [0.9, 0.99, 0.9999, 1.0001, 1.01] {
            let g = 1.0 / 6, d = third.delta * factor
            func discriminant(_ Omega: Double) -> Double {
                let p = Omega * Omega + d * d - 3 * g * g, q = g * (2 * g * g - Omega * Omega + 2 * d * d)
                return -4 * p * p * p - 27 * q * q
            }
            var roots: [Double] = []
            let fine = grid(0.25, 0.28, 400_001)
            for (a, b) in zip(fine, fine.dropFirst()) where (discriminant(a) < 0) != (discriminant(b) < 0) {
                var lo = a, hi = b
                for _ in 0..<60 {
                    let middle = 0.5 * (lo + hi)
                    if (discriminant(middle) < 0) == (discriminant(a) < 0) { lo = middle } else { hi = middle }
                }
                roots.append(lo)
            }
            let found = try bloch(delta: d, grid(0.05, 0.6, 12)).points.map(\.point)
            #expect(roots.count == (factor < 1 ? 2 : 0) && found.count == roots.count)
            for (point, root) in zip(found, roots) {
                #expect(abs(point.parameter - root) < 1e-10 && point.order == 2 && abs(point.exponent - 0.5) < 1e-4)
            }
        }
    }

    // MARK: Families made by hand

    /// S A(θ) S⁻¹ with one S for all θ.
    private func rotated(_ size: Int, _ core: @escaping (Double, _ set: (Int, Int, Double) -> Void) -> Void) throws -> DenseFamily {
        var random = Randomness(seed: 5)
        let basis = (0..<size * size).map { ($0 % (size + 1) == 0 ? 1.5 : 0) + 0.5 * random.real() }
        let inverse = try #require(DenseEigen.solve(basis, size: size, rightHandSides: (0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 }))
        return DenseFamily(size: size) { parameter in
            var matrix = [Double](repeating: 0, count: size * size), product = matrix, result = matrix
            core(parameter) { row, column, value in matrix[column * size + row] = value }
            Double.multiply("N", basis, matrix, into: &product, rows: size, columns: size, inner: size, factor: 1, keep: 0)
            Double.multiply("N", product, inverse, into: &result, rows: size, columns: size, inner: size, factor: 1, keep: 0)
            return result
        }
    }

    private func search(_ family: DenseFamily, _ count: Int, _ parameters: [Double]) throws -> ExceptionalPointSolution {
        return try ExceptionalPointSearch(families: [family], numbers: [0], count: count, parameters: parameters).run()
    }

    /// A block [[−1, 1], [d(θ), −1]] has −1 ± √d.
    private func pair(_ d: @escaping (Double) -> Double) throws -> DenseFamily {
        try rotated(4) { x, set in
            set(0, 0, -1); set(1, 1, -1); set(0, 1, 1); set(1, 0, d(x))
            set(2, 2, -3); set(3, 3, -5)
        }
    }

    /// J₄ + (θ − θ₀)e₄e₁ᵀ has the fourth roots of θ − θ₀.
    @Test func fourthOrder() throws {
        let family = try rotated(6) { x, set in
            for i in 0..<4 { set(i, i, -1) }
            for i in 0..<3 { set(i, i + 1, 1) }
            set(3, 0, x - 0.3)
            set(4, 4, -4); set(5, 5, -5)
        }
        let points = try search(family, 4, grid(0, 1, 8)).points.map(\.point)
        try #require(points.count == 1)
        #expect(points[0].order == 4 && abs(points[0].parameter - 0.3) < 1e-12 && abs(points[0].exponent - 0.25) < 1e-4)
    }

    /// −1 ± i ± √(θ − θ₀): both eigenvalues of either half plane meet off the real axis.
    @Test func offTheRealAxis() throws {
        let family = try rotated(6) { x, set in
            for i in [0, 2] { set(i, i, -1); set(i + 1, i + 1, -1); set(i, i + 1, -1); set(i + 1, i, 1) }
            set(0, 2, 1); set(1, 3, 1); set(2, 0, x - 0.3); set(3, 1, x - 0.3)
            set(4, 4, -4); set(5, 5, -5)
        }
        let points = try search(family, 4, grid(0, 1, 8)).points.map(\.point)
        try #require(points.count == 1)
        #expect(points[0].order == 2 && abs(points[0].parameter - 0.3) < 1e-9 && (points[0].eigenvalue - Complex(-1, 1)).magnitude < 1e-9)
        #expect(abs(points[0].exponent - 0.5) < 1e-3)
    }

    /// A pair that merges and parts within one step; one that touches; one that comes within 6e-3 and does not.
    @Test func merelyCloseIsNotExceptional() throws {
        let values = grid(0, 2, 8)
        let loop = try search(pair { ($0 - 0.33) * ($0 - 0.43) }, 3, values)
        #expect(loop.points.count == 2 && zip(loop.points, [0.33, 0.43]).allSatisfy { abs($0.point.parameter - $1) < 1e-12 && $0.point.order == 2 })
        let touch = try search(pair { ($0 - 0.33) * ($0 - 0.33) }, 3, values).points.map(\.point)
        try #require(touch.count == 1)
        #expect(abs(touch[0].parameter - 0.33) < touch[0].error && touch[0].error < 1e-6 && touch[0].order == 2 && abs(touch[0].exponent - 1) < 1e-3)
        #expect(try search(pair { ($0 - 0.33) * ($0 - 0.33) + 1e-5 }, 3, values).points.isEmpty)
        // Right on a value of the grid.
        let onGrid = try search(pair { $0 - 0.5 }, 3, grid(0, 2, 9)).points.map(\.point)
        #expect(onGrid.count == 1 && onGrid.allSatisfy { abs($0.parameter - 0.5) < 1e-12 && $0.order == 2 })
    }

    /// Real eigenvalues −1 − θ, −2 + θ and −3 + 0.3θ that cross with their vectors apart: tracks go straight through, where the
    /// order by size exchanges them; no crossing is an exceptional point.
    @Test func crossingsAreFollowedThrough() throws {
        let family = try rotated(4) { x, set in
            set(0, 0, -1 - x); set(1, 1, -2 + x); set(2, 2, -3 + 0.3 * x); set(3, 3, -5)
        }
        let values = grid(0, 4, 8), solution = try search(family, 3, values)
        #expect(solution.points.isEmpty && solution.isComplete)
        for (at, x) in values.enumerated() {
            for (track, value) in zip(solution.tracks, [-1 - x, -2 + x, -3 + 0.3 * x]) {
                #expect((track.values[at]! - Complex(value)).magnitude < 1e-11)
            }
        }
        let last = solution.tracks.map { $0.values[7]!.re }
        #expect(last != last.sorted(by: >))
    }

    // MARK: Many spins

    /// Where the number of real eigenvalues of a sector changes between 4001 values, by LAPACK alone.
    @Test func agreesWithBruteForce() throws {
        let model = try ModelPreset.named("bistable-pump")!.model(), spinCount = 10, count = 6, values = grid(0.3, 1.3, 15)
        let solver = try LindbladSolver(model: model)
        func instance(_ Gamma: Double) throws -> ModelInstance { try model.instance(spinCount: spinCount, ["Gamma": Gamma, "Omega": 0.4]) }
        let found = try solver.exceptionalPoints(count, along: values, instance: instance).points
        let frame = solver.axes(spinCount, along: nil).frame, window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        let (liouvillian, affine) = try solver.assemble(spinCount: spinCount, frame, window)
        var events: [(at: Double, sector: Int, isSlow: Bool)] = [], last: [[Complex]] = []
        for Gamma in grid(values[0], values[14], 4001) {
            let coefficients = try affine.coefficients(instance(Gamma).values)
            let spectra = try liouvillian.sectors.map { try DenseEigen.eigenvalues($0.dense(coefficients), size: $0.size) }
            for s in last.indices {
                func realCount(_ spectrum: [Complex]) -> Int { spectrum.filter { $0.im == 0 }.count }
                let change = realCount(spectra[s]) - realCount(last[s])
                if change == 0 { continue }
                // The pair is on the side with fewer real ones, next to the axis.
                let pair = try #require((change > 0 ? last : spectra)[s].filter { $0.im > 0 }.min { $0.im < $1.im })
                let slower = spectra.joined().filter { $0.re > pair.re + 0.01 * abs(pair.re) }.count
                events.append((Gamma, s, slower < count))
            }
            last = spectra
        }
        let listed = found.map { ($0.point.parameter, $0.point.error, $0.sector) }
        print("exceptional points of the bistable pump, N = 10: \(listed); scan \(events.filter(\.isSlow))")
        let step = (values[14] - values[0]) / 4000
        #expect(events.contains { $0.isSlow })
        for event in events where event.isSlow {
            #expect(found.contains { $0.sector == event.sector && (event.at - step...event.at).contains($0.point.parameter) })
        }
        for entry in found {
            #expect(entry.point.order == 2 && abs(entry.point.exponent - 0.5) < 1e-3)
            #expect(events.contains { entry.sector == $0.sector && ($0.at - step...$0.at).contains(entry.point.parameter) })
        }
    }

    /// A rate from 0 on: the model makes no sense before the axis begins. With H = Jx/4 the point is at γ = 1, once inside, once the
    /// first and once the last value.
    @Test func axisFromRateZero() throws {
        let model = try Model(hamiltonian: "0.25*Jx", jumps: [(rate: "gamma", operator: "Jm")], parameters: [("gamma", "1")])
        for values in [grid(0, 2.2, 9), grid(0, 1, 6), grid(1, 1.5, 6)] {
            let solution = try LindbladSolver(model: model).exceptionalPoints(3, along: values) { gamma in
                try #require(gamma >= values[0] && gamma <= values[values.count - 1])
                return try model.instance(spinCount: 1, ["gamma": gamma])
            }
            try #require(solution.isComplete && solution.points.count == 1)
            let point = solution.points[0].point
            #expect(abs(point.parameter - 1) <= point.error && point.error < 1e-8 && point.order == 2 && abs(point.exponent - 0.5) < 1e-4)
        }
        let dephasing = try ModelPreset.named("lmg-dephasing")!.model()
        let solution = try LindbladSolver(model: dephasing).exceptionalPoints(6, along: grid(0, 1, 12)) { rate in
            try dephasing.instance(spinCount: 10, ["kappa_z": rate])
        }
        #expect(solution.isComplete)
    }

    /// A pair that begins among the six slowest eigenvalues and ends behind more than a slice has places for.
    @Test func tracksAreKeptFarFromSlow() throws {
        let model = try Model(hamiltonian: "0.4*Jz^2 + W*Jx + 0.3*Jz", jumps: [(rate: "1/j", operator: "Jm")], parameters: [("W", "1")])
        let solver = try LindbladSolver(model: model), values = grid(0.05, 2, 40)
        func instance(_ W: Double) throws -> ModelInstance { try model.instance(spinCount: 10, ["W": W]) }
        let solution = try solver.exceptionalPoints(6, along: values, instance: instance)
        #expect(solution.isComplete && solution.tracks.allSatisfy { $0.overlaps.allSatisfy { $0 > 0.8 } })
        // By LAPACK alone, in ten times smaller steps, each where the last two lead.
        let (liouvillian, affine) = try solver.assemble(spinCount: 10, solver.axes(10, along: nil).frame, MultipoleWindow(lMax: 10, qMax: 10))
        var last = solution.tracks.map { ($0.values[0]!, $0.values[0]!) }, slower = 0
        for (at, W) in grid(0.05, 2, 391).enumerated().dropFirst() {
            let coefficients = try affine.coefficients(instance(W).values)
            let all = try liouvillian.sectors.filter { $0.size > 0 }.flatMap { try DenseEigen.eigenvalues($0.dense(coefficients), size: $0.size) }
            for (k, track) in solution.tracks.enumerated() {
                let ahead = 2 * last[k].1 - last[k].0
                let next = all.min { ($0 - ahead).magnitude < ($1 - ahead).magnitude }!
                last[k] = (last[k].1, next)
                if at % 10 == 0 { #expect((try #require(track.values[at / 10]) - next).magnitude < 1e-9) }
                slower = max(slower, all.filter { $0.re > next.re }.count)
            }
        }
        #expect(slower >= 14)
    }

    /// Isotropic dephasing has −γl(l+1) ± iqW: at W = 0, on the axis, all of one l cross at once, and keep their vectors.
    @Test func manyCrossAtOnce() throws {
        let jumps = ["Jx", "Jy", "Jz"].map { (rate: "0.5", operator: $0) }
        let model = try Model(hamiltonian: "W*Jz", jumps: jumps, parameters: [("W", "1")])
        let setup = StudySetup(model: model, options: Options(["over": .text("W"), "modes": .integer(6)]), sweepAxes: ["N", "W"],
                               axisValues: ["N": [8], "W": grid(-1, 1, 9)])
        let record = try ExceptionalPointsStudy(setup: setup).run(at: Point(axes: ["N"], values: [8]), in: StudyContext())
        #expect(record.status == .ok, "\(record.reason)")
        #expect(record.outputs["exceptional_count"]!.data == [0])
    }

    /// The record of the study: two axes, of which one is taken up.
    @Test func study() throws {
        let model = try Model(hamiltonian: bloch, jumps: [(rate: "gamma", operator: "Jm")], parameters: [("gamma", "1"), ("Delta", "0")])
        func setup(_ options: [String: OptionValue], _ values: [Double]) -> StudySetup {
            StudySetup(model: model, options: Options(options), sweepAxes: ["N", "Omega"], axisValues: ["N": [1], "Omega": values])
        }
        let options: [String: OptionValue] = ["over": .text("Omega"), "modes": .integer(4), "points": .integer(2)]
        let study = try ExceptionalPointsStudy(setup: setup(options, grid(0.1, 0.5, 6)))
        #expect(study.axes == ["N"] && study.consumedAxes == ["Omega"])
        let record = try study.run(at: Point(axes: ["N"], values: [1]), in: StudyContext())
        #expect(record.status == .ok, "\(record.reason)")
        // A spin ½ has three modes: the fourth track is empty.
        for output in study.outputs {
            let array = try #require(record.outputs[output.name])
            #expect(array.shape == output.axes.map { $0.extent! } && array.isComplex == (output.kind == .complex), "\(output.name)")
        }
        #expect(abs(record.outputs["exceptional_value"]!.data[0] - 0.25) < 1e-12 && record.outputs["exceptional_value"]!.data[1].isNaN)
        #expect(record.outputs["exceptional_order"]!.data[0] == 2 && record.outputs["exceptional_count"]!.data == [1])
        #expect(record.outputs["track_sector"]!.data[3].isNaN && record.outputs["track_overlap"]!.data[2] == 1)
        #expect(throws: OptionError.self) { try ExceptionalPointsStudy(setup: setup(["over": .text("Omega")], [0.1, 0.2])) }
        #expect(throws: OptionError.self) { try ExceptionalPointsStudy(setup: setup(["over": .text("N")], [0.1, 0.2, 0.3])) }
    }
} }
