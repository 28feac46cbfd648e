/// A power series in two variables, cut off above a total degree: Σ c_ab u^a v^b, a + b ≤ order.
struct Jet: RealScalar {
    let order: Int
    /// By degree k = a + b, then b: index k(k+1)/2 + b.
    var coefficients: [Double]

    init(order: Int) {
        self.order = order
        coefficients = [Double](repeating: 0, count: (order + 1) * (order + 2) / 2)
    }

    init(constant: Double, order: Int) {
        self.init(order: order)
        coefficients[0] = constant
    }

    static func index(_ a: Int, _ b: Int) -> Int { (a + b) * (a + b + 1) / 2 + b }
    subscript(a: Int, b: Int) -> Double {
        get { coefficients[Jet.index(a, b)] }
        set { coefficients[Jet.index(a, b)] = newValue }
    }

    var zero: Jet { Jet(order: order) }

    static func + (a: Jet, b: Jet) -> Jet {
        var sum = a
        for k in sum.coefficients.indices { sum.coefficients[k] += b.coefficients[k] }
        return sum
    }
    static func - (a: Jet, b: Jet) -> Jet {
        var sum = a
        for k in sum.coefficients.indices { sum.coefficients[k] -= b.coefficients[k] }
        return sum
    }
    static func * (a: Double, b: Jet) -> Jet {
        var product = b
        for k in product.coefficients.indices { product.coefficients[k] *= a }
        return product
    }
    static func + (a: Jet, b: Double) -> Jet {
        var sum = a
        sum.coefficients[0] += b
        return sum
    }
    static func * (a: Jet, b: Jet) -> Jet {
        let order = a.order
        var product = Jet(order: order)
        a.coefficients.withUnsafeBufferPointer { x in
            b.coefficients.withUnsafeBufferPointer { y in
                product.coefficients.withUnsafeMutableBufferPointer { p in
                    for k in 0...order {
                        for l in 0...(order - k) {
                            let from = k * (k + 1) / 2, other = l * (l + 1) / 2, to = (k + l) * (k + l + 1) / 2
                            for s in 0...k where x[from + s] != 0 {
                                let factor = x[from + s]
                                for t in 0...l { p[to + s + t] += factor * y[other + t] }
                            }
                        }
                    }
                }
            }
        }
        return product
    }
    /// Newton's iteration doubles the right degrees each time.
    var reciprocal: Jet {
        var inverse = Jet(constant: 1 / coefficients[0], order: order), right = 1
        while right <= order {
            inverse = inverse * ((-1.0) * (self * inverse) + 2.0)
            right *= 2
        }
        return inverse
    }

    var squareRoot: Jet {
        var root = Jet(constant: coefficients[0].squareRoot(), order: order), right = 1
        while right <= order {
            root = 0.5 * (root + self * root.reciprocal)
            right *= 2
        }
        return root
    }

    func truncated(to order: Int) -> Jet {
        var result = Jet(order: order)
        for k in result.coefficients.indices where k < coefficients.count { result.coefficients[k] = coefficients[k] }
        return result
    }

    /// ∂/∂u and ∂/∂v; the highest degree is lost.
    func derivative(_ variable: Int) -> Jet {
        var result = Jet(order: order)
        for k in 1...max(order, 1) where k <= order {
            for b in 0...k {
                let a = k - b
                if variable == 0, a > 0 { result[a - 1, b] = Double(a) * self[a, b] }
                if variable == 1, b > 0 { result[a, b - 1] = Double(b) * self[a, b] }
            }
        }
        return result
    }

    func evaluate(_ u: Double, _ v: Double) -> Double {
        var sum = 0.0
        for k in stride(from: order, through: 0, by: -1) {
            var row = 0.0, power = 1.0
            for b in 0...k {
                var term = coefficients[k * (k + 1) / 2 + b] * power
                for _ in 0..<(k - b) { term *= u }
                row += term
                power *= v
            }
            sum += row
        }
        return sum
    }

    /// Greatest magnitude of a coefficient of the degree.
    func size(ofDegree k: Int) -> Double { (0...k).reduce(0) { max($0, abs(self[k - $1, $1])) } }
}
