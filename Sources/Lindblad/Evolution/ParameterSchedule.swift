import SpinAlgebra

/// The parameters of a model as functions of time.
public struct ParameterSchedule: Sendable {
    public let spinCount: Int
    /// All values of a model instance (N, j and every parameter) at a time.
    /// - Throws: `EvaluationError` where the model makes no sense at that time.
    let values: @Sendable (Double) throws -> [String: Double]
    /// Times at which a derivative jumps, ascending: no step of the integrator strides across.
    let breaks: [Double]
    /// Times between which nothing changes need no such pieces: see `isConstant(from:to:)`.
    private let constantStretches: [ClosedRange<Double>]

    /// Parameters that stay as they are.
    public init(constant instance: ModelInstance) {
        spinCount = instance.spinCount
        let values = instance.values
        self.values = { _ in values }
        breaks = []
        constantStretches = [-.infinity ... .infinity]
    }

    /// - Parameters:
    ///   - breaks: times at which a derivative jumps.
    ///   - constantStretches: between which nothing changes.
    public init(spinCount: Int, breaks: [Double], constantStretches: [ClosedRange<Double>], values: @escaping @Sendable (Double) throws -> [String: Double]) {
        self.spinCount = spinCount
        self.values = values
        self.breaks = breaks.sorted()
        self.constantStretches = constantStretches
    }

    func isConstant(from start: Double, to end: Double) -> Bool {
        constantStretches.contains { $0.lowerBound <= start && end <= $0.upperBound }
    }

    /// The first break after `time`, at most `end`.
    func next(after time: Double, end: Double) -> Double {
        min(end, breaks.first { $0 > time } ?? end)
    }
}
