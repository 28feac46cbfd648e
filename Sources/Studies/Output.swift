/// What an output's numbers are measured in; the labels come from the job's `units`.
public enum Dimension: String, Sendable { case dimensionless, energy, rate, time }

/// A dimension that an output has beside the axes of the sweep, such as `mode`.
public struct OutputAxis: Hashable, Sendable {
    public let name: String
    /// nil: the extent differs from record to record; archives pad with NaN to the greatest.
    public let extent: Int?
    /// Names of the entries, where they have any (`["lower", "upper"]`).
    public let labels: [String]
    /// Numbers at the entries, where they stand for points of a line (polar angles in radians).
    public let coordinates: [Double]
    public init(name: String, extent: Int?, labels: [String] = [], coordinates: [Double] = []) {
        self.name = name
        self.extent = extent
        self.labels = labels
        self.coordinates = coordinates
    }
}

public enum OutputKind: String, Sendable { case real, complex, integer }

/// One named array that a study returns for a point: what the archive needs to know to store and label it.
public struct OutputSpec: Hashable, Sendable {
    /// Matches `[A-Za-z_][A-Za-z0-9_]*`; the archive variable's name (complex: with `_re`, `_im` appended).
    public let name: String
    public let kind: OutputKind
    public let axes: [OutputAxis]
    public let dimension: Dimension
    /// Meaning in words or as an expression: the archive's `long_name`.
    public let meaning: String
    public init(_ name: String, kind: OutputKind = .real, axes: [OutputAxis] = [],
                dimension: Dimension = .dimensionless, meaning: String) {
        self.name = name
        self.kind = kind
        self.axes = axes
        self.dimension = dimension
        self.meaning = meaning
    }
}

/// The numbers of one output at one point, row-major. Complex arrays are interleaved (re, im): `data.count` is twice
/// the product of `shape`. Integers travel as doubles (exact to 2⁵³).
public struct OutputArray: Equatable, Sendable {
    public let isComplex: Bool
    public let shape: [Int]
    public let data: [Double]

    public init(shape: [Int], data: [Double], isComplex: Bool = false) {
        precondition(data.count == shape.reduce(1, *) * (isComplex ? 2 : 1))
        self.isComplex = isComplex
        self.shape = shape
        self.data = data
    }
    public init(_ scalar: Double) { self.init(shape: [], data: [scalar]) }
    public init(_ vector: [Double]) { self.init(shape: [vector.count], data: vector) }
}
