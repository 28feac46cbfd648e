import Studies
import Testing
@testable import Sweep

/// One slip a case: the message must name the place (line:column), the key path and the mend.
@Suite struct JobErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let place: String
        let fragments: [String]
        init(_ text: String, _ place: String, _ fragments: String...) {
            (self.text, self.place, self.fragments) = (text, place, fragments)
        }
        var testDescription: String { "\(place) \(fragments[0])" }
    }

    static let custom = { (h: String, more: String) in "model:\n  hamiltonian: \(h)\n  jumps: [{ rate: 1, operator: Jm }]\n  parameters: { \(more) }" }

    static let yaml: [Case] = [
        Case("", "a.yaml: ", "empty"),
        Case("# only a comment\n", "a.yaml: ", "empty"),
        Case("title: [a\nmodel: 3\n", "a.yaml:2:6: ", "malformed YAML"),
        Case("title: a\n\tmodel: b\n", "a.yaml:2:1: ", "malformed YAML", "spaces, not tabs"),
        Case(small(more: "---\ntitle: b"), "a.yaml:5:1: ", "more than one document"),
        Case(small(title: "title: &x t"), "a.yaml:1:8: ", "anchors"),
        Case(small(title: "title: !!str t"), "a.yaml:1:8: ", "tags"),
        Case(small(more: "title: again"), "a.yaml:5:1: ", "title is given twice", "line 1"),
        Case("- a\n", "a.yaml:1:1: ", "expected a map with the keys title", "found a list"),
        Case(small(more: "studys: []"), "a.yaml:5:1: studys: ", "unknown key studys", "did you mean studies?"),
        Case(small(more: "where: N > 2"), "a.yaml:5:1: where: ", "inside sweep"),
        Case("title: t\nsweep: { N: 2 }\nstudies: [gap]\n", "a.yaml:1:1: ", "model is missing"),
        Case(small(title: "title: 3"), "a.yaml:1:8: title: ", "expected a text, found 3", "quotes"),
        Case(small(more: "tolerances: { leak: 0 }"), "a.yaml:5:21: tolerances.leak: ", "positive"),
        Case(small(more: "tolerances: { leek: 1 }"), "a.yaml:5:15: tolerances.leek: ", "did you mean leak?"),
    ]

    static let model: [Case] = [
        Case(small(model: "model: { preset: bistable-pmp }"), "a.yaml:2:18: model.preset: ", "did you mean bistable-pump?"),
        Case(small(model: "model: { preset: bistable-pump, hamiltonian: Jx }"), "a.yaml:2:33: model.hamiltonian: ", "remove preset"),
        Case(small(model: "model: { preset: bistable-pump, parameters: { omega: 1 } }"), "a.yaml:2:47: model.parameters.omega: ", "did you mean Omega?"),
        Case(small(model: custom("Omega*Jx", "gamma: 1")), "a.yaml:3:16: model.hamiltonian: ", "Omega is not known", "under parameters or sweep"),
        Case(small(model: custom("Jx + J*Jz", "gamma: 1")), "a.yaml:3:21: model.hamiltonian: ", "spin length is j; declare J under parameters"),
        Case(small(model: custom("\"Jx + 2*Jy*\"", "gamma: 1")), "a.yaml:3:27: model.hamiltonian: ", "found the end"),
        Case(small(model: custom("i*Jx", "gamma: 1")), "a.yaml:3:16: model.hamiltonian: ", "not Hermitian", "i*Jx"),
        Case(small(model: custom("Jx", "Jz: 1")), "a.yaml:5:17: model.parameters.Jz: ", "shadows the operator Jz", "gz"),
        Case(small(model: custom("Jx", "N: 1")), "a.yaml:5:17: model.parameters.N: ", "under sweep"),
        Case(small(model: custom("Jx", "a: b, b: a")), "a.yaml:5:", "depends on itself"),
        Case(small(model: custom("Jx", "a: true")), "a.yaml:5:20: model.parameters.a: ", "expected a number or an expression", "found true"),
        Case(small(model: "model: { hamiltonian: Jx, jumps: [{ rate: -1, operator: Jm }] }"), "a.yaml:2:43: model.jumps[0].rate: ", "non-negative"),
        Case(small(model: "model: { hamiltonian: Jx, jumps: [{ rate: 1 }] }"), "a.yaml:2:35: model.jumps[0]: ", "operator is missing"),
    ]

    static let sweep: [Case] = [
        Case(small(sweep: "sweep: { N: [20, 0] }"), "a.yaml:3:18: sweep.N[1]: ", "positive integer, found 0"),
        Case(small(sweep: "sweep: { N: 2.5 }"), "a.yaml:3:13: sweep.N: ", "positive integer, found 2.5"),
        Case(small(sweep: "sweep: { N: { from: 2, to: 5, points: 3 } }"), "a.yaml:3:13: sweep.N: ", "N = 3.5"),
        Case(small(sweep: "sweep: { N: [] }"), "a.yaml:3:13: sweep.N: ", "axis N is empty"),
        Case(small(sweep: "sweep: {}"), "a.yaml:3:8: sweep: ", "no axis"),
        Case(small(sweep: "sweep: { Gamma: 1 }"), "a.yaml:3:8: sweep: ", "gap needs the number of spins"),
        Case(small(sweep: "sweep: { N: 2, Gama: 1 }"), "a.yaml:3:16: sweep.Gama: ", "nothing uses the axis Gama", "did you mean Gamma?"),
        Case(small(sweep: "sweep: { N: 2, Jx: 1 }"), "a.yaml:3:16: sweep.Jx: ", "shadows the operator Jx"),
        Case(small(sweep: "sweep: { N: 2, Gamma: \"1\" }"), "a.yaml:3:23: sweep.Gamma: ", "remove the quotes"),
        Case(small(sweep: "sweep: { N: 2, Gamma: [1, 1.0] }"), "a.yaml:3:27: sweep.Gamma[1]: ", "value 1 is there twice"),
        Case(small(sweep: "sweep: { N: 2, Gamma: { from: 0, to: 1, step: 0.3 } }"), "a.yaml:3:47: sweep.Gamma.step: ", "do not lead from 0 to 1"),
        Case(small(sweep: "sweep: { N: 2, Gamma: { from: 0, to: 1, step: -0.1 } }"), "a.yaml:3:47: ", "sign of step"),
        Case(small(sweep: "sweep: { N: 2, Gamma: { from: 0, to: 1 } }"), "a.yaml:3:23: ", "needs points"),
        Case(small(sweep: "sweep: { N: 2, Gamma: { from: 0, to: 1, points: 3, log: true } }"), "a.yaml:3:57: ", "same sign"),
        Case(small(sweep: "sweep: { N: 2, Gamma: { from: 1, to: 2, point: 3 } }"), "a.yaml:3:41: sweep.Gamma.point: ", "did you mean points?"),
        Case(small(model: "model: { preset: bistable-pump, parameters: { Gamma: 2 } }", sweep: "sweep: { N: 2, Gamma: 1 }"),
             "a.yaml:3:16: sweep.Gamma: ", "both a constant under model.parameters and an axis"),
        Case(small(sweep: "sweep: { N: { from: 1, to: 100000, step: 1 }, Gamma: { from: 0, to: 1, points: 10001 } }"), "a.yaml:3:8: sweep: ", "more than 1e9 points", "N 100000"),
        Case(small(sweep: "sweep: { N: 2, Gamma: [1, 2], Omega: [1], zip: [[Gamma, Omega]] }"), "a.yaml:3:38: sweep.Omega: ", "Gamma has 2, Omega has 1"),
        Case(small(sweep: "sweep: { N: 2, Gamma: [1, 2], zip: [[Gamma, Omga]] }"), "a.yaml:3:45: sweep.zip[0][1]: ", "Omga is no axis"),
        Case(small(sweep: "sweep: { points: [{ N: 2, Gamma: 1 }, { N: 3 }] }"), "a.yaml:3:39: sweep.points[1]: ", "Gamma is missing"),
        Case(small(sweep: "sweep: { N: 2, where: \"N < 1\" }"), "a.yaml:3:23: sweep.where: ", "no point"),
        Case(small(sweep: "sweep: { N: 2, where: \"N = 2\" }"), "a.yaml:3:26: sweep.where: ", "equality is =="),
        Case(small(sweep: "sweep: { N: 2, where: \"N > 1 and Gama < 2\" }"), "a.yaml:3:23: sweep.where: ", "Gama is not known", "Gamma"),
        Case(small(sweep: "sweep: { N: 2, where: \"N > 1 and (N <\" }"), "a.yaml:3:", "at character"),
    ]

    static let studies: [Case] = [
        Case(small(studies: "studies: []"), "a.yaml:4:10: studies: ", "list of studies is empty"),
        Case(small(studies: "studies: [gapp]"), "a.yaml:4:11: studies[0]: ", "did you mean gap?"),
        Case(small(studies: "studies: [gap, gap]"), "a.yaml:4:16: studies[1]: ", "gap is there twice"),
        Case(small(studies: "studies: [{ gap: { modes: four } }]"), "a.yaml:4:27: studies[0].gap.modes: ", "expected an integer from 1 to 64, found \"four\""),
        Case(small(studies: "studies: [{ gap: { modes: 65 } }]"), "a.yaml:4:27: ", "from 1 to 64, found 65"),
        Case(small(studies: "studies: [{ gap: { mode: 4 } }]"), "a.yaml:4:20: studies[0].gap.mode: ", "did you mean modes?"),
        Case(small(studies: "studies:\n  - gap:\n    modes: 4"), "a.yaml:6:5: studies[0].modes: ", "indent the options of gap"),
        Case(small(studies: "studies: [{ steadyState: { keep: [stat] } }]"), "a.yaml:4:35: studies[0].steadyState.keep[0]: ", "did you mean state?"),
        Case(small(studies: "studies: [{ steadyState: { observables: { j-z: Jz } } }]"), "a.yaml:4:43: ", "no name for an output"),
        Case(small(studies: "studies: [{ steadyState: { observables: { jz: Jz/J } } }]"), "a.yaml:4:47: studies[0].steadyState.observables.jz: ", "spin length is j"),
        Case(small(studies: "studies: [{ steadyState: { observables: { jz: Jz* } } }]"), "a.yaml:4:47: ", "found the end"),
        Case(small(studies: "studies: [{ steadyState: { observables: { purity: Jz } } }]"), "a.yaml:4:43: studies[0].steadyState.observables.purity: ", "taken"),
        Case(small(studies: "studies: [{ steadyState: { observables: { gap: Jz } } }, gap]"), "a.yaml:4:43: ", "output of gap is taken by an output of steadyState"),
        Case(small(studies: "studies: [{ steadyState: { observables: { N: Jz } } }]"), "a.yaml:4:43: ", "taken by an axis"),
        Case(small(studies: "studies: [{ steadyState: { initial: { theta: 1, m: 1 } } }]"), "a.yaml:4:37: studies[0].steadyState.initial: ", "exactly one"),
    ]

    @Test(arguments: yaml + model + sweep + studies)
    func message(_ example: Case) {
        let error = #expect(throws: InputError.self) { try readJob(example.text) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(example.place), "\(text)")
        for fragment in example.fragments { #expect(text.contains(fragment), "\(text)") }
    }

    @Test func filesThatAreNoText() {
        #expect(throws: InputError.self) { try Job.load(path: "/nonexistent/job.yaml") }
        #expect(throws: InputError.self) { try Job.load(path: packageFolder.path) }
        let error = #expect(throws: InputError.self) { try Job(text: Array("title: a\n".utf8) + [0x62, 0xFF], path: "a.yaml") }
        #expect(error?.line == 2 && error?.message.contains("UTF-8") == true)
        let control = #expect(throws: InputError.self) { try Job(text: Array("title: a\nb: ".utf8) + [0], path: "a.yaml") }
        #expect(control?.message.contains("malformed YAML") == true)
    }
}
