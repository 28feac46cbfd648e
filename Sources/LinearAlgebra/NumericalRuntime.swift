import CLAPACK
import MessagePassing

/// What the libraries behind this room need before their first call.
enum NumericalRuntime {
    /// MPI for MUMPS, and one BLAS thread: ranks are the parallelism, and the bits of a result must not depend on the
    /// number of cores.
    static func ensureInitialized() {
        _ = once
    }

    private static let once: Void = {
        openblas_set_num_threads(1)
        MPIRuntime.ensureInitialized()
    }()
}
