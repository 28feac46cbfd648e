import Numbers
import SpinAlgebra

/// The rotation by π about x, y or z as a parity: Hamiltonians may be even under it, jump operators odd.
public enum ParityAxis: String, CaseIterable, Sendable {
    case z, x, y

    /// The operator with this axis for z: along it parity is that of j − m.
    public func aligned(_ polynomial: SpinPolynomial) -> SpinPolynomial {
        switch self {
        case .z: polynomial
        case .x: polynomial.rotated(by: [[0, 0, 1], [1, 0, 0], [0, 1, 0]])          // x → z, y → x, z → y
        case .y: polynomial.rotated(by: [[0, 1, 0], [0, 0, 1], [1, 0, 0]])          // y → z, z → x, x → y
        }
    }

    /// Of an aligned operator; nil where it has parts of both kinds.
    static func isEven(_ aligned: SpinPolynomial) -> Bool? {
        let rounding = 1e-14 * aligned.greatestCoefficient
        let kinds = Set(aligned.terms.filter { $0.value.magnitude > rounding }.keys.map { ($0.raising + $0.lowering) % 2 == 0 })
        return kinds.count == 2 ? nil : kinds.first ?? true
    }

    /// The axis about which H is even and every jump operator with a positive rate is Hermitian and odd.
    /// - Throws: `EvaluationError` that says what stands against it.
    public static func find(_ instance: ModelInstance) throws -> ParityAxis {
        let jumps = instance.jumps.enumerated().filter { $0.element.rate > 0 }
        guard !jumps.isEmpty else {
            throw EvaluationError(message: "there is no jump operator with a positive rate: nothing decoheres (moments without one: method auto, of LMG models)")
        }
        for (index, jump) in jumps {
            let difference = jump.operator - jump.operator.adjoint
            guard difference.isZero(tolerance: 1e-14 * jump.operator.greatestCoefficient) else {
                throw EvaluationError(message: "the jump operator \(index) (\(jump.operator)) is not Hermitian: "
                    + "the rates of a doublet are those of Hermitian ones that are odd under parity")
            }
        }
        let axes = allCases.filter { isEven($0.aligned(instance.hamiltonian)) == true }
        guard !axes.isEmpty else {
            throw EvaluationError(message: "the Hamiltonian has no parity: it is invariant under the rotation by pi about none of x, y and z")
        }
        func isOdd(_ jump: ModelInstance.Jump, _ axis: ParityAxis) -> Bool { isEven(axis.aligned(jump.operator)) == false }
        if let axis = axes.first(where: { axis in jumps.allSatisfy { isOdd($0.element, axis) } }) { return axis }
        let (index, jump) = jumps.first { !isOdd($0.element, axes[0]) }!
        throw EvaluationError(message: "the jump operator \(index) (\(jump.operator)) is not odd under the rotation by pi about "
            + "\(axes[0].rawValue), under which the Hamiltonian is even")
    }
}
