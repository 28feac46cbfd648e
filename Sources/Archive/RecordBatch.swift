import Studies

/// Records of one study in columns, as variables of an archive store them: arrays whose extents differ are padded with
/// NaN to common lengths. A place without a record has the status −1.
public struct RecordBatch {
    public struct Column {
        public let output: OutputSpec
        /// Padded extents of one record.
        public let lengths: [Int]
        /// Elements of one record.
        public let size: Int
        /// `count × size` numbers, row-major: one array, or for complex outputs real and imaginary parts.
        public internal(set) var parts: [[Double]]
        /// For each own axis whose extent differs from record to record the extents (−1: the output is missing); else empty.
        public internal(set) var extents: [[Int32]]

        init(_ output: OutputSpec, lengths: [Int], count: Int) {
            self.output = output
            self.lengths = lengths
            size = lengths.reduce(1, *)
            parts = [[Double]](repeating: [Double](repeating: .nan, count: count * size), count: output.kind == .complex ? 2 : 1)
            extents = output.axes.map { $0.extent == nil ? [Int32](repeating: -1, count: count) : [] }
        }

        var isRagged: Bool { extents.contains { !$0.isEmpty } }

        public func isMissing(_ place: Int) -> Bool {
            if let ragged = extents.first(where: { !$0.isEmpty }) { return ragged[place] < 0 }
            return size > 0 && parts.allSatisfy { part in part[place * size ..< (place + 1) * size].allSatisfy(\.isNaN) }
        }

        /// Extents of the record at a place; only where it is not missing.
        public func shape(_ place: Int) -> [Int] {
            lengths.indices.map { extents[$0].isEmpty ? lengths[$0] : Int(extents[$0][place]) }
        }

        /// nil: missing.
        public func array(_ place: Int) -> OutputArray? {
            if isMissing(place) { return nil }
            let shape = self.shape(place), width = parts.count
            var data = [Double](repeating: .nan, count: shape.reduce(1, *) * width)
            for (part, values) in parts.enumerated() {
                forEachPadded(shape: shape, extents: lengths) { data[$0 * width + part] = values[place * size + $1] }
            }
            return OutputArray(shape: shape, data: data, isComplex: width == 2)
        }

        /// - Precondition: the array fits the output's description.
        mutating func set(_ array: OutputArray, at place: Int) {
            guard !Archive.isMissing(array) else { return }
            let width = parts.count
            for part in parts.indices {
                forEachPadded(shape: array.shape, extents: lengths) { parts[part][place * size + $1] = array.data[$0 * width + part] }
            }
            for (axis, extent) in array.shape.enumerated() where !extents[axis].isEmpty { extents[axis][place] = Int32(extent) }
        }

        mutating func copy(from other: Column, _ theirs: Int, to place: Int) {
            for part in parts.indices {
                for element in 0..<size { parts[part][place * size + element] = other.parts[part][theirs * size + element] }
            }
            for axis in extents.indices where !extents[axis].isEmpty { extents[axis][place] = other.extents[axis][theirs] }
        }

        /// Equal for equal values (NaN equals NaN, −0 equals 0), whatever the padding; 0: missing.
        func digest(_ place: Int) -> UInt64 {
            if isMissing(place) { return 0 }
            let shape = self.shape(place)
            var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
            func mix(_ bits: UInt64) {
                hash = (hash ^ bits) &* 0xBF58_476D_1CE4_E5B9
                hash = (hash ^ (hash >> 29)) &* 0x94D0_49BB_1331_11EB
                hash ^= hash >> 32
            }
            for extent in shape { mix(UInt64(extent)) }
            for values in parts {
                forEachPadded(shape: shape, extents: lengths) { _, padded in
                    let value = values[place * size + padded]
                    mix(value.isNaN ? 0x7FF8_0000_0000_0000 : value == 0 ? 0 : value.bitPattern)
                }
            }
            return max(1, hash)
        }
    }

    public let study: String
    public let count: Int
    public internal(set) var statuses: [Int32]
    public internal(set) var seconds: [Double]
    /// Of the places that have one.
    public internal(set) var reasons: [Int: String] = [:]
    public internal(set) var columns: [Column]
    let columnOfOutput: [String: Int]

    /// - Parameter lengths: padded extents along own axes of no fixed extent.
    public init(_ header: TableHeader, lengths: [OutputAxis: Int], count: Int) {
        study = header.study
        self.count = count
        statuses = [Int32](repeating: Archive.pendingStatus, count: count)
        seconds = [Double](repeating: .nan, count: count)
        columns = header.outputs.map { output in Column(output, lengths: output.axes.map { $0.extent ?? max(1, lengths[$0] ?? 1) }, count: count) }
        columnOfOutput = Dictionary(uniqueKeysWithValues: header.outputs.enumerated().map { ($1.name, $0) })
    }

    /// Numbers that one record takes.
    static func width(_ header: TableHeader, lengths: [OutputAxis: Int]) -> Int {
        header.outputs.reduce(2) { sum, output in
            sum + output.axes.reduce(output.kind == .complex ? 2 : 1) { $0 * ($1.extent ?? max(1, lengths[$1] ?? 1)) }
        }
    }

    /// How many such records are worth reading at once: some 64 MB.
    public static func greatestCount(_ header: TableHeader, lengths: [OutputAxis: Int]) -> Int {
        max(1, min(1 << 18, (8 << 20) / width(header, lengths: lengths)))
    }

    /// - Precondition: the record fits the description of the table (`TableHeader`); other outputs are left out.
    public mutating func set(_ record: Record, at place: Int) {
        statuses[place] = record.status.rawValue
        seconds[place] = record.seconds
        if !record.reason.isEmpty { reasons[place] = record.reason }
        for (name, array) in record.outputs {
            if let column = columnOfOutput[name] { columns[column].set(array, at: place) }
        }
    }

    /// nil: there is none.
    public func record(_ place: Int) -> Record? {
        guard let status = Status(rawValue: statuses[place]) else { return nil }
        var record = Record(status: status, reason: reasons[place] ?? "", seconds: seconds[place])
        for column in columns { if let array = column.array(place) { record.outputs[column.output.name] = array } }
        return record
    }
}
