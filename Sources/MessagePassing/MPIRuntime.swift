import CMPI
import Glibc

/// MPI is initialised once, whoever comes first: the communicator of a run, or the sparse solver of a lone process.
public enum MPIRuntime {
    /// Whether a launcher that Open MPI understands (mpirun, srun with PMIx) started this process.
    public static var isLaunched: Bool { getenv("OMPI_COMM_WORLD_SIZE") != nil || getenv("PMIX_RANK") != nil }

    /// Starts MPI unless it runs already. Call it from the main thread.
    ///
    /// Outside a launcher Open MPI would start a helper daemon for the lone process; a singleton needs none.
    public static func ensureInitialized() {
        _ = once
    }

    private static let once: Void = {
        var flag: Int32 = 0
        MPI_Initialized(&flag)
        guard flag == 0 else { return }
        // A lone process talks to nobody: no shared-memory segments or sockets to leave behind when it is killed.
        let wanted: [(name: String, value: String)] = [("OMPI_MCA_ess_singleton_isolated", "1"), ("OMPI_MCA_btl", "self"), ("OMPI_MCA_pml", "ob1")]
        let settings = isLaunched ? [] : wanted.filter { getenv($0.name) == nil }
        for (name, value) in settings { setenv(name, value, 1) }
        MPIBundle.announce()
        var provided: Int32 = 0
        MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided)
        // They have been read; a launcher that this process starts must not find them.
        for (name, _) in settings { unsetenv(name) }
        atexit {
            var finalized: Int32 = 0
            MPI_Finalized(&finalized)
            if finalized == 0 { MPI_Finalize() }
        }
    }()
}
