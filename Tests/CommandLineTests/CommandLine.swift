import Foundation

/// The built executable, run as a user would.
enum CommandLineTool {
    static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static var executable: URL { Bundle.main.bundleURL.appendingPathComponent("macrospin") }

    struct Outcome {
        let code: Int32
        let out: String
        let error: String
    }

    /// MPI for tests: as root in containers, and without a word about crashes that are meant.
    static let environment = ["OPENBLAS_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]

    /// - Parameters:
    ///   - program: nil: macrospin.
    ///   - without: variables to be taken away.
    static func start(_ arguments: [String], program: String? = nil, environment more: [String: String] = [:], without: [String] = [], in folder: URL = project) throws -> (process: Process, finish: () -> Outcome) {
        let process = Process(), out = Pipe(), error = Pipe()
        process.executableURL = program.map { URL(fileURLWithPath: $0) } ?? executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = out
        process.standardError = error
        // The solver tests of this process make it an MPI singleton, and Open MPI says so in its environment.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("OMPI_MCA_") && !$0.key.hasPrefix("PMIX_") && !$0.key.hasPrefix("ORTE_") && !$0.key.hasPrefix("OMPI_APP_") }
        process.environment = inherited.merging(environment) { $1 }.merging(more) { $1 }.filter { !without.contains($0.key) }
        try process.run()
        return (process, {
            // Both pipes at once: a full one would hold the process up.
            nonisolated(unsafe) var errorData = Data()
            let done = DispatchSemaphore(value: 0)
            let thread = Thread { errorData = error.fileHandleForReading.readDataToEndOfFile(); done.signal() }
            thread.start()
            let outData = out.fileHandleForReading.readDataToEndOfFile()
            done.wait()
            process.waitUntilExit()
            return Outcome(code: process.terminationStatus, out: String(decoding: outData, as: UTF8.self), error: String(decoding: errorData, as: UTF8.self))
        })
    }

    static func run(_ arguments: String..., in folder: URL = project) throws -> Outcome { try start(arguments, in: folder).finish() }

    static func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("macrospin-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}
