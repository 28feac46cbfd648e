import Foundation
import Studies
@testable import Sweep
import Testing

/// Costs as told; two of them may share a grid.
private struct CostlyStudy: Study {
    static let name = "costly"
    static let summary = ""
    static let options: [OptionSpec] = []
    let axes: [String]
    let costAxes: [String]
    let outputs = [OutputSpec("value", meaning: "")]
    let price: @Sendable (Point) -> Double

    init(axes: [String], costAxes: [String], price: @escaping @Sendable (Point) -> Double) {
        self.axes = axes
        self.costAxes = costAxes
        self.price = price
    }
    init(setup: StudySetup) { fatalError("not made from jobs") }
    func cost(at point: Point) -> Cost { Cost(seconds: price(point)) }
    func run(at point: Point, in context: StudyContext) -> Record { Record(status: .ok) }
}

@Suite struct WorkListTests {
    private func randomPlan(_ random: inout SystemRandomNumberGenerator) -> RunPlan {
        let names = ["N", "a", "b"].prefix(Int.random(in: 1...3, using: &random))
        let axes = names.map { name in GridAxis(name: name, values: (1...Int.random(in: 1...9, using: &random)).map(Double.init).shuffled(using: &random)) }
        let grid = Grid(productOf: axes)
        let studies: [any Study] = (0..<Int.random(in: 1...3, using: &random)).map { number in
            let used = names.filter { _ in Bool.random(using: &random) }, axes = number == 2 ? ["N"] : Array(names)
            return CostlyStudy(axes: axes, costAxes: used.filter { axes.contains($0) }) { point in
                used.filter { axes.contains($0) }.reduce(0.01) { $0 + 0.01 * (point[$1] ?? 0) }
            }
        }
        return RunPlan(title: "", jobText: [], studies: studies, grids: studies.map { grid.projected(on: $0.axes) })
    }

    /// Whatever is done already and however much is asked for: every pending item comes exactly once, costly ones first,
    /// and no chunk is far above what was asked.
    @Test func everyItemOnce() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let plan = randomPlan(&random), work = WorkList(plan), share = Double.random(in: 0...1, using: &random)
            var left: [String: Int] = [:]
            func name(_ item: WorkItem) -> String { "\(item.study) \(plan.point(item).key)" }
            for (number, part) in plan.parts.enumerated() {
                for study in part.studies {
                    for index in part.grid.indices {
                        let item = WorkItem(study: study, part: number, index: index)
                        if Double.random(in: 0...1, using: &random) < share { #expect(work.markDone(item, seconds: plan.seconds(item))) } else { left[name(item)] = 1 }
                        #expect(GridLookup(part.grid).index(ofKey: plan.point(item).key) == index)
                    }
                }
            }
            let total = left.count
            _ = work.next(seconds: 0, limit: 0)
            #expect(work.isEmpty == (total == 0))
            var costs: [Double] = []
            let viaQueue = Bool.random(using: &random), queue = WorkQueue(plan)
            while !work.isEmpty || !queue.isEmpty {
                var seconds = Double.random(in: 0.001...0.5, using: &random)
                let limit = Int.random(in: 3...20, using: &random)
                var spans: [WorkSpan]
                if viaQueue {
                    if queue.isEmpty { queue.append(work.next(seconds: 1, limit: .max)) }
                    spans = queue.next(seconds: seconds, limit: limit)
                } else { spans = work.next(seconds: seconds, limit: limit) }
                let items = spans.flatMap { plan.items($0) }
                #expect(!items.isEmpty && items.count <= max(limit, 3))
                let cost = spans.reduce(0) { $0 + plan.seconds($1) }, dearest = items.map { plan.seconds($0) }.max() ?? 0
                seconds = max(seconds, 3 * dearest)
                #expect(cost < 2.6 * seconds, "asked for \(seconds), got \(cost)")
                costs.append(spans.map { plan.seconds($0) / Double($0.count) }.max() ?? 0)
                for item in items { left[name(item), default: 0] -= 1 }
            }
            #expect(left.values.allSatisfy { $0 == 0 })
            #expect(abs(work.remainingSeconds) < 1e-9)
            // Only a point that lacks one of its studies may be cheaper than what follows.
            if share == 0 { #expect(zip(costs, costs.dropFirst()).allSatisfy { $0 >= $1 - 1e-12 }) }
        }
    }

    /// 10⁹ points: made, asked and simulated without holding one of them.
    @Test func hugeGrid() {
        let axes = ["N", "a", "b"].map { GridAxis(name: $0, values: (1...1000).map(Double.init)) }
        let study = CostlyStudy(axes: ["N", "a", "b"], costAxes: ["N"]) { 1e-3 * ($0["N"] ?? 0) }
        let plan = RunPlan(title: "", jobText: [], studies: [study], grids: [Grid(productOf: axes)]), work = WorkList(plan)
        #expect(plan.count == 1_000_000_000)
        #expect(abs(plan.expectedSeconds - 500.5e6) < 1)
        let first = work.next(seconds: 10, limit: 1000)
        #expect(first.allSatisfy { plan.point(plan.items($0)[0])["N"] == 1000 } && first.reduce(0) { $0 + $1.count } == 10)
        let line = Forecast(plan).line(ranks: 20_000)
        #expect(line.efficiency > 0.95 && line.subCoordinators > 10)
        #expect(abs(line.seconds * Double(line.workers) * line.efficiency / 500.5e6 - 1) < 0.05, "time, workers and efficiency belong together")
    }

    /// A lone coordinator saturates at the rate of its commits; a tree does not (both by simulation).
    @Test func saturation() {
        let grid = Grid(productOf: [GridAxis(name: "a", values: (0..<3000).map(Double.init)), GridAxis(name: "b", values: (0..<1000).map(Double.init))])
        let plan = RunPlan(title: "", jobText: [], studies: [CostlyStudy(axes: ["a", "b"], costAxes: []) { _ in 0.05 }], grids: [grid])
        let flat = Forecast(plan).line(ranks: 10_001, subCoordinators: 0), tree = Forecast(plan).line(ranks: 10_001)
        #expect(flat.efficiency < 0.5 && flat.coordinatorLoad > 0.9)
        #expect(tree.efficiency > 0.9 && tree.coordinatorLoad < 0.7 && tree.subCoordinators >= 10)
    }

    @Test func layoutIsATree() {
        for (size, subs) in [(2, 0), (3, 0), (9, 2), (100, 7), (1000, 3)] {
            let layout = Layout(size: size, subCoordinators: subs)
            var seen = Set([0])
            for rank in 0..<size {
                for child in layout.children(of: rank) {
                    #expect(layout.parent(of: child) == rank)
                    #expect(seen.insert(child).inserted)
                }
            }
            #expect(seen.count == size)
        }
    }
}
