import Numbers
import SpinAlgebra

/// An operator's expectation value as a linear form on multipole coefficients: ⟨P⟩ = p · x.
struct ObservableForm {
    /// Real and imaginary part of the form, by multipole: Tr(ρP) = Σ x_k (hermitian_k + i skew_k).
    private let hermitian: [Multipole: Double]
    private let skew: [Multipole: Double]

    /// - Parameter polynomial: written in the frame of the calculation.
    init(_ polynomial: SpinPolynomial, spinCount: Int) {
        let patch = MultipoleAlgebra<Complex>(spinCount: spinCount).coefficients(of: polynomial)
        hermitian = Self.realCoefficients(patch, turn: .one)
        // P = P_h + i P_a with P_a = (P − P†)/2i, whose coefficients are those of −iP made Hermitian.
        skew = Self.realCoefficients(patch, turn: Complex(0, -1))
    }

    /// Coefficients of the Hermitian part of turn·P in the real multipoles.
    private static func realCoefficients(_ patch: MultipolePatch<Complex>, turn: Complex) -> [Multipole: Double] {
        var result: [Multipole: Double] = [:]
        let reach = max(abs(patch.qLow), abs(patch.qHigh))
        for l in patch.lLow...patch.lHigh {
            for q in 0...max(0, min(l, reach)) {
                let sign: Double = q % 2 == 0 ? 1 : -1
                let z = Complex(0.5) * (turn * patch[l, q] + sign * (turn * patch[l, -q]).conjugate)
                if q == 0 {
                    if z.re != 0 { result[Multipole(l: l, q: 0, part: .cosine)] = z.re }
                } else {
                    if z.re != 0 { result[Multipole(l: l, q: q, part: .cosine)] = 2.0.squareRoot() * z.re }
                    if z.im != 0 { result[Multipole(l: l, q: q, part: .sine)] = 2.0.squareRoot() * z.im }
                }
            }
        }
        return result
    }

    /// Tr(P B_k) of the multipoles B_k where it does not vanish.
    var weights: [Multipole: Complex] {
        hermitian.mapValues { Complex($0) }.merging(skew.mapValues { Complex(0, $0) }) { $0 + $1 }
    }

    /// Expectation value for the coefficients delivered by `coefficient`.
    func evaluate(_ coefficient: (Multipole) -> Double) -> Complex {
        func contract(_ form: [Multipole: Double]) -> Double {
            form.sorted { ($0.key.l, $0.key.q, $0.key.part.rawValue) < ($1.key.l, $1.key.q, $1.key.part.rawValue) }
                .reduce(0) { $0 + $1.value * coefficient($1.key) }
        }
        return Complex(contract(hermitian), contract(skew))
    }
}

/// An operator made ready for states of one N in one frame: what many points of a sweep share.
public struct PreparedObservable: Sendable {
    private let form: ObservableForm

    /// - Parameter polynomial: in laboratory axes.
    public init(_ polynomial: SpinPolynomial, spinCount: Int, frame: Frame) {
        form = ObservableForm(frame.express(polynomial), spinCount: spinCount)
    }

    /// Tr(ρP), the same to the last bit as `state.expectation(polynomial)`; `state` must have the N and the frame given.
    public func expectation(in state: MultipoleState) -> Complex { state.contract(form) }
}
