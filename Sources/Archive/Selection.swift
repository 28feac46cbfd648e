import Studies

/// Some of a source's studies and points.
public final class Selection: RecordSource {
    /// What an axis may be.
    public struct Condition: Sendable {
        public let axis: String
        public let lower: Double
        public let upper: Double
        public init(axis: String, _ range: ClosedRange<Double>) {
            self.axis = axis
            lower = range.lowerBound
            upper = range.upperBound
        }
    }

    private let base: any RecordSource
    private let conditions: [Condition]
    public let tables: [TableHeader]
    public var name: String { base.name }
    public var attributes: Archive.Attributes { base.attributes }
    public var axes: [ArchiveAxis] { base.axes }

    /// - Parameters:
    ///   - studies: empty: all.
    ///   - conditions: a study that does not depend on the axis of a condition is not limited by it.
    /// - Throws: `InputError` for a study or an axis that is not there.
    public init(_ base: any RecordSource, studies: [String] = [], conditions: [Condition] = []) throws {
        self.base = base
        self.conditions = conditions
        for study in studies where base.table(study) == nil {
            throw InputError(file: base.name, "has no study \(study)", hint: "it has \(base.tables.map(\.study).joined(separator: ", "))")
        }
        for condition in conditions where !base.axes.contains(where: { $0.name == condition.axis }) {
            throw InputError(file: base.name, "has no axis \(condition.axis)", hint: "its axes are \(base.axes.map(\.name).joined(separator: ", "))")
        }
        tables = base.tables.filter { studies.isEmpty || studies.contains($0.study) }
    }

    public func scan(_ study: String) throws -> TableScan {
        guard let header = table(study) else { return TableScan() }
        var scan = try base.scan(study)
        let own = conditions.compactMap { condition in header.axes.firstIndex(of: condition.axis).map { (axis: $0, condition: condition) } }
        if own.isEmpty { return scan }
        let width = header.axes.count, all = scan
        scan.ids = []
        scan.coordinates = []
        scan.statuses = []
        scan.sources = []
        for row in 0..<all.count {
            let isWanted = own.allSatisfy { axis, condition in
                let value = all.coordinates[row * width + axis]
                return condition.lower <= value && value <= condition.upper
            }
            if isWanted { scan.append(id: all.ids[row], coordinates: Array(all.coordinates[row * width ..< (row + 1) * width]), status: all.statuses[row], source: all.sources[row]) }
        }
        return scan
    }

    public func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) throws { try base.read(study, ids: ids, places: places, into: &batch) }
}
