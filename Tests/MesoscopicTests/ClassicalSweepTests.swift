import Foundation
import Mesoscopic
import Testing

/// The classical foil of Landau–Zener sweeps.
struct ClassicalSweepTests {
    /// Below the spinodal of Stoner and Wohlfarth, h^⅔ + g^⅔ = 1, a slow classical spin stays where it was; above, it does not.
    @Test func spinodal() throws {
        let g = 0.8, spinodal = ClassicalSweep.spinodal(transverseField: g), model = LipkinModel(spinCount: 370, transverseField: g)
        #expect(abs(pow(spinodal, 2.0 / 3) + pow(g, 2.0 / 3) - 1) < 1e-15)
        #expect(abs(ClassicalSweep.spinodal(transverseField: 0.95) - 0.006163785874268337) < 1e-15)
        #expect(ClassicalSweep.spinodal(transverseField: 1.1) == 0)
        // The least n_z of the oscillation after the escape is above zero once the bias has gone some way beyond.
        for duration in [1000.0, 1003, 1006] {
            #expect(try #require(ClassicalSweep(model, amplitude: 0.97 * spinodal).finalComponent(duration: duration)) < 0)
            #expect(try #require(ClassicalSweep(model, amplitude: 2.5 * spinodal).finalComponent(duration: duration)) > 0)
        }
    }

    /// A classical spin begun in its minimum never errs the right way below the spinodal; one with the noise of the quantum ground state does
    /// in a fifth and a third of all sweeps: 0.80 and 0.66, from an integration in Python with 6000 paths (± 0.006).
    @Test(arguments: [(0.0012, 0.80), (0.0024, 0.66)]) func noise(amplitude: Double, expected: Double) throws {
        let sweep = ClassicalSweep(LandauZenerTests.benchmark, amplitude: amplitude), duration = 500.0
        var first = NormalGenerator([1, 2]), second = first, third = NormalGenerator([1, 3])
        let cloud = try sweep.groundStateCloud()
        let found = try #require(sweep.error(duration: duration, paths: 2000, from: cloud, generator: &first))
        #expect(abs(found.fraction - expected) < 0.03 && abs(found.error - (expected * (1 - expected) / 2000).squareRoot()) < 1e-3)
        #expect(try #require(sweep.finalComponent(duration: duration)) < 0)
        // The same seed, the same paths.
        let again = try #require(sweep.error(duration: duration, paths: 50, from: cloud, generator: &second))
        var fresh = NormalGenerator([1, 2])
        #expect(try #require(sweep.error(duration: duration, paths: 50, from: cloud, generator: &fresh)) == again)
        #expect(second.next() == fresh.next() && third.next() != NormalGenerator([1, 2]).peek)
    }

    /// Moments of the ground state at N = 370, g = 0.95, h = −0.0012 J from numpy with dense Sx, Sy; far from the transition the Bogoliubov
    /// vacuum has the same ones up to 1/N.
    @Test func clouds() throws {
        let cloud = try ClassicalSweep(LandauZenerTests.benchmark, amplitude: 0.0012).groundStateCloud()
        #expect(abs(cloud.mean.x - 0.9554935484262103) < 1e-12 && abs(cloud.mean.z + 0.2836948194529449) < 1e-11)
        #expect(abs(cloud.variances.x - 0.0008005325353481682) < 1e-12 && abs(cloud.variances.y - 0.0007369466877519163) < 1e-13)
        #expect(abs(cloud.variances.z - 0.010417254513755787) < 1e-11)
        let far = ClassicalSweep(LipkinModel(spinCount: 4000, transverseField: 0.5), amplitude: 0.01)
        let exact = try far.groundStateCloud().variances, vacuum = far.bogoliubovCloud.variances
        #expect(abs(exact.y / vacuum.y - 1) < 2e-3 && abs(exact.z / vacuum.z - 1) < 2e-3 && abs(exact.x / vacuum.x - 1) < 2e-3)
    }

    /// n of the minimum solves n × (g, 0, n_z − h₀) = 0.
    @Test func minimum() {
        let sweep = ClassicalSweep(LandauZenerTests.benchmark, amplitude: 0.003), x = cos(sweep.startAngle), z = sin(sweep.startAngle)
        #expect(z < 0 && abs(x * (z - 0.003) - z * 0.95) < 1e-15)
        #expect(abs(ClassicalSweep.barrier(LandauZenerTests.benchmark) - 0.4625) < 1e-14)
        #expect(abs(ClassicalSweep.symmetrisedBarrier(LandauZenerTests.benchmark) - 0.51385135135) < 1e-10)
        #expect(abs(ClassicalSweep.zeroPointEnergy(LandauZenerTests.benchmark) - 0.31224989992) < 1e-10)
    }
}

extension NormalGenerator {
    /// The next deviate, without taking it.
    fileprivate var peek: Double {
        var copy = self
        return copy.next()
    }
}
