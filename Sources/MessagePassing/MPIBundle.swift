import Foundation

/// The Open MPI that a tarball of `make dist` brings along, in `mpi/` beside the executable's `bin/`. It is used wherever it
/// has been unpacked, so it must be told where that is.
public enum MPIBundle {
    /// Its folder; nil: MPI is the system's, or the site's.
    ///
    /// What counts is the library that the loader has found, not what lies about: the same tarball has an executable for the
    /// site's Open MPI.
    public static let folder: String? = {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let root = ((program as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
        let folder = (root == "/" ? "" : root) + "/mpi"
        return isMapped(folder + "/lib/libmpi.so") ? folder : nil
    }()

    /// Whether this process has loaded a file whose path begins so.
    private static func isMapped(_ path: String) -> Bool {
        // The kernel hands this file out page by page; Foundation takes the first for all of it.
        guard let maps = fopen("/proc/self/maps", "r") else { return false }
        var line: UnsafeMutablePointer<CChar>?, capacity = 0
        defer {
            free(line)
            fclose(maps)
        }
        while getline(&line, &capacity, maps) > 0 {
            // Five columns, then the path, which may have blanks.
            if let line, let start = strchr(line, 0x2F), strncmp(start, path, strlen(path)) == 0 { return true }
        }
        return false
    }

    /// The launcher that goes with the MPI in use: a bare `mpirun` is the bundled one where there is one, since another could
    /// not start these ranks.
    public static func resolve(_ launcher: [String]) -> [String] {
        guard let folder, launcher.first == "mpirun" else { return launcher }
        return [folder + "/bin/mpirun"] + launcher.dropFirst()
    }

    /// For processes that no `mpi/bin/mpirun` has started: its wrapper (`distribution/mpi-wrapper`) sets the same variables.
    static func announce() {
        guard let folder else { return }
        let places = ["OPAL_PREFIX": "", "OPAL_LIBDIR": "/lib", "OPAL_PKGLIBDIR": "/lib/openmpi3", "OPAL_PKGDATADIR": "/share/openmpi", "OPAL_SYSCONFDIR": "/etc",
                      "PMIX_PKGLIBDIR": "/lib/pmix", "PMIX_PKGDATADIR": "/share/pmix", "PMIX_SYSCONFDIR": "/etc"]
        for (name, place) in places { setenv(name, folder + place, 1) }
    }
}
