/// One axis of a sweep.
public struct GridAxis: Equatable, Sendable {
    /// `N`, a model parameter, or `study.input`.
    public let name: String
    /// For plots; nil: the name.
    public let label: String?
    public let unit: String?
    /// Canonical and distinct, in the order of the job.
    public let values: [Double]
    /// Whether the values are counts (N) and so stored as integers.
    public let isInteger: Bool

    public init(name: String, label: String? = nil, unit: String? = nil, values: [Double], isInteger: Bool = false) {
        self.name = name
        self.label = label
        self.unit = unit
        self.values = values
        self.isInteger = isInteger
    }
}
