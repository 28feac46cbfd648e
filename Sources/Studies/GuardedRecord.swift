import LinearAlgebra
import SpinAlgebra

extension Record {
    /// What belongs to the point becomes a record: parameters that make no sense and singular matrices fail, what LAPACK gives up on
    /// has not converged. Other errors are those of the programme.
    static func guarded(_ body: () throws -> Record) throws -> Record {
        do { return try body() } catch let error as EvaluationError {
            return Record(status: .failed, reason: error.message)
        } catch let error as ModelError {
            return Record(status: .failed, reason: error.description)
        } catch let error as SparseLUError {
            return Record(status: .failed, reason: error.description)
        } catch let error as EigenvalueError {
            return Record(status: .notConverged, reason: error.description)
        }
    }

    /// The same with the seconds that it took.
    static func timed(_ body: () throws -> Record) throws -> Record {
        let start = ContinuousClock.now
        var record = try guarded(body)
        record.seconds = (ContinuousClock.now - start) / .seconds(1)
        return record
    }
}
