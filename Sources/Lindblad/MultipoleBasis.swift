/// The multipoles that a calculation keeps: 0 ≤ l ≤ `lMax`, |q| ≤ min(l, `qMax`). Complete at lMax = qMax = N.
public struct MultipoleWindow: Hashable, Sendable {
    public let lMax: Int
    public let qMax: Int
    public init(lMax: Int, qMax: Int) {
        self.lMax = lMax
        self.qMax = min(qMax, lMax)
    }
    public func isComplete(spinCount: Int) -> Bool { lMax >= spinCount && qMax >= spinCount }
}

/// One real, Hermitian basis operator: T_l0, (T_lq + T_lq†)/√2 (cosine) or i(T_lq − T_lq†)/√2 (sine), q > 0.
///
/// With T_lq† = (−1)^q T_l,−q the set is orthonormal under Tr(AB), and every Hermiticity-preserving map is a real matrix
/// in it.
public struct Multipole: Hashable, Sendable {
    public enum Part: Int, Sendable { case cosine = 0, sine = 1 }
    public let l: Int
    public let q: Int
    public let part: Part
    public init(l: Int, q: Int, part: Part) {
        self.l = l
        self.q = q
        self.part = part
    }
}

/// Multipoles that the symmetries of a model keep among themselves; nil where there is no such symmetry.
struct MultipoleClass: Hashable, Sendable {
    /// Of a reflection plane with normal y′.
    var part: Multipole.Part?
    /// Of a rotation by π about z′: 0 for even q.
    var parity: Int?
    /// The one |q|, of any rotation about z′.
    var order: Int?

    /// All multipoles.
    static let everything = MultipoleClass()

    func contains(q: Int) -> Bool {
        (order == nil || order == q) && (parity == nil || parity == q % 2)
    }
    func contains(q: Int, _ other: Multipole.Part) -> Bool { (part == nil || part == other) && contains(q: q) }
}

/// Numbering of the real multipoles of a window: by l, then q, cosine before sine. Index 0 is the trace.
public struct MultipoleBasis: Sendable {
    public let window: MultipoleWindow
    public let count: Int
    private let offsets: [Int]

    public init(_ window: MultipoleWindow) {
        self.window = window
        var offsets: [Int] = []
        var count = 0
        for l in 0...window.lMax {
            offsets.append(count)
            count += 2 * min(l, window.qMax) + 1
        }
        self.offsets = offsets
        self.count = count
    }

    public func contains(l: Int, q: Int) -> Bool { l <= window.lMax && q <= min(l, window.qMax) }

    public func index(l: Int, q: Int, part: Multipole.Part) -> Int {
        offsets[l] + (q == 0 ? 0 : 2 * q - 1 + part.rawValue)
    }

    /// All multipoles in the order of their indices.
    public var multipoles: [Multipole] {
        var all: [Multipole] = []
        all.reserveCapacity(count)
        for l in 0...window.lMax {
            all.append(Multipole(l: l, q: 0, part: .cosine))
            for q in 0..<min(l, window.qMax) {
                all.append(Multipole(l: l, q: q + 1, part: .cosine))
                all.append(Multipole(l: l, q: q + 1, part: .sine))
            }
        }
        return all
    }
}
