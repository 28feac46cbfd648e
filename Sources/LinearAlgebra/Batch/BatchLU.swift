import Kernels

/// LU without pivoting of eight matrices of one affine family at a time: Σ_c coefficient_c · term_c, each lane with
/// coefficients of its own. A lane's bits depend on that lane alone. Who uses it tests each lane by a residual.
public final class BatchLU {
    public let plan: FrontalPlan
    private let terms: [[Double]]
    private let workspace: Workspace
    private var factors: LaneBuffer { workspace.factors }

    /// Memory that several factorisations share, one at a time: factors are good until another one is made in it.
    public final class Workspace {
        fileprivate var factors = LaneBuffer(count: 0)
        fileprivate var stack = LaneBuffer(count: 0)
        public init() {}
        fileprivate func reserve(_ plan: FrontalPlan) {
            if factors.count < plan.factorCount { factors = LaneBuffer(count: plan.factorCount) }
            if stack.count < plan.stackCount { stack = LaneBuffer(count: plan.stackCount) }
        }
    }

    /// - Parameter terms: entries of each term in the order of the pattern from which `plan` was made.
    public init(plan: FrontalPlan, terms: [[Double]], workspace: Workspace) {
        self.plan = plan
        self.workspace = workspace
        self.terms = terms.map { values in plan.entryOrder.map { values[$0] } }
    }

    /// - Parameter coefficients: one vector a term.
    public func factor(_ coefficients: LaneBuffer) {
        precondition(coefficients.count == terms.count)
        workspace.reserve(plan)
        let stack = workspace.stack
        plan.withFronts { fronts in
            withPointers(terms) { macrospin_batch_factor(fronts, $0, Int64(terms.count), coefficients.base, factors.base, stack.base) }
        }
    }

    /// Solves A X = B, or AᵀX = B, in place: `x[i · sides + r]`, unknowns in the order of elimination, 1, 2 or 4 sides.
    /// What `x` has beyond that stays as it is.
    public func solve(_ x: LaneBuffer, sides: Int = 1, transposed: Bool = false) {
        precondition(x.count >= plan.size * sides && [1, 2, 4].contains(sides))
        plan.withFronts { macrospin_batch_solve($0, factors.base, x.base, Int64(sides), transposed ? 1 : 0) }
    }
}

/// A sparse linear map of an affine family, in compressed rows, for eight sets of coefficients at a time.
public struct BatchProduct {
    public let rowCount: Int
    private let starts: [Int64]
    private let columns: [Int32]
    private let terms: [[Double]]

    /// - Parameters:
    ///   - rows, columns: coordinates of the entries, in any order.
    ///   - terms: their values, term by term.
    public init(rowCount: Int, rows: [Int32], columns: [Int32], terms: [[Double]]) {
        self.rowCount = rowCount
        let order = rows.indices.sorted { (rows[$0], columns[$0]) < (rows[$1], columns[$1]) }
        var starts = [Int64](repeating: 0, count: rowCount + 1)
        for row in rows { starts[Int(row) + 1] += 1 }
        for row in 0..<rowCount { starts[row + 1] += starts[row] }
        self.starts = starts
        self.columns = order.map { columns[$0] }
        self.terms = terms.map { values in order.map { values[$0] } }
    }

    /// y = A x, and |A||x| into `magnitudes`.
    public func apply(_ coefficients: LaneBuffer, _ x: LaneBuffer, into y: LaneBuffer, magnitudes: LaneBuffer? = nil) {
        precondition(coefficients.count == terms.count && y.count >= rowCount && (magnitudes?.count ?? rowCount) >= rowCount)
        withPointers(terms) {
            macrospin_batch_product(Int64(rowCount), starts, columns, $0, Int64(terms.count), coefficients.base, x.base, y.base, magnitudes?.base)
        }
    }
}

/// Pointers to the first elements of several arrays, valid inside `body`.
private func withPointers(_ arrays: [[Double]], _ body: (UnsafePointer<UnsafePointer<Double>?>) -> Void) {
    var pointers: [UnsafePointer<Double>?] = []
    func next(_ k: Int) {
        if k == arrays.count { return body(pointers) }
        arrays[k].withUnsafeBufferPointer { buffer in
            pointers.append(buffer.baseAddress)
            next(k + 1)
        }
    }
    next(0)
}
