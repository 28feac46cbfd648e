import Mesoscopic
import Numbers
import SpinAlgebra

/// What the studies of the mesoscopic LMG model read out of a job's model: it may be written in any form that comes to
/// H = −(2J/N) Jz² − 2gJ Jx − 2h Jz + constant with jump operators proportional to Jz.
struct LipkinInputs {
    /// H/J
    let model: LipkinModel
    /// J > 0, in the job's unit of energy.
    let coupling: Double
    /// γ of the dissipator γ(Jz ρ Jz − ½{Jz², ρ}), in the job's unit of rate.
    let dephasing: Double
    /// Jump operators that are not proportional to Jz.
    let otherJumps: [ModelInstance.Jump]

    /// ħJ in rad/s of the seed (its ΔE(370, 0.95) = 1308 rad/s); `docs/lmg.md`.
    static let defaultRadiansPerSecond = 37138.60883781949

    /// - Throws: `EvaluationError` where the Hamiltonian is of another form.
    init(_ instance: ModelInstance) throws {
        let h = instance.hamiltonian, n = Double(instance.spinCount)
        let raising = SpinMonomial(raising: 1), pair = SpinMonomial(raising: 1, lowering: 1), lowering = SpinMonomial(lowering: 1), z = SpinMonomial(z: 1), square = SpinMonomial(z: 2)
        let known: Set<SpinMonomial> = [raising, lowering, z, square, pair, SpinMonomial()]
        let scale = h.greatestCoefficient
        func coefficient(_ monomial: SpinMonomial) -> Complex { h.terms[monomial] ?? .zero }
        if let other = h.sortedTerms.first(where: { !known.contains($0.monomial) && $0.coefficient.magnitude > 1e-14 * scale }) {
            throw EvaluationError(message: "the Hamiltonian is no LMG model -(2*J/N)*Jz^2 - 2*g*J*Jx - 2*h*Jz: it has a term \(SpinPolynomial(terms: [other.monomial: other.coefficient]))")
        }
        // J₊J₋ = j(j + 1) − Jz² + Jz
        let exchange = coefficient(pair).re, twist = coefficient(square).re - exchange, drive = coefficient(raising)
        guard twist < 0 else {
            throw EvaluationError(message: "the Hamiltonian is no LMG model -(2*J/N)*Jz^2 - 2*g*J*Jx - 2*h*Jz: the coefficient of Jz^2 is \(twist), not negative")
        }
        guard abs(drive.im) <= 1e-14 * scale, drive.re <= 0 else {
            throw EvaluationError(message: "the Hamiltonian is no LMG model -(2*J/N)*Jz^2 - 2*g*J*Jx - 2*h*Jz: the transverse field must be along -Jx (turn the axes)")
        }
        let coupling = -twist * n / 2
        self.coupling = coupling
        // A bias that rounding has left of terms that cancel is none.
        let linear = coefficient(z).re + exchange, bias = abs(linear) > 1e-14 * max(coupling, scale) ? -linear / (2 * coupling) : 0
        // −2gJ Jx = −gJ (J₊ + J₋)
        model = LipkinModel(spinCount: instance.spinCount, transverseField: drive.re == 0 ? 0 : -drive.re / coupling, bias: bias)
        var dephasing = 0.0, others: [ModelInstance.Jump] = []
        for jump in instance.jumps where jump.rate > 0 {
            let rounding = 1e-14 * jump.operator.greatestCoefficient
            if let c = jump.operator.terms[z], jump.operator.terms.allSatisfy({ $0.key == z || $0.value.magnitude <= rounding }) { dephasing += jump.rate * c.squaredMagnitude } else { others.append(jump) }
        }
        self.dephasing = dephasing
        otherJumps = others
    }
}
