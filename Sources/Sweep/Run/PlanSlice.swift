import Studies

/// One of several runs that a sweep is split over, such as the tasks of a job array.
public struct PlanSlice: Sendable, Equatable {
    /// From 1.
    public let number: Int
    public let count: Int

    /// - Precondition: the number is one of 1 to `count`.
    public init(number: Int, count: Int) {
        precondition((1...count).contains(number))
        self.number = number
        self.count = count
    }

    /// - Parameter text: `K/M`, the K-th of M.
    /// - Throws: `InputError`.
    public init(_ text: String) throws {
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let number = numbers[0], let count = numbers[1], count >= 1, count <= 1_000_000, (1...count).contains(number) else {
            throw InputError("macrospin run: --part takes K/M, the K-th of M parts of the sweep, found \(text)", hint: "such as --part 3/8")
        }
        self.init(number: number, count: count)
    }
}

extension RunPlan {
    /// Points are dealt in turn, the dearest first, so that all slices take about as long; together they are the whole plan.
    /// - Throws: `InputError` where a slice has more points than can be listed, and for a plan that grows.
    public func slice(_ slice: PlanSlice) throws -> RunPlan {
        guard slice.count > 1 else { return self }
        if refinement != nil {
            throw InputError("\(title): a refined sweep cannot be split into parts: where points are inserted depends on all of a line", hint: "run it over ranks, or leave refine out")
        }
        var grids = [Grid?](repeating: nil, count: studies.count), turn = 0
        for part in parts {
            var dealt = part.grid
            if !part.grid.axes.isEmpty {
                guard part.grid.count / slice.count < Grid.greatestBlock else {
                    throw InputError("\(title): a part of the sweep would have more than \(Grid.greatestBlock) points", hint: "split it into more parts")
                }
                var indices: [Int] = []
                for costClass in part.classes {
                    let first = ((slice.number - 1 - turn) % slice.count + slice.count) % slice.count
                    for ordinal in stride(from: first, to: costClass.count, by: slice.count) { indices.append(costClass.gridIndex(ordinal)) }
                    turn = (turn + costClass.count) % slice.count
                }
                indices.sort()
                dealt = Grid(axes: part.grid.axes, blocks: [GridBlock(axes: Array(part.grid.axes.indices), values: indices.flatMap { part.grid[$0].values })])
            }
            for study in part.studies { grids[study] = dealt }
        }
        return RunPlan(title: "\(title) (part \(slice.number) of \(slice.count))", jobText: jobText, studies: studies, grids: grids.compactMap { $0 }, keptStates: keptStates)
    }
}
