/// How many levels a sweep needs is found by keeping more and more of them.
enum LevelLadder {
    /// Numbers of levels that an adaptive run begins with, and from which on it gives up.
    static let least = 8, greatest = 128

    /// Numbers that are tried one after the other grow by half.
    static func next(_ count: Int, of all: Int) -> Int { min(all, max(count + 2, count * 3 / 2)) }

    /// Solves on more and more levels until the probabilities no longer change.
    /// - Parameters:
    ///   - count: levels to begin with.
    ///   - isFixed: stay with these; more are kept only to tell what is missing.
    ///   - solve: with so many levels, given what fewer have found.
    /// - Returns: what was found with the greatest number of levels (if fixed: with `count`), and the greatest change of the probabilities
    ///   that goes with it; 0 where all levels are kept.
    static func climb<Solution>(from count: Int, of all: Int, isFixed: Bool, tolerance: Double,
                                solve: (Int, Solution?) throws -> Solution,
                                probabilities: (Solution) -> [Double]) throws -> (solution: Solution, count: Int, error: Double) {
        var count = min(count, all), now = try solve(count, nil)
        while count < all {
            let wider = next(count, of: all), more = try solve(wider, now)
            let change = zip(probabilities(now), probabilities(more)).map { abs($0 - $1) }.max() ?? 0
            if isFixed { return (now, count, change) }
            (count, now) = (wider, more)
            if count < all, change <= tolerance || count >= greatest { return (now, count, change) }
        }
        return (now, count, 0)
    }
}
