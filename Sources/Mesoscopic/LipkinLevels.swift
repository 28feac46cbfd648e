import Foundation
import LinearAlgebra

/// The lowest levels E0 < E1 < … of an unbiased LMG model, of alternating parity (E0 is even), with the matrices that the
/// studies of its dynamics need. Parity is exact by construction, however close the levels of a doublet are.
public struct LipkinLevels: Sendable {
    public let model: LipkinModel
    /// In units of J.
    public let energies: [Double]
    /// Amplitudes of each level on the states of its parity block (unit norm there), from m = S down; see `LipkinModel.block`.
    /// Signs are such that ⟨k|Sz|k + 1⟩ > 0.
    public let amplitudes: [[Double]]

    public var count: Int { energies.count }

    /// - Parameter count: levels wanted; all N + 1 where that is less.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public init(_ model: LipkinModel, count: Int) throws {
        self.model = model
        let count = min(count, model.spinCount + 1)
        let even = try model.block(.even).lowest((count + 1) / 2), odd = try model.block(.odd).lowest(count / 2)
        var energies: [Double] = [], amplitudes: [[Double]] = []
        let levels = model.blockLevels(.even)
        for k in 0..<count {
            let block = k % 2 == 0 ? even : odd, length = block.vectors.count / block.values.count
            energies.append(block.values[k / 2])
            var vector = Array(block.vectors[k / 2 * length..<(k / 2 + 1) * length])
            if let previous = amplitudes.last {
                var element = 0.0
                for i in 0..<min(vector.count, previous.count) { element += levels[i] * vector[i] * previous[i] }
                if element < 0 { vector = vector.map(-) }
            }
            amplitudes.append(vector)
        }
        self.energies = energies
        self.amplitudes = amplitudes
    }

    /// Π of level k.
    public static func parity(_ level: Int) -> LipkinModel.Parity { level % 2 == 0 ? .even : .odd }

    /// ⟨i|f(Sz)|k⟩ of a function odd in m: couples opposite parities only. Row-major, count × count.
    public func oddElements(_ function: (Double) -> Double) -> [Double] {
        elements(where: { ($0 + $1) % 2 == 1 }, of: { $0 == 0 ? 0 : function($0) })
    }

    /// ⟨i|f(Sz)|k⟩ of a function even in m: couples equal parities only. Row-major, count × count.
    public func evenElements(_ function: (Double) -> Double) -> [Double] {
        elements(where: { ($0 + $1) % 2 == 0 }, of: function)
    }

    private func elements(where couples: (Int, Int) -> Bool, of function: (Double) -> Double) -> [Double] {
        let weights = model.blockLevels(.even).map(function)
        var matrix = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            let weighted = zip(weights, amplitudes[i]).map { $0 * $1 }
            for k in i..<count where couples(i, k) {
                var sum = 0.0
                for (a, b) in zip(weighted, amplitudes[k]) { sum += a * b }
                matrix[i * count + k] = sum
                matrix[k * count + i] = sum
            }
        }
        return matrix
    }

    /// ⟨i|Sz|k⟩, row-major.
    public var spin: [Double] { oddElements { $0 } }

    /// ⟨i|sgn Sz|k⟩ with sgn 0 = `atZero` (which acts between even levels), row-major.
    public func sign(atZero: Double = 0) -> [Double] {
        let odd = oddElements { _ in 1 }
        guard atZero != 0, model.spinCount % 2 == 0 else { return odd }
        let centre = evenElements { $0 == 0 ? atZero : 0 }
        return zip(odd, centre).map { $0 + $1 }
    }
}
