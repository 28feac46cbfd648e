import SpinAlgebra
import Studies

/// Reads `sweep`: axes, what ties them together (`zip`, `points`), and the condition (`where`).
struct SweepDecoder {
    let node: JobNode
    /// What an axis may be called.
    let names: AxisNames

    private struct Axis {
        let axis: GridAxis
        /// As listed: a zipped axis may repeat a value.
        let values: [Double]
        let node: JobNode
    }

    /// The node of each axis, for errors that are found later.
    struct Result {
        let axes: [GridAxis]
        let blocks: [GridBlock]
        let nodes: [String: JobNode]
        let condition: JobNode?
        let refined: RefinementDecoder.Source?
    }

    /// What the sweep declares as axes, by itself or under `points`, sound or not.
    static func axisNames(in node: JobNode) -> [String] {
        ((try? node.entries()) ?? []).flatMap { entry -> [String] in
            guard entry.key == "points" else { return JobKeys.grid.contains { $0.name == entry.key } ? [] : [entry.key] }
            return ((try? entry.value.items()) ?? []).flatMap { ((try? $0.entries()) ?? []).map(\.key) }
        }
    }

    /// - Throws: `InputError`.
    func decode() throws -> Result {
        let entries = try node.entries("a map of axes")
        func special(_ key: String) -> JobNode? { entries.first { $0.key == key }?.value }
        let groups = try zipGroups(special("zip"), entries)
        let zipped = Set(groups.flatMap { $0.map(\.0) })
        var axes: [Axis] = [], blocks: [GridBlock] = [], groupOf: [String: Int] = [:]
        for (k, group) in groups.enumerated() { for (name, _) in group { groupOf[name] = k } }
        var members = [[Int]](repeating: [], count: groups.count), refined: RefinementDecoder.Source?
        for entry in entries where entry.key != "zip" && entry.key != "where" {
            if entry.key == "points" {
                let (list, block) = try pointList(entry.value, firstAxis: axes.count)
                axes += list
                blocks.append(block)
                continue
            }
            try names.check(entry.key, entry.value)
            let isZipped = zipped.contains(entry.key)
            let (values, label, unit) = try AxisDecoder(name: entry.key, node: entry.value).values(isZipped: isZipped)
            axes.append(Axis(axis: makeAxis(entry.key, values, label, unit), values: values, node: entry.value))
            if let source = try refinement(entry) {
                if let first = refined { throw source.node.keyError("the axis \(first.axis) is refined already", hint: "one axis of a sweep can be") }
                refined = source
            }
            if let k = groupOf[entry.key] { members[k].append(axes.count - 1) } else { blocks.append(GridBlock(axes: [axes.count - 1], values: values)) }
        }
        if axes.isEmpty { throw node.error("the sweep has no axis", hint: "give at least N, for example  N: [20, 40]") }
        var seen: Set<String> = []
        if let twice = axes.first(where: { !seen.insert($0.axis.name).inserted }) {
            throw twice.node.keyError("the axis \(twice.axis.name) is given both by itself and under points", hint: "keep one of them")
        }
        for k in groups.indices { blocks.append(try zipBlock(members[k].map { ($0, axes[$0]) })) }
        blocks.sort { ($0.axes.min() ?? 0) < ($1.axes.min() ?? 0) }
        return Result(axes: axes.map(\.axis), blocks: blocks,
                      nodes: Dictionary(uniqueKeysWithValues: axes.map { ($0.axis.name, $0.node) }), condition: special("where"),
                      refined: refined)
    }

    private func refinement(_ entry: JobNode.Entry) throws -> RefinementDecoder.Source? {
        guard entry.value.isMap else { return nil }
        let keys = try entry.value.map(JobKeys.axis)
        return try keys["refine"].map { RefinementDecoder.Source(axis: entry.key, node: $0, isLogarithmic: try keys["log"]?.flag() ?? false) }
    }

    private func makeAxis(_ name: String, _ values: [Double], _ label: String?, _ unit: String?) -> GridAxis {
        var seen: Set<Double> = []
        return GridAxis(name: name, label: label, unit: unit, values: values.filter { seen.insert($0).inserted }, isInteger: name == "N")
    }

    // MARK: zip

    private func zipGroups(_ node: JobNode?, _ entries: [JobNode.Entry]) throws -> [[(String, JobNode)]] {
        guard let node else { return [] }
        let known = entries.map(\.key).filter { name in !JobKeys.grid.contains { $0.name == name } }
        var seen: Set<String> = []
        return try node.items("a list of lists of axes, such as [[Gamma, Omega]]").map { group in
            let names = try group.items("a list of axes, such as [Gamma, Omega]").map { item in
                let name = try item.text("the name of an axis")
                guard known.contains(name) else {
                    throw item.error("\(name) is no axis of the sweep", hint: Nearest.word(to: name, among: known).map { "did you mean \($0)?" } ?? "axes here are \(known.joined(separator: ", "))")
                }
                if !seen.insert(name).inserted { throw item.error("the axis \(name) is zipped twice") }
                return (name, item)
            }
            if names.count < 2 { throw group.error("zip pairs at least two axes") }
            return names
        }
    }

    private func zipBlock(_ members: [(index: Int, axis: Axis)]) throws -> GridBlock {
        let count = members[0].axis.values.count
        if let odd = members.first(where: { $0.axis.values.count != count })?.axis {
            throw odd.node.error("zipped axes need equally many values: \(members[0].axis.axis.name) has \(count), \(odd.axis.name) has \(odd.values.count)")
        }
        var seen: Set<[Double]> = [], values: [Double] = []
        for row in 0..<count {
            let combination = members.map { $0.axis.values[row] }
            if !seen.insert(combination).inserted {
                throw members[0].axis.node.error("the combination \(combination.map(CanonicalNumber.string).joined(separator: ", ")) of the zipped axes is there twice")
            }
            values += combination
        }
        return GridBlock(axes: members.map(\.index), values: values)
    }

    // MARK: points

    private func pointList(_ node: JobNode, firstAxis: Int) throws -> ([Axis], GridBlock) {
        let items = try node.items("a list of points, such as [{ N: 20, Gamma: 0.5 }, …]")
        guard let first = try items.first?.entries("a map from axes to values") else { throw node.error("the list of points is empty") }
        let names = first.map(\.key)
        for entry in first { try self.names.check(entry.key, entry.value) }
        if names.isEmpty { throw items[0].error("a point without axes") }
        var columns = [[Double]](repeating: [], count: names.count), seen: Set<[Double]> = [], values: [Double] = []
        for item in items {
            let map = try item.map(names.map { JobKey($0, required: true, "every point of the list has the axes of the first") })
            let row = try names.map { name in try map[name].map { try AxisDecoder(name: name, node: $0).value($0) } ?? .nan }
            if !seen.insert(row).inserted { throw item.error("the point is there twice") }
            for (k, value) in row.enumerated() { columns[k].append(value) }
            values += row
        }
        let axes = names.enumerated().map { k, name in Axis(axis: makeAxis(name, columns[k], nil, nil), values: columns[k], node: first[k].value) }
        return (axes, GridBlock(axes: names.indices.map { firstAxis + $0 }, values: values))
    }
}
