import Studies

/// Decides round by round which points follow, from the records of all lines.
struct Refiner {
    struct Round {
        /// Each names the axes of the study that called for it.
        var points: [Point] = []
        /// Lines at their limit, as `Gamma at N=40`.
        var limited: [String] = []
    }

    private let rule: Refinement
    /// [target]: coordinates → what the record there says.
    private var readings: [[[Double]: Reading]]

    init(_ rule: Refinement) {
        self.rule = rule
        readings = rule.targets.map { _ in [:] }
    }

    /// - Parameter shards: all ledgers of the run.
    init(_ rule: Refinement, shards: [Ledger]) throws {
        self.init(rule)
        for study in Set(rule.targets.map(\.study)) {
            // Two shards have the same point where outputs were added later: the fuller record counts, then the newer.
            var seen: [String: (outputs: Int, made: Double)] = [:]
            for shard in shards {
                try shard.forEachFullRecord(study: study) { key, record, outputs, made in
                    if let known = seen[key], known >= (outputs, made) { return }
                    seen[key] = (outputs, made)
                    take(rule.observations(study: study, key: key, record.status, record.outputs))
                }
            }
        }
    }

    mutating func take(_ observations: [Wire.Observation]) {
        for one in observations {
            guard readings.indices.contains(one.target), let point = Point(key: one.key) else { continue }
            readings[one.target][point.values] = Reading(Status(rawValue: one.status) ?? .failed, one.bits.map(Double.init(bitPattern:)))
        }
    }

    /// - Precondition: all points of the plan have records.
    func next(_ plan: RunPlan) -> Round {
        var round = Round(), seen: Set<String> = []
        // Of this round, by axes and line: studies over the same axes share them.
        var taken: [[String]: [[Double]: Int]] = [:]
        for (number, target) in rule.targets.enumerated() {
            guard let place = plan.place(ofStudy: target.study) else { continue }
            let grid = plan.parts[place.part].grid
            guard let column = grid.axisNames.firstIndex(of: rule.axis) else { continue }
            let coarse = Set(grid.axes[column].values), line = LineRefinement(rule: rule, feature: target.feature)
            var used: [[Double]: Int] = [:]
            for point in plan.inserted where point.axes == grid.axisNames { used[Self.without(column, point.values), default: 0] += 1 }
            for (fixed, values) in lines(grid, column) {
                let knots = values.sorted().map { value in
                    LineRefinement.Knot(position: value, reading: readings[number][Self.with(value, column, fixed)] ?? .none, isCoarse: coarse.contains(value))
                }
                let step = line.next(knots, room: rule.limit - (used[fixed] ?? 0) - (taken[grid.axisNames]?[fixed] ?? 0))
                for value in step.positions {
                    let point = Point(axes: grid.axisNames, canonical: Self.with(value, column, fixed))
                    guard seen.insert(point.key).inserted else { continue }
                    round.points.append(point)
                    taken[grid.axisNames, default: [:]][fixed, default: 0] += 1
                }
                if step.isLimited { round.limited.append("\(target.output)" + Self.place(grid.axisNames, column, fixed)) }
            }
        }
        return round
    }

    private static func place(_ names: [String], _ column: Int, _ fixed: [Double]) -> String {
        let key = Point(axes: Array(names[..<column] + names[(column + 1)...]), canonical: fixed).key
        return key.isEmpty ? "" : " at \(key)"
    }

    /// Lines in the order of the grid.
    private func lines(_ grid: Grid, _ column: Int) -> [(fixed: [Double], values: [Double])] {
        var places: [[Double]: Int] = [:], lines: [([Double], [Double])] = []
        for point in grid {
            let fixed = Self.without(column, point.values)
            if let place = places[fixed] { lines[place].1.append(point.values[column]) } else {
                places[fixed] = lines.count
                lines.append((fixed, [point.values[column]]))
            }
        }
        return lines
    }

    private static func without(_ column: Int, _ values: [Double]) -> [Double] { Array(values[..<column] + values[(column + 1)...]) }
    private static func with(_ value: Double, _ column: Int, _ fixed: [Double]) -> [Double] { Array(fixed[..<column] + [value] + fixed[column...]) }
}

extension Refinement {
    /// What a record says of the outputs looked at.
    func observations(study: String, key: String, _ status: Status, _ outputs: [String: OutputArray]) -> [Wire.Observation] {
        targets.enumerated().filter { $1.study == study }.map { number, target in
            Wire.Observation(target: number, key: key, status: status.rawValue, bits: outputs[target.output]?.data.first?.bitPattern)
        }
    }
}
