import LinearAlgebra
import SpinAlgebra

/// Whether a model might have several steady states by its structure: a quick look for many points at a time.
///
/// At a small spin no gap of metastability is small, so a nearly singular sector means a kernel (see `StructuralKernel`,
/// which has the last word). A random vector shows it: ‖A⁻¹r‖ against ‖r‖.
final class BatchProbe {
    private let affine: AffineLiouvillian
    private let sectors: [(lu: BatchLU, size: Int)]
    private let scales: BatchProduct
    private let spinCount: Int

    init(model: Model, spinCount: Int) throws {
        self.spinCount = spinCount
        affine = try AffineLiouvillian(model: model, spinCount: spinCount, frame: .laboratory)
        let liouvillian = try TruncatedLiouvillian(affine, window: MultipoleWindow(lMax: spinCount, qMax: spinCount))
        let workspace = BatchLU.Workspace()
        sectors = try liouvillian.sectors.filter { $0.size > 0 }.map { sector in
            (BatchLU(plan: try BatchSteadyState.plan(sector.pattern), terms: sector.termValues, workspace: workspace), sector.size)
        }
        var rows: [Int32] = [], terms = [[Double]](repeating: [], count: affine.terms.count)
        for sector in liouvillian.sectors {
            for entry in sector.pattern.rows.indices where sector.pattern.rows[entry] == sector.pattern.columns[entry] {
                rows.append(Int32(rows.count))
                for k in terms.indices { terms[k].append(sector.termValues[k][entry]) }
            }
        }
        scales = BatchProduct(rowCount: rows.count, rows: rows, columns: rows.map { _ in 0 }, terms: terms)
    }

    /// - Parameter values: parameters of up to eight points.
    /// - Returns: for each, whether the exact count of steady states is called for.
    func isSuspicious(_ values: [[String: Double]]) -> [Bool] {
        // What makes no sense at the small N (a logarithm of N, say) is not a number here, and suspicious.
        let coefficients = LaneBuffer(values.map { given in
            var local = given
            local["N"] = Double(spinCount)
            local["j"] = Double(spinCount) / 2
            return (try? affine.coefficients(local)) ?? affine.terms.map { _ in .nan }
        })
        // The greatest decay rate on the diagonal is the scale.
        let one = LaneBuffer(count: 1), diagonal = LaneBuffer(count: scales.rowCount)
        one[0] = SIMD8(repeating: 1)
        scales.apply(coefficients, one, into: diagonal)
        var scale = SIMD8<Double>.zero
        for k in 0..<diagonal.count { scale = pointwiseMax(scale, pointwiseMax(diagonal[k], -diagonal[k])) }
        var isSuspicious = [Bool](repeating: false, count: values.count)
        for (lu, size) in sectors {
            let x = LaneBuffer(count: size)
            var state: UInt64 = 1
            for k in 0..<size {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                x[k] = SIMD8(repeating: Double(state >> 11) * 0x1p-52 - 1)
            }
            let before = x.squares()
            lu.factor(coefficients)
            lu.solve(x)
            let growth = (x.squares() / before).squareRoot() * scale
            for lane in values.indices where !(growth[lane] < 1e7) { isSuspicious[lane] = true }
        }
        return isSuspicious
    }
}
