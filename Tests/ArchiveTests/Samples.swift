import Archive
import Foundation
import Studies

/// Archives to test with: every kind of output, ragged and missing ones, failures, two studies on different axes.
enum Samples {
    static let phase = OutputAxis(name: "phase", extent: 2, labels: ["lower", "upper"])
    static let gapOutputs = [
        OutputSpec("gap", dimension: .rate, meaning: "Liouvillian gap"),
        OutputSpec("eigenvalue", kind: .complex, axes: [OutputAxis(name: "mode", extent: 3)], dimension: .rate, meaning: "slowest eigenvalues"),
        OutputSpec("jz_phases", axes: [phase], meaning: "Jz/j in the phases"),
        OutputSpec("parity", kind: .integer, axes: [OutputAxis(name: "mode", extent: 3)], meaning: "parity of the modes"),
        OutputSpec("state", kind: .complex, axes: [OutputAxis(name: "l", extent: nil), OutputAxis(name: "q", extent: nil)], meaning: "multipole coefficients"),
        OutputSpec("leak", meaning: "leak of the modes"),
    ]
    static let barrierOutputs = [
        OutputSpec("path", axes: [OutputAxis(name: "path_point", extent: nil)], dimension: .energy, meaning: "energy along the instanton"),
        OutputSpec("leak", meaning: "another study's output of the same name"),
    ]
    static let axes = [
        ArchiveAxis(name: "N", unit: "1", isInteger: true), ArchiveAxis(name: "Gamma", label: "Γ/γ"), ArchiveAxis(name: "study.input", unit: "J"),
    ]

    /// Numbers that differ at every point, with awkward values among them.
    static func record(_ n: Double, _ gamma: Double, _ third: Double) -> Record {
        let seed = 1000 * n + 10 * gamma + third
        switch Int(n) % 4 {
        case 1: return Record(status: .unresolved, reason: "below 1e-40 — metastable", outputs: ["jz_phases": OutputArray([-0.9, seed]), "gap": OutputArray(.nan)], seconds: seed / 7)
        case 2: return Record(status: .failed, reason: "rate Γ is negative: \(-seed)", seconds: 0.25)
        default:
            let l = Int(n) % 5 + 1, q = Int(gamma * 10) % 3
            return Record(status: .ok, outputs: [
                "gap": OutputArray(seed.squareRoot()),
                "eigenvalue": OutputArray(shape: [3], data: [-seed, 1 / seed, .infinity, -0.0, .nan, .leastNonzeroMagnitude], isComplex: true),
                "parity": OutputArray([-1, 0, .nan]),
                "state": OutputArray(shape: [l, q], data: (0..<2 * l * q).map { sin(seed + Double($0)) }, isComplex: true),
                "leak": OutputArray(.leastNormalMagnitude),
            ], seconds: seed)
        }
    }

    static func gapTable(_ points: [[Double]], source: Int = 0) -> ResultTable {
        ResultTable(study: "gap", axes: axes.map(\.name), outputs: gapOutputs, rows: points.map { .init(coordinates: $0, record: record($0[0], $0[1], $0[2]), source: source) })
    }

    static func barrierTable(_ gammas: [Double]) -> ResultTable {
        ResultTable(study: "instanton", axes: ["Gamma"], outputs: barrierOutputs, rows: gammas.enumerated().map { index, gamma in
            .init(coordinates: [gamma], record: Record(status: .ok, outputs: ["path": OutputArray((0..<index).map { gamma + Double($0) }), "leak": OutputArray(gamma)]), source: 0)
        })
    }

    static func archive(_ tables: [ResultTable], modified: String = "2026-11-21T09:30:00Z", source: String = "ledger/0000.sqlite", job: String = "title: A job\n") -> Archive {
        Archive(attributes: .init(title: "Übergang", jobText: job, model: "H = Omega*Jx", softwareVersion: "0.1 (abc)", created: modified,
                                  units: .init(energy: "J", time: "hbar/J"), sources: [.init(name: source, sha256: "00", version: "0.1", modified: modified)]),
                axes: axes, tables: tables, name: source + ".h5")
    }

    static func grid(_ counts: [Double], _ gammas: [Double], _ third: [Double]) -> [[Double]] {
        counts.flatMap { n in gammas.flatMap { gamma in third.map { [n, gamma, $0] } } }
    }

    /// A folder of its own, removed afterwards.
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("archive-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }
}
