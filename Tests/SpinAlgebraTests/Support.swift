import Numbers
@testable import SpinAlgebra

/// Reproducible random numbers.
struct Random {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ n: Int) -> Int { Int(bits() % UInt64(n)) }
    /// From −1 to 1.
    mutating func real() -> Double { Double(bits() >> 11) * 0x1p-52 - 1 }
    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
}

typealias Matrix = [[Complex]]

func * (a: Matrix, b: Matrix) -> Matrix {
    a.map { row in b[0].indices.map { column in row.indices.reduce(Complex.zero) { $0 + row[$1] * b[$1][column] } } }
}
func - (a: Matrix, b: Matrix) -> Matrix { zip(a, b).map { zip($0, $1).map { $0 - $1 } } }
func adjoint(_ a: Matrix) -> Matrix { a.indices.map { r in a.indices.map { a[$0][r].conjugate } } }
func greatest(_ a: Matrix) -> Double { a.joined().reduce(0) { max($0, $1.magnitude) } }

/// exp by scaling, Taylor series and squaring: plain, and enough for small matrices.
func exponential(_ a: Matrix) -> Matrix {
    let n = a.count, halvings = 12
    let small = a.map { $0.map { (1 / Double(1 << halvings)) * $0 } }
    var term: Matrix = (0..<n).map { r in (0..<n).map { r == $0 ? .one : .zero } }, sum = term
    for k in 1...12 {
        term = (term * small).map { $0.map { (1 / Double(k)) * $0 } }
        sum = zip(sum, term).map { zip($0, $1).map { $0 + $1 } }
    }
    for _ in 0..<halvings { sum = sum * sum }
    return sum
}
