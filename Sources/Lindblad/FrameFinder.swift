import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Chooses the axes in which a model's symmetries become block structure.
///
/// An antiunitary symmetry (reflection of the spin sphere at a plane) decouples cosine from sine multipoles if y′ is the
/// plane's normal; a rotation by π or any angle about z′ decouples the parities of q or all q. Candidates come from the
/// couplings among l ≤ 1 (axial and polar vectors, principal axes) and are verified on all multipoles of a small spin;
/// what a sector finally is, the full matrix decides, so a missed symmetry costs time, never correctness.
struct FrameFinder {
    /// Normal of a reflection symmetry of every affine term, if there is one.
    let mirrorNormal: [Double]?
    /// Axis of a rotation symmetry, if there is one: the steady state's mean spin lies along it.
    let rotationAxis: [Double]?
    /// Whether that axis admits rotations by any angle.
    let isFullRotation: Bool

    init(model: Model) throws {
        let spin = 8
        let laboratory = try AffineLiouvillian(model: model, spinCount: spin, frame: .laboratory)
        var candidates = Self.candidates(laboratory)
        candidates.insert(contentsOf: [[0, 0, 1], [0, 1, 0], [1, 0, 0]], at: 0)
        var normals: [[Double]] = [], axes: [[Double]] = []
        for candidate in Self.distinct(candidates) {
            // A very small spin refuses most candidates at little cost; only the larger one proves.
            func has(_ frame: Frame, _ forbidden: (Multipole, Multipole) -> Bool) throws -> Bool {
                try Self.hasSymmetry(model, 3, frame, forbidden) && Self.hasSymmetry(model, spin, frame, forbidden)
            }
            let asNormal = Frame(z: Self.perpendicular(to: candidate), y: candidate)
            if try has(asNormal, { ($0.part == .sine) != ($1.part == .sine) }) { normals.append(candidate) }
            let asAxis = Frame(z: candidate, y: Self.perpendicular(to: candidate))
            if try has(asAxis, { ($0.q + $1.q) % 2 != 0 }) { axes.append(candidate) }
        }
        // An axis of any angle before one of π.
        let full = try axes.first { axis in
            let frame = Frame(z: axis, y: Self.perpendicular(to: axis))
            return try Self.hasSymmetry(model, spin, frame) { $0.q != $1.q }
        }
        isFullRotation = full != nil
        if let full { axes = [full] }
        rotationAxis = axes.first
        if let axis = axes.first {
            mirrorNormal = normals.first { abs(Vector.dot($0, axis)) < 1e-9 } ?? nil
        } else {
            mirrorNormal = normals.first
        }
    }

    /// The multipoles that the steady state is made of, in any frame of `frame(meanDirection:spinCount:)`.
    var steadyClass: MultipoleClass {
        MultipoleClass(part: mirrorNormal == nil ? nil : .cosine, parity: rotationAxis == nil ? nil : 0, order: isFullRotation ? 0 : nil)
    }

    /// The frame for a mean spin direction, snapped to a grid so that a sweep reuses assembled matrices: a direction wrong
    /// by a fraction of the quantum width 1/√N costs a few multipoles in q, which the window covers.
    func frame(meanDirection: [Double]?, spinCount: Int) -> Frame {
        if let axis = rotationAxis { return Frame(z: axis, y: mirrorNormal ?? Self.perpendicular(to: axis)) }
        let root = Double(spinCount).squareRoot()
        // A coefficient at l turned by δ spreads over |q| ≈ lδ. Large spins are not assembled for many points at a time.
        let step = Double.pi / max(48, ((spinCount > LindbladSolver.greatestBatchedSpinCount ? 24 : 2) * root).rounded())
        if let normal = mirrorNormal {
            let reference = Self.perpendicular(to: normal)
            guard let direction = meanDirection else { return Frame(z: reference, y: normal) }
            let other = Vector.cross(normal, reference)
            let angle = atan2(Vector.dot(direction, other), Vector.dot(direction, reference))
            let snapped = (angle / step).rounded() * step
            return Frame(z: Vector.add(Vector.scale(reference, cos(snapped)), Vector.scale(other, sin(snapped))), y: normal)
        }
        guard let direction = meanDirection else { return .laboratory }
        let polar = (acos(max(-1, min(1, direction[2]))) / step).rounded() * step
        let azimuth = sin(polar) < 1e-9 ? 0 : (atan2(direction[1], direction[0]) / step).rounded() * step
        if polar < 1e-9 || .pi - polar < 1e-9 { return .laboratory }
        return Frame(z: [sin(polar) * cos(azimuth), sin(polar) * sin(azimuth), cos(polar)], y: [-sin(azimuth), cos(azimuth), 0])
    }

    /// A laboratory axis as far as possible from `n`, made perpendicular to it (z wins ties: it is the natural one).
    static func perpendicular(to n: [Double]) -> [Double] {
        let spare = [[0.0, 0, 1], [1, 0, 0], [0, 1, 0]].min { abs(Vector.dot($0, n)) + 1e-9 < abs(Vector.dot($1, n)) }!
        return Vector.unit(Vector.subtract(spare, Vector.scale(n, Vector.dot(spare, n))))
    }

    private static func hasSymmetry(_ model: Model, _ spin: Int, _ frame: Frame, _ forbidden: (Multipole, Multipole) -> Bool) throws -> Bool {
        let affine = try AffineLiouvillian(model: model, spinCount: spin, frame: frame)
        let basis = MultipoleBasis(MultipoleWindow(lMax: spin, qMax: spin))
        let entries = Assembly.entries(of: affine, inner: basis, outer: basis), multipoles = basis.multipoles
        var greatest = 0.0
        for value in entries.values { greatest = max(greatest, abs(value)) }
        let count = affine.terms.count
        for k in entries.rows.indices where forbidden(multipoles[Int(entries.rows[k])], multipoles[Int(entries.columns[k])]) {
            for value in entries.values[k * count..<(k + 1) * count] where abs(value) > 1e-11 * greatest { return false }
        }
        return true
    }

    /// Vectors and principal axes of the l ≤ 1 block of each term.
    private static func candidates(_ affine: AffineLiouvillian) -> [[Double]] {
        let basis = MultipoleBasis(MultipoleWindow(lMax: 1, qMax: 1))
        let entries = Assembly.entries(of: affine, inner: basis, outer: basis)
        let count = affine.terms.count
        // x = −cos_11, y = sin_11, z = T_10 up to a common factor: see the moments in docs/multipoles.md.
        let place: [(index: Int, sign: Double)] = [(basis.index(l: 1, q: 1, part: .cosine), -1), (basis.index(l: 1, q: 1, part: .sine), 1),
                                                  (basis.index(l: 1, q: 0, part: .cosine), 1)]
        var found: [[Double]] = []
        for term in 0..<count {
            var block = [[Double]](repeating: [0, 0, 0], count: 3), source = [0.0, 0, 0]
            for k in entries.rows.indices {
                guard let a = place.firstIndex(where: { $0.index == Int(entries.rows[k]) }) else { continue }
                let value: Double = place[a].sign * entries.values[k * count + term]
                if entries.columns[k] == 0 { source[a] += value }
                let column = Int(entries.columns[k])
                if let b = place.firstIndex(where: { $0.index == column }) { block[a][b] += place[b].sign * value }
            }
            let axial: [Double] = [block[2][1] - block[1][2], block[0][2] - block[2][0], block[1][0] - block[0][1]]
            found += [source, axial, Vector.cross(source, axial)]
            var symmetric = [Double](repeating: 0, count: 9)
            for a in 0..<3 { for b in 0..<3 { symmetric[3 * a + b] = 0.5 * (block[a][b] + block[b][a]) } }
            if let vectors = try? DenseEigen.symmetric(symmetric, size: 3).vectors {
                for k in 0..<3 { found.append([vectors[3 * k], vectors[3 * k + 1], vectors[3 * k + 2]]) }
            }
        }
        return found
    }

    private static func distinct(_ vectors: [[Double]]) -> [[Double]] {
        var kept: [[Double]] = []
        for vector in vectors where Vector.norm(vector) > 1e-9 {
            let unit = Vector.unit(vector)
            if !kept.contains(where: { abs(abs(Vector.dot($0, unit)) - 1) < 1e-9 }) { kept.append(unit) }
        }
        return kept
    }
}
