import Foundation
import LinearAlgebra
import MessagePassing
import Numbers

// Run by tests and benchmarks under mpirun: what a group of ranks computes, beside LAPACK on its leader.
//     group-harness spectrum KIND N SEED BLOCK     KIND: random, banded
//     group-harness memory N               takes all memory of a spectrum and stops
//     group-harness lu N SEED
setvbuf(stdout, nil, Int32(_IOLBF), 0)
let arguments = CommandLine.arguments
let world = MPICommunicator()
let communicator = GroupCommunicator(ranks: Array(0..<world.size), tag: 7)

struct Noise {
    var state: UInt64
    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) * 0x1p-52 - 1
    }
}

/// A matrix with entries everywhere, or one with a band whose eigenvalues crowd.
func matrix(_ kind: String, _ n: Int, seed: UInt64) -> (SparsePattern, [Double]) {
    var noise = Noise(state: seed &* 77_777 &+ 13), starts = [0], rows: [Int32] = [], values: [Double] = []
    for column in 0..<n {
        let range = kind == "banded" ? max(0, column - 3)...min(n - 1, column + 3) : 0...(n - 1)
        for row in range {
            rows.append(Int32(row))
            values.append(kind == "banded" ? (row == column ? -Double(column / 8) : 0.3 * noise.next()) : noise.next())
        }
        starts.append(rows.count)
    }
    return (SparsePattern(size: n, columnStarts: starts, rows: rows), values)
}

func dense(_ pattern: SparsePattern, _ values: [Double]) -> [Double] {
    var full = [Double](repeating: 0, count: pattern.size * pattern.size)
    for k in values.indices { full[Int(pattern.columns[k]) * pattern.size + Int(pattern.rows[k])] = values[k] }
    return full
}

/// Greatest distance between partners when each value takes the nearest that is left.
func distance(_ first: [Complex], _ second: [Complex]) -> Double {
    guard first.count == second.count else { return .infinity }
    var left = second, worst = 0.0
    for value in first {
        guard let place = left.indices.min(by: { (left[$0] - value).magnitude < (left[$1] - value).magnitude }) else { return .infinity }
        worst = max(worst, (left[place] - value).magnitude)
        left.swapAt(place, left.count - 1)
        left.removeLast()
    }
    return worst
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
}

switch arguments.dropFirst().first {
case "spectrum":
    let n = Int(arguments[3])!, block = Int(arguments[5])!
    let (pattern, values) = matrix(arguments[2], n, seed: UInt64(arguments[4])!)
    let grid = ProcessGrid(communicator)
    var result: DistributedSpectrum.Result?
    let time = try seconds { result = try DistributedSpectrum.eigenvalues(grid, communicator, pattern: pattern, values: values, block: block) }
    let bytes = communicator.greatest([Double(result!.bytes)])[0]
    if communicator.rank == 0 {
        var reference: [Complex] = []
        let alone = n > 5000 ? .nan : try seconds { reference = try DenseEigen.eigenvalues(dense(pattern, values), size: n) }
        let found = result!.values
        let share = Double(n * n * 8) / Double(communicator.size)
        print("n \(n) ranks \(communicator.size) block \(block) distance \(reference.isEmpty ? .nan : distance(found, reference)) "
            + "bytes \(bytes / share) forecast \(DistributedSpectrum.bytes(size: n, ranks: communicator.size) / share) seconds \(time) lapack \(alone)")
    }
    grid.close()
    communicator.close()
case "memory":
    let n = Int(arguments[2])!, (pattern, values) = matrix("banded", n, seed: 1), grid = ProcessGrid(communicator)
    let result = try DistributedSpectrum.eigenvalues(grid, communicator, pattern: pattern, values: values, onlyAllocates: true)
    let bytes = communicator.greatest([Double(result.bytes)])[0], share = Double(n * n * 8) / Double(communicator.size)
    if communicator.rank == 0 {
        print("n \(n) ranks \(communicator.size) bytes \(bytes / share) forecast \(DistributedSpectrum.bytes(size: n, ranks: communicator.size) / share)")
    }
    grid.close()
    communicator.close()
case "lu":
    let n = Int(arguments[2])!
    let (pattern, values) = matrix("banded", n, seed: UInt64(arguments[3])!)
    let group = ProcessGroup(communicator)
    guard group.isLeader else {
        group.serve()
        break
    }
    defer { group.close() }
    for isTransposed in [false, true] {
        let x = (0..<n).map { sin(Double($0)) }
        let b = pattern.multiply(values, x, transposed: isTransposed)
        let plan = try FactorizationPlan(pattern, group: group), factors = try plan.factor(values)
        let y = try factors.solve(b, transposed: isTransposed)
        let z = try plan.factor(values.map { Complex($0, 0) }).solve(b.map { Complex($0, 0) }, transposed: isTransposed)
        print("n \(n) ranks \(communicator.size) error \(zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) }) complex \(zip(x, z).reduce(0) { max($0, (Complex($1.0) - $1.1).magnitude) })")
    }
    guard ProcessGroup.isUsable(group.size) else { break }
    print("eigenvalues \(distance(try group.eigenvalues(pattern, values), try DenseEigen.eigenvalues(dense(pattern, values), size: n)))")
default:
    print("usage: group-harness spectrum KIND N SEED BLOCK | memory N | lu N SEED")
    exit(2)
}
