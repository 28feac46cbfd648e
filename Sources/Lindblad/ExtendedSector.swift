import LinearAlgebra
import Numbers

/// The matrix and the trace's column of one sector in double-double precision: an affine family like `Sector`, on the same
/// members.
///
/// Its pattern is its own. An entry that cancels to 1e-17 because a rounded coefficient spoilt a symmetry belongs to the
/// model that is solved, which leaves that model consistent; entries that would join sectors are left out on both sides of
/// the symmetry, which is consistent too.
final class ExtendedSector {
    private let size: Int
    private let rowStarts: [Int64]
    private let columns: [Int32]
    /// [term][entry]
    private let high: [[Double]]
    private let low: [[Double]]
    /// Column of the trace, [term][member].
    private let sourceTerms: [[DoubleDouble]]
    /// Greatest magnitude in the trace's row, which must vanish: over that of all entries.
    let traceDefect: Double

    init(_ affine: AffineLiouvillian, _ liouvillian: TruncatedLiouvillian, sector: Int) {
        let window = liouvillian.window, basis = liouvillian.basis, home = liouvillian.home
        let algebra = MultipoleAlgebra<ExtendedComplex>(spinCount: affine.spinCount)
        let termCount = affine.terms.count
        size = liouvillian.sectors[sector].size
        var places: [(row: Int32, column: Int32)] = [], values: [DoubleDouble] = []
        var source = [[DoubleDouble]](repeating: [DoubleDouble](repeating: .zero, count: size), count: termCount)
        var greatest = 0.0, traceRow = 0.0
        for l in 0...window.lMax {
            for q in 0...min(l, window.qMax) {
                let parts = [Multipole.Part.cosine, .sine].filter { part in
                    (part == .cosine || q > 0) && home[basis.index(l: l, q: q, part: part)].sector == sector
                }
                if parts.isEmpty { continue }
                let images = affine.terms.map { $0.superoperator.exactColumn(l: l, q: q, algebra) }
                let lLow = images.map(\.lLow).min()!, lHigh = min(images.map(\.lHigh).max()!, window.lMax)
                let qLow = images.map(\.qLow).min()!, qHigh = images.map(\.qHigh).max()!
                let qReach = min(max(abs(qLow), abs(qHigh)), window.qMax), qFirst = max(qLow, 0)
                for part in parts {
                    let column = basis.index(l: l, q: q, part: part)
                    for row in lLow...max(lLow, lHigh) where row <= window.lMax {
                        for rowQ in qFirst...max(qFirst, qReach) where rowQ <= row && rowQ <= window.qMax {
                            let entries = images.map { Self.entries($0, row: (row, rowQ), column: (q, part)) }
                            for rowPart in [Multipole.Part.cosine, .sine] where rowPart == .cosine || rowQ > 0 {
                                let target = basis.index(l: row, q: rowQ, part: rowPart)
                                if home[target].sector != sector { continue }
                                let list = entries.map { rowPart == .cosine ? $0.re : $0.im }
                                let size = list.reduce(0) { max($0, abs($1.high)) }
                                if size == 0 { continue }
                                if target == 0 { traceRow = max(traceRow, size); continue }
                                greatest = max(greatest, size)
                                if column == 0 {
                                    for k in 0..<termCount { source[k][home[target].place] = list[k] }
                                } else {
                                    places.append((Int32(home[target].place), Int32(home[column].place)))
                                    values += list
                                }
                            }
                        }
                    }
                }
            }
        }
        traceDefect = greatest > 0 ? traceRow / greatest : 0
        // What cancelled to the last digits is a zero.
        let floor = 1e-29 * greatest
        var kept: [Int] = []
        for entry in places.indices where (0..<termCount).contains(where: { abs(values[entry * termCount + $0].high) > floor }) { kept.append(entry) }
        kept.sort { (places[$0].row, places[$0].column) < (places[$1].row, places[$1].column) }
        var starts = [Int64](repeating: 0, count: size + 1)
        for entry in kept { starts[Int(places[entry].row) + 1] += 1 }
        for place in 0..<size { starts[place + 1] += starts[place] }
        rowStarts = starts
        columns = kept.map { places[$0].column }
        high = (0..<termCount).map { k in kept.map { values[$0 * termCount + k].high } }
        low = (0..<termCount).map { k in kept.map { values[$0 * termCount + k].low } }
        sourceTerms = source
    }

    /// See `Assembly.append`; the factors √2 of rows and columns are drawn together.
    private static func entries(_ image: MultipolePatch<ExtendedComplex>, row: (l: Int, q: Int),
                                column: (q: Int, part: Multipole.Part)) -> ExtendedComplex {
        var a = image[row.l, row.q], b = image[row.l, -row.q]
        if column.part == .sine {
            a = ExtendedComplex(-a.im, a.re)
            b = ExtendedComplex(-b.im, b.re)
        }
        let sum = row.q % 2 == 0 ? ExtendedComplex(a.re + b.re, a.im - b.im) : ExtendedComplex(a.re - b.re, a.im + b.im)
        switch (column.q == 0, row.q == 0) {
        case (true, true): return DoubleDouble(0.5) * sum
        case (false, false): return sum
        default: return Self.rootHalf * sum
        }
    }
    private static let rootHalf = DoubleDouble(0.5).squareRoot()

    /// The matrix and the trace's column b at one set of parameters.
    func combined(_ coefficients: [Double]) -> (matrix: ExtendedMatrix, source: [DoubleDouble]) {
        var high = [Double](repeating: 0, count: columns.count), low = high
        var source = [DoubleDouble](repeating: .zero, count: size)
        for (k, coefficient) in coefficients.enumerated() where coefficient != 0 {
            let termHigh = self.high[k], termLow = self.low[k]
            for entry in high.indices where termHigh[entry] != 0 {
                let sum = DoubleDouble(sum: high[entry], low[entry]) + coefficient * DoubleDouble(sum: termHigh[entry], termLow[entry])
                high[entry] = sum.high
                low[entry] = sum.low
            }
            for member in 0..<size { source[member] += coefficient * sourceTerms[k][member] }
        }
        return (ExtendedMatrix(size: size, rowStarts: rowStarts, columns: columns, high: high, low: low), source)
    }
}

/// A complex number of two double-doubles, as far as multipole algebra needs it.
struct ExtendedComplex: MultipoleScalar {
    typealias Real = DoubleDouble
    var re: DoubleDouble
    var im: DoubleDouble

    init(_ re: DoubleDouble, _ im: DoubleDouble) {
        self.re = re
        self.im = im
    }
    init(_ value: Complex) { self.init(DoubleDouble(value.re), DoubleDouble(value.im)) }
    static let zero = ExtendedComplex(.zero, .zero)
    var isZero: Bool { re.high == 0 && im.high == 0 }

    static func * (a: DoubleDouble, b: ExtendedComplex) -> ExtendedComplex {
        ExtendedComplex(b.re.high == 0 ? .zero : a * b.re, b.im.high == 0 ? .zero : a * b.im)
    }
    static func * (a: Complex, b: ExtendedComplex) -> ExtendedComplex {
        if a.im == 0 { return ExtendedComplex(a.re * b.re, a.re * b.im) }
        if a.re == 0 { return ExtendedComplex(-(a.im * b.im), a.im * b.re) }
        return ExtendedComplex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }
    static func += (a: inout ExtendedComplex, b: ExtendedComplex) {
        if b.re.high != 0 { a.re += b.re }
        if b.im.high != 0 { a.im += b.im }
    }
}

extension DoubleDouble: MultipoleReal {
    static func squareRoot(of integer: Int) -> DoubleDouble { DoubleDouble(Double(integer)).squareRoot() }
    static func squareRoot(of numerator: Int, over denominator: Int) -> DoubleDouble {
        (DoubleDouble(Double(numerator)) / DoubleDouble(Double(denominator))).squareRoot()
    }
}
