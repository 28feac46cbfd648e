import Studies

/// One of several records of the same point.
struct Candidate {
    let input: Int32
    let id: Int32
    let status: Status
    /// Index into the union's sources.
    let source: Int32
}

/// Which of several records of one point counts. The rules do not depend on the order of the sources:
/// 1. a failure never beats a result;
/// 2. of failures alone, the one with most outputs, then the latest, then that of the first source by name;
/// 3. results must agree in status, reason and all outputs that two of them have; together they are one record, whose
///    source is that with most outputs (then the first by name). Results that do not agree are an error, or the newest
///    counts, with those that agree with it.
struct Choice {
    let header: TableHeader
    let lengths: [OutputAxis: Int]
    let inputs: [any RecordSource]
    let sources: [Archive.Source]
    let prefer: Archive.Preference

    /// So many records are compared at a time.
    var batchCount: Int { RecordBatch.greatestCount(header, lengths: lengths) }

    private struct Contents {
        let candidate: Candidate
        let reason: String
        /// Of each output; 0: missing.
        let digests: ArraySlice<UInt64>
        let count: Int
        let modified: String
        var isFailure: Bool { candidate.status.isFailure }
    }

    /// - Parameters:
    ///   - groups: the records of each point.
    ///   - key: of a group's point, for messages.
    ///   - found: the number of the group, the record that counts, and which outputs others add to it.
    /// - Throws: `InputError` for a contradiction, `BrokenSource`.
    func settle(_ groups: [[Candidate]], key: (Int) -> String, found: (Int, Candidate, [(Candidate, [Int])]) -> Void) throws {
        let all = groups.flatMap { $0 }, width = header.outputs.count
        var digests: [UInt64] = [], reasons = [String](repeating: "", count: all.count)
        digests.reserveCapacity(all.count * width)
        for start in stride(from: 0, to: all.count, by: batchCount) {
            let range = start..<min(all.count, start + batchCount)
            let batch = try read(Array(all[range]))
            for place in 0..<range.count {
                reasons[start + place] = batch.reasons[place] ?? ""
                for column in batch.columns { digests.append(column.digest(place)) }
            }
        }
        var first = 0
        for (number, group) in groups.enumerated() {
            let contents = group.indices.map { index -> Contents in
                let own = digests[(first + index) * width ..< (first + index + 1) * width], source = Int(group[index].source)
                return Contents(candidate: group[index], reason: reasons[first + index], digests: own, count: own.reduce(0) { $0 + ($1 == 0 ? 0 : 1) },
                                modified: sources.indices.contains(source) ? sources[source].modified : "")
            }
            first += group.count
            let results = contents.filter { !$0.isFailure }
            if results.isEmpty {
                let best = contents.max { Self.precedes($1, $0) }
                if let best { found(number, best.candidate, []) }
            } else {
                try join(results, number, key, found)
            }
        }
    }

    /// Whether the failure `a` counts more than `b`.
    private static func precedes(_ a: Contents, _ b: Contents) -> Bool {
        if a.count != b.count { return a.count > b.count }
        if a.modified != b.modified { return a.modified > b.modified }
        if a.candidate.source != b.candidate.source { return a.candidate.source < b.candidate.source }
        if a.candidate.status != b.candidate.status { return a.candidate.status.rawValue < b.candidate.status.rawValue }
        return a.reason < b.reason
    }

    private func join(_ results: [Contents], _ number: Int, _ key: (Int) -> String, _ found: (Int, Candidate, [(Candidate, [Int])]) -> Void) throws {
        func isFuller(_ a: Contents, _ b: Contents) -> Bool { a.count != b.count ? a.count > b.count : a.candidate.source < b.candidate.source }
        let order = results.sorted { a, b in
            if prefer == .newest, a.modified != b.modified { return a.modified > b.modified }
            return isFuller(a, b)
        }
        var joined = Array(order[0].digests), provider = [Int](repeating: 0, count: joined.count), agreeing = [0]
        for (index, other) in order.enumerated().dropFirst() {
            let agrees = other.candidate.status == order[0].candidate.status && other.reason == order[0].reason
                && zip(joined, other.digests).allSatisfy { $0 == $1 || $0 == 0 || $1 == 0 }
            guard agrees else {
                if prefer == .newest { continue }
                throw try contradiction(agreeing.map { order[$0] }, other, key(number))
            }
            agreeing.append(index)
            for (output, digest) in other.digests.enumerated() where joined[output] == 0 && digest != 0 {
                joined[output] = digest
                provider[output] = index
            }
        }
        // The fullest gives its name; with a preference it need not be the newest.
        guard let base = agreeing.min(by: { isFuller(order[$0], order[$1]) }) else { return }
        var additions: [(Candidate, [Int])] = []
        for index in agreeing where index != base {
            let own = order[base].digests
            let outputs = provider.indices.filter { provider[$0] == index && joined[$0] != 0 && own[own.startIndex + $0] == 0 }
            if !outputs.isEmpty { additions.append((order[index].candidate, outputs)) }
        }
        found(number, order[base].candidate, additions)
    }

    /// The records of some candidates, from whatever sources.
    private func read(_ candidates: [Candidate]) throws -> RecordBatch {
        var batch = RecordBatch(header, lengths: lengths, count: candidates.count)
        for (input, places) in Dictionary(grouping: candidates.indices, by: { candidates[$0].input }).sorted(by: { $0.key < $1.key }) {
            let order = places.sorted { candidates[$0].id < candidates[$1].id }
            do {
                try inputs[Int(input)].read(header.study, ids: order.map { candidates[$0].id }, places: order, into: &batch)
            } catch { throw BrokenSource(input: Int(input), cause: error) }
        }
        return batch
    }

    private func contradiction(_ agreeing: [Contents], _ other: Contents, _ key: String) throws -> InputError {
        let batch = try read((agreeing + [other]).map(\.candidate)), theirs = batch.record(agreeing.count) ?? Record(status: .failed)
        let place = agreeing.indices.first { batch.record($0)?.difference(from: theirs) != nil } ?? 0
        let difference = batch.record(place)?.difference(from: theirs) ?? ("the record", "one", "another")
        return InputError("study \(header.study) at \(key): \(difference.what) is \(difference.mine) in \(describe(agreeing[place].candidate)) and \(difference.theirs) in \(describe(other.candidate))",
                          hint: "keep the later one with --prefer newest")
    }

    private func describe(_ candidate: Candidate) -> String {
        let name = inputs[Int(candidate.input)].name
        guard sources.indices.contains(Int(candidate.source)) else { return name }
        let source = sources[Int(candidate.source)].name
        return source == name || source.hasPrefix(name + "/") ? source : "\(name) (from \(source))"
    }
}

extension Record {
    /// The first thing in which two records contradict each other: status, reason, or an output that both have.
    func difference(from other: Record) -> (what: String, mine: String, theirs: String)? {
        if status != other.status { return ("the status", status.word, other.status.word) }
        if reason != other.reason { return ("the reason", "\"\(reason)\"", "\"\(other.reason)\"") }
        for name in outputs.keys.sorted() {
            guard let mine = outputs[name], let theirs = other.outputs[name] else { continue }
            if mine.shape != theirs.shape || mine.isComplex != theirs.isComplex { return ("the shape of \(name)", "\(mine.shape)", "\(theirs.shape)") }
            if let place = zip(mine.data, theirs.data).enumerated().first(where: { !($0.element.0 == $0.element.1 || ($0.element.0.isNaN && $0.element.1.isNaN)) })?.offset {
                return ("the output \(name)" + (mine.data.count > 1 ? " (element \(place))" : ""), "\(mine.data[place])", "\(theirs.data[place])")
            }
        }
        return nil
    }
}
