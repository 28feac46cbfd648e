import Foundation
import Studies
import Testing
@testable import Sweep

@Suite struct JobChangeTests {
    private static let model = "model: { hamiltonian: Omega*Jx, jumps: [{ rate: gamma/j, operator: Jm }], parameters: { gamma: 1 } }"
    private static let sweep = "sweep: { N: [2, 4], Omega: [1, 2] }"
    private static let studies = "studies: [{ steadyState: { observables: { jz: Jz/j } } }, { gap: { modes: 2 } }]"

    /// nil: allowed.
    private func refusal(model: String = model, sweep: String = sweep, studies: String = studies, title: String = "title: t", more: String = "",
                         oldSweep: String = sweep, oldStudies: String = studies) throws -> String? {
        let old = try readJob(small(model: Self.model, sweep: oldSweep, studies: oldStudies))
        let new = try readJob(small(title: title, model: model, sweep: sweep, studies: studies, more: more))
        do { try JobChange.check(old: old, new: new) } catch let error as InputError { return error.description }
        return nil
    }

    @Test func growthIsAllowed() throws {
        #expect(try refusal(title: "# comment\ntitle: other", more: "units: { energy: J }") == nil)
        #expect(try refusal(model: "model: { hamiltonian: 'Omega * Jx', jumps: [{ rate: gamma / j, operator: Jm }], parameters: { gamma: 1.0, extra: 2 } }") == nil)
        #expect(try refusal(sweep: "sweep: { N: [8, 4, 2], Omega: { values: [2, 1, 3], label: Ω } }") == nil)
        #expect(try refusal(sweep: "sweep: { N: [2, 4, 6], Omega: [1, 2, 3], where: N*Omega < 12 }") == nil)
        #expect(try refusal(oldSweep: "sweep: { N: [2, 4], Omega: [1, 2], zip: [[N, Omega]] }") == nil)
        #expect(try refusal(studies: "studies: [{ gap: { modes: 2, keep: [modes] } }, { steadyState: { observables: { jx: Jx, jz: Jz / j }, keep: [state] } }]") == nil)
        #expect(try refusal(oldStudies: "studies: [steadyState]") != nil)      // jx, jy would be lost
        #expect(try refusal(studies: "studies: [{ steadyState: { observables: { jx: Jx/j, jy: Jy/j, jz: Jz/j, p: Jp } } }]", oldStudies: "studies: [steadyState]") == nil)
    }

    /// The grid of phase-space functions may change until there is a function on it.
    @Test func measuresMayBeAdded() throws {
        func steady(_ options: String) -> String { "studies: [{ steadyState: { observables: { jz: Jz/j }\(options) } }]" }
        #expect(try refusal(studies: steady(", measures: [husimi, entropy], sphere: { theta: 31 }"), oldStudies: steady("")) == nil)
        #expect(try refusal(studies: steady(", measures: [wigner, entropy], sphere: { theta: 31 }"), oldStudies: steady(", measures: [entropy], sphere: { theta: 9 }")) == nil)
        #expect(try refusal(studies: steady(", measures: [wigner], sphere: { theta: 61, phi: 120 }"), oldStudies: steady(", measures: [wigner]")) == nil)
        let other = try refusal(studies: steady(", measures: [wigner], sphere: { theta: 31 }"), oldStudies: steady(", measures: [wigner]"))
        #expect(other?.contains("steadyState.sphere was absent and is {theta: 31}") == true, "\(other ?? "allowed")")
        let fewer = try refusal(studies: steady(", measures: [wigner]"), oldStudies: steady(", measures: [wigner, fisher]"))
        #expect(fewer?.contains("fisher is gone from steadyState.measures") == true, "\(fewer ?? "allowed")")
    }

    @Test func otherChangesAreRefused() throws {
        let refusals: [(String?, [String])] = [
            (try refusal(model: Self.model.replacingOccurrences(of: "gamma: 1", with: "gamma: 2")), ["model.parameters.gamma was 1 and is 2", "--out"]),
            (try refusal(model: Self.model.replacingOccurrences(of: "*Jx", with: "*Jy")), ["model.hamiltonian was Omega*Jx and is Omega*Jy"]),
            (try refusal(model: Self.model.replacingOccurrences(of: "Jm", with: "Jp")), ["model.jumps[0].operator was Jm and is Jp"]),
            (try refusal(sweep: "sweep: { N: [2, 4], Omega: [1, 3] }"), ["points of the run are missing", "Omega=2"]),
            (try refusal(sweep: "sweep: { N: [2, 4], Omega: [1, 2], where: N*Omega < 8 }"), ["N=4;Omega=2"]),
            (try refusal(sweep: "sweep: { Omega: [1, 2], N: [2, 4] }"), ["list of axes was N, Omega and is Omega, N"]),
            (try refusal(more: "tolerances: { leak: 1e-8 }"), ["tolerances.leak was 1e-09 and is 1e-08"]),
            (try refusal(studies: "studies: [{ steadyState: { observables: { jz: Jz } } }, { gap: { modes: 4 } }]"),
             ["steadyState.observables.jz was Jz/j and is Jz; gap.modes was 2 and is 4"]),
            (try refusal(studies: "studies: [{ steadyState: { observables: { jx: Jx } } }]"), ["jz is gone from steadyState.observables", "the study gap is gone"]),
        ]
        for (text, fragments) in refusals {
            for fragment in fragments { #expect(text?.contains(fragment) == true, "\(text ?? "allowed"), wanted \(fragment)") }
        }
    }

    @Test func schemaIsJSONWithEveryKey() throws {
        let text = JobSchema.json()
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["required"] as? [String] == ["model", "sweep", "studies"])
        for study in StudyCatalogue.all {
            for option in study.options { #expect(text.contains("\"\(option.name)\"")) }
        }
        for key in [JobKeys.job, JobKeys.model, JobKeys.axis, JobKeys.refine, JobKeys.grid, JobKeys.tolerances].joined() { #expect(text.contains("\"\(key.name)\"")) }
    }
}
