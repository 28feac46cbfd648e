import LinearAlgebra
import Numbers

/// The bridge between multipoles and the Dicke basis |j, m⟩ of the same axes. Elements ⟨m+q|T_lq|m⟩ are made anew by
/// `MultipoleDiagonals` whenever they are needed: that costs less than reading them from memory would.
struct DickeBasis {
    let spinCount: Int
    let window: MultipoleWindow

    private typealias Lanes = MultipoleDiagonals.Lanes
    /// Lanes of eight successive orders from l = q on with even and odd l − q.
    private static let even = Lanes(1, 0, 1, 0, 1, 0, 1, 0), odd = Lanes(0, 1, 0, 1, 0, 1, 0, 1)

    init(spinCount: Int, window: MultipoleWindow) {
        self.spinCount = spinCount
        self.window = window
    }

    /// Σ_l x_l ⟨m+q|T_lq|m⟩ over m ascending; `x` holds the coefficients from l = q on.
    static func diagonal(_ x: [Complex], q: Int, spinCount: Int) -> [Complex] {
        let elements = MultipoleDiagonals(spinCount: spinCount, q: q), length = elements.length
        var sum = [Complex](repeating: .zero, count: length), half = [Lanes](repeating: .zero, count: elements.halfLength)
        for start in stride(from: 0, to: x.count, by: 8) {
            var re = Lanes.zero, im = Lanes.zero
            for lane in 0..<min(8, x.count - start) {
                re[lane] = x[start + lane].re
                im[lane] = x[start + lane].im
            }
            if re == .zero && im == .zero { continue }
            elements.fill(&half, from: q + start)
            let reEven = re * even, reOdd = re * odd, imEven = im * even, imOdd = im * odd, isReal = im == .zero
            for k in 0..<half.count {
                let v = half[k], a = (v * reEven).sum(), b = (v * reOdd).sum()
                let c = isReal ? 0 : (v * imEven).sum(), d = isReal ? 0 : (v * imOdd).sum()
                sum[length - 1 - k] += Complex(a + b, c + d)
                if k != length - 1 - k { sum[k] += Complex(a - b, c - d) }
            }
        }
        return sum
    }

    /// The matrix ⟨m|X|m′⟩ of X = Σ x_k B_k over real multipoles, m and m′ ascending from −j, column-major.
    func matrix(_ coefficients: [Double]) -> [Complex] {
        let size = spinCount + 1, basis = MultipoleBasis(window)
        var matrix = [Complex](repeating: .zero, count: size * size)
        for q in 0...window.qMax {
            // x_lq of Σ x_lq T_lq from the cosine and sine parts.
            let x = (q...window.lMax).map { (l: Int) -> Complex in
                let cosine = coefficients[basis.index(l: l, q: q, part: .cosine)]
                if q == 0 { return Complex(cosine) }
                return 0.5.squareRoot() * Complex(cosine, coefficients[basis.index(l: l, q: q, part: .sine)])
            }
            let diagonal = Self.diagonal(x, q: q, spinCount: spinCount)
            for k in 0..<diagonal.count {
                matrix[k * size + k + q] = diagonal[k]                        // row m + q, column m
                if q > 0 { matrix[(k + q) * size + k] = diagonal[k].conjugate }
            }
        }
        return matrix
    }

    /// Coefficients in the real multipoles of a Hermitian matrix given like the result of `matrix`.
    func coefficients(_ matrix: [Complex]) -> [Double] {
        let size = spinCount + 1, basis = MultipoleBasis(window)
        var result = [Double](repeating: 0, count: basis.count)
        for q in 0...window.qMax {
            let elements = MultipoleDiagonals(spinCount: spinCount, q: q), length = elements.length
            var half = [Lanes](repeating: .zero, count: elements.halfLength)
            for start in stride(from: q, through: window.lMax, by: 8) {
                elements.fill(&half, from: start)
                var re = Lanes.zero, im = Lanes.zero
                for k in 0..<half.count {
                    let top = matrix[(length - 1 - k) * size + length - 1 - k + q]
                    let bottom = k == length - 1 - k ? Complex.zero : matrix[k * size + k + q]
                    re += half[k] * (Self.even * (top.re + bottom.re) + Self.odd * (top.re - bottom.re))
                    im += half[k] * (Self.even * (top.im + bottom.im) + Self.odd * (top.im - bottom.im))
                }
                for l in start...min(start + 7, window.lMax) {
                    if q == 0 { result[basis.index(l: l, q: 0, part: .cosine)] = re[l - start] } else {
                        result[basis.index(l: l, q: q, part: .cosine)] = 2.0.squareRoot() * re[l - start]
                        result[basis.index(l: l, q: q, part: .sine)] = 2.0.squareRoot() * im[l - start]
                    }
                }
            }
        }
        return result
    }

    /// Least and greatest eigenvalue of Σ x_k B_k.
    func extremeEigenvalues(_ coefficients: [Double]) throws -> (least: Double, greatest: Double) {
        let values = try HermitianSpectrum(matrix(coefficients), size: spinCount + 1).values
        return (values[0], values[values.count - 1])
    }
}
