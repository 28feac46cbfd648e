import Kernels
import Numbers

/// A number type of single matrices in fronts: `Double` and `Complex`.
public protocol FrontalScalar: Sendable {
    /// Doubles of one number.
    static var parts: Int { get }
    static var zero: Self { get }
    var components: (re: Double, im: Double) { get }
    init(components: (re: Double, im: Double))
    static func + (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func * (a: Double, b: Self) -> Self
}

extension Double: FrontalScalar {
    public static var parts: Int { 1 }
    public var components: (re: Double, im: Double) { (self, 0) }
    public init(components: (re: Double, im: Double)) { self = components.re }
}

extension Complex: FrontalScalar {
    public static var parts: Int { 2 }
    public var components: (re: Double, im: Double) { (re, im) }
    public init(components: (re: Double, im: Double)) { self.init(components.re, components.im) }
}

/// LU of a single matrix without pivoting, in dense fronts.
///
/// Liouvillians in the multipole basis are diagonally dominant enough for it; `factor` proves that anew for each matrix by
/// a residual. Shifts amid the spectrum cost some digits, which a step of refinement in each solve makes up for; a matrix
/// that loses more is refused, and its owner takes the pivoting `SparseLU`. Against that, solves for several right-hand
/// sides are a few times faster, and a plan serves real and complex matrices alike.
public final class FrontalLU<Scalar: FrontalScalar> {
    public let plan: FrontalPlan
    private let pattern: SparsePattern
    private var factors: [Double] = []
    /// The matrix, where solves are refined.
    private var refined: [Scalar]?
    private static var parts: Int { Scalar.parts }

    public init(plan: FrontalPlan, pattern: SparsePattern) {
        self.plan = plan
        self.pattern = pattern
    }

    /// - Parameter values: in the order of the pattern.
    /// - Returns: whether the factors are good: a solve with a residual at rounding level.
    @_specialize(where Scalar == Double)
    @_specialize(where Scalar == Complex)
    public func factor(_ values: [Scalar]) -> Bool {
        let parts = Self.parts
        if factors.isEmpty { factors = [Double](repeating: 0, count: plan.factorCount * parts) }
        var entries = [Double](repeating: 0, count: values.count * parts)
        for (k, entry) in plan.entryOrder.enumerated() {
            let (re, im) = values[entry].components
            entries[k * parts] = re
            if parts == 2 { entries[k * parts + 1] = im }
        }
        var rests = [Double](repeating: 0, count: max(1, plan.stackCount * parts))
        plan.withFronts { fronts in
            if parts == 2 { macrospin_front_factor_complex(fronts, entries, &factors, &rests) }
            else { macrospin_front_factor(fronts, entries, &factors, &rests) }
        }
        rests = []
        refined = nil
        let b = Arnoldi.startVector(pattern.size, seed: 7).map { Scalar(components: ($0, 0)) }, x = solve(b)
        let (rest, error) = residual(values, x, b, transposed: false)
        if error <= Self.tolerance { return true }
        guard error <= Self.refinable else { return false }
        let improved = zip(x, solve(rest)).map { $0 + $1 }
        guard residual(values, improved, b, transposed: false).error <= Self.tolerance else { return false }
        refined = values
        return true
    }

    private static var tolerance: Double { 1e-12 }
    private static var refinable: Double { 1e-7 }

    /// b − A x, or b − Aᵀx, and its greatest entry relative to the greatest of |A||x|.
    private func residual(_ values: [Scalar], _ x: [Scalar], _ b: [Scalar], transposed: Bool) -> (rest: [Scalar], error: Double) {
        var rest = b, scale = [Double](repeating: 0, count: b.count)
        for k in values.indices {
            let row = Int(transposed ? pattern.columns[k] : pattern.rows[k]), column = Int(transposed ? pattern.rows[k] : pattern.columns[k])
            let product = values[k] * x[column]
            rest[row] = rest[row] + -1 * product
            let (re, im) = product.components
            scale[row] += abs(re) + abs(im)
        }
        let bound = scale.reduce(0) { max($0, $1) }
        guard bound.isFinite, rest.allSatisfy({ $0.components.re.isFinite && $0.components.im.isFinite }) else { return (rest, .infinity) }
        return (rest, rest.reduce(0) { max($0, abs($1.components.re), abs($1.components.im)) } / max(bound, .leastNormalMagnitude))
    }

    /// Solves A X = B (or AᵀX = B); B column-major with n rows and any number of columns.
    @_specialize(where Scalar == Double)
    @_specialize(where Scalar == Complex)
    public func solve(_ b: [Scalar], transposed: Bool = false) -> [Scalar] {
        let x = substitute(b, transposed)
        guard let refined else { return x }
        let n = plan.size
        var rest: [Scalar] = []
        for start in stride(from: 0, to: b.count, by: n) {
            rest += residual(refined, Array(x[start..<start + n]), Array(b[start..<start + n]), transposed: transposed).rest
        }
        return zip(x, substitute(rest, transposed)).map { $0 + $1 }
    }

    private func substitute(_ b: [Scalar], _ transposed: Bool) -> [Scalar] {
        let n = plan.size, count = b.count / max(n, 1), parts = Self.parts
        var result = b, block: [Double] = [], spare: [Double] = []
        var first = 0
        while first < count {
            let width = count - first > 4 ? 8 : 4, used = min(width, count - first)
            block = [Double](repeating: 0, count: n * parts * width)
            spare = [Double](repeating: 0, count: plan.greatestSize * parts * width)
            for c in 0..<used {
                for i in 0..<n {
                    let (re, im) = b[(first + c) * n + i].components, at = Int(plan.place[i]) * parts * width + c
                    block[at] = re
                    if parts == 2 { block[at + width] = im }
                }
            }
            plan.withFronts { fronts in
                if parts == 2 { macrospin_front_solve_complex(fronts, factors, &block, &spare, Int64(width), transposed ? 1 : 0) }
                else { macrospin_front_solve(fronts, factors, &block, &spare, Int64(width), transposed ? 1 : 0) }
            }
            for c in 0..<used {
                for i in 0..<n {
                    let at = Int(plan.place[i]) * parts * width + c
                    result[(first + c) * n + i] = Scalar(components: (block[at], parts == 2 ? block[at + width] : 0))
                }
            }
            first += used
        }
        return result
    }
}
