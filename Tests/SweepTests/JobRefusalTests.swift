import Foundation
import SpinAlgebra
import Studies
@testable import Sweep
import Testing

/// A study with every kind of option and an input of its own; it looks at N, the model's axes and its input.
private struct Probe: Study {
    static let name = "probe"
    static let summary = "for tests"
    static let options = [
        OptionSpec("modes", .integer(1...64), default: .integer(1), help: ""), OptionSpec("width", .number(0...1), help: ""),
        OptionSpec("fast", .flag, help: ""), OptionSpec("note", .text, help: ""), OptionSpec("kind", .choice(["up", "down"]), help: ""),
        OptionSpec("keep", .choices(["state", "modes"]), help: ""), OptionSpec("observables", .operators, help: ""),
        OptionSpec("initial", .map([OptionSpec("theta", .number(-10...10), help: "")]), help: ""),
    ]
    static let inputs = [InputSpec(name: "phase", meaning: "")]
    let axes: [String]
    let outputs: [OutputSpec]
    init(setup: StudySetup) throws {
        axes = setup.sweepAxes.filter { $0 == "N" || $0 == "probe.phase" || setup.model.usedNames.contains($0) }
        var names = ["gap"]
        if case .operators(let list)? = setup.options["observables"] { names = list.map(\.name) }
        if names.contains("forbidden") { throw OptionError(path: ["observables", "forbidden"], message: "refused by the study", hint: "not that") }
        outputs = names.map { OutputSpec($0, meaning: "") }
    }
    func cost(at point: Point) -> Cost { Cost(seconds: 0) }
    func run(at point: Point, in context: StudyContext) throws -> Record { Record(status: .ok) }
}

/// The table of mistakes: every line of it is a sound job with one line replaced.
@Suite struct JobRefusalTests {
    private static let sound = [
        "title: test",                                                  // 1
        "model:",                                                       // 2
        "  hamiltonian: Omega*Jx",                                      // 3
        "  jumps:",                                                     // 4
        "    - { rate: gamma/j, operator: Jm }",                        // 5
        "  parameters: { gamma: 1 }",                                   // 6
        "sweep:",                                                       // 7
        "  N: [2, 4]",                                                  // 8
        "  Omega: { from: 0, to: 1, points: 3 }",                       // 9
        "studies:",                                                     // 10
        "  - probe: { modes: 2 }",                                      // 11
    ]

    struct Mistake: CustomTestStringConvertible, Sendable {
        let line: Int
        let text: String
        /// What the message begins with, after the file's name.
        let place: String
        let fragments: [String]
        init(_ line: Int, _ text: String, _ place: String, _ fragments: String...) {
            self.line = line
            self.text = text
            self.place = place
            self.fragments = fragments
        }
        var testDescription: String { text }
    }

    private static func read(_ lines: [String]) throws -> Job {
        try Job(text: Array(lines.joined(separator: "\n").utf8), path: "a.yaml", catalogue: [Probe.self, GapStudy.self])
    }

    @Test func theSoundJobIsSound() throws {
        let job = try Self.read(Self.sound)
        #expect(job.grid.count == 6)
        #expect(job.entries[0].options["modes"] == .integer(2))
    }

    @Test(arguments: [
        // structure
        Mistake(1, "titel: test", "1:1: titel", "unknown key", "did you mean title?"),
        Mistake(1, "title: [a]", "1:8: title", "expected", "found a list"),
        Mistake(1, "sweep: 1", "7:1", "sweep is given twice, first in line 1"),
        Mistake(1, "where: Omega < 1", "1:1: where", "inside sweep"),
        Mistake(1, "tolerances: { leek: 1 }", "1:15: tolerances.leek", "did you mean leak?"),
        Mistake(1, "tolerances: { leak: -1 }", "1:21: tolerances.leak", "positive"),
        Mistake(1, "units: { energy: 3, tyme: s }", "1:21: units.tyme", "did you mean time?"),
        // model
        Mistake(3, "  hamiltonian: J*Jx", "3:16: model.hamiltonian", "J is not known", "spin length is j"),
        Mistake(3, "  hamiltonian: Omega*Jx + omega*Jz", "3:27: model.hamiltonian", "omega is not known", "did you mean Omega?"),
        Mistake(3, "  hamiltonian: Omega*Jp", "3:", "model.hamiltonian", "Hermitian"),
        Mistake(3, "  hamiltonian: Omega*Jx)", "3:24: model.hamiltonian"),
        Mistake(3, "  hamiltonian: Omega*Jx/Jz", "3:", "model.hamiltonian", "operator"),
        Mistake(3, "  hamiltonian: [Omega]", "3:16: model.hamiltonian", "expected an expression"),
        Mistake(3, "  preset: bistable-pump", "4:3: model.jumps", "preset has its own"),
        Mistake(3, "  hamiltonian: Omega*Jx\n  preset: bistable-pump", "3:3: model.hamiltonian", "preset has its own"),
        Mistake(5, "    - { rate: -1, operator: Jm }", "5:15: model.jumps[0].rate", "non-negative"),
        Mistake(5, "    - { rate: gamma*Jz, operator: Jm }", "5:21: model.jumps[0].rate", "Jz is an operator"),
        Mistake(5, "    - { rate: gamma }", "5:7: model.jumps[0]", "operator is missing"),
        Mistake(5, "    - { rate: gamma, operatr: Jm }", "5:22: model.jumps[0].operatr", "did you mean operator?"),
        Mistake(6, "  parameters: { gamma: 1, Jx: 2 }", "6:27: model.parameters.Jx", "shadows", "gx"),
        Mistake(6, "  parameters: { gamma: 1, N: 2 }", "6:27: model.parameters.N", "sweep"),
        Mistake(6, "  parameters: { gamma: 2*delta }", "6:26: model.parameters.gamma", "delta is not known"),
        Mistake(6, "  parameters: { gamma: a, a: gamma }", "6:", "depends on itself"),
        Mistake(6, "  parameters: { gamma: yes }", "6:24: model.parameters.gamma", "yes is not known"),
        Mistake(6, "  parameters: { gamma: true }", "6:24: model.parameters.gamma", "found true"),
        Mistake(6, "  parameters: { gamma: 1, Omega: 2 }", "9:3: sweep.Omega", "constant"),
        Mistake(6, "  parameters: { gamma: 1/0 }", "6:24: model.parameters.gamma", "finite"),
        // axes
        Mistake(8, "  N: [2, 4.5]", "8:10: sweep.N[1]", "positive integer", "4.5"),
        Mistake(8, "  N: [0]", "8:7: sweep.N[0]", "positive integer"),
        Mistake(8, "  N: [-3]", "8:7: sweep.N[0]", "positive integer"),
        Mistake(8, "  N: two", "8:6: sweep.N", "two"),
        Mistake(8, "  N: [\"2\"]", "8:7: sweep.N[0]", "remove the quotes"),
        Mistake(8, "  N: []", "8:6: sweep.N", "empty"),
        Mistake(8, "  N: [2, 4, 2]", "8:13: sweep.N[2]", "twice"),
        Mistake(8, "  N: { from: 2, to: 5, points: 3 }", "8:6: sweep.N", "3.5"),
        Mistake(8, "  N:", "8:", "sweep.N", "nothing"),
        Mistake(8, "  n: [2]", "8:3: sweep.n", "nothing uses", "did you mean N?"),
        Mistake(8, "  j: [2]", "8:3: sweep.j", "sweep N"),
        Mistake(8, "  Jx: [2]", "8:3: sweep.Jx", "operator"),
        Mistake(8, "  # no N", "", "N"),
        Mistake(8, "  N: 2\n  gap.phase: 1", "9:3: sweep.gap.phase", "nothing uses"),
        Mistake(9, "  Omega: { from: 0, to: 1 }", "9:10: sweep.Omega", "points"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 0 }", "9:36: sweep.Omega.points", "integer"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 3, step: 0.5 }", "9:39: sweep.Omega.step", "both"),
        Mistake(9, "  Omega: { from: 0, to: 1, step: 0.3 }", "9:34: sweep.Omega.step", "do not lead"),
        Mistake(9, "  Omega: { from: 0, to: 1, step: 0 }", "9:34: sweep.Omega.step", "zero"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 3, log: true }", "9:44: sweep.Omega.log", "same sign"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 3, log: yes }", "9:44: sweep.Omega.log", "true or false"),
        Mistake(9, "  Omega: { from: 0, to: 1, poinst: 3 }", "9:28: sweep.Omega.poinst", "did you mean points?"),
        Mistake(9, "  Omega: { from: 0, to: .inf, points: 3 }", "9:25: sweep.Omega.to", "number"),
        Mistake(9, "  Omega: { from: 1, to: 1e999, points: 3 }", "9:25: sweep.Omega.to", "number"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 3000000000 }", "9:36: sweep.Omega.points"),
        Mistake(9, "  Omega: { from: 1, to: 1.00000000000002, points: 300 }", "9:", "15 digits"),
        Mistake(9, "  Omega: { from: 0, to: 1, points: 30001 }\n  probe.phase: { from: 0, to: 1, points: 30001 }", "", "1e9 points"),
        Mistake(9, "  Omega: [1, 2]\n  zip: [[N, omega]]", "10:13: sweep.zip[0][1]", "did you mean Omega?"),
        Mistake(9, "  Omega: [1, 2, 3]\n  zip: [[N, Omega]]", "9:", "equally many"),
        Mistake(9, "  Omega: [1, 2]\n  where: Omega < 2*omga", "10:10: sweep.where", "omga is not known", "did you mean Omega?"),
        Mistake(9, "  Omega: [1, 2]\n  where: Omega = 2", "10:16: sweep.where", "equality is =="),
        Mistake(9, "  Omega: [1, 2]\n  where: Omega > 2", "10:10: sweep.where", "no point"),
        Mistake(9, "  Omega: [1, 2]\n  where: Omega", "10:10: sweep.where", "comparison"),
        Mistake(9, "  points: [{ Omega: 1 }, { omega: 2 }]", "9:28: sweep.points[1].omega", "did you mean Omega?"),
        Mistake(9, "  points: [{ Omega: 1, N: 3 }]", "", "N", "points"),
        // studies
        Mistake(11, "  - prob", "11:5: studies[0]", "did you mean probe?"),
        Mistake(11, "  - probe\n  - probe", "12:5: studies[1]", "twice"),
        Mistake(11, "  []", "11:3: studies", "empty"),
        Mistake(11, "  - probe: { modes: four }", "11:21: studies[0].probe.modes", "integer from 1 to 64", "\"four\""),
        Mistake(11, "  - probe: { modes: 65 }", "11:21: studies[0].probe.modes", "integer from 1 to 64"),
        Mistake(11, "  - probe: { mods: 4 }", "11:14: studies[0].probe.mods", "did you mean modes?"),
        Mistake(11, "  - probe: { width: 2 }", "11:21: studies[0].probe.width", "number from 0 to 1"),
        Mistake(11, "  - probe: { fast: 1 }", "11:20: studies[0].probe.fast", "true or false"),
        Mistake(11, "  - probe: { kind: upp }", "11:20: studies[0].probe.kind", "did you mean up?"),
        Mistake(11, "  - probe: { keep: [state, state] }", "11:28: studies[0].probe.keep[1]", "twice"),
        Mistake(11, "  - probe: { initial: { theta: 11 } }", "11:32: studies[0].probe.initial.theta"),
        Mistake(11, "  - probe: { observables: { 1a: Jz } }", "11:29: studies[0].probe.observables.1a", "no name for an output"),
        Mistake(11, "  - probe: { observables: { forbidden: Jz } }", "11:40: studies[0].probe.observables.forbidden", "refused by the study", "not that"),
        Mistake(11, "  - probe: { observables: { Omega: Jz } }", "11:29: studies[0].probe.observables.Omega", "axis"),
        Mistake(11, "  - probe\n  - gap", "", "the name gap"),
        Mistake(11, "  - probe: { observables: { gap: Jz } }\n  - gap", "11:29: studies[0].probe.observables.gap", "taken"),
        Mistake(11, "  - probe: { phase: 1 }\n    gap: {}", "12:5: studies[0].gap", "dash"),
    ])
    func refuses(_ mistake: Mistake) throws {
        var lines = Self.sound
        lines[mistake.line - 1] = mistake.text
        let error = try #require(throws: InputError.self) { try Self.read(lines) }
        #expect(error.description.hasPrefix(mistake.place.isEmpty ? "a.yaml:" : "a.yaml:\(mistake.place)"), "\(error)")
        for fragment in mistake.fragments { #expect(error.description.contains(fragment), "\(error)") }
        #expect(error.line != nil && error.column != nil, "\(error)")
    }

    @Test func presetWithASlip() throws {
        let lines = ["model: { preset: bistable-pumb }"] + Self.sound[6...]
        let error = try #require(throws: InputError.self) { try Self.read(lines) }
        #expect(error.description == "a.yaml:1:18: model.preset: unknown preset \"bistable-pumb\" (hint: did you mean bistable-pump?)")
    }

    @Test func filesThatAreNone() throws {
        for path in ["/nowhere/job.yaml", FileManager.default.temporaryDirectory.path] {
            let error = try #require(throws: InputError.self) { try Job.load(path: path) }
            #expect(error.file == path)
        }
    }
}
