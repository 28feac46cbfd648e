import Foundation
import MessagePassing
import Studies

/// How this process was started.
public enum LaunchEnvironment {
    /// By hand: one process.
    case alone
    /// One of several ranks of Open MPI.
    case rank(Int, of: Int)

    /// As the launcher says; nil: it does not.
    public static var ranksOnThisNode: Int? {
        let environment = ProcessInfo.processInfo.environment
        return (environment["OMPI_COMM_WORLD_LOCAL_SIZE"] ?? environment["SLURM_NTASKS_PER_NODE"]).flatMap { Int($0) }
    }

    /// - Throws: `InputError` where something else than Open MPI has started several copies: each would take itself for the only one.
    public static func detect(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> LaunchEnvironment {
        func number(_ names: String...) -> Int? { names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first }
        if let size = number("OMPI_COMM_WORLD_SIZE"), let rank = number("OMPI_COMM_WORLD_RANK") {
            return size > 1 ? .rank(rank, of: size) : .alone
        }
        if environment["PMIX_RANK"] != nil {
            // srun --mpi=pmix tells the number of tasks by its own variable.
            let size = number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS") ?? 2
            return size > 1 ? .rank(number("PMIX_RANK") ?? 0, of: size) : .alone
        }
        if let size = number("PMI_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_SIZE"), size > 1 {
            throw InputError("macrospin run: started \(size) times by a launcher that is no Open MPI (it sets \(environment["PMI_SIZE"] != nil ? "PMI_SIZE" : "no OMPI_COMM_WORLD_SIZE"))",
                             hint: "use the mpirun of Open MPI 4, or macrospin run JOB --ranks P")
        }
        if let size = number("SLURM_STEP_NUM_TASKS"), size > 1, environment["SLURM_PROCID"] != nil {
            throw InputError("macrospin run: srun has started \(size) tasks without MPI", hint: "use srun --mpi=pmix")
        }
        return .alone
    }
}
