import Foundation
import Semiclassics
import SpinAlgebra
@testable import Studies
import Testing

/// Records of the studies of barriers.
@Suite struct InstantonStudyTests {
    private func record(_ model: Model, _ options: [String: OptionValue], _ values: [String: Double]) throws -> Record {
        let axes = values.keys.sorted()
        let study = try InstantonStudy(setup: StudySetup(model: model, options: Options(options), sweepAxes: axes, axisValues: values.mapValues { [$0] }))
        #expect(study.axes == axes.filter { $0 != "N" })
        let record = try study.run(at: Point(axes: study.axes, values: study.axes.map { values[$0]! }), in: StudyContext())
        check(record, study.outputs)
        return record
    }

    /// Shapes are those declared; an `ok` record has every output.
    private func check(_ record: Record, _ outputs: [OutputSpec]) {
        let names = Set(outputs.map(\.name))
        #expect(names.isSuperset(of: record.outputs.keys))
        if record.status == .ok { #expect(names == Set(record.outputs.keys)) }
        for output in outputs {
            guard let array = record.outputs[output.name] else { continue }
            #expect(array.isComplex == (output.kind == .complex), "\(output.name)")
            #expect(array.shape == output.axes.map { $0.extent ?? -1 }, "\(output.name)")
        }
    }

    /// θ̇ = −c(n_z) sin θ with stable zeros −1, −0.3 and 1, of jumps ½(1 ∓ c) n∓: a circle of fixed points, of which a drive
    /// along x leaves one attractor.
    private func threeWells(_ drive: Double) throws -> Model {
        let c = "0.55*(Jz/j + 0.8)*(Jz/j + 0.3)*(Jz/j - 0.3)"
        return try Model(hamiltonian: "\(drive)*Jx", jumps: [("0.25/j", "(1 - \(c))*Jm"), ("0.25/j", "(1 + \(c))*Jp")], parameters: [])
    }

    @Test func path() throws {
        let found = try record(preset("bistable-pump"), ["path": .integer(12)], ["N": 20, "Omega": 0.5, "Gamma": 0.8])
        #expect(found.status == .ok && found.reason.isEmpty, "\(found.reason)")
        let barrier = found.outputs["barrier"]!.data
        // PlaneBarrierTests.points
        for r in 0..<2 { #expect(abs(barrier[4 * r + 1] - 0.199146303965919) < 1e-9 && abs(barrier[4 * r + 2] - 0.169310235296431) < 1e-9) }
        #expect(barrier.indices.allSatisfy { barrier[$0].isNaN == ($0 % 4 == 0 || $0 % 4 == 3) })
        #expect(found.outputs["barrier_certificate"]!.data[1] < 1e-9)
        // The lower state is left at a higher cost and holds the weight; the gap follows the lower barrier.
        let exponents = found.outputs["phase_exponent"]!.data, gaps = found.outputs["gap_exponent"]!.data
        #expect(exponents[0] == 0 && abs(exponents[1] - (barrier[1] - barrier[2])) < 1e-12 && gaps[0] == barrier[2])
        let path = found.outputs["instanton_path"]!.data, actions = found.outputs["instanton_action"]!.data
        let attractors = found.outputs["attractor"]!.data, exits = found.outputs["exit_spin"]!.data
        for r in 0..<3 {
            for (from, to) in [(0, 1), (1, 0)] {
                let base = (r * 2 + from) * 2 + to, exit = Int(found.outputs["barrier_exit"]!.data[base])
                func spin(_ k: Int) -> [Double] { Array(path[(6 * (12 * base + k))..<(6 * (12 * base + k) + 6)]) }
                func ends(_ n: [Double], _ real: ArraySlice<Double>) -> Bool {
                    zip(n.indices, n).allSatisfy { k, value in abs(value - (k.isMultiple(of: 2) ? real[real.startIndex + k / 2] : 0)) < 1e-9 }
                }
                #expect(ends(spin(0), attractors[(3 * from)..<(3 * from + 3)]) && ends(spin(11), exits[(3 * exit)..<(3 * exit + 3)]))
                // In between the spin is complex, with n·n = 1 (semiclassical Wigner: real).
                let real = spin(6).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
                let imaginary = spin(6).enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
                let square = real.reduce(0) { $0 + $1 * $1 } - imaginary.reduce(0) { $0 + $1 * $1 }
                #expect(abs(square - 1) < 1e-9)
                #expect(r < 2 ? imaginary.contains { abs($0) > 1e-6 } : imaginary.allSatisfy { $0 == 0 })
                #expect(actions[12 * base] == 0 && abs(actions[12 * base + 11] - barrier[base]) < 1e-12)
            }
        }
    }

    @Test func representations() throws {
        let found = try record(preset("bistable-pump"), ["representations": .choices(["SW"])], ["Omega": 0.5, "Gamma": 0.8])
        #expect(found.status == .ok)
        let barrier = found.outputs["barrier"]!.data
        #expect(barrier[..<8].allSatisfy(\.isNaN) && abs(barrier[9] - 0.185799460529653) < 1e-9)
    }

    @Test func statuses() throws {
        let pump = try preset("bistable-pump")
        let alone = try record(pump, [:], ["Omega": 0.5, "Gamma": 4.5])
        #expect(alone.status == .noBistability && alone.reason.contains("one attractor"))
        #expect(alone.outputs["attractors_found"]?.data == [1])
        // 1e-6 below the fold (mpmath).
        let merging = try record(pump, [:], ["Omega": 0.5, "Gamma": 4.184250952466187])
        #expect(merging.status == .saddleNode && merging.reason.hasPrefix("attractor 1"))
        #expect(merging.outputs["barrier"]!.data[1].isNaN && merging.outputs["barrier"]!.data[2] > 1)
        let circle = try record(threeWells(0), [:], [:])
        #expect(circle.status == .degenerate && circle.reason.contains("not isolated"))
        #expect(throws: ModelError.self) { try record(preset("lmg-mesoscopic"), [:], ["g": 1]) }
    }

    @Test func moreAttractorsThanRoom() throws {
        let few = try record(threeWells(0.01), [:], [:])
        #expect(few.status == .failed && few.reason.contains("attractors: 3"), "\(few.status) \(few.reason)")
        #expect(few.outputs["attractors_found"]?.data == [3])
        let all = try record(threeWells(0.01), ["attractors": .integer(3), "representations": .choices(["Q", "P"])], [:])
        #expect(all.status == .ok, "\(all.reason)")
        // In a row: no way from the first to the third; weights and gap by detailed balance along it.
        let a = all.outputs["barrier"]!.data, weights = all.outputs["phase_exponent"]!.data, gap = all.outputs["gap_exponent"]!.data
        #expect(a[2].isNaN && a[6].isNaN)
        #expect(abs(weights[0] - (weights[1] + a[3] - a[1])) < 1e-12 && abs(weights[1] - (a[7] - a[5])) < 1e-12 && weights[2] == 0)
        #expect(abs(gap[0] - a[5]) < 1e-12)
    }

    /// Two attractors parted by a repelling limit cycle: no exit, no barrier.
    @Test func basinsPartedByACycle() throws {
        let jumps: [(rate: String, operator: String)] = [("1/j", "Jm"), ("0.9/j^3", "Jp*(j + Jz)"), ("0.02/j", "Jz + 0.5*Jx")]
        let found = try record(Model(hamiltonian: "0.3*Jx + 0.1*Jz + 0.05*Jy^2/j", jumps: jumps, parameters: []), ["representations": .choices(["Q"])], [:])
        #expect(found.outputs["attractors_found"]?.data == [2] && found.outputs["barrier"]!.data.allSatisfy(\.isNaN))
        #expect(found.status == .notConverged)
        #expect(found.reason.contains("cycle"))
    }
}
