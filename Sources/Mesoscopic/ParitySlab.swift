import Foundation
import LinearAlgebra
import Numbers

/// Elements X_ki = ⟨k|X|i⟩ of a matrix between levels k < rows and i < columns with k + i even, or odd: parity keeps the two sets apart.
/// They evolve by e^{Lt} in steps of a symmetric splitting, both factors exact: the phases of H with the relaxation of the doublet
/// (which commute), and the dephasing e^{−γ(w − w′)²t/2} in the eigenbasis of Sz.
struct ParitySlab {
    /// Rows even, then rows odd; each a matrix of real parts and beside it one of imaginary parts, column-major.
    private var blocks: [[Double]]
    private let kernel: Kernel

    /// All that does not change along the way.
    struct Kernel {
        let rows: SpinEigenbasis
        let columns: SpinEigenbasis
        /// Of k + i: 0 or 1.
        let parity: Int
        /// Factors of the elements in half a step and in a step: by block, as its elements.
        fileprivate var halfPhases: [[Complex]] = []
        fileprivate var phases: [[Complex]] = []
        /// What dephasing leaves of A ± D in a step: halves of the sum and of the difference.
        fileprivate var kept: [Double] = []
        fileprivate var crossed: [Double] = []
        /// 1 − e^{−κt/2} and 1 − e^{−κt}
        fileprivate var halfTransfer = 0.0
        fileprivate var transfer = 0.0
        /// Of e^{Lt} itself, or of its transpose: the relaxation fills |0⟩⟨0| from |1⟩⟨1|, or the reverse.
        let isTransposed: Bool

        init(rows: SpinEigenbasis, columns: SpinEigenbasis, parity: Int, energies: [Double], damping: LeggettGargDamping, time: Double,
             isTransposed: Bool) {
            self.rows = rows
            self.columns = columns
            self.parity = parity
            self.isTransposed = isTransposed
            for block in 0...1 {
                let pairs = columnLevels(block).flatMap { i in rowLevels(block).map { ($0, i) } }
                func factors(_ t: Double) -> [Complex] {
                    pairs.map { k, i in
                        let angle = (energies[i] - energies[k]) * t
                        return exp(-damping.relaxationRate * t / 2 * Double((k == 1 ? 1 : 0) + (i == 1 ? 1 : 0))) * Complex(cos(angle), sin(angle))
                    }
                }
                phases.append(factors(time))
                halfPhases.append(factors(time / 2))
            }
            for r in columns.values {
                for s in rows.values {
                    let near = exp(-damping.dephasing * (s - r) * (s - r) * time / 2), far = exp(-damping.dephasing * (s + r) * (s + r) * time / 2)
                    kept.append((near + far) / 2)
                    crossed.append((near - far) / 2)
                }
            }
            transfer = -expm1(-damping.relaxationRate * time)
            halfTransfer = -expm1(-damping.relaxationRate * time / 2)
        }

        fileprivate func rowBasis(_ block: Int) -> RealMatrix { block == 0 ? rows.even : rows.odd }
        fileprivate func columnBasis(_ block: Int) -> RealMatrix { block == parity ? columns.even : columns.odd }
        fileprivate func rowLevels(_ block: Int) -> [Int] { (0..<rowBasis(block).rows).map { 2 * $0 + block } }
        fileprivate func columnLevels(_ block: Int) -> [Int] { (0..<columnBasis(block).rows).map { 2 * $0 + (block == parity ? 0 : 1) } }
    }

    /// - Parameters:
    ///   - matrix: of which the elements of the kernel's parity are taken; column-major.
    ///   - stride: its number of rows.
    init(_ matrix: [Complex], stride: Int, kernel: Kernel) {
        self.kernel = kernel
        blocks = (0...1).map { block in
            let values = kernel.columnLevels(block).flatMap { i in kernel.rowLevels(block).map { matrix[i * stride + $0] } }
            return values.map(\.re) + values.map(\.im)
        }
    }

    /// Adds the elements to a matrix.
    func add(to matrix: inout [Complex], stride: Int) {
        for block in 0...1 {
            let values = blocks[block], half = values.count / 2
            var k = 0
            for i in kernel.columnLevels(block) {
                for row in kernel.rowLevels(block) {
                    matrix[i * stride + row] += Complex(values[k], values[half + k])
                    k += 1
                }
            }
        }
    }

    mutating func evolve(steps: Int) {
        turn(kernel.halfPhases, kernel.halfTransfer)
        for step in 1...steps {
            dephase()
            if step < steps { turn(kernel.phases, kernel.transfer) } else { turn(kernel.halfPhases, kernel.halfTransfer) }
        }
    }

    /// The factor of H and of the relaxation.
    private mutating func turn(_ phases: [[Complex]], _ transfer: Double) {
        let upper = transfer > 0 && kernel.parity == 0 ? [blocks[0][0], blocks[0][blocks[0].count / 2]] : []
        let lower = transfer > 0 && kernel.parity == 0 ? [blocks[1][0], blocks[1][blocks[1].count / 2]] : []
        for block in 0...1 {
            phases[block].withUnsafeBufferPointer { phases in
                blocks[block].withUnsafeMutableBufferPointer { values in
                    let half = phases.count
                    for k in 0..<half {
                        let (re, im, phase) = (values[k], values[half + k], phases[k])
                        values[k] = re * phase.re - im * phase.im
                        values[half + k] = re * phase.im + im * phase.re
                    }
                }
            }
        }
        guard !upper.isEmpty else { return }
        let target = kernel.isTransposed ? 1 : 0, source = kernel.isTransposed ? upper : lower, half = blocks[target].count / 2
        blocks[target][0] += transfer * source[0]
        blocks[target][half] += transfer * source[1]
    }

    /// The factor of the dephasing: to the eigenbasis of Sz from both sides, e^{−γ(w − w′)²t/2}, and back.
    private mutating func dephase() {
        var rotated = (0...1).map { rotate($0) }
        let half = kernel.kept.count
        rotated.withUnsafeMutableBufferPointer { rotated in
            rotated[0].withUnsafeMutableBufferPointer { a in
                rotated[1].withUnsafeMutableBufferPointer { d in
                    for part in 0...1 {
                        for k in 0..<half {
                            let (x, y) = (a[part * half + k], d[part * half + k]), (c, s) = (kernel.kept[k], kernel.crossed[k])
                            a[part * half + k] = c * x + s * y
                            d[part * half + k] = s * x + c * y
                        }
                    }
                }
            }
        }
        for block in 0...1 { rotateBack(block, rotated[block]) }
    }

    private func rotate(_ block: Int) -> [Double] {
        let rows = kernel.rowBasis(block), columns = kernel.columnBasis(block)
        var half = [Double](repeating: 0, count: 2 * rows.rows * columns.columns)
        var whole = [Double](repeating: 0, count: 2 * rows.columns * columns.columns)
        columns.multiplyFromRight(blocks[block], into: &half, height: rows.rows, count: 2)
        rows.multiply(transposed: true, half, into: &whole, width: 2 * columns.columns)
        return whole
    }

    private mutating func rotateBack(_ block: Int, _ rotated: [Double]) {
        let rows = kernel.rowBasis(block), columns = kernel.columnBasis(block)
        var half = [Double](repeating: 0, count: 2 * rows.rows * columns.columns)
        rows.multiply(rotated, into: &half, width: 2 * columns.columns)
        columns.multiplyFromRight(transposed: true, half, into: &blocks[block], height: rows.rows, count: 2)
    }
}
