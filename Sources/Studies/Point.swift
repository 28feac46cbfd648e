import Foundation

/// The canonical form of an axis value: decimal, rounded to 15 significant digits.
/// Two values are one key exactly if their canonical strings agree.
public enum CanonicalNumber {
    public static func string(_ value: Double) -> String { string(canonical: rounded(value)) }

    /// The same for a value that is canonical already.
    static func string(canonical value: Double) -> String {
        if value == 0 { return "0" }          // also −0
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// The double nearest to the 15-digit decimal of `value`.
    public static func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value == 0 ? 0 : value }
        return Double(String(format15(value))) ?? value
    }

    private static func format15(_ value: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
            withVaList([value]) { _ = vsnprintf(buffer.baseAddress!, 40, "%.14e", $0) }
            return String(cString: buffer.baseAddress!)
        }
    }
}

/// One set of parameters of a sweep: axis names in the order of the job file, with canonical values.
public struct Point: Hashable, Sendable {
    public let axes: [String]
    public let values: [Double]

    /// Values are made canonical (see `CanonicalNumber`).
    public init(axes: [String], values: [Double]) {
        precondition(axes.count == values.count)
        self.axes = axes
        self.values = values.map(CanonicalNumber.rounded)
    }

    /// For values that are canonical already.
    public init(axes: [String], canonical values: [Double]) {
        self.axes = axes
        self.values = values
    }

    public subscript(axis: String) -> Double? {
        axes.firstIndex(of: axis).map { values[$0] }
    }

    /// Number of spins, when N is an axis of the point.
    public var spinCount: Int? { self["N"].map { Int($0) } }

    /// The point with only the named axes, in its own order.
    public func projected(on names: [String]) -> Point {
        let kept = axes.indices.filter { names.contains(axes[$0]) }
        return Point(axes: kept.map { axes[$0] }, canonical: kept.map { values[$0] })
    }

    /// `N=20;Gamma=0.5`: the key under which the ledger files the record. Empty for a point without axes.
    public var key: String {
        var text = ""
        for (axis, value) in zip(axes, values) {
            if !text.isEmpty { text += ";" }
            text += axis
            text += "="
            text += CanonicalNumber.string(canonical: value)
        }
        return text
    }

    public var dictionary: [String: Double] { Dictionary(uniqueKeysWithValues: zip(axes, values)) }
}
