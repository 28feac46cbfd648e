import Foundation
import Lindblad
import SpinAlgebra
let n = Int(CommandLine.arguments[1])!, omega = Double(CommandLine.arguments[2])!
let model = try Model(hamiltonian: "Omega*Jx", jumps: [("gamma/j", "Jm"), ("Gamma/j^3", "Jp*(j + Jz)")], parameters: [("gamma", "1")])
let solver = try LindbladSolver(model: model)
for k in 0...40 {
    let gamma = 0.5 + 0.025 * Double(k)
    let instance = try model.instance(spinCount: n, ["Omega": omega, "Gamma": gamma])
    let a = Date()
    let s = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
    let b = Date()
    let m = try solver.slowModes(instance, count: 4)
    let c = Date()
    var text = ""
    switch s.outcome {
    case .resolved(let state): text = "jz \(state.expectation(.jz).re * 2 / Double(n))"
    case .unresolved(let p): text = "phases \(p.map { $0.expectation(.jz).re * 2 / Double(n) })"
    default: text = "\(s.outcome)"
    }
    print(gamma, text, "err", s.error, "win", s.window, "gap", m.modes[0].decayRate, m.modes[0].error, m.window, "t", b.timeIntervalSince(a), c.timeIntervalSince(b), m.frame.axes[2])
}
