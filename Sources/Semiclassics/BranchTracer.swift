import Foundation

/// Follows one curve of fixed points in (spin, σ) by pseudo-arclength continuation (Keller): folds are nothing special.
struct BranchTracer {
    /// A point of the curve with all that steps and events look at.
    struct Place {
        let sigma: Double
        let fixed: FixedPoint
        let frame: SphereFrame
        /// Unit tangent (a, b, σ) as the linearised equations give it, without regard to the direction of travel.
        let natural: SIMD3<Double>
        /// Of the linearised flow, divided by its size (squared): zero within rounding is taken for zero.
        let determinant: Double, trace: Double
        let size: Double
        var spin: SIMD3<Double> { fixed.spin }
    }

    struct Outcome {
        var places: [Place]
        var bifurcations: [Bifurcation] = []
        var isClosed = false
        /// Whether the curve was followed to an end of the range or to its beginning.
        var hasArrived = true
    }

    let family: ParametrisedField
    /// Longest step; spins move by less than this.
    static let greatestStep = 0.04
    static let leastStep = 1e-9
    private static let greatestTurn = 0.12
    private static let greatestCount = 20_000

    // MARK: Places

    func place(_ m: SIMD3<Double>, _ sigma: Double) throws -> Place {
        let field = try family.field(sigma), frame = SphereFrame(m), matrix = frame.velocity(field, 0, 0).slope
        let slope = try family.slope(m, sigma), column = SIMD2(frame.e1.dot(slope), frame.e2.dot(slope))
        let normal = SIMD3(matrix.a, matrix.b, column.x).cross(SIMD3(matrix.c, matrix.d, column.y))
        let size = max(matrix.size, .leastNormalMagnitude)
        return Place(sigma: sigma, fixed: FixedPoint(m, of: field), frame: frame, natural: normal / max(normal.length, .leastNormalMagnitude),
                     determinant: matrix.determinant / (size * size), trace: matrix.trace / size, size: size)
    }

    /// A direction of travel as a vector that frames do not change.
    private static func embedded(_ t: SIMD3<Double>, _ frame: SphereFrame) -> SIMD4<Double> {
        SIMD4(t.x * frame.e1 + t.y * frame.e2, t.z)
    }

    /// The tangent at `place` that continues `direction`, and whether it is the natural one (1) or its opposite (−1).
    private static func oriented(_ place: Place, _ direction: SIMD4<Double>) -> (tangent: SIMD3<Double>, sign: Double, cosine: Double) {
        let cosine = (embedded(place.natural, place.frame) * direction).sum(), sign = cosine < 0 ? -1.0 : 1.0
        return (sign * place.natural, sign, abs(cosine))
    }

    // MARK: Steps

    /// Newton's iteration for F = 0 and t·x = s with x = (a, b, σ − σ₀) in the frame of a place.
    func corrected(_ base: Place, _ tangent: SIMD3<Double>, _ s: Double, from guess: SIMD3<Double>) throws -> SIMD3<Double>? {
        var x = guess, last = Double.infinity, column = SIMD2<Double>.zero
        for round in 0..<14 {
            let sigma = base.sigma + x.z
            guard sigma >= 0, sigma <= 1 else { return nil }
            if round % 4 == 0 {
                // Anew: past the vertex of a pitchfork the slope has the other sign.
                let slope = try family.slope(base.frame.spin(x.x, x.y), sigma)
                column = SIMD2(base.frame.e1.dot(slope), base.frame.e2.dot(slope))
            }
            let (value, m) = base.frame.velocity(try family.field(sigma), x.x, x.y)
            let rows = [SIMD3(m.a, m.b, column.x), SIMD3(m.c, m.d, column.y), tangent]
            let determinant = rows[0].dot(rows[1].cross(rows[2]))
            guard determinant != 0 else { return nil }
            // Cramer's rule
            var step = -value.x * rows[1].cross(rows[2])
            step -= value.y * rows[2].cross(rows[0])
            step += (s - tangent.dot(x)) * rows[0].cross(rows[1])
            step /= determinant
            let size = step.length
            guard size.isFinite, size < max(0.5 * abs(s), 1e-6) || last < .infinity, size < 1.5 * last || size < 1e-10 else { return nil }
            x += step
            if size < 2e-15 || (size < 1e-12 && size >= 0.5 * last) { return x }
            last = size
        }
        return last < 1e-12 ? x : nil
    }

    /// - Parameter direction: 1: along the natural tangent; −1: against it.
    func trace(from start: Place, direction: Double) throws -> Outcome {
        var outcome = Outcome(places: [start]), here = start, tangent = direction * start.natural, sign = direction, ds = 0.01
        let home = Self.embedded(tangent, start.frame)
        while outcome.places.count < Self.greatestCount {
            if (here.sigma == 0 && tangent.z < 0) || (here.sigma == 1 && tangent.z > 0) { return outcome }
            guard let step = try step(from: here, tangent, ds) else {
                // Not by a half: a place that is singular by accident should not be met again.
                ds *= 0.47
                if ds < Self.leastStep { break }
                continue
            }
            let next = step.place, (ahead, nextSign, _) = Self.oriented(next, Self.embedded(tangent, here.frame))
            if let found = try event(from: here, tangent, sign, to: next, nextSign, step.x) { outcome.bifurcations += found }
            // Past the beginning: the curve is closed.
            let toHome = SIMD4(start.spin - here.spin, start.sigma - here.sigma), along = Self.embedded(tangent, here.frame)
            let ahead4 = (toHome * along).sum(), aside = toHome - ahead4 * along
            if outcome.places.count > 4, ahead4 > 0, ahead4 <= 1.01 * step.length, (aside * aside).sum().squareRoot() < 0.1 * step.length, (home * along).sum() > 0.9 {
                outcome.places.append(start)
                outcome.isClosed = true
                return outcome
            }
            outcome.places.append(next)
            (here, tangent, sign) = (next, ahead, nextSign)
            if step.isLast { return outcome }
            ds = min(Self.greatestStep, ds * (step.cosine > cos(0.4 * Self.greatestTurn) ? 1.6 : 1))
        }
        outcome.hasArrived = false
        return outcome
    }

    private struct Step {
        let place: Place
        /// In the frame of the place it set out from.
        let x: SIMD3<Double>
        let cosine: Double
        let isLast: Bool
        var length: Double { x.length }
    }

    /// nil: too long.
    private func step(from here: Place, _ tangent: SIMD3<Double>, _ ds: Double) throws -> Step? {
        let ahead = here.sigma + ds * tangent.z
        let x: SIMD3<Double>, isLast: Bool, sigma: Double
        if ahead < 0 || ahead > 1 {
            // To the very end of the range.
            sigma = ahead < 0 ? 0 : 1
            let part = (sigma - here.sigma) / (ds * tangent.z), guess = part * ds * tangent
            guard let end = try family.field(sigma).fixedPoint(near: here.frame.spin(guess.x, guess.y)), end.dot(here.spin) > 0.5 else { return nil }
            let c = here.frame.coordinates(end)
            x = SIMD3(c.x, c.y, sigma - here.sigma)
            guard (x - guess).length < 0.1 * part * ds + 1e-12 else { return nil }
            isLast = true
        } else {
            guard let found = try corrected(here, tangent, ds, from: ds * tangent) else { return nil }
            guard (found - ds * tangent).length < 0.15 * ds else { return nil }
            x = found
            sigma = here.sigma + x.z
            isLast = false
        }
        let next = try place(here.frame.spin(x.x, x.y), sigma), turn = Self.oriented(next, Self.embedded(tangent, here.frame))
        // A short last step must be allowed to turn where the branch begins.
        guard turn.cosine > cos(Self.greatestTurn) else { return nil }
        // Neither sign where rounding decides: elsewhere, unless it is so everywhere.
        let isDoubtful = abs(next.determinant) < 1e-10 && abs(here.determinant) > 1e-7
        if isDoubtful && !isLast && ds > 1e-7 { return nil }
        return Step(place: next, x: x, cosine: turn.cosine, isLast: isLast)
    }
}

// MARK: Events

extension BranchTracer {
    /// Bifurcations on the way from one place to the next; nil: none.
    private func event(from here: Place, _ tangent: SIMD3<Double>, _ sign: Double, to next: Place, _ nextSign: Double, _ x: SIMD3<Double>) throws -> [Bifurcation]? {
        var found: [Bifurcation] = []
        let s = tangent.dot(x)
        func changes(_ a: Double, _ b: Double, _ floor: Double) -> Bool { min(abs(a), abs(b)) > floor && (a < 0) != (b < 0) }
        if sign != nextSign {
            let target: Double
            if changes(here.determinant, next.determinant, 0) {
                target = here.determinant / (here.determinant - next.determinant)
            } else {
                // The vertex of a parabola: where the tangent turns over in σ.
                let after = Self.oriented(next, Self.embedded(tangent, here.frame)).tangent.z
                target = (tangent.z < 0) != (after < 0) ? tangent.z / (tangent.z - after) : 0.5
            }
            if let point = try branchPoint(here, target * x, reach: 3 * x.length) { found.append(point) }
        } else if changes(here.determinant, next.determinant, 1e-12) {
            if let point = try root(here, tangent, s, x, ends: (here.determinant, next.determinant), kind: .saddleNode, { $0.determinant }) { found.append(point) }
        }
        if changes(here.trace, next.trace, 1e-11), max(here.determinant, next.determinant) > 0,
           let point = try root(here, tangent, s, x, ends: (here.trace, next.trace), kind: .hopf, { $0.trace }) {
            found.append(point)
        }
        return found.isEmpty ? nil : found
    }

    /// Where a quantity of the linearised flow vanishes: secant (Illinois) along the curve.
    private func root(_ here: Place, _ tangent: SIMD3<Double>, _ length: Double, _ end: SIMD3<Double>, ends: (Double, Double), kind: Bifurcation.Kind,
                      _ quantity: (Matrix2) -> Double) throws -> Bifurcation? {
        var low = (s: 0.0, x: SIMD3<Double>.zero, f: ends.0), high = (s: length, x: end, f: ends.1), side = 0
        var answer: (m: SIMD3<Double>, sigma: Double, matrix: Matrix2)?
        for _ in 0..<60 {
            var s = (low.s * high.f - high.s * low.f) / (high.f - low.f)
            if !(s > low.s && s < high.s) { s = 0.5 * (low.s + high.s) }
            let part = (s - low.s) / (high.s - low.s)
            guard let x = try corrected(here, tangent, s, from: low.x + part * (high.x - low.x)) else { return nil }
            let m = here.frame.spin(x.x, x.y), sigma = here.sigma + x.z, matrix = try family.field(sigma).tangent(m).matrix
            let size = max(matrix.size, .leastNormalMagnitude), f = quantity(matrix) / (kind == .saddleNode ? size * size : size)
            answer = (m, sigma, matrix)
            if f == 0 || high.s - low.s < 1e-13 { break }
            if (f < 0) == (high.f < 0) {
                if abs(s - high.s) < 1e-15 { break }
                high = (s, x, f)
                if side == 1 { low.f *= 0.5 }
                side = 1
            } else {
                if abs(s - low.s) < 1e-15 { break }
                low = (s, x, f)
                if side == -1 { high.f *= 0.5 }
                side = -1
            }
        }
        guard let answer else { return nil }
        // Of a neutral saddle the eigenvalues are real and opposite.
        if kind == .hopf, answer.matrix.determinant <= 1e-8 * here.size * here.size { return nil }
        return Bifurcation(kind: kind, parameter: family.parameter(answer.sigma), spin: answer.m)
    }
}
