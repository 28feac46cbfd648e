import Foundation
import Studies
@testable import Sweep
import Testing

/// What a job may say under `refine`, and what becomes of grids and runs.
@Suite struct RefinementJobTests {
    private static let model = "model: { hamiltonian: Omega*Jx + Delta*Jz, jumps: [{ rate: gamma/j, operator: Jm }], parameters: { gamma: 1 } }"
    private static let studies = "studies: [{ steadyState: { observables: { jz: Jz/j } } }, gap]"
    private static let axis = "Omega: { from: 0, to: 1, points: 6"

    private func job(_ refine: String, sweep: String = "N: [2, 4], Delta: [0, 1]", axis: String = axis, more: String = "", studies: String = studies) throws -> Job {
        try readJob(small(model: Self.model, sweep: "sweep: { \(sweep), \(axis), refine: \(refine) }\(more) }", studies: studies))
    }

    private func refusal(_ refine: String, sweep: String = "N: [2, 4], Delta: [0, 1]", axis: String = axis, more: String = "", studies: String = studies) -> String {
        do { _ = try job(refine, sweep: sweep, axis: axis, more: more, studies: studies) } catch { return "\(error)" }
        return "allowed"
    }

    @Test func rules() throws {
        let plain = try #require(try job("{ on: jz, until: 0.01 }").refinement)
        #expect(plain == Refinement(axis: "Omega", targets: [.init(study: "steadyState", output: "jz", feature: .jump)], until: 0.01))
        let gap = try #require(try job("{ on: [gap, jz], until: 0.01, limit: 7 }").refinement)
        #expect(gap.targets.map(\.feature) == [.minimum, .jump] && gap.targets.map(\.study) == ["gap", "steadyState"] && gap.limit == 7)
        #expect(try job("{ on: [gap, jz], near: zero, until: 0.01 }").refinement?.targets.map(\.feature) == [.zero, .zero])
        #expect(try job("{ on: { jz: steepest, purity: maximum }, until: 0.01 }").refinement?.targets.map(\.feature) == [.steepest, .maximum])
        #expect(try job("{ on: jz, until: 0.01 }", axis: "Omega: { from: 0.01, to: 1, points: 6, log: true").refinement?.isLogarithmic == true)
        #expect(try job("{ on: jz, until: 0.01 }", axis: "Omega: { values: [0, 0.1, 0.5, 0.7, 1]").refinement != nil)
        // A condition upon other axes does not touch the refined one.
        #expect(try job("{ on: jz, until: 0.01 }", more: ", where: N*Delta < 4").grid.count == 18)
        #expect(try readJob(small()).refinement == nil)
    }

    @Test func misuse() {
        let cases: [(String, [String])] = [
            (refusal("{ on: jx, until: 0.01 }"), ["a.yaml:3:", "sweep.Omega.refine.on: no study of this job has the output jx", "did you mean jz?"]),
            (refusal("{ on: [jz, gapp], until: 0.01 }"), ["refine.on[1]", "did you mean gap?"]),
            (refusal("{ on: { jzz: jump }, until: 0.01 }"), ["no study of this job has the output jzz", "did you mean jz?"]),
            (refusal("{ on: { jz: jumps }, until: 0.01 }"), ["expected one of jump, steepest, minimum, maximum, zero, found jumps", "did you mean jump?"]),
            (refusal("{ on: jz, near: min, until: 0.01 }"), ["refine.near: expected one of"]),
            (refusal("{ on: { jz: jump }, near: jump, until: 0.01 }"), ["on says already"]),
            (refusal("{ on: [], until: 0.01 }"), ["no output is named"]),
            (refusal("{ on: {}, until: 0.01 }"), ["no output is named"]),
            (refusal("{ on: [jz, jz], until: 0.01 }"), ["there twice"]),
            (refusal("{ on: 3, until: 0.01 }"), ["the name of an output"]),
            (refusal("{ on: jz_phases, until: 0.01 }"), ["is an array over phase"]),
            (refusal("{ on: eigenvalue, until: 0.01 }"), ["the output eigenvalue is an array over mode", "one real number a point is needed"]),
            (refusal("{ on: jz }"), ["the key until is missing"]),
            (refusal("{ until: 0.1 }"), ["the key on is missing"]),
            (refusal("{ on: jz, until: 0.01, points: 3 }"), ["unknown key points"]),
            (refusal("{ on: jz, until: 0 }"), ["expected a positive number, found 0"]),
            (refusal("{ on: jz, until: -1 }"), ["expected a positive number"]),
            (refusal("{ on: jz, until: fine }"), ["found \"fine\""]),
            (refusal("{ on: jz, until: 0.2 }"), ["no further apart than 0.2"]),
            (refusal("{ on: jz, until: 1e-14 }"), ["15 digits", "at least 1e-12"]),
            (refusal("{ on: jz, until: 0.01, limit: 0 }"), ["limit: expected an integer from 1 to 10000"]),
            (refusal("{ on: jz, until: 0.01 }", axis: "Omega: { from: 0, to: 1, points: 4"), ["has 4 values: at least 5"]),
            (refusal("{ on: jz, until: 0.01 }", sweep: "Omega: 1, Delta: 0", axis: "N: { from: 2, to: 12, step: 2"), ["N is not refined"]),
            (refusal("{ on: jz, until: 0.01 }", more: ", where: Omega < Delta"), ["ties the axis Omega to Delta"]),
            (refusal("{ on: jz, until: 0.01 }", sweep: "N: [2, 3, 4, 5, 6, 7], Delta: 1", more: ", zip: [[N, Omega]]"), ["ties the axis Omega to N"]),
            (refusal("{ on: jz, until: 0.01 }", sweep: "N: 2, Delta: { from: 0, to: 1, points: 6, refine: { on: jz, until: 0.1 } }"), ["the axis Delta is refined already"]),
            (refusal("{ on: jz, until: 0.01, limit: 10000 }", sweep: "N: { from: 2, to: 400, step: 2 }, Delta: [0, 1]"), ["at most 1e6 are allowed", "lower limit"]),
            (refusal("7"), ["expected a map with the keys on, until, near, limit"]),
            // A study that does not see the axis, and one that takes it up as a whole.
            (refusal("{ on: value, until: 0.01 }", sweep: "N: 2, Delta: 0, rehearsal.x: [1, 2]", studies: "studies: [gap, { rehearsal: { seconds: \"x\" } }]"), ["the output value of rehearsal does not depend on Omega"]),
            (refusal("{ on: gap, until: 0.01 }", sweep: "N: 2, Delta: 0", studies: "studies: [gap, { exceptionalPoints: { over: Omega } }]"), ["exceptionalPoints takes up the axis Omega as a whole"]),
        ]
        for (message, fragments) in cases { for fragment in fragments { #expect(message.contains(fragment), "\(message) lacks \(fragment)") } }
    }

    // MARK: Grids

    @Test func growthOfGrids() throws {
        let grid = try job("{ on: jz, until: 0.01 }").grid
        #expect(grid.inserting([], along: "Omega").count == 24)
        let one = Point(axes: ["N", "Delta", "Omega"], values: [4, 1, 0.1])
        let grown = grid.inserting([one, one, Point(axes: ["N", "Delta", "Omega"], values: [4, 1, 0.2]), Point(axes: ["N", "Delta", "Omega"], values: [6, 1, 0.1])], along: "Omega")
        #expect(grown.count == 25 && grown.contains(one))
        #expect(Set(grown.map(\.key)).count == 25 && Set(grid.map(\.key)).isSubset(of: grown.map(\.key)))
        #expect(grid.firstPoint(missingIn: grown) == nil && grown.firstPoint(missingIn: grid) == one)
        // A study of fewer axes asked: its value comes to all lines that share its own.
        let wide = grid.inserting([Point(axes: ["Delta", "Omega"], values: [1, 0.3]), Point(axes: ["Omega"], values: [0.5]), one], along: "Omega")
        #expect(Set(wide.map(\.key)).subtracting(grid.map(\.key)) == ["N=2;Delta=1;Omega=0.3", "N=4;Delta=1;Omega=0.3", "N=4;Delta=1;Omega=0.1",
                                                                       "N=2;Delta=0;Omega=0.5", "N=4;Delta=0;Omega=0.5", "N=2;Delta=1;Omega=0.5", "N=4;Delta=1;Omega=0.5"])
        #expect(wide.projected(on: ["N", "Omega"]).count == 12 + 5 && wide.projected(on: ["N"]).count == 2)
        let lookup = GridLookup(wide)
        for (index, point) in wide.enumerated() { #expect(lookup.index(ofKey: point.key) == index) }
        // Axes that a condition ties to the line come along.
        let tied = try job("{ on: jz, until: 0.01 }", more: ", where: N*Delta < 4").grid
        #expect(Set(tied.inserting([one, Point(axes: ["N", "Omega"], values: [2, 0.1])], along: "Omega").map(\.key)).subtracting(tied.map(\.key))
            == ["N=2;Delta=0;Omega=0.1", "N=2;Delta=1;Omega=0.1"])
    }

    @Test func keysComeBack() {
        for point in [Point(axes: ["N", "x", "study.y"], values: [20, -0.1, 1e-9 / 3]), Point(axes: [], values: [])] { #expect(Point(key: point.key) == point) }
        #expect(Point(key: "N") == nil && Point(key: "N=a") == nil)
    }

    // MARK: Change

    @Test func change() throws {
        func verdict(_ old: String?, _ new: String?) throws -> String {
            func text(_ refine: String?) -> String { small(model: Self.model, sweep: "sweep: { N: [2, 4], Delta: 0, \(Self.axis)\(refine.map { ", refine: \($0)" } ?? "") } }", studies: Self.studies) }
            do { try JobChange.check(old: try readJob(text(old)), new: try readJob(text(new))) } catch { return "\(error)" }
            return "allowed"
        }
        let rule = "{ on: jz, until: 0.01 }"
        for more in [rule, "{ on: jz, until: 0.001 }", "{ on: [gap, jz], until: 0.01, limit: 200 }"] { #expect(try verdict(rule, more) == "allowed") }
        #expect(try verdict(nil, rule) == "allowed")
        #expect(try verdict(rule, nil).contains("refine of the axis Omega is gone"))
        #expect(try verdict(rule, "{ on: jz, until: 0.02 }").contains("sweep.Omega.refine.until was 0.01 and is 0.02"))
        #expect(try verdict(rule, "{ on: jz, until: 0.01, limit: 50 }").contains("limit was 100 and is 50"))
        #expect(try verdict(rule, "{ on: jz, until: 0.01, near: steepest }").contains("looks no more for the jump of jz"))
    }

    // MARK: Rounds

    /// Two outputs of studies with different axes: each refines its own lines, and a point that one asked for does not count
    /// against the limit of the other.
    @Test func linesOfDifferentStudies() throws {
        let grid = Grid(productOf: [GridAxis(name: "N", values: [1, 2], isInteger: true), GridAxis(name: "x", values: (0...10).map { Double($0) / 10 })])
        let rule = Refinement(axis: "x", targets: [.init(study: "wide", output: "v", feature: .jump), .init(study: "narrow", output: "w", feature: .jump)], until: 0.01, limit: 4)
        var plan = RunPlan(title: "", jobText: [], studies: [Wide(), Narrow()], sweep: grid, refinement: rule), rounds: [[String]] = []
        while rounds.count < 20 {
            var refiner = Refiner(rule)
            for study in plan.studies {
                let name = type(of: study).name, place = try #require(plan.place(ofStudy: name))
                for point in plan.parts[place.part].grid {
                    let record = try study.run(at: point, in: StudyContext())
                    refiner.take(rule.observations(study: name, key: point.key, record.status, record.outputs))
                }
            }
            let next = refiner.next(plan)
            if next.points.isEmpty {
                #expect(next.limited.isEmpty)
                break
            }
            rounds.append(next.points.map(\.key))
            plan = plan.inserting(plan.inserted + next.points)
        }
        #expect(rounds.first == ["N=1;x=0.35", "N=2;x=0.65", "x=0.85"])
        #expect(rounds.count == 4)              // 0.1 / 2^4 < 0.01
        #expect(plan.parts.map(\.grid.count) == [2 * 11 + 8 + 2 * 4, 11 + 12])
        #expect(plan.count == 61)
        // The work of a round is what the plan before it lacked.
        let before = plan.inserting(Array(plan.inserted.dropLast(3))), work = WorkList(plan, beyond: before)
        let items = Set(work.next(seconds: 1e9, limit: 1000).flatMap { plan.items($0) }.map { plan.studyName($0.study) + " " + plan.point($0).key })
        let old = Set(before.parts.flatMap { part in part.grid.flatMap { point in part.studies.map { before.studyName($0) + " " + point.key } } })
        let new = Set(plan.parts.flatMap { part in part.grid.flatMap { point in part.studies.map { plan.studyName($0) + " " + point.key } } })
        #expect(items == new.subtracting(old) && !items.isEmpty && work.isEmpty)
    }

    private struct Wide: Study {
        static let name = "wide", summary = "", options: [OptionSpec] = []
        let axes = ["N", "x"], outputs = [OutputSpec("v", meaning: "")]
        init() {}
        init(setup: StudySetup) {}
        func cost(at point: Point) -> Cost { Cost(seconds: 0.01) }
        func run(at point: Point, in context: StudyContext) -> Record { Record(status: .ok, outputs: ["v": OutputArray((point["x"] ?? 0) < 0.3 * (point["N"] ?? 0) + 0.03 ? 0 : 1)]) }
    }

    private struct Narrow: Study {
        static let name = "narrow", summary = "", options: [OptionSpec] = []
        let axes = ["x"], outputs = [OutputSpec("w", meaning: "")]
        init() {}
        init(setup: StudySetup) {}
        func cost(at point: Point) -> Cost { Cost(seconds: 0.01) }
        func run(at point: Point, in context: StudyContext) -> Record { Record(status: .ok, outputs: ["w": OutputArray((point["x"] ?? 0) < 0.83 ? 0 : 1)]) }
    }
}
