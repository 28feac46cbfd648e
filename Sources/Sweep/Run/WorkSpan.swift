import Studies

/// Consecutive points of one cost class, with the same studies to do at each: how work is named between ranks.
struct WorkSpan: Equatable, Sendable {
    var part: Int
    /// Index into the part's classes; negative: `first` is the index into the part's grid.
    var costClass: Int
    /// First ordinal within the class.
    var first: Int
    var count: Int
    /// Bit k: the k-th study of the part.
    var mask: UInt64
}

/// One study at one point.
struct WorkItem: Equatable, Sendable {
    let study: Int
    let part: Int
    /// Into the part's grid.
    let index: Int
}

extension RunPlan {
    /// The items of a span, all studies of a point in turn.
    func items(_ span: WorkSpan) -> [WorkItem] {
        let part = parts[span.part]
        var items: [WorkItem] = []
        items.reserveCapacity(span.count * span.mask.nonzeroBitCount)
        for ordinal in span.first..<(span.first + span.count) {
            let index = span.costClass < 0 ? ordinal : part.classes[span.costClass].gridIndex(ordinal)
            for (bit, study) in part.studies.enumerated() where span.mask >> UInt64(bit) & 1 == 1 { items.append(WorkItem(study: study, part: span.part, index: index)) }
        }
        return items
    }

    func itemCount(_ span: WorkSpan) -> Int { span.count * span.mask.nonzeroBitCount }
    /// One study at one point, as a span.
    func span(_ item: WorkItem) -> WorkSpan {
        let bit = parts[item.part].studies.firstIndex(of: item.study) ?? 0
        return WorkSpan(part: item.part, costClass: -1, first: item.index, count: 1, mask: 1 << UInt64(bit))
    }

    /// Expected seconds on one core.
    func seconds(_ span: WorkSpan) -> Double {
        guard span.costClass >= 0 else { return items(span).reduce(0) { $0 + seconds($1) } }
        return parts[span.part].classes[span.costClass].seconds(of: span.mask) * Double(span.count)
    }
    /// Expected seconds of points that so many ranks share.
    func sharedSeconds(_ span: WorkSpan, ranks: Int) -> Double {
        items(WorkSpan(part: span.part, costClass: span.costClass, first: span.first, count: 1, mask: span.mask)).reduce(0) { sum, item in
            sum + (studies[item.study].sharedSeconds(at: point(item), ranks: ranks) ?? seconds(item))
        } * Double(span.count)
    }
    func seconds(_ item: WorkItem) -> Double { studies[item.study].cost(at: point(item)).seconds }
    func point(_ item: WorkItem) -> Point { parts[item.part].grid[item.index] }
    func studyName(_ study: Int) -> String { type(of: studies[study]).name }
    func spinCount(_ item: WorkItem) -> Int? {
        let part = parts[item.part]
        return part.spinAxis.map { Int(part.grid.value(ofAxis: $0, at: item.index)) }
    }

    /// The study of this name with the part it is in; nil: the job has it no more.
    func place(ofStudy name: String) -> (study: Int, part: Int)? {
        guard let study = studies.indices.first(where: { studyName($0) == name }), let part = parts.firstIndex(where: { $0.studies.contains(study) }) else { return nil }
        return (study, part)
    }
}
