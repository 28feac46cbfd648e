import Foundation
import Testing
@testable import Lindblad
import Numbers

/// Husimi and Wigner functions against closed forms.
@Suite struct PhaseSpaceTests {
    /// (N+1)/4π ∫ f dΩ by the grid's own weights.
    private func integral(_ values: [Double], _ grid: SphereGrid, spinCount: Int) -> Double {
        let columns = grid.phi.count
        var sum = 0.0
        for (row, weight) in grid.weights.enumerated() { for column in 0..<columns { sum += weight * values[row * columns + column] } }
        return sum * Double(spinCount + 1) / Double(2 * columns)
    }

    private func cosines(_ grid: SphereGrid, to theta: Double, _ phi: Double) -> [Double] {
        let n = StateExamples.direction(theta, phi)
        return grid.theta.flatMap { t in grid.phi.map { p in Vector.dot(n, StateExamples.direction(t, p)) } }
    }

    /// Σ (2l+1)/(N+1) ⟨jj; l0|jj⟩ P_l(x), ⟨jj; l0|jj⟩ from log-gamma, P_l by Bonnet's recurrence.
    private func coherentWigner(_ spinCount: Int, _ x: Double) -> Double {
        let n = Double(spinCount)
        var last = 1.0, value = x, sum = 1 / (n + 1)
        for l in 1...spinCount {
            let order = Double(l)
            let logarithm: Double = lgamma(n + 1) + 0.5 * (log(n + 1) - lgamma(n - order + 1) - lgamma(n + order + 2))
            sum += (2 * order + 1) / (n + 1) * exp(logarithm) * value
            let next: Double = ((2 * order + 1) * x * value - order * last) / (order + 1)
            (last, value) = (value, next)
        }
        return sum
    }

    /// Nodes and weights: numpy.polynomial.legendre.leggauss(5) (exact: 0, ±√(5 ∓ 2√(10/7))/3).
    @Test func gaussLegendre() {
        let grid = SphereGrid(thetaCount: 5, phiCount: 3)
        let inner = (5 - 2 * (10.0 / 7).squareRoot()).squareRoot() / 3, outer = (5 + 2 * (10.0 / 7).squareRoot()).squareRoot() / 3
        #expect(largestDifference(grid.theta.map { cos($0) }, [outer, inner, 0, -inner, -outer]) < 1e-15)
        let a = (322 + 13 * 70.0.squareRoot()) / 900, b = (322 - 13 * 70.0.squareRoot()) / 900
        #expect(largestDifference(grid.weights, [b, a, 128.0 / 225, a, b]) < 1e-15)
        for count in [1, 2, 61, 500] { #expect(abs(SphereGrid(thetaCount: count, phiCount: 1).weights.reduce(0, +) - 2) < 1e-13) }
    }

    /// Q = cos^{4j}(γ/2), W = Σ (2l+1)/(N+1) ⟨jj; l0|jj⟩ P_l(cos γ), γ the angle to the mean spin.
    @Test(arguments: [(1, 0.4, 1.0), (8, 1.9, -2.1), (33, 0.9, 0.3), (60, 3.1, 2.0)])
    func coherent(_ spinCount: Int, _ theta: Double, _ phi: Double) {
        let n = Double(spinCount)
        for frame in [Frame.laboratory, StateExamples.skew] {
            let state = StateExamples.coherent(spinCount, theta: theta, phi: phi, frame: frame)
            for (rows, columns) in [(61, 120), (40, 75)] {
                let grid = SphereGrid(thetaCount: rows, phiCount: columns), cosines = cosines(grid, to: theta, phi)
                let husimi = state.husimi(on: grid), wigner = state.wigner(on: grid)
                #expect(largestDifference(husimi, cosines.map { pow((1 + $0) / 2, n) }) < 1e-13)
                let expected = cosines.map { coherentWigner(spinCount, $0) }
                #expect(largestDifference(wigner, expected) < 1e-11)
                #expect(abs(integral(husimi, grid, spinCount: spinCount) - 1) < 1e-12 && abs(integral(wigner, grid, spinCount: spinCount) - 1) < 1e-12)
                // Overlap rule: (N+1)/4π ∫ W² = Tr ρ² = 1, exact where the grid integrates 2N orders.
                if rows > spinCount && columns > 2 * spinCount {
                    #expect(abs(integral(wigner.map { $0 * $0 }, grid, spinCount: spinCount) - 1) < 1e-11)
                }
            }
        }
    }

    /// Q of |j, m⟩ = (N choose k) cos^{2k}(θ/2) sin^{2(N−k)}(θ/2), k = j + m; W of |1, 0⟩ = 1/3 − (√10/3) P_2(cos θ).
    @Test func dicke() {
        let grid = SphereGrid(thetaCount: 31, phiCount: 4)
        let state = StateExamples.dicke(12, level: 5)
        func rings(_ value: (Double) -> Double) -> [Double] { grid.theta.flatMap { [Double](repeating: value($0), count: 4) } }
        let expectedHusimi = rings { (t: Double) -> Double in 792 * pow(cos(t / 2), 10) * pow(sin(t / 2), 14) }
        #expect(largestDifference(state.husimi(on: grid), expectedHusimi) < 1e-14)
        let wigner = StateExamples.dicke(2, level: 1).wigner(on: grid), amplitude = 10.0.squareRoot() / 6
        let expectedWigner = rings { (t: Double) -> Double in 1 / 3.0 - amplitude * (3 * cos(t) * cos(t) - 1) }
        #expect(largestDifference(wigner, expectedWigner) < 1e-14)
        #expect((wigner.min() ?? 0) < -0.7)
    }

    /// N = 1: W = (1 + √3 cos γ)/2 is negative beyond cos γ = −1/√3, volume 1/√3 − ½. |1, 0⟩: the polynomial above.
    @Test func negativityClosedForms() {
        for frame in [Frame.laboratory, StateExamples.skew] {
            let one = StateExamples.coherent(1, theta: 1.1, phi: 0.4, frame: frame).wignerNegativity
            #expect(abs(one - (1 / 3.0.squareRoot() - 0.5)) < 1e-6)
        }
        let c = 1 / 3.0 + 10.0.squareRoot() / 6, d = 10.0.squareRoot() / 2, root = (c / d).squareRoot()
        let exact = 3 * (d / 3 * (1 - root * root * root) - c * (1 - root))
        #expect(abs(StateExamples.dicke(2, level: 1).wignerNegativity - exact) < 1e-6)
        #expect(StateExamples.diagonal([Double](repeating: 1 / 21.0, count: 21)).wignerNegativity < 1e-14)
    }

    /// Against plain sums over 3000 × 1500 Gauss–Legendre points: nodal lines along rings, along meridians and across.
    @Test func negativityOfFineStructures() throws {
        var cat = [Complex](repeating: .zero, count: 21), nearlyDicke = [Complex](repeating: .zero, count: 101)
        (cat[0], cat[20]) = (Complex(0.5.squareRoot()), Complex(0.5.squareRoot()))
        (nearlyDicke[50], nearlyDicke[51]) = (Complex(0.99995), Complex(0.01))
        for (state, points) in [(StateExamples.pure(cat), 1500), (StateExamples.dicke(100, level: 50), 1), (StateExamples.pure(nearlyDicke), 300)] {
            let grid = SphereGrid(thetaCount: 3000, phiCount: points), values = state.wigner(on: grid)
            let fine = 0.5 * (integral(values.map { abs($0) }, grid, spinCount: state.spinCount) - 1)
            #expect(abs(state.wignerNegativity - fine) < 2e-3 * fine && fine > 0.5, "\(state.wignerNegativity), \(fine)")
        }
    }

    /// Y_3000,1200(θ, 0) by the same recurrence in 60 digits (mpmath); at θ = 0.42 the start sin^1200 θ underflows.
    @Test func harmonicsOfHighOrder() {
        let series = SphereSeries(lMax: 3000, qMax: 1200) { l, q in l == 3000 && q == 1200 ? .one : .zero }
        for (theta, expected) in [(0.44, 0.7628685244728771198), (0.42, -0.93600920678734758755), (2.0, -0.17788850429057024974)] {
            let n = StateExamples.direction(theta, 0), tolerance = 1e-10
            #expect(abs(series.multipoles(at: n)[3000] - 2 * expected) < tolerance)
            var profile = SphereSeries.Profile(1201)
            series.fill(&profile, cosine: SIMD8(repeating: cos(theta)), sine: SIMD8(repeating: sin(theta)))
            #expect(abs(profile.evenRe[1200][3] - expected) < tolerance)
        }
    }
}
