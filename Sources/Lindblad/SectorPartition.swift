import LinearAlgebra

/// The multipoles of a window split into symmetry sectors: connected components of the union pattern of all terms, so that
/// symmetries need no declaration.
struct SectorPartition {
    /// Sector and place therein of each multipole; the trace (index 0) has no place, others than `members` no sector (−1).
    private(set) var home: [(sector: Int, place: Int)]
    /// Members of each sector.
    private let sizes: [Int]

    init(_ entries: Assembly.Entries, multipoles: [Multipole], members: MultipoleClass) {
        let count = multipoles.count
        var components = DisjointSets(count: count)
        for k in entries.rows.indices where entries.rows[k] >= 0 && entries.columns[k] >= 0 && entries.rows[k] != entries.columns[k] {
            components.unite(Int(entries.rows[k]), Int(entries.columns[k]))
        }
        // A component is known by its least index: that of the trace is sector 0.
        var numbers = [Int32](repeating: -1, count: count), sizes: [Int] = []
        var home = [(sector: Int, place: Int)](repeating: (0, -1), count: count)
        for index in 0..<count {
            if index > 0 && !members.contains(q: multipoles[index].q, multipoles[index].part) {
                home[index] = (-1, -1)
                continue
            }
            let root = components.find(index)
            if root == index {
                numbers[index] = Int32(sizes.count)
                sizes.append(0)
            }
            if index == 0 { continue }
            let number = Int(numbers[root])
            home[index] = (number, sizes[number])
            sizes[number] += 1
        }
        self.home = home
        self.sizes = sizes
    }

    /// Distributes the entries. (Entries of a structural diagonal are added: they keep the analysis of a factorisation away
    /// from structurally singular patterns.)
    func sectors(_ entries: inout Assembly.Entries, affine: AffineLiouvillian, multipoles: [Multipole]) -> [Sector] {
        let termCount = affine.terms.count, count = home.count
        var hasDiagonal = [Bool](repeating: false, count: count)
        for k in entries.rows.indices where entries.rows[k] == entries.columns[k] && entries.rows[k] >= 0 { hasDiagonal[Int(entries.rows[k])] = true }
        for index in 1..<max(1, count) where !hasDiagonal[index] && home[index].sector >= 0 { entries.appendZero(row: Int32(index), column: Int32(index), termCount: termCount) }

        // Members one sector after the other; their columns by counting.
        var offsets = [0]
        for size in sizes { offsets.append(offsets[offsets.count - 1] + size) }
        func position(_ index: Int32) -> Int { offsets[home[Int(index)].sector] + home[Int(index)].place }
        let memberCount = offsets[offsets.count - 1]
        var starts = [Int](repeating: 0, count: memberCount + 1)
        for k in entries.rows.indices where entries.rows[k] > 0 && entries.columns[k] > 0 { starts[position(entries.columns[k]) + 1] += 1 }
        for place in 0..<memberCount { starts[place + 1] += starts[place] }
        var order = [Int32](repeating: 0, count: starts[memberCount]), next = starts
        for k in entries.rows.indices where entries.rows[k] > 0 && entries.columns[k] > 0 {
            let column = position(entries.columns[k])
            order[next[column]] = Int32(k)
            next[column] += 1
        }
        for column in 0..<memberCount { Self.sort(&order, starts[column]..<starts[column + 1], by: entries.rows) }

        var ordered = [Multipole](repeating: Multipole(l: 0, q: 0, part: .cosine), count: memberCount)
        for index in 1..<max(1, count) where home[index].sector >= 0 { ordered[position(Int32(index))] = multipoles[index] }
        var edges = Edges(self, termCount: termCount)
        edges.collect(entries)
        return sizes.indices.map { number in
            let columns = offsets[number]..<offsets[number + 1], first = starts[columns.lowerBound]
            let own = order[first..<starts[columns.upperBound]]
            let pattern = SparsePattern(size: columns.count, columnStarts: starts[columns.lowerBound...columns.upperBound].map { $0 - first },
                                        rows: own.map { Int32(home[Int(entries.rows[Int($0)])].place) })
            let values = (0..<termCount).map { term in own.map { entries.values[Int($0) * termCount + term] } }
            let (outgoing, incoming, outer) = edges.renumbered(number, entries.outerDiagonals)
            return Sector(number: number, spinCount: affine.spinCount, multipoles: Array(ordered[columns]), pattern: pattern, termValues: values,
                          sourceTerms: edges.sources[number], outgoing: outgoing, incoming: incoming, outer: outer)
        }
    }

    /// Rows ascend with places: both follow the indices. Columns are short.
    private static func sort(_ order: inout [Int32], _ range: Range<Int>, by rows: [Int32]) {
        for k in range.dropFirst() {
            let entry = order[k], row = rows[Int(entry)]
            var at = k
            while at > range.lowerBound && rows[Int(order[at - 1])] > row {
                order[at] = order[at - 1]
                at -= 1
            }
            order[at] = entry
        }
    }

    /// The trace's column, and what crosses the rim of the window.
    private struct Edges {
        private let partition: SectorPartition
        private let termCount: Int
        /// [sector][term][member]
        private(set) var sources: [[[Double]]]
        private var outgoing: [Sector.Couplings]
        private var incoming: [Sector.Couplings]

        init(_ partition: SectorPartition, termCount: Int) {
            self.partition = partition
            self.termCount = termCount
            sources = partition.sizes.map { Array(repeating: [Double](repeating: 0, count: $0), count: termCount) }
            outgoing = partition.sizes.map { _ in Sector.Couplings(termCount: termCount) }
            incoming = outgoing
        }

        mutating func collect(_ entries: Assembly.Entries) {
            for k in entries.rows.indices {
                let row = entries.rows[k], column = entries.columns[k]
                if row > 0 && column > 0 || row == 0 { continue }     // the trace's own row vanishes identically
                let values = entries.values[k * termCount..<(k + 1) * termCount]
                if row > 0 && column == 0 {
                    let (sector, place) = partition.home[Int(row)]
                    for term in 0..<termCount { sources[sector][term][place] = values[values.startIndex + term] }
                } else if row < 0 {
                    let (sector, place) = partition.home[Int(column)]
                    outgoing[sector].add(member: place, outer: Int(~row), values)
                } else {
                    let (sector, place) = partition.home[Int(row)]
                    incoming[sector].add(member: place, outer: Int(~column), values)
                }
            }
        }

        /// Outer multipoles get consecutive numbers of their own in each sector.
        mutating func renumbered(_ sector: Int, _ diagonals: [Int32: Assembly.OuterMultipole])
            -> (outgoing: Sector.Couplings, incoming: Sector.Couplings, outer: [Assembly.OuterMultipole]) {
            var numbers: [Int32: Int32] = [:], used: [Assembly.OuterMultipole] = []
            func renumber(_ couplings: Sector.Couplings) -> Sector.Couplings {
                var result = couplings
                for k in result.outers.indices {
                    let key = result.outers[k]
                    if let known = numbers[key] { result.outers[k] = known; continue }
                    let number = Int32(used.count)
                    numbers[key] = number
                    used.append(diagonals[key] ?? Assembly.OuterMultipole(diagonal: [], isBeyondLMax: true))
                    result.outers[k] = number
                }
                return result
            }
            let out = renumber(outgoing[sector]), back = renumber(incoming[sector])
            (outgoing[sector], incoming[sector]) = (Sector.Couplings(termCount: 0), Sector.Couplings(termCount: 0))
            return (out, back, used)
        }
    }
}

/// Union–find with path halving.
struct DisjointSets {
    private var parent: [Int32]
    init(count: Int) { parent = (0..<Int32(count)).map { $0 } }
    mutating func find(_ x: Int) -> Int {
        var x = x
        while Int(parent[x]) != x {
            parent[x] = parent[Int(parent[x])]
            x = Int(parent[x])
        }
        return x
    }
    mutating func unite(_ a: Int, _ b: Int) {
        let (a, b) = (find(a), find(b))
        if a != b { parent[max(a, b)] = Int32(min(a, b)) }
    }
}
