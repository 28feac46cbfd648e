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

    static func start(_ arguments: [String], in folder: URL = project) throws -> (process: Process, finish: () -> Outcome) {
        let process = Process(), out = Pipe(), error = Pipe()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = out
        process.standardError = error
        process.environment = ProcessInfo.processInfo.environment.merging(["OPENBLAS_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
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
