import Numbers
import SpinAlgebra

/// A Hermitian operator of one spin j = N/2 in real multipoles: a density matrix, a phase, a Hermitian mode.
public struct MultipoleState: Sendable {
    public let spinCount: Int
    /// Axes in which the multipoles are taken.
    public let frame: Frame
    public let window: MultipoleWindow
    /// In the order of `MultipoleBasis(window)`. Index 0 is Tr ρ/√(N+1).
    public let coefficients: [Double]

    public init(spinCount: Int, frame: Frame, window: MultipoleWindow, coefficients: [Double]) {
        self.spinCount = spinCount
        self.frame = frame
        self.window = window
        self.coefficients = coefficients
    }

    /// Tr(ρP) of a polynomial in laboratory axes.
    public func expectation(_ polynomial: SpinPolynomial) -> Complex {
        contract(ObservableForm(frame.express(polynomial), spinCount: spinCount))
    }

    func contract(_ form: ObservableForm) -> Complex {
        let basis = MultipoleBasis(window)
        return form.evaluate { m in
            basis.contains(l: m.l, q: m.q) ? coefficients[basis.index(l: m.l, q: m.q, part: m.part)] : 0
        }
    }

    /// Tr ρ² = Σ x²: the basis is orthonormal.
    public var purity: Double { coefficients.reduce(0) { $0 + $1 * $1 } }

    /// self + factor · other, on the same window.
    func adding(_ factor: Double, _ other: [Double]) -> MultipoleState {
        MultipoleState(spinCount: spinCount, frame: frame, window: window,
                       coefficients: zip(coefficients, other).map { $0 + factor * $1 })
    }

    /// Complex coefficients x_lq, q ≥ 0, of ρ = Σ x_lq T_lq, row-major over (l, q), zero where q > l;
    /// x_l,−q = (−1)^q x_lq*.
    public var sphericalCoefficients: (shape: [Int], values: [Complex]) {
        let basis = MultipoleBasis(window), width = window.qMax + 1
        var values = [Complex](repeating: .zero, count: (window.lMax + 1) * width)
        for (multipole, x) in zip(basis.multipoles, coefficients) {
            let at = multipole.l * width + multipole.q
            if multipole.q == 0 { values[at].re = x } else if multipole.part == .cosine { values[at].re = x * 0.5.squareRoot() }
            else { values[at].im = x * 0.5.squareRoot() }
        }
        return ([window.lMax + 1, width], values)
    }

    /// The inverse of `sphericalCoefficients`.
    public init(spinCount: Int, frame: Frame, shape: [Int], spherical: [Complex]) {
        let window = MultipoleWindow(lMax: shape[0] - 1, qMax: shape[1] - 1)
        let coefficients = MultipoleBasis(window).multipoles.map { m -> Double in
            let z = spherical[m.l * shape[1] + m.q]
            return m.q == 0 ? z.re : 2.0.squareRoot() * (m.part == .cosine ? z.re : z.im)
        }
        self.init(spinCount: spinCount, frame: frame, window: window, coefficients: coefficients)
    }
}

extension Frame {
    /// From nine numbers, rows x′ y′ z′ (as stored with kept states).
    public init(rowMajor values: [Double]) {
        self.init(z: Array(values[6..<9]), y: Array(values[3..<6]))
    }
}
