import SpinAlgebra
import Studies

/// What may change in the job of a run that has begun: the grid may grow; studies, observables and kept data may be
/// added; title, labels, units and comments are free. Everything else would make the records lie.
public enum JobChange {
    /// - Throws: `InputError` that lists what differs.
    public static func check(old: Job, new: Job) throws {
        let differences = model(old.model, new.model, axes: Set(new.grid.axisNames)) + grid(old.grid, new.grid) + refinement(old.refinement, new.refinement)
            + tolerances(old.tolerances, new.tolerances) + constants(old.constants, new.constants) + studies(old, new)
        guard !differences.isEmpty else { return }
        throw InputError(file: new.path, "the job differs from the one that the run was begun with: " + differences.joined(separator: "; "),
                         hint: "undo the change or begin another run with --out; a run allows more axis values, studies, observables and keep")
    }

    private static func changed(_ what: String, _ old: String, _ new: String) -> String { "\(what) was \(old) and is \(new)" }

    private static func model(_ old: Model, _ new: Model, axes: Set<String>) -> [String] {
        var list: [String] = []
        if old.hamiltonian != new.hamiltonian { list.append(changed("model.hamiltonian", "\(old.hamiltonian)", "\(new.hamiltonian)")) }
        if old.jumps.count != new.jumps.count { list.append(changed("the number of jumps", "\(old.jumps.count)", "\(new.jumps.count)")) }
        for (k, (a, b)) in zip(old.jumps, new.jumps).enumerated() {
            if a.rate != b.rate { list.append(changed("model.jumps[\(k)].rate", a.rateText, b.rateText)) }
            if a.operator != b.operator { list.append(changed("model.jumps[\(k)].operator", "\(a.operator)", "\(b.operator)")) }
        }
        // An axis takes the place of a preset's default, which then does not matter.
        func values(_ model: Model) -> [String: ScalarExpression] {
            Dictionary(uniqueKeysWithValues: model.parameters.filter { !axes.contains($0.name) }.map { ($0.name, $0.expression) })
        }
        let a = values(old), b = values(new)
        for name in Set(a.keys).union(b.keys).sorted() where a[name] != b[name] {
            // A parameter that only later observables use changes no record.
            if a[name] == nil, !new.usedNames.contains(name) { continue }
            list.append(changed("model.parameters.\(name)", a[name]?.description ?? "absent", b[name]?.description ?? "absent"))
        }
        return list
    }

    private static func grid(_ old: Grid, _ new: Grid) -> [String] {
        guard old.axisNames == new.axisNames else {
            return [changed("the list of axes", old.axisNames.joined(separator: ", "), new.axisNames.joined(separator: ", "))]
        }
        return old.firstPoint(missingIn: new).map { ["points of the run are missing from the new grid, for example \($0.key)"] } ?? []
    }

    /// Inserted points stay: a rule may only ask for more.
    private static func refinement(_ old: Refinement?, _ new: Refinement?) -> [String] {
        guard let old else { return [] }
        guard let new, new.axis == old.axis else { return ["refine of the axis \(old.axis) is gone"] }
        var list: [String] = []
        let place = "sweep.\(old.axis).refine"
        if new.until > old.until { list.append(changed("\(place).until", CanonicalNumber.string(old.until), CanonicalNumber.string(new.until))) }
        if new.limit < old.limit { list.append(changed("\(place).limit", "\(old.limit)", "\(new.limit)")) }
        if new.isLogarithmic != old.isLogarithmic { list.append(changed("log of the refined axis \(old.axis)", "\(old.isLogarithmic)", "\(new.isLogarithmic)")) }
        return list + old.targets.filter { !new.targets.contains($0) }.map { "\(place) looks no more for the \($0.feature.rawValue) of \($0.output)" }
    }

    private static func tolerances(_ old: Tolerances, _ new: Tolerances) -> [String] {
        Tolerances.keys.compactMap { name, path, _ in
            old[keyPath: path] == new[keyPath: path] ? nil : changed("tolerances.\(name)", "\(old[keyPath: path])", "\(new[keyPath: path])")
        }
    }

    private static func constants(_ old: [String: Double], _ new: [String: Double]) -> [String] {
        func text(_ value: Double?) -> String { value.map(CanonicalNumber.string) ?? "absent" }
        // Those of a study that is new come with it.
        return old.keys.sorted().filter { old[$0] != new[$0] }.map { changed($0, text(old[$0]), text(new[$0])) }
    }

    // MARK: Studies

    private static func studies(_ old: Job, _ new: Job) -> [String] {
        old.entries.flatMap { entry -> [String] in
            guard let now = new.entries.first(where: { $0.name == entry.name }) else { return ["the study \(entry.name) is gone"] }
            let specs = type(of: entry.study).options
            var list = specs.flatMap { option($0, entry, now) } + consumed(entry, now)
            let outputs = Set(now.study.outputs.map(\.name))
            if list.isEmpty, let lost = entry.study.outputs.first(where: { !outputs.contains($0.name) }) { list.append("the output \(lost.name) of \(entry.name) is gone") }
            let added = new.constants.keys.sorted().filter { $0.hasPrefix("\(entry.name).") && old.constants[$0] == nil }
            return list + added.map { "\($0) was absent and is \(CanonicalNumber.string(new.constants[$0] ?? .nan))" }
        }
    }

    /// Records that belong to a whole axis are of the values it had.
    private static func consumed(_ old: Job.StudyEntry, _ new: Job.StudyEntry) -> [String] {
        let before = old.study.consumedValues, after = new.study.consumedValues
        func text(_ values: [Double]) -> String { values.map(CanonicalNumber.string).joined(separator: ", ") }
        return before.keys.sorted().filter { after[$0] != nil && after[$0] != before[$0] }.map {
            changed("what \(old.name) takes of the axis \($0)", text(before[$0] ?? []), text(after[$0] ?? []))
        }
    }

    private static func option(_ spec: OptionSpec, _ old: Job.StudyEntry, _ new: Job.StudyEntry) -> [String] {
        let a = old.options[spec.name] ?? spec.defaultValue, b = new.options[spec.name] ?? spec.defaultValue
        if a == b || spec.isTechnical { return [] }
        let place = "\(old.name).\(spec.name)"
        if case .choices(let less) = a ?? .choices([]), case .choices(let more) = b ?? .choices([]), case .choices = spec.kind {
            return less.filter { !more.contains($0) }.map { "\($0) is gone from \(place)" }
        }
        if spec.showsInOutputs {
            let now = Dictionary(new.study.outputs.map { ($0.name, $0) }) { $1 }
            let isSame = old.study.outputs.allSatisfy { output in now[output.name].map { $0 == output } ?? true }
            return isSame ? [] : [changed(place, text(a), text(b))]
        }
        if case .operators = spec.kind { return operators(place, a, b, old.study, new.study) }
        return [changed(place, text(a), text(b))]
    }

    /// Added operators are growth; those that were there must mean the same, whatever their spaces.
    private static func operators(_ place: String, _ a: OptionValue?, _ b: OptionValue?, _ old: any Study, _ new: any Study) -> [String] {
        guard case .operators(let before)? = a, case .operators(let after)? = b else {
            // Named on one side, the study's own choice on the other: the outputs tell.
            let now = Dictionary(new.outputs.map { ($0.name, $0) }) { $1 }
            return old.outputs.filter { now[$0.name] != $0 }.map { "the output \($0.name) (\($0.meaning)) of \(place) is gone or another" }
        }
        return before.compactMap { entry in
            guard let now = after.first(where: { $0.name == entry.name }) else { return "\(entry.name) is gone from \(place)" }
            let isSame = now.text == entry.text || (try? OperatorExpression(parsing: now.text) == OperatorExpression(parsing: entry.text)) == true
            return isSame ? nil : changed("\(place).\(entry.name)", entry.text, now.text)
        }
    }

    static func text(_ value: OptionValue?) -> String {
        switch value {
        case nil: "absent"
        case .integer(let value)?: "\(value)"
        case .number(let value)?: CanonicalNumber.string(value)
        case .flag(let value)?: "\(value)"
        case .text(let value)?: value
        case .choices(let words)?: "[\(words.joined(separator: ", "))]"
        case .numbers(let list)?: "[\(list.map(CanonicalNumber.string).joined(separator: ", "))]"
        case .operators(let list)?, .expressions(let list)?: "{\(list.map { "\($0.name): \($0.text)" }.joined(separator: ", "))}"
        case .map(let map)?: "{\(map.keys.sorted().map { "\($0): \(text(map[$0]))" }.joined(separator: ", "))}"
        }
    }
}
