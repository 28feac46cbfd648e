import Studies

/// What a record says of an output that refinement looks at.
enum Reading: Equatable {
    case value(Double)
    /// Too small to be resolved: less than what is known of its neighbours.
    case low
    /// Nothing: the point failed, or its output is not there.
    case none

    init(_ status: Status, _ value: Double?) {
        if let value, value.isFinite, !status.isFailure { self = .value(value) } else { self = status == .unresolved ? .low : .none }
    }

    var value: Double? { if case .value(let value) = self { value } else { nil } }
}
