import SpinAlgebra
import Studies

/// Applies `where` to the decoded sweep and guards the size of the grid.
struct GridBuilder {
    let sweep: SweepDecoder.Result
    let model: Model
    /// The node `sweep`.
    let node: JobNode

    /// - Throws: `InputError`.
    func grid() throws -> Grid {
        var blocks = sweep.blocks
        if let condition = sweep.condition { blocks = try filtered(blocks, condition) }
        var total = 1
        for block in blocks {
            let (product, overflow) = total.multipliedReportingOverflow(by: block.count)
            if overflow || product > Grid.greatestCount {
                let counts = sweep.axes.map { "\($0.name) \($0.values.count)" }.joined(separator: ", ")
                throw node.error("the grid has more than 1e9 points (\(counts))", hint: "take fewer values, or list the points that matter under points")
            }
            total = product
        }
        return Grid(axes: sweep.axes, blocks: blocks)
    }

    // MARK: where

    /// Ties the axes that the condition looks at into one block, and keeps of it what fulfils the condition.
    private func filtered(_ blocks: [GridBlock], _ node: JobNode) throws -> [GridBlock] {
        let text = try node.text("a condition such as \"Gamma < 2*Omega\"")
        let condition: Condition
        do { condition = try ConditionParser.parse(text) } catch let failure as ExpressionError {
            throw node.error("\(failure.message), at character \(failure.offset + 1) of \"\(text)\"", hint: failure.hint, offset: failure.offset)
        }
        let axisNames = sweep.axes.map(\.name)
        let (used, parameters) = try inputs(condition, axisNames, node)
        let isTied = { (block: GridBlock) in block.axes.contains { used.contains(axisNames[$0]) } }
        let tied = blocks.filter(isTied)
        if tied.isEmpty { throw node.error("the condition names no axis of the sweep", hint: "axes here are \(axisNames.joined(separator: ", "))") }
        var size = 1
        for block in tied { size = size.multipliedReportingOverflow(by: block.count).overflow ? .max : size * block.count }
        if size > Grid.greatestBlock {
            throw node.error("the axes in the condition have more than \(Grid.greatestBlock) combinations", hint: "list the points under points, or split the job")
        }
        let names = tied.flatMap(\.axes).map { axisNames[$0] }
        let kept = try GridBlock.product(tied) { row in
            do {
                var values = Dictionary(uniqueKeysWithValues: zip(names, row))
                for parameter in parameters { values[parameter.name] = try parameter.expression.evaluate(values).re }
                return try condition.holds(values)
            } catch let failure as EvaluationError {
                let place = zip(names, row).map { "\($0) = \(CanonicalNumber.string($1))" }.joined(separator: ", ")
                throw node.error("the condition has no value at \(place): \(failure.message)")
            }
        }
        if kept.values.isEmpty { throw node.error("no point of the grid fulfils the condition") }
        return (blocks.filter { !isTied($0) } + [kept]).sorted { ($0.axes.min() ?? 0) < ($1.axes.min() ?? 0) }
    }

    /// The axes that the condition depends on, also by way of parameters, and these parameters in order of use.
    private func inputs(_ condition: Condition, _ axes: [String], _ node: JobNode) throws -> (axes: Set<String>, parameters: [Parameter]) {
        var used: Set<String> = [], parameters: [Parameter] = []
        func visit(_ name: String) throws {
            if name == "i" || name == "pi" { return }
            if name == "j", axes.contains("N") { used.insert("N"); return }
            if axes.contains(name) { used.insert(name); return }
            if parameters.contains(where: { $0.name == name }) { return }
            guard let parameter = model.parameters.first(where: { $0.name == name }) else {
                let known = axes + model.parameters.map(\.name)
                throw node.error("\(name) is not known: it is neither an axis nor a parameter",
                                 hint: ReservedName.hint(forUnknown: name, known: known) ?? "known are \(known.joined(separator: ", "))")
            }
            for inner in parameter.expression.names.sorted() { try visit(inner) }
            parameters.append(parameter)
        }
        for name in condition.names.sorted() { try visit(name) }
        return (used, parameters)
    }
}
