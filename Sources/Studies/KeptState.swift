import Lindblad
import Numbers
import SpinAlgebra

extension StudyContext {
    /// The steady state that the study `steadyState` has kept in an archive at the same N and parameters.
    /// - Throws: `EvaluationError` where there is none.
    func keptState(archive: String, at values: [String: Double]) throws -> MultipoleState {
        guard let keptStates else { throw EvaluationError(message: "kept states cannot be read here") }
        let record: Record
        do { record = try keptStates.steadyState(archive: archive, at: values) } catch let error as InputError {
            throw EvaluationError(message: error.description)
        }
        guard record.status == .ok, let kept = record.outputs["state"], let frame = record.outputs["state_frame"], !kept.data.contains(where: \.isNaN) else {
            throw EvaluationError(message: "\(archive) has no kept state at this point: its steadyState is \(record.status.word), or was run without keep: [state]")
        }
        let coefficients = stride(from: 0, to: kept.data.count, by: 2).map { Complex(kept.data[$0], kept.data[$0 + 1]) }
        return MultipoleState(spinCount: Int(values["N"] ?? 1), frame: Frame(rowMajor: frame.data), shape: kept.shape, spherical: coefficients)
    }
}
