import Foundation
import Sweep

/// Starts `sweep-harness` and collects what it said.
final class Harness: @unchecked Sendable {
    static let program = Bundle.main.bundleURL.appendingPathComponent("sweep-harness")
    let process = Process()
    private let output: URL
    private let errors: URL

    convenience init(_ directory: String, points: Int, microseconds: Int, fileSizeLimit: Int? = nil) throws {
        try self.init([directory, "\(points)", "\(microseconds)"] + (fileSizeLimit.map { ["\($0)"] } ?? []))
    }

    /// The run of `PretendTransition`.
    convenience init(_ directory: String, refined: Bool, microseconds: Int) throws { try self.init([directory, "refined", "\(microseconds)"]) }

    private init(_ arguments: [String]) throws {
        let token = UUID().uuidString
        output = FileManager.default.temporaryDirectory.appendingPathComponent("harness-\(token).out")
        errors = output.appendingPathExtension("err")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = Self.program
        process.arguments = arguments
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Exit code, or minus the signal that ended it.
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    var out: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    var err: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }
    /// Keys whose records it called durable. A line cut short by a kill does not count.
    var stored: [String] {
        out.split(separator: "\n", omittingEmptySubsequences: false).dropLast().filter { $0.hasPrefix("stored ") }.map { String($0.dropFirst(7)) }
    }

    /// Waits until at least one record is durable, at most ten seconds.
    func waitForFirstRecord() {
        for _ in 0..<1000 where stored.isEmpty && process.isRunning { usleep(10_000) }
    }
}

/// A directory that goes with the test.
final class Scratch {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("macrospin-run-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var ledger: String { Ledger.path(path) }
}
