import Kernels

/// Elimination of a sparse, structurally symmetric pattern arranged in dense fronts, found once for all matrices on it.
///
/// Multifrontal method (Duff, Reid, ACM TOMS 9, 302 (1983)): each front gathers the entries of its pivots and what its
/// children left over, eliminates the pivots in dense arithmetic and passes the remainder on. Neighbouring fronts are
/// merged where the zeros so taken along cost less than the bookkeeping saved.
public final class FrontalPlan {
    public let size: Int
    /// Place of each unknown in the order of elimination.
    public let place: [Int32]
    /// Multiplications and divisions of one factorisation, zeros of merged fronts included.
    public let flops: Double
    /// Vectors of the factors and of the scratch stack.
    let factorCount: Int
    let stackCount: Int
    /// Index in the pattern of the entries in the order of fronts.
    let entryOrder: [Int]

    let pivots: [Int64], sizes: [Int64], firstPivots: [Int64], rowStarts: [Int64], rows: [Int32]
    let factorStarts: [Int64], restStarts: [Int64], entryStarts: [Int64], entryPlaces: [Int32]
    let childStarts: [Int64], children: [Int64], mapStarts: [Int64], maps: [Int32]

    /// Vectors that a factorisation of eight matrices takes.
    public var vectorCount: Int { factorCount + stackCount }

    /// - Parameters:
    ///   - ordering: position of each unknown in a fill-reducing elimination, a permutation of 0 ..< n.
    ///   - isBatched: for eight matrices at a time, or for one.
    public init(pattern: SparsePattern, ordering: [Int], isBatched: Bool = true) {
        size = pattern.size
        let fronts = FrontTree(pattern: pattern, ordering: ordering, isBatched: isBatched).fronts
        var place = [Int32](repeating: 0, count: size), byPosition = [Int](repeating: 0, count: size)
        for (unknown, position) in ordering.enumerated() { byPosition[position] = unknown }

        // Final numbers: pivots in the order of fronts.
        var number = [Int32](repeating: 0, count: size), home = [Int32](repeating: 0, count: size), next: Int32 = 0
        for (s, front) in fronts.enumerated() {
            for position in front.pivots {
                number[Int(position)] = next
                home[Int(next)] = Int32(s)
                place[byPosition[Int(position)]] = next
                next += 1
            }
        }
        self.place = place
        var pivots: [Int64] = [], sizes: [Int64] = [], firsts: [Int64] = [], rowStarts: [Int64] = [0], rows: [Int32] = [], flops = 0.0
        var first = 0
        for front in fronts {
            let k = front.pivots.count
            pivots.append(Int64(k))
            sizes.append(Int64(k + front.rows.count))
            firsts.append(Int64(first))
            first += k
            rows += front.rows.map { number[Int($0)] }.sorted()
            rowStarts.append(Int64(rows.count))
            flops += FrontTree.flops(pivots: k, size: k + front.rows.count)
        }
        self.flops = flops

        /// Row or column `unknown` in front s.
        func local(_ unknown: Int32, in s: Int) -> Int {
            let offset = Int(unknown) - Int(firsts[s])
            if offset < Int(pivots[s]) { return offset }
            var low = Int(rowStarts[s]), high = Int(rowStarts[s + 1]) - 1
            while low < high {
                let middle = (low + high) / 2
                if rows[middle] < unknown { low = middle + 1 } else { high = middle }
            }
            return Int(pivots[s]) + low - Int(rowStarts[s])
        }

        // Factors lie front by front; remainders on a stack whose places are reused as soon as their parents are assembled.
        var factorStarts: [Int64] = [], restStarts: [Int64] = [], factors = 0, arena = Arena()
        var childStarts: [Int64] = [0], children: [Int64] = [], mapStarts: [Int64] = [], maps: [Int32] = []
        for (s, front) in fronts.enumerated() {
            let k = Int(pivots[s]), g = Int(sizes[s]) - k
            factorStarts.append(Int64(factors))
            factors += k * (k + 2 * g) + k
            restStarts.append(Int64(arena.take(g * g)))
            for child in front.children {
                children.append(Int64(child))
                let extent = Int(sizes[child] - pivots[child])
                arena.giveBack(Int(restStarts[child]), extent * extent)
            }
            childStarts.append(Int64(children.count))
        }
        var parent = [Int](repeating: -1, count: fronts.count)
        for (s, front) in fronts.enumerated() { for child in front.children { parent[child] = s } }
        for s in fronts.indices {
            mapStarts.append(Int64(maps.count))
            guard parent[s] >= 0 else { continue }
            for row in rows[Int(rowStarts[s])..<Int(rowStarts[s + 1])] { maps.append(Int32(local(row, in: parent[s]))) }
        }

        // Entries go to the front of whichever of row and column is eliminated first.
        var keys: [(front: Int32, place: Int32, entry: Int)] = []
        keys.reserveCapacity(pattern.entryCount)
        for entry in 0..<pattern.entryCount {
            let row = place[Int(pattern.rows[entry])], column = place[Int(pattern.columns[entry])]
            let s = Int(home[Int(min(row, column))]), k = Int(pivots[s]), f = Int(sizes[s])
            let i = local(row, in: s), j = local(column, in: s)
            keys.append((Int32(s), Int32(j < k ? i * k + j : f * k + i * (f - k) + j - k), entry))
        }
        keys.sort { ($0.front, $0.place) < ($1.front, $1.place) }
        var entryStarts = [Int64](repeating: 0, count: fronts.count + 1)
        for key in keys { entryStarts[Int(key.front) + 1] += 1 }
        for s in fronts.indices { entryStarts[s + 1] += entryStarts[s] }
        entryOrder = keys.map(\.entry)
        entryPlaces = keys.map(\.place)
        self.entryStarts = entryStarts
        self.pivots = pivots
        self.sizes = sizes
        firstPivots = firsts
        self.rowStarts = rowStarts
        self.rows = rows
        self.factorStarts = factorStarts
        self.restStarts = restStarts
        factorCount = factors
        stackCount = arena.extent
        self.childStarts = childStarts
        self.children = children
        self.mapStarts = mapStarts
        self.maps = maps
    }

    /// Greatest front.
    var greatestSize: Int { Int(sizes.max() ?? 0) }

    /// Places in a scratch area, first fit.
    private struct Arena {
        private var free: [(start: Int, count: Int)] = []
        private(set) var extent = 0

        mutating func take(_ count: Int) -> Int {
            if count == 0 { return 0 }
            if let k = free.firstIndex(where: { $0.count >= count }) {
                let start = free[k].start
                free[k] = (start + count, free[k].count - count)
                if free[k].count == 0 { free.remove(at: k) }
                return start
            }
            // Grow from a free tail, if there is one.
            if let last = free.last, last.start + last.count == extent {
                free.removeLast()
                extent = last.start + count
                return last.start
            }
            extent += count
            return extent - count
        }

        mutating func giveBack(_ start: Int, _ count: Int) {
            if count == 0 { return }
            let k = free.firstIndex { $0.start > start } ?? free.count
            free.insert((start, count), at: k)
            if k + 1 < free.count, free[k].start + free[k].count == free[k + 1].start {
                free[k].count += free[k + 1].count
                free.remove(at: k + 1)
            }
            if k > 0, free[k - 1].start + free[k - 1].count == free[k].start {
                free[k - 1].count += free[k].count
                free.remove(at: k)
            }
        }
    }
}

extension FrontalPlan {
    /// The plan as the kernels take it.
    func withFronts(_ body: (UnsafePointer<macrospin_fronts>) -> Void) {
        let p = self
        p.pivots.withUnsafeBufferPointer { pivots in p.sizes.withUnsafeBufferPointer { sizes in
        p.firstPivots.withUnsafeBufferPointer { firsts in p.rowStarts.withUnsafeBufferPointer { rowStarts in
        p.rows.withUnsafeBufferPointer { rows in p.factorStarts.withUnsafeBufferPointer { factorStarts in
        p.restStarts.withUnsafeBufferPointer { restStarts in p.entryStarts.withUnsafeBufferPointer { entryStarts in
        p.entryPlaces.withUnsafeBufferPointer { entryPlaces in p.childStarts.withUnsafeBufferPointer { childStarts in
        p.children.withUnsafeBufferPointer { children in p.mapStarts.withUnsafeBufferPointer { mapStarts in
        p.maps.withUnsafeBufferPointer { maps in
            var fronts = macrospin_fronts()
            fronts.count = Int64(p.pivots.count)
            fronts.pivots = pivots.baseAddress
            fronts.sizes = sizes.baseAddress
            fronts.first_pivots = firsts.baseAddress
            fronts.row_starts = rowStarts.baseAddress
            fronts.rows = rows.baseAddress
            fronts.factor_starts = factorStarts.baseAddress
            fronts.rest_starts = restStarts.baseAddress
            fronts.entry_starts = entryStarts.baseAddress
            fronts.entry_places = entryPlaces.baseAddress
            fronts.child_starts = childStarts.baseAddress
            fronts.children = children.baseAddress
            fronts.map_starts = mapStarts.baseAddress
            fronts.maps = maps.baseAddress
            body(&fronts)
        } } } } } } } } } } } } }
    }
}

/// The elimination tree of a pattern, its columns gathered into fronts in an order where children come first.
struct FrontTree {
    struct Front {
        /// Positions in the given ordering.
        var pivots: [Int32]
        /// Rows beyond the pivots.
        var rows: [Int32]
        var children: [Int]
    }
    let fronts: [Front]

    init(pattern: SparsePattern, ordering: [Int], isBatched: Bool) {
        func cost(pivots: Int, size: Int) -> Double { isBatched ? Self.cost(pivots: pivots, size: size) : Self.singleCost(pivots: pivots, size: size) }
        let n = pattern.size, tree = EliminationTree(pattern: pattern, ordering: ordering)
        let columns = tree.columns, childColumns = tree.children
        // Merge upwards: a column joins the front of a child, a child front joins its parent's, wherever that is cheaper.
        var front = [Front?](repeating: nil, count: n)
        for k in 0..<n {
            var own = Front(pivots: [Int32(k)], rows: columns[k], children: [])
            // Those that lose least by merging first.
            for child in childColumns[k].sorted(by: { columns[$0].count > columns[$1].count }) {
                let other = front[child]!
                let apart = cost(pivots: own.pivots.count, size: own.pivots.count + own.rows.count)
                    + cost(pivots: other.pivots.count, size: other.pivots.count + other.rows.count)
                let merged = other.pivots.count + own.pivots.count
                if cost(pivots: merged, size: merged + own.rows.count) <= apart {
                    own.pivots = other.pivots + own.pivots
                    own.children += other.children
                    front[child] = nil
                } else {
                    own.children.append(child)
                }
            }
            front[k] = own
        }
        // Depth first, so that remainders are wanted soon after they are made; the largest last, so that it waits least.
        var result: [Front] = []
        var numbers = [Int](repeating: -1, count: n)
        for root in 0..<n where columns[root].isEmpty {
            var stack: [(node: Int, next: Int)] = [(root, 0)]
            while let (node, next) = stack.last {
                if next == 0 {
                    let sorted = front[node]!.children.sorted { front[$0]!.rows.count < front[$1]!.rows.count }
                    front[node]!.children = sorted
                }
                if next < front[node]!.children.count {
                    stack[stack.count - 1].next += 1
                    stack.append((front[node]!.children[next], 0))
                } else {
                    numbers[node] = result.count
                    var done = front[node]!
                    done.children = done.children.map { numbers[$0] }
                    result.append(done)
                    stack.removeLast()
                }
            }
        }
        fronts = result
    }

    static func flops(pivots k: Int, size f: Int) -> Double {
        var sum = 0.0
        for p in 0..<k {
            let rest = Double(f - p - 1)
            sum += rest + 2 * rest * rest
        }
        return sum
    }

    /// Cycles of one front with eight lanes, measured on AVX-512: arithmetic, traffic of factors and remainder, overhead.
    private static func cost(pivots k: Int, size f: Int) -> Double {
        let g = Double(f - k), p = Double(k), s = Double(f)
        let factors = p * (2 * s - p)
        return 0.3 * flops(pivots: k, size: f) + 5 * factors + 5 * g * g + 280
    }

    /// The same for a single matrix: large fronts run at the speed of BLAS, small ones at that of calling it.
    private static func singleCost(pivots k: Int, size f: Int) -> Double {
        let g = Double(f - k), p = Double(k), s = Double(f)
        let factors = p * (2 * s - p)
        return 0.08 * flops(pivots: k, size: f) + factors + g * g + 1200
    }
}
