import Foundation
import Numbers
@testable import Semiclassics
import SpinAlgebra
import Testing

/// Barriers of models with a plane of reflection symmetry.
@Suite struct PlaneBarrierTests {
    /// Ω, Γ; A₁₂ and A₂₁ exact; both in semiclassical Wigner. By the closed form of the level curve and of the integral in
    /// mpmath, 15 digits; A₂₁ leads to the same fixed point whether that is a saddle or, from Γ = γ + Ω on, a repeller.
    static let points: [(omega: Double, gamma: Double, out: Double, back: Double, outCut: Double, backCut: Double)] = [
        (0.25, 0.6, 0.946604159872723, 0.131568415592175, 0.772285812016042, 0.128877690118049),
        (0.25, 0.8, 0.777790689591389, 0.340401052691861, 0.64161378600238, 0.325014445500423),
        (0.25, 1.0, 0.664560634931444, 0.543822323944312, 0.552938227971608, 0.506829225807869),
        (0.25, 1.1, 0.620524265522128, 0.640041645281789, 0.51820369672671, 0.589757110952726),
        (0.25, 1.3, 0.549138396371618, 0.820709539527157, 0.46157202572388, 0.740293659661338),
        (0.25, 2.0, 0.395524803784207, 1.34763348024233, 0.33812699746701, 1.14274532643181),
        (0.5, 0.6, 0.277454219830072, 0.0120064197218278, 0.255818575786895, 0.0119491663390618),
        (0.5, 0.8, 0.199146303965919, 0.169310235296431, 0.185799460529653, 0.163945501186733),
        (0.5, 0.85, 0.184630567155124, 0.215308671486276, 0.172687113094156, 0.207112463170347),
        (0.5, 1.0, 0.148944044416801, 0.354870659200841, 0.140246674252399, 0.334926959243574),
        (0.5, 1.5, 0.0788044676737834, 0.78540276787271, 0.0754638654123434, 0.70176769811321),
        (0.5, 3.0, 0.0114201792021898, 1.71405837926027, 0.0112599805728814, 1.3702679165824),
    ]

    @Test(arguments: 0..<12) func bistablePump(index: Int) throws {
        let point = Self.points[index]
        let solution = BarrierSolver(try preset("bistable-pump").classicalSymbol(["Omega": point.omega, "Gamma": point.gamma])).solve()
        #expect(solution.attractors.count == 2 && solution.complaints.isEmpty && solution.fragile.isEmpty)
        func check(_ representation: Representation, _ from: Int, _ expected: Double) {
            let found = solution.barrier(representation, from: from, to: 1 - from)
            #expect(abs(found - expected) < 1e-9, "\(representation) \(found) \(expected)")
            guard let exit = solution.exit(representation, from: from, to: 1 - from), let instanton = solution.instantons[representation]?[from][exit] else { return }
            #expect(instanton.isPlane && instanton.energy < 1e-8 && instanton.error < 1e-9 && abs(found - expected) < 10 * instanton.error + 1e-12)
        }
        for representation in [Representation.q, .p] {
            check(representation, 0, point.out)
            check(representation, 1, point.back)
        }
        check(.semiclassicalWigner, 0, point.outCut)
        check(.semiclassicalWigner, 1, point.backCut)
        // After the pitchfork at Γ = γ + Ω the way back leads over a repeller.
        let exit = solution.exit(.q, from: 1, to: 0)!
        if point.gamma != 1.5 || point.omega != 0.5 { #expect(solution.exits[exit].kind == (point.gamma > 1 + point.omega ? .repeller : .saddle)) }
    }

    /// Attractor S and saddle s₊ merge at Γ = 4.184251952466187 (mpmath), with A ~ δ^{3/2} (1 + O(δ)).
    @Test func saddleNode() throws {
        let fold = 4.184251952466187
        func solve(_ gamma: Double) throws -> BarrierSolution {
            BarrierSolver(try preset("bistable-pump").classicalSymbol(["Omega": 0.5, "Gamma": gamma])).solve()
        }
        let beyond = try solve(fold + 1e-3)
        #expect(beyond.attractors.count == 1 && beyond.barrier(.q, from: 0, to: 0).isNaN)
        let close = try solve(fold - 1e-6)
        #expect(close.attractors.count == 2 && close.fragile == [0])
        for representation in Representation.allCases { #expect(close.barrier(representation, from: 0, to: 1).isNaN && close.barrier(representation, from: 1, to: 0) > 1) }
        // What is not δ^{3/2} is halved with δ, and taken out.
        let solutions = try [0.08, 0.04, 0.02].map { try solve(fold - $0) }
        for representation in Representation.allCases {
            let a = solutions.map { $0.barrier(representation, from: 0, to: 1) }, ratio = 2 * a[1] / a[2] - a[0] / a[1]
            #expect(abs(ratio - 8.0.squareRoot()) < 1e-3, "\(representation) \(ratio)")
        }
    }

    /// Nearer still, where the exit is closer than a first step along the curve.
    @Test func nearSaddleNode() throws {
        let solution = BarrierSolver(try preset("bistable-pump").classicalSymbol(["Omega": 0.5, "Gamma": 4.184251952466187 - 0.01])).solve()
        #expect(abs(solution.barrier(.q, from: 0, to: 1) - 6.1886452e-6) < 1e-12)
        // A first step of the usual length would pass over the exit.
        #expect(abs(solution.barrier(.p, from: 0, to: 1) - 6.1886452e-6) < 1e-12)
        #expect(abs(solution.barrier(.semiclassicalWigner, from: 0, to: 1) - 6.19e-6) < 1e-8)
    }

    // MARK: The closed form in random models

    /// H = Ω Jx; down by √γ n₋ and √a (b + n_z) n₋, up by √Γ (1 + n_z) n₊ and √c (d₀ − n_z) n₊.
    private struct Pump {
        let omega: Double, gamma: Double, a: Double, b: Double, pump: Double, c: Double, d0: Double

        init(_ random: inout Randomness) {
            func number(_ range: ClosedRange<Double>) -> Double { (random.real(range) * 1000).rounded() / 1000 }
            omega = number(0.15...0.4)
            gamma = number(0.8...1.2)
            a = number(0...0.2)
            b = number(-1...1)
            pump = number(0.7...1.4)
            c = number(0...0.05)
            d0 = number(-1...1)
        }

        func symbol() throws -> ClassicalSymbol {
            try Model(hamiltonian: "\(omega)*Jx", jumps: [("\(gamma)/j", "Jm"), ("\(a)/j^3", "(\(b)*j + Jz)*Jm"), ("\(pump)/j^3", "Jp*(j + Jz)"), ("\(c)/j^3", "(\(d0)*j - Jz)*Jp")],
                      parameters: []).classicalSymbol([:])
        }

        func down(_ z: Double) -> Double { gamma + a * (b + z) * (b + z) }
        func up(_ z: Double) -> Double { pump * (1 + z) * (1 + z) + c * (d0 - z) * (d0 - z) }
        func drift(_ theta: Double) -> Double { -omega + (down(cos(theta)) - up(cos(theta))) * sin(theta) }

        /// Fixed points of the plane's mean field by bisection, with n_y of one sign.
        func zeros(_ side: Double) -> [(theta: Double, isAttractor: Bool)] {
            (0..<3000).compactMap { k in
                var low = side * .pi * (Double(k) + 0.3) / 3001, high = side * .pi * (Double(k) + 1.3) / 3001
                guard drift(low) * drift(high) < 0 else { return nil }
                let isStable = (drift(high) - drift(low)) * side < 0
                for _ in 0..<60 {
                    let middle = 0.5 * (low + high)
                    if drift(low) * drift(middle) <= 0 { high = middle } else { low = middle }
                }
                // Across the plane the rate is Ω cot θ.
                return (low, isStable && omega / tan(low) < 0)
            }
        }

        /// n_y and ξ on the level curve H/ξ = 0: G_u α² + Ω α − G_d (1 − n_z²) = 0, G_d β = Ω + G_u α.
        func curve(_ z: Double, _ side: Double) -> (y: Double, xi: Double) {
            let u = up(z), d = down(z), root = (omega * omega + 4 * u * d * (1 - z * z)).squareRoot()
            let alpha = side > 0 ? 2 * d * (1 - z * z) / (omega + root) : -(omega + root) / (2 * u), beta = (omega + u * alpha) / d
            return (0.5 * (alpha + beta), 0.5 * (alpha - beta))
        }

        /// ∫ −2ξ d arctan(n_y/n_z) along the curve, by Simpson's rule over n_z; slopes by the equations of the curve.
        func action(_ from: Double, _ to: Double, _ side: Double) -> Double {
            let z0 = cos(from), z1 = cos(to)
            return Self.simpson(20_000) { s in
                let z = z0 + (z1 - z0) * s, (y, xi) = curve(z, side), alpha = y + xi, beta = y - xi, u = up(z), d = down(z)
                let du = 2 * pump * (1 + z) - 2 * c * (d0 - z), dd = 2 * a * (b + z)
                let dAlpha = (dd * (1 - z * z) - 2 * z * d - du * alpha * alpha) / (2 * u * alpha + omega)
                let dBeta = (du * alpha + u * dAlpha - dd * beta) / d
                let dy = 0.5 * (dAlpha + dBeta)
                return -2 * xi * (z * dy - y) / (y * y + z * z) * (z1 - z0)
            }
        }

        /// 2 ∫ (Ω − (G_d − G_u) sin θ)/(G_d + G_u) dθ
        func diffusiveAction(_ from: Double, _ to: Double) -> Double {
            Self.simpson(4000) { s in
                let theta = from + (to - from) * s, z = cos(theta)
                return -2 * (to - from) * drift(theta) / (down(z) + up(z))
            }
        }

        /// ∫₀¹ f ds
        private static func simpson(_ count: Int, _ f: (Double) -> Double) -> Double {
            var sum = f(0) + f(1)
            for k in 1..<count { sum += (k.isMultiple(of: 2) ? 2 : 4) * f(Double(k) / Double(count)) }
            return sum / Double(3 * count)
        }
    }

    @Test func closedForm() throws {
        var random = Randomness(seed: 2604), checked = 0
        while checked < 12 {
            let pump = Pump(&random)
            // Bistable, with one attractor and one exit on either side.
            let sides = [1.0, -1.0].map { (side: $0, zeros: pump.zeros($0)) }
            guard sides.allSatisfy({ $0.zeros.count == 2 && $0.zeros.filter(\.isAttractor).count == 1 }) else { continue }
            checked += 1
            let solution = BarrierSolver(try pump.symbol()).solve()
            #expect(solution.attractors.count == 2)
            for (index, side) in sides.enumerated() {
                let from = side.zeros.first(where: \.isAttractor)!.theta, to = side.zeros.first { !$0.isAttractor }!.theta
                #expect(abs(solution.attractors[index].spin.z - cos(from)) < 1e-12)
                let exact = pump.action(from, to, side.side), cut = pump.diffusiveAction(from, to)
                #expect(abs(solution.barrier(.q, from: index, to: 1 - index) - exact) < 1e-9, "\(pump) \(index) \(solution.barrier(.q, from: index, to: 1 - index)) \(exact)")
                #expect(abs(solution.barrier(.p, from: index, to: 1 - index) - exact) < 1e-9, "\(pump) \(index)")
                #expect(abs(solution.barrier(.semiclassicalWigner, from: index, to: 1 - index) - cut) < 1e-9, "\(pump) \(index)")
            }
        }
    }
}

/// Barriers without any symmetry, from the two-sided match of invariant manifolds in four dimensions.
@Suite struct GeneralBarrierTests {
    /// By another method: Lobatto collocation of the boundary value problem, to 1e-9 (the last one to 2e-8).
    @Test func drivenTwisting() throws {
        let symbol = try preset("driven-twisting").classicalSymbol(["Omega": 1.2])
        let solution = BarrierSolver(symbol).solve()
        #expect(solution.complaints.isEmpty)
        for representation in [Representation.q, .p] {
            #expect(abs(solution.barrier(representation, from: 0, to: 1) - 0.1482943012) < 1e-8)
            #expect(abs(solution.barrier(representation, from: 1, to: 0) - 0.1294231867) < 1e-8)
        }
        #expect(abs(solution.barrier(.semiclassicalWigner, from: 0, to: 1) - 0.1039535068) < 1e-8)
        #expect(abs(solution.barrier(.semiclassicalWigner, from: 1, to: 0) - 0.1380330345) < 1e-7)
        for row in Representation.allCases.flatMap({ solution.instantons[$0]! }) {
            for instanton in row.compactMap({ $0 }) { #expect(!instanton.isPlane && instanton.error < 1e-9 && instanton.energy < 1e-9) }
        }
        // Barriers know nothing of axes.
        let turned = BarrierSolver(symbol.rotated(by: eulerMatrix(0.4, 1.9, -1.2)), representations: [.q]).solve()
        let pairs = zip(solution.barriers(.q).flatMap { $0 }.filter(\.isFinite).sorted(), turned.barriers(.q).flatMap { $0 }.filter(\.isFinite).sorted())
        #expect(Array(pairs).count == 2)
        for (a, b) in pairs { #expect(abs(a - b) < 1e-10) }
    }

    /// The instanton from the upper attractor to the saddle at n_y < 0, which is the way back of models near the bistable pump.
    private func back(_ symbol: ClassicalSymbol, _ representations: [Representation]) throws -> [Representation: Instanton] {
        let points = MeanField(symbol).fixedPoints(), attractors = points.attractors
        #expect(attractors.count == 2)
        let exit = try #require(points.points.first { $0.kind == .saddle && $0.spin.y < 0 })
        return try OrbitFinder(symbol, from: attractors[1], to: exit).instantons(representations).mapValues { try $0.get() }
    }

    /// Δ Jz breaks the reflection symmetry of the bistable pump; A₂₁ by collocation.
    @Test func brokenReflection() throws {
        let model = try Model(hamiltonian: "0.5*Jx + 0.05*Jz", jumps: [("1/j", "Jm"), ("0.8/j^3", "Jp*(j + Jz)")], parameters: [])
        let found = try back(model.classicalSymbol([:]), [.q, .p])
        for instanton in found.values { #expect(abs(instanton.action - 0.169593373415) < 1e-9 && !instanton.isPlane) }
        #expect(found.count == 2)
    }

    /// What a point costs depends on this.
    @Test func planarModels() throws {
        let pump = try preset("bistable-pump").classicalSymbol(["Omega": 0.5, "Gamma": 0.8])
        #expect(BarrierSolver(pump).isPlanar && !BarrierSolver(pump, usesPlanes: false).isPlanar)
        #expect(try !BarrierSolver(preset("driven-twisting").classicalSymbol(["Omega": 1.2])).isPlanar)
    }

    /// The value of the plane (PlaneBarrierTests.points) without making use of it.
    @Test func planeFromOutside() throws {
        let found = try back(try preset("bistable-pump").classicalSymbol(["Omega": 0.5, "Gamma": 0.8]), Representation.allCases)
        for representation in [Representation.q, .p] { #expect(abs(found[representation]!.action - 0.169310235296431) < 1e-10) }
        #expect(abs(found[.semiclassicalWigner]!.action - 0.163945501186733) < 1e-10)
    }

    /// Q and P are different canonical coordinates, with different orbits and different integrals; H twists, and dephasing is
    /// along no axis of the rest.
    @Test func representationsAgree() throws {
        let jumps = [("1/j", "Jm"), ("0.75/j^3", "Jp*(j + Jz)"), ("0.02/j", "Jz + 0.5*Jx")]
        let model = try Model(hamiltonian: "0.45*Jx - 0.06*Jz + 0.1*Jz^2/j", jumps: jumps.map { (rate: $0.0, operator: $0.1) }, parameters: [])
        let found = try back(model.classicalSymbol([:]), [.q, .p]), q = found[.q]!.action, p = found[.p]!.action
        #expect(q > 0.05 && abs(q - p) < 1e-9, "\(q) \(p)")
    }
}
