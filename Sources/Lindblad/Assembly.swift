import Numbers

/// Entries of all affine terms in the real multipole basis, in coordinate form.
enum Assembly {
    struct Entries {
        /// Indices into the inner basis, or into the outer one where the flag says so.
        var rows: [Int32] = []
        var columns: [Int32] = []
        var rowIsOuter: [Bool] = []
        var columnIsOuter: [Bool] = []
        /// Term by term for each entry.
        var values: [Double] = []
        /// Diagonal entries (one per term) and whether l is beyond the window, for each multipole just outside.
        var outerDiagonals: [Int32: OuterMultipole] = [:]
    }
    struct OuterMultipole {
        var diagonal: [Double]
        var isBeyondLMax: Bool
    }

    static func entries(of affine: AffineLiouvillian, inner: MultipoleBasis, outer: MultipoleBasis) -> Entries {
        let algebra = MultipoleAlgebra<Complex>(spinCount: affine.spinCount)
        let termCount = affine.terms.count
        var result = Entries()
        var greatest = [Double](repeating: 0, count: termCount)
        for l in 0...outer.window.lMax {
            for q in 0...min(l, outer.window.qMax) {
                let images = affine.terms.map { $0.superoperator.column(l: l, q: q, algebra) }
                let columnIsInner = inner.contains(l: l, q: q)
                let lLow = images.map(\.lLow).min()!, lHigh = min(images.map(\.lHigh).max()!, outer.window.lMax)
                let qLow = images.map(\.qLow).min()!, qHigh = images.map(\.qHigh).max()!
                let qReach = min(max(abs(qLow), abs(qHigh)), outer.window.qMax)
                let qFirst = qLow <= 0 ? 0 : qLow
                for row in lLow...max(lLow, lHigh) where row <= outer.window.lMax {
                    for rowQ in qFirst...max(qFirst, qReach) where rowQ <= row && rowQ <= outer.window.qMax {
                        let rowIsInner = inner.contains(l: row, q: rowQ)
                        if !rowIsInner && !columnIsInner && !(row == l && rowQ == q) { continue }
                        append(images, row: (row, rowQ, rowIsInner), column: (l, q, columnIsInner),
                               inner: inner, outer: outer, greatest: &greatest, to: &result)
                    }
                }
            }
        }
        discardNoise(&result, greatest: greatest, spinCount: affine.spinCount, termCount: termCount)
        return result
    }

    /// The image Y of T_lq gives both columns: L(cos) = (Y + Y†)/√2 and L(sin) = (iY + (iY)†)/√2.
    private static func append(_ images: [MultipolePatch<Complex>], row: (l: Int, q: Int, isInner: Bool), column: (l: Int, q: Int, isInner: Bool),
                               inner: MultipoleBasis, outer: MultipoleBasis, greatest: inout [Double], to result: inout Entries) {
        let sign: Double = row.q % 2 == 0 ? 1 : -1
        let norm = column.q == 0 ? 0.5 : 0.5.squareRoot()
        for columnPart in [Multipole.Part.cosine, .sine] where columnPart == .cosine || column.q > 0 {
            let turn: Complex = columnPart == .cosine ? .one : .i
            let coefficients = images.map { image in
                norm * (turn * image[row.l, row.q] + sign * (turn * image[row.l, -row.q]).conjugate)
            }
            for rowPart in [Multipole.Part.cosine, .sine] where rowPart == .cosine || row.q > 0 {
                let scale = row.q == 0 ? 1 : 2.0.squareRoot()
                let values = coefficients.map { scale * (rowPart == .cosine ? $0.re : $0.im) }
                if values.allSatisfy({ $0 == 0 }) { continue }
                if !row.isInner && !column.isInner {
                    if rowPart == columnPart {
                        result.outerDiagonals[Int32(outer.index(l: row.l, q: row.q, part: rowPart))] =
                            OuterMultipole(diagonal: values, isBeyondLMax: row.l > inner.window.lMax)
                    }
                    continue
                }
                for k in values.indices { greatest[k] = max(greatest[k], abs(values[k])) }
                result.rows.append(Int32((row.isInner ? inner : outer).index(l: row.l, q: row.q, part: rowPart)))
                result.columns.append(Int32((column.isInner ? inner : outer).index(l: column.l, q: column.q, part: columnPart)))
                result.rowIsOuter.append(!row.isInner)
                result.columnIsOuter.append(!column.isInner)
                result.values += values
            }
        }
    }

    /// Products of operators cancel with errors that grow with N; what is below them is an exact zero, and taking it for
    /// a coupling would join symmetry sectors.
    private static func discardNoise(_ entries: inout Entries, greatest: [Double], spinCount: Int, termCount: Int) {
        let relative = 1e-13 * Double(spinCount).squareRoot()
        let floors = greatest.map { $0 * relative }
        var kept = Entries()
        kept.outerDiagonals = entries.outerDiagonals
        kept.rows.reserveCapacity(entries.rows.count)
        for entry in entries.rows.indices {
            let base = entry * termCount
            var values = entries.values[base..<base + termCount]
            var isZero = true
            for k in 0..<termCount {
                if abs(values[base + k]) <= floors[k] { values[base + k] = 0 } else { isZero = false }
            }
            if isZero { continue }
            kept.rows.append(entries.rows[entry])
            kept.columns.append(entries.columns[entry])
            kept.rowIsOuter.append(entries.rowIsOuter[entry])
            kept.columnIsOuter.append(entries.columnIsOuter[entry])
            kept.values += values
        }
        entries = kept
    }
}
