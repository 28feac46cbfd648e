import CLAPACK
import Foundation
import Lindblad
import SpinAlgebra

/// One case, to be run in a process of its own so that peak memory is that case's. Read as JSON from the first argument;
/// answers are lines of JSON, each printed as soon as it is known: what a time limit cuts off later is not lost.
struct Case: Decodable {
    /// Order of the matrices of a dgemm timing; nothing else is done then.
    var dgemm: Int?
    var preset = "bistable-pump"
    var n = 20
    /// Parameters that stay, and the one that goes from `from` to `to` in `points` steps.
    var fixed: [String: Double] = [:]
    var axis = "Gamma"
    var from = 0.3, to = 0.4
    var points = 64
    /// How many of them the sweep with gaps takes.
    var gapPoints = 64
    /// Points handed to the solver at a time.
    var chunk = 8
    /// Time to spend on repetitions of the sweep.
    var seconds = 1.0
    var studies = ["steady", "gap"]

    enum CodingKeys: String, CodingKey { case dgemm, preset, n, fixed, axis, from, to, points, gapPoints, chunk, seconds, studies }
    init(from decoder: Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        func take<T: Decodable>(_ key: CodingKeys, _ other: T) throws -> T { try box.decodeIfPresent(T.self, forKey: key) ?? other }
        dgemm = try box.decodeIfPresent(Int.self, forKey: .dgemm)
        preset = try take(.preset, preset)
        n = try take(.n, n)
        fixed = try take(.fixed, fixed)
        axis = try take(.axis, axis)
        from = try take(.from, from)
        to = try take(.to, to)
        points = try take(.points, points)
        gapPoints = min(points, try take(.gapPoints, points))
        chunk = try take(.chunk, chunk)
        seconds = try take(.seconds, seconds)
        studies = try take(.studies, studies)
    }
}

func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Of this program alone: ru_maxrss would remember the process that started it.
func peakBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) * 1024
}

func emit(_ fields: [String: Any]) throws {
    let finite = fields.mapValues { value -> Any in (value as? Double)?.isFinite == false ? NSNull() : value }
    print(String(decoding: try JSONSerialization.data(withJSONObject: finite, options: [.sortedKeys]), as: UTF8.self))
    fflush(stdout)
}

/// GF/s of the same BLAS that the solver uses, on one thread: the best of several.
func timeDgemm(_ order: Int) throws {
    openblas_set_num_threads(1)
    var n = Int32(order), one = 1.0, zero = 0.0
    let a = (0..<order * order).map { Double($0 % 101) / 101 }, b = (0..<order * order).map { Double($0 % 97) / 97 }
    var c = [Double](repeating: 0, count: order * order)
    var all: [Double] = []
    for _ in 0..<6 {
        let start = seconds()
        dgemm_("N", "N", &n, &n, &n, &one, a, &n, b, &n, &zero, &c, &n, 1, 1)
        all.append(2e-9 * Double(order * order * order) / (seconds() - start))
    }
    try emit(["kind": "dgemm", "order": order, "gigaflops": all.max()!, "median": all.sorted()[all.count / 2],
              "core": String(cString: openblas_get_corename()), "library": String(cString: openblas_get_config())])
}

/// What a sweep left besides its time.
struct Tally {
    var worstError = 0.0, worstRelativeGapError = 0.0
    var failures = 0, unresolved = 0
    var refusal = ""
    var firstJz = Double.nan, lastJz = Double.nan, firstGap = Double.nan
    var window: MultipoleWindow?
    /// The widest of the slow modes.
    var gapWindow: MultipoleWindow?
    var frame: Frame?
}

func run(_ test: Case) throws {
    guard let preset = ModelPreset.named(test.preset) else { fatalError("no preset \(test.preset)") }
    let model = try preset.model()
    func instance(_ value: Double, spinCount: Int) throws -> ModelInstance {
        var values = test.fixed
        values[test.axis] = value
        return try model.instance(spinCount: spinCount, values)
    }
    let grid = (0..<test.points).map { test.points == 1 ? test.from : test.from + (test.to - test.from) * Double($0) / Double(test.points - 1) }
    /// The points of a repetition: shifted a little each time, since the solver keeps factors of points it has just seen.
    func sweep(_ repetition: Int, _ count: Int) throws -> [ModelInstance] {
        let shift = 1e-4 * Double(repetition) * (test.to - test.from)
        return try grid.prefix(count).map { try instance($0 + shift, spinCount: test.n) }
    }

    func jz(_ state: MultipoleState) -> Double { 2 * state.expectation(.jz).re / Double(test.n) }

    /// One pass over some of the points, with what the studies would ask for at their tolerances.
    func pass(_ solver: LindbladSolver, _ instances: [ModelInstance], gap: Bool) -> Tally {
        var tally = Tally()
        for start in stride(from: 0, to: instances.count, by: test.chunk) {
            let part = Array(instances[start..<min(start + test.chunk, instances.count)])
            for (k, result) in solver.steadyStates(part, leakTolerance: 1e-9, errorTolerance: 1e-6).enumerated() {
                switch result {
                case .success(let solution):
                    tally.worstError = max(tally.worstError, solution.error)
                    tally.window = solution.window
                    if case .resolved(let state) = solution.outcome {
                        tally.frame = state.frame
                        // Observables are the studies' affair: two points are enough to compare with others.
                        if start + k == 0 { tally.firstJz = jz(state) }
                        if start + k == instances.count - 1 { tally.lastJz = jz(state) }
                    } else { tally.unresolved += 1 }
                case .failure(let error):
                    tally.failures += 1
                    tally.refusal = "\(error)"
                }
            }
            guard gap else { continue }
            for (k, result) in solver.slowModes(part, count: 1).enumerated() {
                switch result {
                case .success(let solution):
                    if solution.window.lMax * solution.window.qMax > (tally.gapWindow.map { $0.lMax * $0.qMax } ?? 0) { tally.gapWindow = solution.window }
                    guard let slowest = solution.modes.first else { continue }
                    if start + k == 0 { tally.firstGap = slowest.decayRate }
                    tally.worstRelativeGapError = max(tally.worstRelativeGapError, slowest.error / slowest.decayRate)
                case .failure(let error):
                    tally.failures += 1
                    tally.refusal = "\(error)"
                }
            }
        }
        return tally
    }

    // What the libraries take to start is no point's.
    var mark = seconds()
    let small = try LindbladSolver(model: model)
    _ = small.steadyStates([try instance(test.from, spinCount: 4)], leakTolerance: 1e-9, errorTolerance: 1e-6)
    let startup = seconds() - mark

    var analysed: (ModelInstance, Frame, MultipoleWindow)?
    for study in test.studies {
        let gap = study == "gap"
        let instances = try sweep(0, gap ? test.gapPoints : test.points)
        let solver = try LindbladSolver(model: model)
        mark = seconds()
        let lone = pass(solver, [instances[0]], gap: gap)
        let cold = seconds() - mark
        var line: [String: Any] = ["kind": "solver", "study": study, "preset": test.preset, "n": test.n, "points": instances.count, "chunk": test.chunk,
                                   "axis": test.axis, "from": test.from, "to": test.to, "fixed": test.fixed, "startup": startup, "cold": cold,
                                   "hasMirror": solver.symmetries.mirrorNormal != nil]
        func describe(_ tally: Tally) {
            line["error"] = tally.worstError
            line["jz"] = tally.firstJz
            line["jzLast"] = tally.lastJz
            line["failures"] = tally.failures
            line["unresolved"] = tally.unresolved
            line["refusal"] = tally.refusal
            line["lMax"] = tally.window?.lMax ?? 0
            line["qMax"] = tally.window?.qMax ?? 0
            if gap {
                line["gapLMax"] = tally.gapWindow?.lMax ?? 0
                line["gapQMax"] = tally.gapWindow?.qMax ?? 0
                line["gap"] = tally.firstGap
                line["gapRelativeError"] = tally.worstRelativeGapError
            }
            line["peakBytes"] = peakBytes()
        }
        describe(lone)
        var outcome = lone
        if instances.count > 1 {
            try emit(line)
            // The first pass analyses the windows that the sweep needs; it counts only where it is too long to be repeated.
            mark = seconds()
            outcome = pass(solver, instances, gap: gap)
            let first = seconds() - mark, begin = seconds()
            var all: [Double] = []
            while first < 10, (all.count < 3 && seconds() - begin < 4 * test.seconds) || seconds() - begin < test.seconds {
                let shifted = try sweep(all.count + 1, instances.count)
                mark = seconds()
                _ = pass(solver, shifted, gap: gap)
                all.append(seconds() - mark)
            }
            line["repetitions"] = all.count
            if all.isEmpty { all = [first] }
            line["best"] = all.min()! / Double(instances.count)
            line["median"] = all.sorted()[all.count / 2] / Double(instances.count)
            describe(outcome)
        }
        try emit(line)
        if !gap, let window = outcome.window, let frame = outcome.frame { analysed = (instances[instances.count - 1], frame, window) }
    }
    if let (instance, frame, window) = analysed {
        // Last of all: it orders the matrix anew, which is no point's time or memory.
        let cost = try LindbladSolver(model: model).factorCost(instance, frame: frame, window: window)
        try emit(["kind": "solver", "study": "cost", "unknowns": cost.unknowns, "entries": cost.entries, "flops": cost.flops])
    }
}

let test: Case
do {
    guard CommandLine.arguments.count == 2 else { throw CocoaError(.userCancelled) }
    test = try JSONDecoder().decode(Case.self, from: Data(CommandLine.arguments[1].utf8))
} catch {
    FileHandle.standardError.write(Data("usage: macrospin-bench '{\"n\": 20, \"preset\": \"bistable-pump\", \"fixed\": {\"Omega\": 0.5}, \"axis\": \"Gamma\", \"from\": 0.3, \"to\": 0.4, \"points\": 64}'  or  '{\"dgemm\": 2000}'\n".utf8))
    exit(2)
}
if let order = test.dgemm { try timeDgemm(order) } else { try run(test) }
