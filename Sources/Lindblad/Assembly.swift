import Numbers

/// Entries of all affine terms in the real multipole basis, in coordinate form.
enum Assembly {
    struct Entries {
        /// Indices into the inner basis; of a multipole outside the window the complement of its index in the outer basis.
        fileprivate(set) var rows: [Int32] = []
        fileprivate(set) var columns: [Int32] = []
        /// Term by term for each entry.
        fileprivate(set) var values: [Double] = []
        /// Diagonal entries (one per term) and whether l is beyond the window, for each multipole just outside.
        fileprivate(set) var outerDiagonals: [Int32: OuterMultipole] = [:]

        /// Zeros, so that a pattern has a place there.
        mutating func appendZero(row: Int32, column: Int32, termCount: Int) {
            rows.append(row)
            columns.append(column)
            for _ in 0..<termCount { values.append(0) }
        }
    }
    struct OuterMultipole {
        var diagonal: [Double]
        var isBeyondLMax: Bool
    }

    /// - Parameter members: what couples to these alone is looked at.
    static func entries(of affine: AffineLiouvillian, inner: MultipoleBasis, outer: MultipoleBasis,
                        members: MultipoleClass = .everything) -> Entries {
        var collector = Collector(affine, inner: inner, outer: outer, members: members)
        let maps = affine.terms.map(\.superoperator), window = outer.window
        let lanes = MultipoleLanes(spinCount: affine.spinCount, reach: affine.reach, lMax: window.lMax, qMax: window.qMax)
        for l in 0...window.lMax {
            for q in stride(from: members.order ?? 0, through: min(l, members.order ?? window.qMax), by: 8) {
                let images = lanes.images(l: l, q: q, of: maps)
                collector.collect(images, l: l, q: q)
                images.forEach(lanes.recycle)
            }
        }
        return collector.result
    }

    /// Turns images of T_lq into real entries.
    ///
    /// The image Y of T_lq gives both columns: L(cos) = (Y + Y†)/√2 and L(sin) = (iY + (iY)†)/√2.
    private struct Collector {
        private let inner: MultipoleBasis
        private let outer: MultipoleBasis
        private let members: MultipoleClass
        private let termCount: Int
        /// Products of operators of order j^degree cancel to entries of order one: what is below the noise they leave is an
        /// exact zero, and taking it for a coupling would join symmetry sectors. Small entries are not noise for being small:
        /// corrections of order 1/N matter to the last digits.
        private let floors: [Double]
        private(set) var result = Entries()
        private var buffer: [Double]

        init(_ affine: AffineLiouvillian, inner: MultipoleBasis, outer: MultipoleBasis, members: MultipoleClass) {
            self.members = members
            self.inner = inner
            self.outer = outer
            termCount = affine.terms.count
            floors = affine.terms.map { 2e-14 * $0.superoperator.magnitude(spinCount: affine.spinCount) }
            buffer = floors
        }

        mutating func collect(_ images: [LanePatch], l: Int, q: Int) {
            guard var box = images.first?.box else { return }
            for image in images { box = box.union(image.box) }
            let lanes = members.order == nil ? min(8, min(l, outer.window.qMax) - q + 1) : 1
            for dl in box.lLow...box.lHigh where l + dl <= outer.window.lMax {
                if q + box.qLow > 0 {
                    for dq in box.qLow...box.qHigh { collectApart(images, l, q, dl, dq, lanes: lanes) }
                } else {
                    for lane in 0..<lanes where members.contains(q: q + lane) { collectFolded(images, l, q, dl, lane, box) }
                }
            }
        }

        /// Far from q = 0: cosine and sine twins have the same entries.
        private mutating func collectApart(_ images: [LanePatch], _ l: Int, _ q: Int, _ dl: Int, _ dq: Int, lanes: Int) {
            let row = l + dl, limit = min(row, outer.window.qMax)
            let hasImaginary = members.part == nil && images.contains { !$0.isReal }
            let hasCosine = members.part != .sine, hasSine = members.part != .cosine
            for lane in 0..<lanes where q + lane + dq <= limit && members.contains(q: q + lane) && members.contains(q: q + lane + dq) {
                var isZero = true
                for k in 0..<termCount {
                    buffer[k] = images[k].re(dl, dq, lane: lane)
                    isZero = isZero && buffer[k] == 0
                }
                let to = (l: row, q: q + lane + dq), from = (l: l, q: q + lane)
                if !isZero {
                    if hasCosine { append(to, .cosine, from, .cosine) }
                    if hasSine { append(to, .sine, from, .sine) }
                }
                if !hasImaginary { continue }
                isZero = true
                for k in 0..<termCount {
                    buffer[k] = images[k].im(dl, dq, lane: lane)
                    isZero = isZero && buffer[k] == 0
                }
                if isZero { continue }
                append(to, .sine, from, .cosine)
                for k in 0..<termCount { buffer[k] = -buffer[k] }
                append(to, .cosine, from, .sine)
            }
        }

        /// Near q = 0, where T_lq and its adjoint reach the same multipoles.
        private mutating func collectFolded(_ images: [LanePatch], _ l: Int, _ q: Int, _ dl: Int, _ lane: Int, _ box: LanePatch.Box) {
            let row = l + dl, column = q + lane, low = column + box.qLow, high = column + box.qHigh
            let first = low <= 0 ? 0 : low, last = min(max(abs(low), abs(high)), min(row, outer.window.qMax))
            if first > last { return }
            for rowQ in first...last where members.contains(q: rowQ) {
                let sign: Double = rowQ % 2 == 0 ? 1 : -1
                let norm: Double = column == 0 && rowQ == 0 ? 0.5 : column == 0 || rowQ == 0 ? 0.5.squareRoot() : 1
                for columnPart in [Multipole.Part.cosine, .sine] where (columnPart == .cosine || column > 0) && members.contains(q: column, columnPart) {
                    for rowPart in [Multipole.Part.cosine, .sine] where (rowPart == .cosine || rowQ > 0) && members.contains(q: rowQ, rowPart) {
                        var isZero = true
                        for k in 0..<termCount {
                            let image = images[k], value: Double
                            if columnPart == rowPart {
                                let twin = sign * image.re(dl, -rowQ - column, lane: lane)
                                value = image.re(dl, rowQ - column, lane: lane) + (columnPart == .cosine ? twin : -twin)
                            } else {
                                let own = image.im(dl, rowQ - column, lane: lane), twin = sign * image.im(dl, -rowQ - column, lane: lane)
                                value = columnPart == .cosine ? own - twin : -own - twin
                            }
                            buffer[k] = norm * value
                            isZero = isZero && value == 0
                        }
                        if !isZero { append((row, rowQ), rowPart, (l, column), columnPart) }
                    }
                }
            }
        }

        /// The entry in `buffer`, unless it is noise or between two multipoles outside.
        private mutating func append(_ row: (l: Int, q: Int), _ rowPart: Multipole.Part, _ column: (l: Int, q: Int), _ columnPart: Multipole.Part) {
            let rowIsInner = inner.contains(l: row.l, q: row.q), columnIsInner = inner.contains(l: column.l, q: column.q)
            if !rowIsInner && !columnIsInner {
                if row == column && rowPart == columnPart {
                    result.outerDiagonals[Int32(outer.index(l: row.l, q: row.q, part: rowPart))] =
                        OuterMultipole(diagonal: buffer, isBeyondLMax: row.l > inner.window.lMax)
                }
                return
            }
            var isNoise = true
            for k in 0..<termCount {
                if abs(buffer[k]) > floors[k] { isNoise = false } else { buffer[k] = 0 }
            }
            if isNoise { return }
            result.rows.append(Int32(rowIsInner ? inner.index(l: row.l, q: row.q, part: rowPart) : ~outer.index(l: row.l, q: row.q, part: rowPart)))
            result.columns.append(Int32(columnIsInner ? inner.index(l: column.l, q: column.q, part: columnPart)
                                                      : ~outer.index(l: column.l, q: column.q, part: columnPart)))
            for k in 0..<termCount { result.values.append(buffer[k]) }
        }
    }
}
