import Studies

/// What an axis says under `refine`: where points are inserted between its values, line by line.
///
/// A line is the set of points of a study that differ in this axis alone.
public struct Refinement: Equatable, Sendable {
    /// What is looked for along a line.
    public enum Feature: String, CaseIterable, Sendable {
        /// Steps: changes that the slope beside them does not explain.
        case jump
        /// The one steepest place, however smooth.
        case steepest
        /// Local minima, of the logarithm where all values are positive. A value too small to resolve counts as lowest.
        case minimum
        case maximum
        /// Changes of sign.
        case zero
    }

    /// An output whose values along the axis decide.
    public struct Target: Equatable, Sendable {
        public let study: String
        public let output: String
        public let feature: Feature

        public init(study: String, output: String, feature: Feature) {
            self.study = study
            self.output = output
            self.feature = feature
        }
    }

    public let axis: String
    public let targets: [Target]
    /// Least distance of neighbouring values that is asked for, in the unit of the axis.
    public let until: Double
    /// Most values inserted on one line.
    public let limit: Int
    /// Whether intervals are halved in ratio.
    public let isLogarithmic: Bool

    public static let defaultLimit = 100
    /// A jump is told from a slope by its neighbours.
    static let leastCoarseCount = 5
    /// Records of a refined sweep are kept in view by rank 0.
    static let greatestGrid = 1_000_000

    public init(axis: String, targets: [Target], until: Double, limit: Int = defaultLimit, isLogarithmic: Bool = false) {
        self.axis = axis
        self.targets = targets
        self.until = until
        self.limit = limit
        self.isLogarithmic = isLogarithmic
    }

    /// The canonical value halfway between two, computed in decimal; nil: 15 digits tell none apart.
    func middle(_ a: Double, _ b: Double) -> Double? {
        let value = isLogarithmic ? AxisValues.logarithmic(from: a, to: b, count: 3)[1] : AxisValues.linear(from: a, to: b, count: 3)[1]
        return value > min(a, b) && value < max(a, b) ? value : nil
    }
}
