import Studies

/// Whether sources belong in one archive, and what they have in common.
enum Compatibility {
    /// Attributes, axes and tables of the union, without records.
    ///
    /// Title, job and software version are those of the first source; other jobs are appended. The list of ledgers is in
    /// the order of their names, whatever the order of the sources.
    /// - Throws: `InputError` where models, units, axes or outputs contradict each other.
    static func join(_ inputs: [any RecordSource]) throws -> Union {
        guard let first = inputs.first else { throw InputError("nothing to merge") }
        var attributes = first.attributes, axes = first.axes, headers = first.tables
        // Who said so first.
        var axisOwner = Dictionary(uniqueKeysWithValues: axes.map { ($0.name, first.name) }), owner: [String: String] = [:]
        var outputs = headers.map { Dictionary(uniqueKeysWithValues: $0.outputs.map { ($0.name, $0) }) }
        var modelOwner = first.name, warnings: [String] = []
        for header in headers { owner[header.study] = first.name }
        var jobs = Set(attributes.jobTexts), sources = Set(attributes.sources)
        for other in inputs.dropFirst() {
            func refuse(_ what: String, _ known: String, hint: String? = nil) -> InputError { InputError(file: other.name, "cannot be merged with \(known): \(what)", hint: hint) }
            let theirs = other.attributes
            if attributes.model.isEmpty {
                attributes.model = theirs.model
                modelOwner = other.name
            } else if !theirs.model.isEmpty, attributes.model != theirs.model {
                let place = zip(attributes.model.split(separator: "\n"), theirs.model.split(separator: "\n")).first { $0 != $1 }
                throw refuse("the models differ" + (place.map { " (\"\($1)\" here, \"\($0)\" there)" } ?? ""), modelOwner, hint: "only results of one model belong in one archive")
            }
            if attributes.units != theirs.units {
                throw refuse("units are energy \"\(theirs.units.energy)\", time \"\(theirs.units.time)\" here and energy \"\(attributes.units.energy)\", time \"\(attributes.units.time)\" there",
                             first.name, hint: "give both jobs the same units")
            }
            for axis in other.axes {
                guard let known = axes.first(where: { $0.name == axis.name }) else {
                    axes.append(axis)
                    axisOwner[axis.name] = other.name
                    continue
                }
                let there = axisOwner[axis.name] ?? first.name
                if known.isInteger != axis.isInteger { throw refuse("the axis \(axis.name) is \(axis.isInteger ? "integer" : "real") here and \(known.isInteger ? "integer" : "real") there", there) }
                if known.unit != axis.unit { throw refuse("the axis \(axis.name) has the unit \"\(axis.unit)\" here and \"\(known.unit)\" there", there) }
            }
            for table in other.tables {
                guard let place = headers.firstIndex(where: { $0.study == table.study }) else {
                    headers.append(table)
                    outputs.append(Dictionary(uniqueKeysWithValues: table.outputs.map { ($0.name, $0) }))
                    owner[table.study] = other.name
                    continue
                }
                let there = owner[table.study] ?? first.name
                guard headers[place].axes == table.axes else {
                    throw refuse("the study \(table.study) depends on (\(table.axes.joined(separator: ", "))) here and on (\(headers[place].axes.joined(separator: ", "))) there", there,
                                 hint: "sweep the same axes, in the same order, in both jobs; an axis may have a single value")
                }
                try joinOptions(of: table, into: &headers[place], other.name, there, &warnings)
                for output in table.outputs {
                    guard let known = outputs[place][output.name] else {
                        headers[place].outputs.append(output)
                        outputs[place][output.name] = output
                        continue
                    }
                    guard known != output else { continue }
                    let what = output.differences(from: known).map { "\($0.what) \($0.mine) here, \($0.theirs) there" }
                    throw refuse("the output \(output.name) of the study \(table.study) is described differently (\(what.joined(separator: "; ")))", there,
                                 hint: "the two jobs give the study different options: merge only runs that agree in them (an observable may get another name)")
                }
            }
            for text in theirs.jobTexts where jobs.insert(text).inserted { attributes.jobTexts.append(text) }
            sources.formUnion(theirs.sources)
            attributes.created = max(attributes.created, theirs.created)
        }
        if inputs.count > 1 { attributes.sources = sources.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) } }
        let tables = try headers.map { header in
            Union.Table(header: header, places: try header.axes.map { name in
                guard let place = axes.firstIndex(where: { $0.name == name }) else {
                    throw InputError("study \(header.study) depends on the axis \(name), which the archive does not have")
                }
                return place
            }, lengths: [:])
        }
        return Union(attributes: attributes, axes: axes, values: [], tables: tables, warnings: warnings)
    }

    /// - Throws: `InputError` where the options make the outputs something else.
    private static func joinOptions(of table: TableHeader, into known: inout TableHeader, _ name: String, _ there: String, _ warnings: inout [String]) throws {
        guard let theirs = table.options else { return }
        guard var options = known.options else {
            known.options = theirs
            return
        }
        for option in theirs {
            guard let place = options.firstIndex(where: { $0.name == option.name }) else {
                options.append(option)
                continue
            }
            let mine = options[place]
            if Set(option.values).isSubset(of: mine.values) { continue }
            func text(_ option: StudyOption) -> String { option.text ?? StudyOption.absent }
            let what = "the option \(option.name) of the study \(table.study)"
            guard mine.allows(option) else {
                throw InputError(file: name, "cannot be merged with \(there): \(what) is \(text(option)) here and \(text(mine)) there",
                                 hint: "only results of the same options belong in one archive")
            }
            let text = "\(what) is \(text(option)) in \(name) and \(text(mine)) in \(there): their records stand in the same variables"
            if !warnings.contains(where: { $0.hasPrefix("\(what) is ") }) { warnings.append(text) }
            options[place].values = Set(mine.values + option.values).sorted()
        }
        known.options = options
    }
}

extension Archive.Source {
    fileprivate var sortKey: [String] { [name, modified, sha256, version, job ?? ""] }
}
