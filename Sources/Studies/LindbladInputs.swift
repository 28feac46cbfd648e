import Foundation
import Lindblad
import LinearAlgebra
import SpinAlgebra

/// What the studies of the master equation share: inputs, the worker's solver, and how its errors become records.
enum LindbladInputs {
    /// N and every sweep axis that is a parameter of the model.
    static func axes(_ setup: StudySetup) -> [String] {
        let parameters = setup.model.freeNames.union(setup.model.parameters.map(\.name))
        return setup.sweepAxes.filter { $0 == "N" || parameters.contains($0) }
    }

    static func knownNames(_ setup: StudySetup) -> Set<String> {
        setup.model.freeNames.union(setup.model.parameters.map(\.name)).union(["N", "j"])
    }

    /// - Parameter extra: more spins than the point has; parameters that depend on N follow.
    static func instance(_ model: Model, _ point: Point, _ constants: [String: Double], addingSpins extra: Int = 0) throws -> ModelInstance {
        let given = constants.merging(point.dictionary) { $1 }
        guard let count = given["N"], count >= 1 else { throw EvaluationError(message: "the number of spins N is not given") }
        return try model.instance(spinCount: Int(count) + extra, given.filter { !$0.key.contains(".") && $0.key != "N" })
    }

    /// Several points through the worker's solver, what they have in common shared.
    /// - Parameters:
    ///   - group: ranks to share factors with.
    ///   - check: refuses an instance before it is solved.
    ///   - solve: a solution or an error for each instance.
    ///   - record: of one solution.
    static func run<Solution>(_ model: Model, _ points: [Point], _ constants: [String: Double], _ context: StudyContext, sharing group: ProcessGroup? = nil,
                              check: (ModelInstance) throws -> Void = { _ in },
                              solve: (LindbladSolver, [ModelInstance]) -> [Result<Solution, any Error>],
                              record: (Solution, ModelInstance) throws -> Record) throws -> [Record] {
        let start = ContinuousClock.now
        let instances = points.map { point in
            Result {
                let instance = try instance(model, point, constants)
                try check(instance)
                return instance
            }
        }
        let valid = instances.compactMap { try? $0.get() }
        let solver = try solver(model, context, sharing: group)
        var solutions = solve(solver, valid).makeIterator()
        var records = try instances.map { instance in
            try Record.guarded {
                let instance = try instance.get()
                return try record(try solutions.next()!.get(), instance)
            }
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        for k in records.indices { records[k].seconds = elapsed / Double(records.count) }
        return records
    }

    /// The worker's own; with a group to share points with, one that ends with it.
    static func solver(_ model: Model, _ context: StudyContext, sharing group: ProcessGroup? = nil) throws -> LindbladSolver {
        if let group { return try LindbladSolver(model: model, group: group) }
        return try context.service(SolverBox.self) { SolverBox() }.solver(model)
    }

    /// Unknowns of the window that a point begins with, where no axes of its own make it narrower.
    private static func unknowns(_ spinCount: Int) -> Double {
        let root = Double(spinCount).squareRoot()
        let l = min(7 * root, Double(spinCount)) + 1, q = min(4.5 * root, Double(spinCount)) + 1
        return 0.5 * ((l + 1) * (l + 1) - max(0, l - q) * (l - q))
    }

    /// Measured on one core (see Benchmarks).
    static func steadyStateCost(spinCount: Int) -> Cost { Cost(seconds: 2e-5 + 9e-9 * pow(unknowns(spinCount), 1.5)) }

    /// Krylov vectors are some hundred solves of one point.
    static func slowModesCost(spinCount: Int, modes: Int) -> Cost {
        let size = unknowns(spinCount), entries = 8.4 * pow(size, 1.28)
        return Cost(seconds: 2e-4 + 4e-9 * pow(size, 1.5) + Double(100 + 20 * modes) * 4e-9 * entries)
    }

    /// Slow modes, then functionals in double-double and the values of pure states.
    static func ratesCost(spinCount: Int, states: Int) -> Cost {
        let modes = slowModesCost(spinCount: spinCount, modes: states)
        return Cost(seconds: 3 * modes.seconds)
    }

    /// What rates take beyond the slow modes: matrices in the Dicke basis, a transposed matrix in double-double, a second N.
    static func ratesBytes(spinCount: Int) -> Double { 7e3 * unknowns(spinCount) + 64 * Double(spinCount + 1) * Double(spinCount + 1) }

    /// What a forecast of the solver's memory says, for those of the points that make sense.
    static func memory(_ model: Model, _ samples: [Point], _ constants: [String: Double], _ forecast: ([ModelInstance]) -> MemoryForecast.Need) -> Memory {
        let need = forecast(samples.compactMap { try? instance(model, $0, constants) })
        return Memory(peak: need.peak, kept: need.kept, scratch: need.scratch)
    }
}

/// The worker's solver; a job has one model.
private final class SolverBox {
    private var made: LindbladSolver?
    func solver(_ model: Model) throws -> LindbladSolver {
        if let made { return made }
        let solver = try LindbladSolver(model: model)
        made = solver
        return solver
    }
}
