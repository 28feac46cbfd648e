/// All records of one study: what ledgers deliver, archives store and `merge` joins.
public struct ResultTable: Sendable {
    public struct Row: Sendable {
        /// Values of `axes`, canonical.
        public var coordinates: [Double]
        public var record: Record
        /// Index into the provenance list of whoever holds the table (see `Archive`).
        public var source: Int
        public init(coordinates: [Double], record: Record, source: Int) {
            self.coordinates = coordinates
            self.record = record
            self.source = source
        }
    }

    public var study: String
    /// Sweep axes that the study depends on, in the order of the job file.
    public var axes: [String]
    public var outputs: [OutputSpec]
    public var rows: [Row]

    public init(study: String, axes: [String], outputs: [OutputSpec], rows: [Row]) {
        self.study = study
        self.axes = axes
        self.outputs = outputs
        self.rows = rows
    }
}
