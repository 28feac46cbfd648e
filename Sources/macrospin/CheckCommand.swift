import Foundation
import Lindblad
import Numbers
import SpinAlgebra
import Studies
import Sweep

enum CheckCommand: Command {
    static let name = "check"
    static let usage = "JOB [--physics]"
    static let summary = "validate a job; with --physics echo the model and solve it again by an independent route"
    static let options = [OptionDescription("physics", help: "matrices at N = 1, 2, symmetries, scaling, and dense solutions at small N")]
    static let examples = ["macrospin check jobs/quick-start.yaml --physics"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let job = try Job.load(path: try single(arguments, "job file"))
        Console.out("\(job.title): sound. \(job.grid.count) points over \(job.grid.axisNames.joined(separator: ", ")); studies \(job.entries.map(\.name).joined(separator: ", "))")
        guard arguments.has("physics") else { return .done }
        let model = job.model, point = job.grid.count > 0 ? job.grid[job.grid.count / 2] : Point(axes: [], values: [])
        let given = job.constants.merging(point.dictionary) { $1 }.filter { $0.key != "N" && !$0.key.contains(".") }
        Console.out("\nH = \(model.hamiltonian.text)")
        for (k, jump) in model.jumps.enumerated() { Console.out("L\(k + 1) = sqrt(\(jump.rateText)) * (\(jump.operator.text))") }
        Console.out("at " + given.sorted { $0.key < $1.key }.map { "\($0.key) = \(CanonicalNumber.string($0.value))" }.joined(separator: ", "))
        for n in [1, 2] {
            let instance = try evaluate { try model.instance(spinCount: n, given) }
            Console.out("\nN = \(n), basis m = j … -j")
            echo("H", instance.hamiltonian.matrix(spinCount: n))
            for (k, jump) in instance.jumps.enumerated() {
                let root = Complex(jump.rate.squareRoot())
                echo("L\(k + 1)", jump.operator.matrix(spinCount: n).map { $0.map { root * $0 } })
            }
        }
        try symmetries(model, given)
        try scaling(model, given)
        return try dense(model, given) ? .done : .unexpected
    }

    private static func evaluate<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as EvaluationError { throw InputError("\(error.message)", hint: "choose parameters at which the model makes sense") }
    }

    private static func echo(_ name: String, _ matrix: [[Complex]]) {
        for (k, row) in matrix.enumerated() {
            let entries = row.map { $0.im == 0 ? String(format: "%10.5g", $0.re) : String(format: "%.4g%+.4gi", $0.re, $0.im) }
            Console.out("  \(k == 0 ? "\(name) =" : String(repeating: " ", count: name.count + 2)) [\(entries.joined(separator: " "))]")
        }
    }

    private static func symmetries(_ model: Model, _ given: [String: Double]) throws {
        let solver = try LindbladSolver(model: model), found = solver.symmetries
        func show(_ v: [Double]) -> String { "(" + v.map { String(format: "%.4g", $0) }.joined(separator: ", ") + ")" }
        Console.out("\nsymmetries: " + [found.mirrorNormal.map { "reflection at the plane normal to \(show($0))" },
                                        found.rotationAxis.map { "rotation by pi about \(show($0))" }].compactMap { $0 }.joined(separator: "; ").ifEmpty("none found"))
    }

    /// Extensive models have H ~ j and rate · L†L ~ j: otherwise the thermodynamic limit is trivial.
    private static func scaling(_ model: Model, _ given: [String: Double]) throws {
        func size(_ polynomial: SpinPolynomial, _ n: Int) -> Double {
            polynomial.terms.reduce(0) { max($0, $1.value.magnitude * pow(Double(n) / 2, Double($1.key.degree))) }
        }
        func exponent(_ value: (ModelInstance, Int) -> Double) throws -> Double {
            let sizes = [100_000, 200_000].map { n in (try? model.instance(spinCount: n, given)).map { value($0, n) } ?? 0 }
            return log2(sizes[1] / sizes[0])
        }
        Console.out("scaling with j (1 is extensive):")
        Console.out(String(format: "  H ~ j^%.3g", try exponent { size($0.hamiltonian, $1) }))
        for k in model.jumps.indices {
            Console.out(String(format: "  rate * L'L of jump %d ~ j^%.3g", k + 1, try exponent { instance, n in
                instance.jumps[k].rate * pow(size(instance.jumps[k].operator, n), 2)
            }))
        }
    }

    private static func dense(_ model: Model, _ given: [String: Double]) throws -> Bool {
        Console.out("\nagainst dense matrices in the Dicke basis (Kronecker products, LAPACK):")
        let solver = try LindbladSolver(model: model)
        var isGood = true
        for n in [1, 2, 3, 6, 9] {
            let instance = try evaluate { try model.instance(spinCount: n, given) }
            let reference = try DenseLiouvillian(model: model, spinCount: n, given: given), values = try reference.eigenvalues().map(\.value)
            let norm = max(reference.norm, .leastNormalMagnitude), kernel = values.filter { $0.magnitude < 1e-9 * norm }.count
            let modes = try solver.slowModes(instance, count: 1), decay = values.filter { $0.magnitude >= 1e-9 * norm }.map { -$0.re }.min() ?? 0
            let gapError = modes.modes.isEmpty ? 0 : abs(modes.modes[0].decayRate - decay) / norm
            var line = String(format: "  N = %d: kernel %d (dense %d), gap %.12g (dense %.12g)", n, modes.kernelDimension, kernel, modes.modes.first?.decayRate ?? 0, decay)
            var good = modes.kernelDimension == kernel && gapError < 1e-7
            if kernel == 1, let state = reference.steadyState(),
               case .resolved(let mine) = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome {
                let error = [("Jx", SpinPolynomial.jx), ("Jy", .jy), ("Jz", .jz)].map { name, polynomial -> Double in
                    guard let matrix = try? OperatorExpression(parsing: name).directMatrix(spinCount: n, instance.values) else { return .infinity }
                    return (mine.expectation(polynomial) - DenseLiouvillian.expectation(state, matrix)).magnitude / (Double(n) / 2)
                }.max() ?? 0
                line += String(format: ", <J>/j agrees to %.1e", error)
                good = good && error < 1e-8
            }
            Console.out(line + (good ? "" : "   DISAGREES"))
            isGood = isGood && good
        }
        return isGood
    }
}

extension String {
    fileprivate func ifEmpty(_ other: String) -> String { isEmpty ? other : self }
}
