import Studies

extension Archive {
    /// What to do where two archives hold different records for one key.
    public enum Preference: Sendable {
        /// It is an error.
        case none
        /// The record whose source was modified later wins; of equally old ones, that of the archive merged in.
        case newest
    }

    /// The union of both: of the grids, the studies, and the outputs of a study. Records that agree (same status,
    /// reason and bits, whatever the time they took) are kept once.
    ///
    /// Title, job and software version are this archive's; other jobs are appended.
    /// - Throws: `InputError` where models, units, axes or outputs contradict each other, and, unless newer ones are
    ///   preferred, for two different records of one key.
    public func merged(with other: Archive, prefer: Preference = .none) throws -> Archive {
        try checkCompatible(with: other)
        var result = self
        let sourceIndex = other.attributes.sources.map { source -> Int in
            if let known = result.attributes.sources.firstIndex(of: source) { return known }
            result.attributes.sources.append(source)
            return result.attributes.sources.count - 1
        }
        for text in other.attributes.jobTexts where !result.attributes.jobTexts.contains(text) { result.attributes.jobTexts.append(text) }
        result.attributes.created = max(attributes.created, other.attributes.created)
        if result.attributes.model.isEmpty { result.attributes.model = other.attributes.model }
        result.axes += other.axes.filter { axis in !axes.contains { $0.name == axis.name } }
        for table in other.tables {
            var theirs = table
            for row in theirs.rows.indices {
                let source = theirs.rows[row].source
                theirs.rows[row].source = sourceIndex.indices.contains(source) ? sourceIndex[source] : source
            }
            if let index = result.tables.firstIndex(where: { $0.study == table.study }) {
                result.tables[index] = try result.joined(result.tables[index], theirs, other, prefer)
            } else {
                result.tables.append(theirs)
            }
        }
        return result
    }

    private func checkCompatible(with other: Archive) throws {
        func refuse(_ what: String, hint: String? = nil) -> InputError { InputError(file: other.name, "cannot be merged with \(name): \(what)", hint: hint) }
        if !attributes.model.isEmpty, !other.attributes.model.isEmpty, attributes.model != other.attributes.model {
            let mine = attributes.model.split(separator: "\n"), theirs = other.attributes.model.split(separator: "\n")
            let place = zip(mine, theirs).first { $0 != $1 }
            throw refuse("the models differ" + (place.map { " (\"\($1)\" here, \"\($0)\" there)" } ?? ""), hint: "only results of one model belong in one archive")
        }
        if attributes.units != other.attributes.units {
            throw refuse("units are energy \"\(other.attributes.units.energy)\", time \"\(other.attributes.units.time)\" here and energy \"\(attributes.units.energy)\", time \"\(attributes.units.time)\" there",
                         hint: "give both jobs the same units")
        }
        for axis in axes {
            guard let theirs = other.axes.first(where: { $0.name == axis.name }) else { continue }
            if axis.isInteger != theirs.isInteger { throw refuse("the axis \(axis.name) is \(theirs.isInteger ? "integer" : "real") here and \(axis.isInteger ? "integer" : "real") there") }
            if axis.unit != theirs.unit { throw refuse("the axis \(axis.name) has the unit \"\(theirs.unit)\" here and \"\(axis.unit)\" there") }
        }
        for table in tables {
            guard let theirs = other.table(table.study) else { continue }
            guard table.axes == theirs.axes else {
                throw refuse("the study \(table.study) depends on (\(theirs.axes.joined(separator: ", "))) here and on (\(table.axes.joined(separator: ", "))) there",
                             hint: "sweep the same axes, in the same order, in both jobs; an axis may have a single value")
            }
            for output in table.outputs {
                guard let their = theirs.outputs.first(where: { $0.name == output.name }), their != output else { continue }
                throw refuse("the output \(output.name) of the study \(table.study) is described differently (\(their.brief) here, \(output.brief) there)",
                             hint: "give one of them another name")
            }
        }
    }

    /// Both tables have the same axes, sources are those of `self`.
    private func joined(_ mine: ResultTable, _ theirs: ResultTable, _ other: Archive, _ prefer: Preference) throws -> ResultTable {
        let mine = mine.canonical, theirs = theirs.canonical
        let myNames = Set(mine.outputs.map(\.name)), theirNames = Set(theirs.outputs.map(\.name))
        var result = mine
        result.outputs += theirs.outputs.filter { !myNames.contains($0.name) }
        var place: [[Double]: Int] = [:]
        for (index, row) in mine.rows.enumerated() { place[row.coordinates] = index }
        for row in theirs.rows {
            guard let index = place[row.coordinates] else { result.rows.append(row); continue }
            var kept = result.rows[index]
            if let difference = kept.record.difference(from: row.record, among: myNames.intersection(theirNames)) {
                guard prefer == .newest else {
                    throw InputError("study \(mine.study) at \(mine.key(row)): \(difference.what) is \(difference.mine) in \(describe(kept.source, fallback: name)) and \(difference.theirs) in \(describe(row.source, fallback: other.name))",
                                     hint: "keep the later one with --prefer newest")
                }
                if modified(row.source) >= modified(kept.source) { result.rows[index] = row }
                continue
            }
            for (name, array) in row.record.outputs where !myNames.contains(name) { kept.record.outputs[name] = array }
            result.rows[index] = kept
        }
        return result.canonical
    }

    private func modified(_ source: Int) -> String { attributes.sources.indices.contains(source) ? attributes.sources[source].modified : "" }

    /// A source as messages name it. Indices are those of `self`, also for rows of another archive in a merge.
    private func describe(_ source: Int, fallback: String) -> String {
        let sources = attributes.sources
        guard sources.indices.contains(source) else { return fallback }
        return sources[source].name == fallback ? fallback : "\(fallback) (from \(sources[source].name))"
    }

    /// What differs between the two, in sentences, at most `limit` of them; empty if they hold the same results.
    /// Provenance, titles and times are no results.
    public func differences(from other: Archive, limit: Int = 20) -> [String] {
        var found: [String] = []
        let studies = tables.map(\.study) + other.tables.map(\.study).filter { table($0) == nil }
        for study in studies {
            guard let mine = table(study)?.canonical, let theirs = other.table(study)?.canonical else {
                found.append("study \(study): only in \(table(study) == nil ? other.name : name)")
                continue
            }
            guard mine.axes == theirs.axes else { found.append("study \(study): axes (\(mine.axes.joined(separator: ", "))) and (\(theirs.axes.joined(separator: ", ")))"); continue }
            if mine.outputs != theirs.outputs { found.append("study \(study): outputs are declared differently") }
            let names = Set(mine.outputs.map(\.name)).union(theirs.outputs.map(\.name))
            var rest: [[Double]: Record] = [:]
            for row in theirs.rows { rest[row.coordinates] = row.record }
            for row in mine.rows {
                guard let record = rest.removeValue(forKey: row.coordinates) else { found.append("study \(study) at \(mine.key(row)): only in \(name)"); continue }
                if let difference = row.record.difference(from: record, among: names) {
                    found.append("study \(study) at \(mine.key(row)): \(difference.what) is \(difference.mine) and \(difference.theirs)")
                }
            }
            for row in theirs.rows where rest[row.coordinates] != nil { found.append("study \(study) at \(mine.key(row)): only in \(other.name)") }
            if found.count >= limit { break }
        }
        return Array(found.prefix(limit))
    }
}

extension OutputSpec {
    fileprivate var brief: String {
        let extents = axes.map { "\($0.name)=\($0.extent.map(String.init) ?? "any")" }.joined(separator: ", ")
        return "\(kind.rawValue)\(axes.isEmpty ? "" : "[\(extents)]"), \(dimension.rawValue), \"\(meaning)\""
    }
}

extension Record {
    /// The first thing in which two canonical records differ; nil if they agree on status, reason and the named outputs.
    fileprivate func difference(from other: Record, among names: Set<String>) -> (what: String, mine: String, theirs: String)? {
        if status != other.status { return ("the status", status.word, other.status.word) }
        if reason != other.reason { return ("the reason", "\"\(reason)\"", "\"\(other.reason)\"") }
        for name in names.sorted() {
            let mine = outputs[name], theirs = other.outputs[name]
            guard let mine, let theirs else {
                if mine == nil && theirs == nil { continue }
                return ("the output \(name)", mine == nil ? "missing" : "given", theirs == nil ? "missing" : "given")
            }
            if mine.shape != theirs.shape || mine.isComplex != theirs.isComplex { return ("the shape of \(name)", "\(mine.shape)", "\(theirs.shape)") }
            if let place = zip(mine.data, theirs.data).enumerated().first(where: { !($1.0 == $1.1 || ($1.0.isNaN && $1.1.isNaN)) })?.offset {
                return ("the output \(name)" + (mine.data.count > 1 ? " (element \(place))" : ""), "\(mine.data[place])", "\(theirs.data[place])")
            }
        }
        return nil
    }
}
