import LinearAlgebra
import Numbers
import SpinAlgebra

/// A polynomial of spin operators in the Dicke basis m = j, j − 1, …, −j by its diagonals: O(N degree) numbers.
struct BandedSpinOperator {
    /// What m rises by, ascending, with ⟨m + rise|A|m⟩ by the index j − m of the column; 0 where m + rise leaves the multiplet.
    let diagonals: [(rise: Int, elements: [Complex])]

    init(_ polynomial: SpinPolynomial, spinCount: Int) {
        let j = Double(spinCount) / 2
        var sums: [Int: [Complex]] = [:]
        for (monomial, coefficient) in polynomial.sortedTerms {
            let rise = monomial.raising - monomial.lowering
            var elements = sums[rise] ?? [Complex](repeating: .zero, count: spinCount + 1)
            for column in 0...spinCount {
                var m = j - Double(column), square = 1.0, factor = 1.0
                for _ in 0..<monomial.lowering {
                    square *= (j + m) * (j - m + 1)
                    m -= 1
                }
                guard square > 0 else { continue }
                for _ in 0..<monomial.z { factor *= m }
                for _ in 0..<monomial.raising {
                    square *= (j - m) * (j + m + 1)
                    m += 1
                }
                guard square > 0, m <= j else { continue }
                elements[column] += factor * square.squareRoot() * coefficient
            }
            sums[rise] = elements
        }
        diagonals = sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var isEmpty: Bool { diagonals.isEmpty }

    func callAsFunction(_ vector: [Complex]) -> [Complex] {
        var image = [Complex](repeating: .zero, count: vector.count)
        for (rise, elements) in diagonals {
            for column in max(0, rise)..<max(max(0, rise), min(vector.count, vector.count + rise)) {
                image[column - rise] += elements[column] * vector[column]
            }
        }
        return image
    }

    /// The block on every second m, from index `first` (0 or 1) on. Needs a Hermitian operator of even rises only, spinCount ≥ first.
    func block(from first: Int) -> HermitianBand {
        let length = diagonals.first?.elements.count ?? 0, size = (length - first + 1) / 2
        var block = HermitianBand(size: size, bandwidth: (diagonals.map { abs($0.rise) }.max() ?? 0) / 2)
        for (rise, elements) in diagonals where rise <= 0 {
            for column in 0..<size where column - rise / 2 < size { block[column - rise / 2, column] = elements[first + 2 * column] }
        }
        return block
    }
}
