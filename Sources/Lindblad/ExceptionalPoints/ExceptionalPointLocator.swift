import Foundation
import LinearAlgebra
import Numbers

/// Finds the θ* at which a few eigenvalues coalesce, between two values of the parameter where they are apart.
struct ExceptionalPointLocator<Family: SpectralFamily> {
    let family: Family
    /// Eigenvalues looked at in a slice.
    let width: Int
    /// The whole axis: nothing is asked of the family outside it.
    let range: ClosedRange<Double>
    var span: Double { range.length }

    /// Eigenvalues stand apart when the next one is this many times further from their mean than they are.
    private static var clearance: Double { 6 }

    /// Half the distance over which derivatives with θ are told.
    var step: Double { 1e-5 * span }

    /// - Parameter expected: eigenvalues that are about to be there.
    func slice(at parameter: Double, expected: [Complex]) throws -> SpectralSlice {
        // A slice right at an exceptional point has no vectors; next to it there are some.
        func slice(_ parameter: Double) throws -> SpectralSlice {
            try SpectralSlice(family, count: width, at: parameter, expected: expected, step: step, within: range)
        }
        do { return try slice(parameter) } catch let error where error.isNumerical { return try slice(range.aside(parameter, 1e-9 * span)) }
    }

    /// Half way between two slices.
    /// - Parameter groups: branches of each that must not be missed.
    func slice(between a: SpectralSlice, _ b: SpectralSlice, groups: ([Int], [Int])) throws -> SpectralSlice {
        let parameter = 0.5 * (a.parameter + b.parameter)
        let expected = groups.0.flatMap { a.forecast($0, at: parameter) } + groups.1.flatMap { b.forecast($0, at: parameter) }
        return try slice(at: parameter, expected: expected)
    }

    /// An end of a bracket: the slice and which of its branches are meant.
    struct End {
        let slice: SpectralSlice
        var group: [Int]
        var ratio: Double { slice.radius(group) / slice.separation(group) }
        /// (λ₁ − λ₂)² of a pair, and its derivative.
        var discriminant: (value: Complex, slope: Complex) {
            let a = slice.branches[group[0]], b = slice.branches[group[1]], difference = a.value - b.value
            return (difference * difference, 2 * (difference * (a.slope - b.slope)))
        }
        var isRealPair: Bool { group.allSatisfy { slice.branches[$0].value.im == 0 } }
        /// Whether a pair is one eigenvalue here and keeps its vectors: a crossing right at this θ. At an exceptional point rounding
        /// leaves either a difference or a condition of ε^(−½).
        var isCrossing: Bool {
            let pair = group.map { slice.branches[$0] }
            return (pair[0].value - pair[1].value).magnitude <= 1e-12 * slice.branches.reduce(0) { max($0, $1.value.magnitude) }
                && pair.allSatisfy { $0.condition < 1e4 }
        }
    }

    // MARK: A real pair that becomes a conjugate pair

    func collision(_ a: End, _ b: End) throws -> ExceptionalPoint? {
        // Others may cross at the same θ (rates that depend on l alone), and the pair stand apart from them nowhere near.
        if a.isCrossing || b.isCrossing { return nil }
        var a = a, b = b
        // Closer, until the pair stands apart from all others.
        for _ in 0..<40 where max(a.ratio, b.ratio) * Self.clearance > 1 {
            guard let middle = try middle(a, b) else { break }
            if middle.isRealPair == a.isRealPair { a = middle } else { b = middle }
        }
        if max(a.ratio, b.ratio) * Self.clearance > 1, let more = widened(a, b) { return try cluster(more.0, more.1) }
        return try crossing(ClusterTracer<Double>(family, a.slice, a.group), a, b)
    }

    /// The pair at the middle of a bracket.
    private func middle(_ a: End, _ b: End) throws -> End? {
        let slice = try slice(between: a.slice, b.slice, groups: (a.group, b.group))
        let candidates = [a, b].compactMap { SpectralMatching.counterpart(of: $0.group, in: $0.slice, slice) }
        guard let best = candidates.min(by: { ($0.overlap - .one).magnitude < ($1.overlap - .one).magnitude }),
              (best.overlap - .one).magnitude < 0.5 else { return nil }
        return End(slice: slice, group: best.group)
    }

    /// With a third eigenvalue (and its conjugate) that does not keep away.
    private func widened(_ a: End, _ b: End) -> (End, End)? {
        func add(_ end: End) -> End {
            let mean = end.slice.mean(end.group)
            guard let next = end.slice.branches.indices.filter({ !end.group.contains($0) })
                .min(by: { (end.slice.branches[$0].value - mean).magnitude < (end.slice.branches[$1].value - mean).magnitude }) else { return end }
            return End(slice: end.slice, group: end.group + Array(Set([next, end.slice.twin(next)])).sorted())
        }
        let (a, b) = (add(a), add(b))
        return a.group.count == b.group.count ? (a, b) : nil
    }

    // MARK: Two that come close and part

    /// Whether (λ₁ − λ₂)² may come to zero between two slices, from values and slopes at both.
    static func mayTouch(_ a: End, _ b: End) -> Bool {
        let (p, q) = (a.discriminant, b.discriminant), h = b.slice.parameter - a.slice.parameter
        func inward(_ d: (value: Complex, slope: Complex)) -> Double { (d.value.conjugate * d.slope).re }
        guard inward(p) < 0, inward(q) > 0 else { return false }
        let isReal = p.value.im == 0, sign = p.value.re < 0 ? -1.0 : 1
        var least = Double.infinity
        for k in 1..<32 {
            // Hermite's cubic.
            let t = Double(k) / 32, s = 1 - t
            let atLeft = (s * s * (1 + 2 * t)) * p.value + (h * s * s * t) * p.slope
            let atRight = (t * t * (1 + 2 * s)) * q.value - (h * t * t * s) * q.slope
            let d = atLeft + atRight
            least = min(least, isReal ? sign * d.re : d.magnitude)
        }
        return least <= 0.3 * min(p.value.magnitude, q.value.magnitude)
    }

    /// Points at which a pair that is of one kind at both ends coalesces in between.
    func approach(_ a: End, _ b: End) throws -> [ExceptionalPoint] {
        var a = a, b = b
        for _ in 0..<30 where max(a.ratio, b.ratio) * Self.clearance > 1 {
            guard Self.mayTouch(a, b), let middle = try middle(a, b) else { return [] }
            if a.slice.isReal(a.group), middle.isRealPair != a.isRealPair {
                return try [collision(a, middle), collision(middle, b)].compactMap { $0 }
            }
            let d = middle.discriminant
            if (d.value.conjugate * d.slope).re < 0 { a = middle } else { b = middle }
        }
        guard Self.mayTouch(a, b), max(a.ratio, b.ratio) * Self.clearance <= 1 else { return [] }
        if a.slice.isReal(a.group) { return try touch(ClusterTracer<Double>(family, a.slice, a.group), a, b) }
        return try touch(ClusterTracer<Complex>(family, a.slice, a.group), a, b)
    }

    /// Golden section on |d|; two simple roots where d changes sign on the way.
    private func touch<Scalar: BlockScalar>(_ tracer: ClusterTracer<Scalar>, _ a: End, _ b: End) throws -> [ExceptionalPoint] {
        var lo = a.slice.parameter, hi = b.slice.parameter
        let first = try tracer.cluster(at: lo), last = try tracer.cluster(at: hi)
        let sign = first.determinant.re.sign, golden = 0.5 * (5.0.squareRoot() - 1)
        let size = max(first.determinant.magnitude, last.determinant.magnitude)
        var best = first.determinant.magnitude < last.determinant.magnitude ? first : last
        func value(_ x: Double) throws -> (Double, isOther: Bool) {
            let cluster = try tracer.cluster(at: x), d = cluster.determinant
            if d.magnitude < best.determinant.magnitude { best = cluster }
            return (d.magnitude, Scalar.parts == 1 && d.re.sign != sign && d.magnitude > 10 * cluster.determinantNoise)
        }
        var x = hi - golden * (hi - lo), y = lo + golden * (hi - lo), f = try value(x), g = try value(y)
        for _ in 0..<50 where hi - lo > 4 * Double.ulpOfOne * max(abs(lo), abs(hi)) {
            if f.isOther || g.isOther {
                let inside = f.isOther ? x : y
                let left = try root(tracer, a.slice.parameter, inside), right = try root(tracer, inside, b.slice.parameter)
                return try [left, right].compactMap { try describe(tracer, $0, resolution: 0, bracket: right.parameter - left.parameter) }
            }
            if f.0 < g.0 {
                (hi, y, g) = (y, x, f)
                x = hi - golden * (hi - lo)
                f = try value(x)
            } else {
                (lo, x, f) = (x, y, g)
                y = lo + golden * (hi - lo)
                g = try value(y)
            }
        }
        guard best.determinant.magnitude <= 30 * best.determinantNoise + 1e-13 * size else { return [] }
        return try describe(tracer, best, resolution: hi - lo, bracket: b.slice.parameter - a.slice.parameter).map { [$0] } ?? []
    }

    // MARK: Any number at once

    /// m eigenvalues that stay entangled however small the step.
    func cluster(_ a: End, _ b: End) throws -> ExceptionalPoint? {
        guard max(a.ratio, b.ratio) * Self.clearance <= 1 else { return nil }
        if a.slice.isReal(a.group) && b.slice.isReal(b.group) { return try crossing(ClusterTracer<Double>(family, a.slice, a.group), a, b) }
        guard !a.slice.isReal(a.group) else { return nil }
        return try touch(ClusterTracer<Complex>(family, a.slice, a.group), a, b).first
    }

    private func crossing(_ tracer: ClusterTracer<Double>, _ a: End, _ b: End) throws -> ExceptionalPoint? {
        let p = try tracer.cluster(at: a.slice.parameter).determinant.re, q = try tracer.cluster(at: b.slice.parameter).determinant.re
        if (p < 0) == (q < 0) { return try touch(tracer, a, b).first }
        let point = try root(tracer, a.slice.parameter, b.slice.parameter)
        return try describe(tracer, point, resolution: 0, bracket: b.slice.parameter - a.slice.parameter)
    }

    /// det M = 0 by the Illinois rule, which keeps the bracket; halved where that hardly shrinks (a root beside another one).
    private func root<Scalar: BlockScalar>(_ tracer: ClusterTracer<Scalar>, _ from: Double, _ to: Double) throws -> EigenvalueCluster<Scalar> {
        var a = try tracer.cluster(at: from), b = try tracer.cluster(at: to)
        var f = a.determinant.re, g = b.determinant.re
        var widths = [Double.infinity, .infinity, .infinity]
        for _ in 0..<200 {
            let (p, q) = (a.parameter, b.parameter)
            if abs(q - p) <= 2 * Double.ulpOfOne * max(abs(p), abs(q)) { break }
            if [a, b].contains(where: { $0.determinant.magnitude < 0.1 * $0.determinantNoise }) { break }
            widths.append(abs(q - p))
            let isSlow = widths[widths.count - 4] < 4 * abs(q - p)
            var x = isSlow ? 0.5 * (p + q) : q - g * (q - p) / (g - f)
            if !(x > min(p, q) && x < max(p, q)) { x = 0.5 * (p + q) }
            if x == p || x == q { break }
            let c = try tracer.cluster(at: x), h = c.determinant.re
            if (h < 0) == (g < 0) { f *= 0.5 } else { (a, f) = (b, b.determinant.re) }
            (b, g) = (c, h)
            if isSlow { f = a.determinant.re }
        }
        return a.determinant.magnitude < b.determinant.magnitude ? a : b
    }

    // MARK: What kind of point

    /// - Parameters:
    ///   - resolution: up to which θ* is known beside rounding.
    ///   - bracket: length over which the cluster is known to stand apart.
    private func describe<Scalar: BlockScalar>(_ tracer: ClusterTracer<Scalar>, _ point: EigenvalueCluster<Scalar>, resolution: Double,
                                               bracket: Double) throws -> ExceptionalPoint? {
        let x = point.parameter, rounding = 4 * Double.ulpOfOne * abs(x)
        // Splittings on both sides (at an end of the axis on one), at distances far above the error of θ* and far below the bracket.
        func splitting(_ distance: Double) throws -> (spread: Double, determinant: Double) {
            let h = min(distance, 0.4 * span)
            let sides = try [x + h, x - h].filter(range.contains).map { try tracer.cluster(at: $0) }
            let spread = try sides.reduce(1) { try $0 * $1.spread() }
            return (sides.count == 2 ? spread.squareRoot() : spread, sides.reduce(0) { max($0, ($1.determinant - point.determinant).magnitude) })
        }
        var far = min(max(1e-4 * bracket, 1e4 * (resolution + rounding)), max(0.05 * bracket, 10 * (resolution + rounding))), error = far
        var wide = try splitting(far)
        for _ in 0..<6 {
            // det M is about linear in θ, at touching points quadratic: with either slope what rounding leaves open.
            let noise = max(point.determinantNoise, point.determinant.magnitude) / max(wide.determinant, 1e-300)
            error = resolution + rounding + far * (noise < 1 ? (resolution > 0 ? noise.squareRoot() : noise) : 1)
            if far >= 1e3 * error || far >= 0.05 * bracket { break }
            far = min(max(10 * far, 1e4 * error), max(far, 0.05 * bracket))
            wide = try splitting(far)
        }
        let near = try splitting(far / 8)
        let exponent = log(wide.spread / near.spread) / log(8)
        let uncertainty = point.noise + error * (try tracer.drift(point, step: step, within: range))
        guard let order = JordanOrder.order(of: point.centred, error: uncertainty), order != 1 else { return nil }
        return ExceptionalPoint(parameter: x, error: error, eigenvalue: point.mean, order: order, exponent: exponent,
                                condition: point.subspace.condition, multiplicity: point.count)
    }
}
