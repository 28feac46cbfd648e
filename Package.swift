// swift-tools-version:6.0
import PackageDescription

/// System packages behind the shims are listed in `packages.txt`; `make setup` installs them.
func shim(_ name: String, pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, path: "Sources/Shims/\(name)", pkgConfig: pkgConfig)
}

let package = Package(
    name: "macrospin",
    products: [.executable(name: "macrospin", targets: ["macrospin"])],
    targets: [
        // Floor 0: what Swift cannot import by itself.
        shim("CMPI", pkgConfig: "ompi-c"),
        shim("CProcess"),
        shim("CLAPACK", pkgConfig: "openblas"),
        shim("CScaLAPACK", pkgConfig: "scalapack-openmpi"),
        shim("CMUMPS"),
        shim("CARPACK", pkgConfig: "arpack"),
        shim("CHDF5", pkgConfig: "hdf5-serial"),
        shim("CSQLite", pkgConfig: "sqlite3"),
        shim("CYAML", pkgConfig: "yaml-0.1"),
        // Floor 1
        .target(name: "Numbers", exclude: ["README.md"]),
        .target(name: "Kernels", exclude: ["README.md"]),
        .target(name: "MessagePassing", dependencies: ["CMPI", "CProcess"], exclude: ["README.md"]),
        .target(name: "LinearAlgebra", dependencies: ["Numbers", "Kernels", "MessagePassing", "CMPI", "CLAPACK", "CScaLAPACK", "CMUMPS", "CARPACK"], exclude: ["README.md"]),
        // Floor 2
        .target(name: "SpinAlgebra", dependencies: ["Numbers"], exclude: ["README.md"]),
        // Floor 3
        .target(name: "Lindblad", dependencies: ["Numbers", "LinearAlgebra", "SpinAlgebra"], exclude: ["README.md"]),
        .target(name: "Semiclassics", dependencies: ["Numbers", "LinearAlgebra", "SpinAlgebra"], exclude: ["README.md"]),
        .target(name: "Mesoscopic", dependencies: ["Numbers", "LinearAlgebra", "SpinAlgebra", "Lindblad"], exclude: ["README.md"]),
        // Floor 4
        .target(name: "Studies", dependencies: ["Numbers", "MessagePassing", "LinearAlgebra", "SpinAlgebra", "Lindblad", "Semiclassics", "Mesoscopic"], exclude: ["README.md"]),
        // Floor 5
        .target(name: "Archive", dependencies: ["Studies", "CHDF5"], exclude: ["README.md"]),
        .target(name: "Sweep", dependencies: ["Studies", "SpinAlgebra", "MessagePassing", "CSQLite", "CYAML"], exclude: ["README.md"]),
        // Floor 6
        .executableTarget(name: "macrospin", dependencies: ["Numbers", "Sweep", "MessagePassing", "Archive", "Studies", "Lindblad", "SpinAlgebra"], exclude: ["README.md"]),
        // Times the solver without the engine around it: Benchmarks/run.
        .executableTarget(name: "macrospin-bench", dependencies: ["Lindblad", "SpinAlgebra", "CLAPACK"], path: "Benchmarks/Solver"),
        .testTarget(name: "SpinAlgebraTests", dependencies: ["SpinAlgebra", "Numbers"]),
        .testTarget(name: "LindbladTests", dependencies: ["Lindblad", "LinearAlgebra", "SpinAlgebra", "Numbers", "Studies"]),
        .testTarget(name: "SemiclassicsTests", dependencies: ["Semiclassics", "Lindblad", "SpinAlgebra", "Numbers", "Studies", "LinearAlgebra"]),
        .testTarget(name: "MesoscopicTests", dependencies: ["Mesoscopic", "Lindblad", "SpinAlgebra", "Numbers", "Studies", "LinearAlgebra"]),
        // A sweep with a made-up study, in a process of its own that tests may kill.
        .executableTarget(name: "sweep-harness", dependencies: ["Sweep", "Studies"], path: "Tests/Harness", exclude: ["README.md"]),
        // What a group of ranks computes, beside LAPACK: run under mpirun by tests and benchmarks.
        .executableTarget(name: "group-harness", dependencies: ["LinearAlgebra", "MessagePassing", "Numbers"], path: "Tests/GroupHarness", exclude: ["README.md"]),
        .testTarget(name: "SweepTests", dependencies: ["Sweep", "Studies", "SpinAlgebra", "sweep-harness"]),
        .testTarget(name: "ArchiveTests", dependencies: ["Archive", "Studies", "Numbers"]),
        .testTarget(name: "CommandLineTests", dependencies: ["macrospin", "group-harness", "LinearAlgebra", "Sweep", "Archive", "Studies"]),
    ],
    swiftLanguageModes: [.v5]
)
