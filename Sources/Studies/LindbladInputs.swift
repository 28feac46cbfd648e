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

    static func instance(_ model: Model, _ point: Point, _ constants: [String: Double]) throws -> ModelInstance {
        let given = constants.merging(point.dictionary) { $1 }
        guard let count = given["N"], count >= 1 else { throw EvaluationError(message: "the number of spins N is not given") }
        return try model.instance(spinCount: Int(count), given.filter { !$0.key.contains(".") && $0.key != "N" })
    }

    /// Runs `body` with the worker's solver; refusals that belong to the point become a failed record.
    static func run(_ model: Model, _ point: Point, _ constants: [String: Double], _ context: StudyContext,
                    _ body: (LindbladSolver, ModelInstance) throws -> Record) throws -> Record {
        let start = ContinuousClock.now
        var record: Record
        do {
            let instance = try instance(model, point, constants)
            let solver = try context.service(SolverBox.self) { SolverBox() }.solver(model)
            record = try body(solver, instance)
        } catch let error as EvaluationError {
            record = Record(status: .failed, reason: error.message)
        } catch let error as SparseLUError {
            record = Record(status: .failed, reason: error.description)
        } catch let error as EigenvalueError {
            record = Record(status: .notConverged, reason: error.description)
        }
        let elapsed = (ContinuousClock.now - start).components
        record.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        return record
    }

    /// Measured on one core (see Benchmarks): factorisation ~ n^1.5 in the window, plus assembly of a new window now and then.
    static func cost(spinCount: Int, solves: Double) -> Cost {
        let root = Double(spinCount).squareRoot()
        let l = min(6.5 * root, Double(spinCount)) + 1, q = min(3.5 * root, Double(spinCount)) + 1
        let size = (l + 1) * (l + 1) - max(0, l - q) * (l - q)
        let entries = 31 * size * log2(2 + size) / 2
        return Cost(seconds: 2e-4 + 2e-9 * pow(size, 1.5) + solves * 4e-9 * entries, bytes: 6e7 + 16 * entries + 900 * size)
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
