/// Integrates autonomous equations by extrapolation of the modified midpoint rule (Gragg–Bulirsch–Stoer; Hairer, Nørsett
/// and Wanner, Solving Ordinary Differential Equations I, II.9): order sixteen where it matters, and no table of
/// coefficients.
struct Extrapolation<State: SIMD> where State.Scalar == Double {
    let velocity: (State) -> State
    /// Greatest error a step.
    let tolerance: Double
    /// Columns of the extrapolation table.
    private let rows: Int
    private(set) var step: Double

    init(tolerance: Double, firstStep: Double, velocity: @escaping (State) -> State) {
        self.velocity = velocity
        self.tolerance = tolerance
        rows = tolerance < 1e-10 ? 8 : tolerance < 1e-7 ? 6 : 4
        step = firstStep
    }

    /// One step of the length that the error allows, at most `limit` (of either sign).
    /// - Returns: the new state and the time gone; nil where the state is not finite or steps vanish.
    mutating func advance(_ state: State, limit: Double) -> (state: State, time: Double)? {
        let sign = limit < 0 ? -1.0 : 1.0, slope = velocity(state)
        var h = min(abs(step), abs(limit)), isCut = h < abs(step)
        for _ in 0..<40 {
            var table: [State] = [], counts: [Double] = [], error = Double.infinity
            for row in 0..<rows {
                let n = 2 * (row + 1)
                var value = midpoint(state, slope, sign * h, n), next = [value]
                for k in 0..<row {
                    let ratio = Double(n) / counts[row - 1 - k]
                    value += (value - table[k]) / (ratio * ratio - 1)
                    next.append(value)
                }
                counts.append(Double(n))
                if row > 0 { error = Self.size(next[row] - next[row - 1]) }
                table = next
                if row > 1, error < tolerance { break }
            }
            let used = table.count
            if error.isFinite, error < tolerance {
                // Few rows: the step may grow; all of them: it is about right.
                if !isCut || used == rows { step = h * (used < rows - 1 ? 1.6 : used == rows ? 0.9 : 1.1) }
                return (table[used - 1], sign * h)
            }
            h *= 0.5
            isCut = false
            step = h
            if h < 1e-12 * (1 + abs(limit)) { return nil }
        }
        return nil
    }

    /// Greatest magnitude of a component, at which NaN is not lost.
    private static func size(_ s: State) -> Double {
        var most = 0.0
        for k in s.indices {
            let v = abs(s[k])
            if !(v <= most) { most = v }
            if v.isNaN { return .nan }
        }
        return most
    }

    private func midpoint(_ start: State, _ slope: State, _ length: Double, _ count: Int) -> State {
        let h = length / Double(count)
        var before = start, now = start + h * slope
        for _ in 1..<count { (before, now) = (now, before + (2 * h) * velocity(now)) }
        return 0.5 * (before + now + h * velocity(now))
    }

    /// The state after a time of either sign; nil where it runs off, or more steps are needed than are allowed.
    mutating func state(after time: Double, from start: State, within steps: Int = .max) -> State? {
        var state = start, gone = 0.0, count = 0
        while abs(time - gone) > 1e-14 * abs(time) {
            guard let (next, dt) = advance(state, limit: time - gone) else { return nil }
            state = next
            gone += dt
            count += 1
            if count > steps { return nil }
        }
        return state
    }
}
