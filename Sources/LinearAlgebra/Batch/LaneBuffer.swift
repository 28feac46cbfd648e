/// Vectors of eight numbers, one a lane: the same unknown of eight matrices side by side.
public final class LaneBuffer {
    public static let lanes = 8
    /// Number of vectors.
    public let count: Int
    @usableFromInline let base: UnsafeMutablePointer<Double>

    /// Zero-filled.
    public init(count: Int) {
        self.count = count
        let bytes = max(count, 1) * Self.lanes * MemoryLayout<Double>.stride
        base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64).bindMemory(to: Double.self, capacity: max(count, 1) * Self.lanes)
        base.initialize(repeating: 0, count: max(count, 1) * Self.lanes)
    }

    deinit { base.deallocate() }

    public subscript(index: Int, lane: Int) -> Double {
        @inlinable get { base[8 * index + lane] }
        @inlinable set { base[8 * index + lane] = newValue }
    }

    /// All eight lanes of one vector.
    public subscript(index: Int) -> SIMD8<Double> {
        @inlinable get { UnsafeRawPointer(base).load(fromByteOffset: 64 * index, as: SIMD8<Double>.self) }
        @inlinable set { UnsafeMutableRawPointer(base).storeBytes(of: newValue, toByteOffset: 64 * index, as: SIMD8<Double>.self) }
    }

    // MARK: Arithmetic of whole columns, lane by lane

    public func copy(from other: LaneBuffer) {
        precondition(other.count <= count)
        base.update(from: other.base, count: other.count * Self.lanes)
    }

    /// self += other, as far as `other` goes.
    public func add(_ other: LaneBuffer) {
        precondition(other.count <= count)
        let to = base, from = other.base
        for k in 0..<other.count * Self.lanes { to[k] += from[k] }
    }

    /// self = −other, as far as `other` goes.
    public func assignNegative(_ other: LaneBuffer) {
        precondition(other.count <= count)
        let to = base, from = other.base
        for k in 0..<other.count * Self.lanes { to[k] = -from[k] }
    }

    /// self −= other, as far as `other` goes.
    public func subtract(_ other: LaneBuffer) {
        precondition(other.count <= count)
        let to = base, from = other.base
        for k in 0..<other.count * Self.lanes { to[k] -= from[k] }
    }

    /// self = other[offset], other[offset + stride], …
    public func take(_ other: LaneBuffer, offset: Int, stride: Int) {
        precondition(offset + (count - 1) * stride < other.count)
        for k in 0..<count { self[k] = other[offset + k * stride] }
    }

    /// Sum of squares of each lane.
    public func squares() -> SIMD8<Double> {
        var sum = SIMD8<Double>.zero
        for k in 0..<count {
            let v = self[k]
            sum += v * v
        }
        return sum
    }

    /// Sum of squares of the products with another column, as far as self goes.
    public func squares(times other: LaneBuffer) -> SIMD8<Double> {
        precondition(count <= other.count)
        var sum = SIMD8<Double>.zero
        for k in 0..<count {
            let v = self[k] * other[k]
            sum += v * v
        }
        return sum
    }
}
