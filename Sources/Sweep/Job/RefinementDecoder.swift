import SpinAlgebra
import Studies

/// Reads `refine` of an axis, once the job's grid and studies are known.
struct RefinementDecoder {
    /// The axis that is to be refined, with its node.
    struct Source {
        let axis: String
        let node: JobNode
        let isLogarithmic: Bool
    }

    let source: Source
    let grid: Grid
    let studies: [(name: String, study: any Study)]

    private var axis: String { source.axis }

    /// - Throws: `InputError`.
    func decode() throws -> Refinement {
        try checkAxis()
        let keys = try source.node.map(JobKeys.refine)
        let on = keys["on"] ?? source.node, untilNode = keys["until"] ?? source.node     // they are there: `map` has checked
        let targets = try on.isMap ? each(on, keys["near"]) : all(on, keys["near"])
        let limit = try keys["limit"]?.integer(in: 1...10_000) ?? Refinement.defaultLimit
        let rule = Refinement(axis: axis, targets: targets, until: try until(untilNode), limit: limit, isLogarithmic: source.isLogarithmic)
        try checkSize(rule, keys["limit"] ?? source.node)
        return rule
    }

    /// `on: { gap: minimum, jz: steepest }`
    private func each(_ on: JobNode, _ near: JobNode?) throws -> [Refinement.Target] {
        if let near { throw near.keyError("on says already what is looked for near each output", hint: "keep one of them") }
        let entries = try on.entries()
        if entries.isEmpty { throw on.error("no output is named", hint: "such as  on: { jz: jump }") }
        return try entries.map { entry in
            try target(entry.key, { entry.value.keyError($0, hint: $1) }, try feature(entry.value))
        }
    }

    /// `on: jz`, `on: [gap, jz]`
    private func all(_ on: JobNode, _ near: JobNode?) throws -> [Refinement.Target] {
        let feature = try near.map(feature), names = on.isList ? try on.items() : [on]
        if names.isEmpty { throw on.error("no output is named", hint: "such as  on: jz") }
        var targets: [Refinement.Target] = []
        for node in names {
            let target = try target(try node.text("the name of an output, such as jz or gap"), { node.error($0, hint: $1) }, feature)
            if targets.contains(target) { throw node.error("the output \(target.output) is there twice") }
            targets.append(target)
        }
        return targets
    }

    // MARK: Axis

    private func checkAxis() throws {
        let node = source.node
        if grid.axis(named: axis)?.isInteger == true { throw node.keyError("N is not refined", hint: "list the values of N that are wanted") }
        let place = grid.axisNames.firstIndex(of: axis)
        guard let block = grid.blocks.first(where: { $0.axes.contains(place ?? -1) }) else { return }
        if block.axes.count > 1 {
            let others = block.axes.filter { $0 != place }.map { grid.axisNames[$0] }.joined(separator: ", ")
            throw node.keyError("zip or where ties the axis \(axis) to \(others): it cannot be refined by itself", hint: "leave \(axis) out of zip and where, or list its values")
        }
        if block.count < Refinement.leastCoarseCount {
            throw node.keyError("the axis \(axis) has \(block.count) values: at least \(Refinement.leastCoarseCount) are needed to see where to refine", hint: "begin with more values")
        }
        if let study = studies.first(where: { $0.study.consumedAxes.contains(axis) }) {
            throw node.keyError("the study \(study.name) takes up the axis \(axis) as a whole: refining it would change what it is asked", hint: "put \(study.name) into a job of its own")
        }
    }

    private func until(_ node: JobNode) throws -> Double {
        let until = try node.number("a positive number")
        guard until > 0 else { throw node.mismatch("a positive number") }
        let values = (grid.axis(named: axis)?.values ?? []).sorted(), widest = zip(values, values.dropFirst()).map { $1 - $0 }.max() ?? 0
        // Differences of decimals carry rounding.
        if until >= widest * (1 - 1e-9) {
            throw node.error("the values of \(axis) lie no further apart than \(CanonicalNumber.string(widest)): nothing would be refined", hint: "until is a smaller distance")
        }
        let finest = 1e-12 * max(abs(values.first ?? 0), abs(values.last ?? 0))
        if until < finest { throw node.error("so near to each other 15 digits hardly tell values of \(axis) apart", hint: "at least \(CanonicalNumber.string(finest))") }
        return until
    }

    // MARK: Outputs

    private func feature(_ node: JobNode) throws -> Refinement.Feature {
        let words = Refinement.Feature.allCases.map(\.rawValue), word = try node.text("one of \(words.joined(separator: ", "))")
        if let feature = Refinement.Feature(rawValue: word) { return feature }
        throw node.error("expected one of \(words.joined(separator: ", ")), found \(word)", hint: Nearest.word(to: word, among: words).map { "did you mean \($0)?" })
    }

    /// - Parameter error: makes an error of message and hint at the place of the name.
    private func target(_ name: String, _ error: (String, String?) -> InputError, _ feature: Refinement.Feature?) throws -> Refinement.Target {
        let dependent = studies.filter { $0.study.axes.contains(axis) }
        if let (study, output) = find(name, dependent) {
            guard output.axes.isEmpty, output.kind != .complex else {
                let what = output.axes.isEmpty ? "complex" : "an array over \(output.axes.map(\.name).joined(separator: ", "))"
                throw error("the output \(name) is \(what)", "one real number a point is needed, for example " + (scalars(dependent).first ?? "jz"))
            }
            // Of a rate the least value is the transition; of an observable the step.
            return Refinement.Target(study: study, output: name, feature: feature ?? (name == "gap" ? .minimum : .jump))
        }
        if let (study, _) = find(name, studies) {
            throw error("the output \(name) of \(study) does not depend on \(axis)", "outputs that do are " + scalars(dependent).prefix(8).joined(separator: ", "))
        }
        let known = scalars(dependent)
        throw error("no study of this job has the output \(name)", Nearest.word(to: name, among: known).map { "did you mean \($0)?" } ?? "for example \(known.prefix(8).joined(separator: ", "))")
    }

    private func find(_ name: String, _ studies: [(name: String, study: any Study)]) -> (String, OutputSpec)? {
        studies.lazy.compactMap { entry in entry.study.outputs.first { $0.name == name }.map { (entry.name, $0) } }.first
    }

    private func scalars(_ studies: [(name: String, study: any Study)]) -> [String] {
        studies.flatMap { $0.study.outputs.filter { $0.axes.isEmpty && $0.kind != .complex }.map(\.name) }
    }

    // MARK: Size

    private func checkSize(_ rule: Refinement, _ node: JobNode) throws {
        let coarse = Double(grid.axis(named: axis)?.values.count ?? 1)
        // Each target may insert values of its own, and a study of fewer axes gets those of all lines.
        let greatest = Double(grid.count) / coarse * (coarse + Double(rule.limit * rule.targets.count))
        if greatest > Double(Refinement.greatestGrid) {
            throw node.error("with refinement the grid could have \(CanonicalNumber.string(greatest.rounded())) points; at most 1e6 are allowed", hint: "lower limit, or take fewer values of the other axes")
        }
    }
}
