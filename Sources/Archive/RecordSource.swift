import Studies

/// Where records come from: an archive file, the ledgers of a run, or tables in memory. Merging, comparing and exporting
/// go through it, so that none of them holds all records at once.
public protocol RecordSource: AnyObject {
    /// As messages name it.
    var name: String { get }
    var attributes: Archive.Attributes { get }
    /// In the order of the job.
    var axes: [ArchiveAxis] { get }
    var tables: [TableHeader] { get }
    /// Which records of a study there are: a few dozen bytes each.
    /// - Throws: `InputError` for damaged contents.
    func scan(_ study: String) throws -> TableScan
    /// Reads records into places of a batch. An output that the batch does not have is left out.
    /// - Parameters:
    ///   - ids: from `scan`, ascending; one may stand several times.
    ///   - places: one for each.
    /// - Throws: `InputError` for damaged contents.
    func read(_ study: String, ids: [Int32], places: [Int], into batch: inout RecordBatch) throws
}

extension RecordSource {
    public func table(_ study: String) -> TableHeader? { tables.first { $0.study == study } }
}

/// What one study's records look like.
public struct TableHeader: Sendable {
    public var study: String
    /// Sweep axes that the study depends on, in the order of the job.
    public var axes: [String]
    public var outputs: [OutputSpec]
    /// nil: not known, as in archives from before they were noted.
    public var options: [StudyOption]?
    public init(study: String, axes: [String], outputs: [OutputSpec], options: [StudyOption]? = nil) {
        self.study = study
        self.axes = axes
        self.outputs = outputs
        self.options = options
    }
}

/// The records of one study without their outputs.
public struct TableScan: Sendable {
    /// What `read` knows the record by.
    public var ids: [Int32] = []
    /// One value an axis, record after record.
    public var coordinates: [Double] = []
    public var statuses: [Status] = []
    /// Indices into the source's `attributes.sources`.
    public var sources: [Int32] = []
    /// Greatest extents along own axes that differ from record to record (`OutputAxis.extent` nil).
    public var lengths: [OutputAxis: Int] = [:]

    public init() {}
    public var count: Int { ids.count }

    public mutating func append(id: Int32, coordinates values: [Double], status: Status, source: Int32) {
        ids.append(id)
        coordinates += values
        statuses.append(status)
        sources.append(source)
    }

    /// Notes the extents of a record's outputs.
    public mutating func note(_ outputs: [String: OutputArray], _ specs: [OutputSpec]) {
        for spec in specs where !spec.axes.allSatisfy({ $0.extent != nil }) {
            guard let array = outputs[spec.name], array.shape.count == spec.axes.count else { continue }
            for (axis, extent) in zip(spec.axes, array.shape) where axis.extent == nil { lengths[axis] = max(lengths[axis] ?? 0, extent) }
        }
    }
}

extension TableHeader {
    /// - Throws: `InputError` where a record does not fit its own description: a mistake in the programme that made it.
    public func check(_ record: Record, at key: @autoclosure () -> String) throws {
        for (name, array) in record.outputs {
            guard let output = outputs.first(where: { $0.name == name }) else {
                throw InputError("study \(study) at \(key()): output \(name) is not among its declared outputs")
            }
            let fits = array.shape.count == output.axes.count && array.isComplex == (output.kind == .complex)
                && zip(array.shape, output.axes).allSatisfy { $1.extent == nil || $0 == $1.extent }
            guard fits else {
                let wanted = output.axes.map { "\($0.name): \($0.extent.map(String.init) ?? "any")" }.joined(separator: ", ")
                throw InputError("study \(study) at \(key()): output \(name) is \(array.isComplex ? "complex" : "real") of shape \(array.shape), declared \(output.kind.rawValue) [\(wanted)]")
            }
        }
    }
}
