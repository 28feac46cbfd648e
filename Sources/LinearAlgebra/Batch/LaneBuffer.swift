/// Vectors of eight numbers, one a lane: the same unknown of eight matrices side by side.
public final class LaneBuffer {
    public static let lanes = 8
    /// Number of vectors.
    public let count: Int
    let base: UnsafeMutablePointer<Double>

    /// Zero-filled.
    public init(count: Int) {
        self.count = count
        let bytes = max(count, 1) * Self.lanes * MemoryLayout<Double>.stride
        base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64).bindMemory(to: Double.self, capacity: max(count, 1) * Self.lanes)
        base.initialize(repeating: 0, count: max(count, 1) * Self.lanes)
    }

    deinit { base.deallocate() }

    public subscript(index: Int, lane: Int) -> Double {
        get { base[index * Self.lanes + lane] }
        set { base[index * Self.lanes + lane] = newValue }
    }

    /// All eight lanes of one vector.
    public subscript(index: Int) -> SIMD8<Double> {
        @inline(__always) get { UnsafeRawPointer(base + index * Self.lanes).load(as: SIMD8<Double>.self) }
        @inline(__always) set { UnsafeMutableRawPointer(base + index * Self.lanes).storeBytes(of: newValue, as: SIMD8<Double>.self) }
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
        for k in 0..<count { store(k, other.load(offset + k * stride)) }
    }

    /// Sum of squares of each lane.
    public func squares() -> SIMD8<Double> {
        var sum = SIMD8<Double>.zero
        for k in 0..<count {
            let v = load(k)
            sum += v * v
        }
        return sum
    }

    /// Sum of squares of the products with another column, as far as self goes.
    public func squares(times other: LaneBuffer) -> SIMD8<Double> {
        precondition(count <= other.count)
        var sum = SIMD8<Double>.zero
        for k in 0..<count {
            let v = load(k) * other.load(k)
            sum += v * v
        }
        return sum
    }

    @inline(__always) private func load(_ k: Int) -> SIMD8<Double> {
        UnsafeRawPointer(base).load(fromByteOffset: 64 * k, as: SIMD8<Double>.self)
    }
    @inline(__always) private func store(_ k: Int, _ v: SIMD8<Double>) {
        UnsafeMutableRawPointer(base).storeBytes(of: v, toByteOffset: 64 * k, as: SIMD8<Double>.self)
    }
}
