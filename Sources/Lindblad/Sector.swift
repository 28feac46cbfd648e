import LinearAlgebra
import Numbers

/// One symmetry sector of a truncated Liouvillian: an affine family of sparse matrices with cached symbolic
/// factorisation. Sector 0 is the one coupled to the trace; the trace itself is not among its members, which leaves the
/// non-zero spectrum of the Liouvillian unchanged (its row vanishes) and makes the matrix regular.
final class Sector {
    let number: Int
    let multipoles: [Multipole]
    let pattern: SparsePattern
    /// [term][entry], entries as in `pattern`.
    let termValues: [[Double]]
    /// Column of the trace, [term][member].
    let sourceTerms: [[Double]]
    let outgoing: Couplings
    let incoming: Couplings
    let outer: [Assembly.OuterMultipole]
    /// Ranks that share the factors; nil: this one has them all.
    var group: ProcessGroup?
    private var plan: FactorizationPlan?
    private var factored: (key: [Double], factorization: Factorization<Double>)?

    var size: Int { multipoles.count }

    /// Relative noise of matrix entries. An entry is what is left of products of order N times itself (left and right
    /// multiplication nearly cancel), so it grows with N; the constant is fitted to the extended-precision reference points
    /// of the tests, where the errors that follow from it cover the true ones.
    let entryNoise: Double

    /// Entries between members (places; −1 the trace) and multipoles outside the window.
    struct Couplings {
        var members: [Int32] = []
        var outers: [Int32] = []
        var values: [[Double]]
        init(termCount: Int) { values = Array(repeating: [], count: termCount) }
        mutating func add(member: Int, outer: Int, _ entry: ArraySlice<Double>) {
            members.append(Int32(member))
            outers.append(Int32(outer))
            for k in values.indices { values[k].append(entry[entry.startIndex + k]) }
        }
    }

    init(number: Int, spinCount: Int, multipoles: [Multipole], pattern: SparsePattern, termValues: [[Double]], sourceTerms: [[Double]],
         outgoing: Couplings, incoming: Couplings, outer: [Assembly.OuterMultipole]) {
        self.number = number
        entryNoise = Double.ulpOfOne * (1 + Double(spinCount) / 40)
        self.multipoles = multipoles
        self.pattern = pattern
        self.termValues = termValues
        self.sourceTerms = sourceTerms
        self.outgoing = outgoing
        self.incoming = incoming
        self.outer = outer
    }

    // MARK: At one set of parameters

    private static func combine(_ terms: [[Double]], _ coefficients: [Double], count: Int) -> [Double] {
        var sum = [Double](repeating: 0, count: count)
        for (term, coefficient) in zip(terms, coefficients) where coefficient != 0 {
            for k in 0..<count { sum[k] += coefficient * term[k] }
        }
        return sum
    }

    /// Entries of the matrix, in the order of `pattern`.
    func values(_ coefficients: [Double]) -> [Double] { Self.combine(termValues, coefficients, count: pattern.entryCount) }
    /// The column b of the trace: L = [0 0; b A].
    func source(_ coefficients: [Double]) -> [Double] { Self.combine(sourceTerms, coefficients, count: size) }

    /// The dense matrix, column-major.
    func dense(_ coefficients: [Double]) -> [Double] {
        let values = values(coefficients)
        var matrix = [Double](repeating: 0, count: size * size)
        for k in 0..<values.count { matrix[Int(pattern.columns[k]) * size + Int(pattern.rows[k])] = values[k] }
        return matrix
    }

    /// LU of A − shift·1, kept until other coefficients come.
    func factorization(_ coefficients: [Double], shift: Double = 0) throws -> Factorization<Double> {
        let key = coefficients + [shift]
        if let factored, factored.key == key { return factored.factorization }
        let plan = try self.plan ?? FactorizationPlan(pattern, group: group)
        self.plan = plan
        factored = nil
        var entries = values(coefficients)
        if shift != 0 { for k in entries.indices where pattern.rows[k] == pattern.columns[k] { entries[k] -= shift } }
        let factorization = try plan.factor(entries)
        factored = (key, factorization)
        return factorization
    }

    /// LU of A − shift·1 for a complex shift; not kept.
    func factorization(_ coefficients: [Double], complexShift shift: Complex) throws -> Factorization<Complex> {
        let plan = try self.plan ?? FactorizationPlan(pattern, group: group)
        self.plan = plan
        var entries = values(coefficients).map { Complex($0) }
        for k in entries.indices where pattern.rows[k] == pattern.columns[k] { entries[k] -= shift }
        return try plan.factor(entries)
    }

    // MARK: What truncation cut off

    /// Norms of the part of L x that leaves the window, split into what goes beyond l_max and what only beyond q_max.
    struct Leak {
        var beyondL = 0.0
        var beyondQ = 0.0
        var norm: Double { (beyondL * beyondL + beyondQ * beyondQ).squareRoot() }
    }

    /// R_out x for the members' coefficients `x` and the trace's `trace`, one entry per outer multipole.
    func outgoing(_ x: [Complex], trace: Double, _ coefficients: [Double]) -> [Complex] {
        let values = Self.combine(outgoing.values, coefficients, count: outgoing.members.count)
        var image = [Complex](repeating: .zero, count: outer.count)
        for k in values.indices {
            let member = Int(outgoing.members[k])
            image[Int(outgoing.outers[k])] += values[k] * (member < 0 ? Complex(trace) : x[member])
        }
        return image
    }

    /// wᵀ R_in, one entry per outer multipole.
    func incoming(_ w: [Complex], _ coefficients: [Double]) -> [Complex] {
        let values = Self.combine(incoming.values, coefficients, count: incoming.members.count)
        var image = [Complex](repeating: .zero, count: outer.count)
        for k in values.indices { image[Int(incoming.outers[k])] += values[k] * w[Int(incoming.members[k])] }
        return image
    }

    func leak(_ outgoing: [Complex]) -> Leak {
        var leak = Leak()
        for (entry, place) in zip(outgoing, outer) {
            if place.isBeyondLMax { leak.beyondL += entry.squaredMagnitude } else { leak.beyondQ += entry.squaredMagnitude }
        }
        return Leak(beyondL: leak.beyondL.squareRoot(), beyondQ: leak.beyondQ.squareRoot())
    }

    /// Rates of damping with none below a fiftieth of their median: gain and loss cancel in a few multipoles of a turned
    /// frame, whose neighbours forget faster.
    static func floored(_ damping: [Double]) -> [Double] {
        let floor = damping.isEmpty ? 0 : 0.02 * damping.sorted()[damping.count / 2]
        return damping.map { max($0, floor) }
    }

    /// |L_oo| of each multipole o just outside the window: how fast it forgets, see `floored`.
    func outerDamping(_ coefficients: [Double]) -> [Double] {
        let damping = outer.map { place in
            var sum = 0.0
            for k in place.diagonal.indices { sum += place.diagonal[k] * coefficients[k] }
            return abs(sum)
        }
        return Self.floored(damping)
    }
}
