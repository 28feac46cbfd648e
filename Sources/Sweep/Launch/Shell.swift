import Foundation

/// Other programmes: Slurm's commands, launchers.
public enum Shell {
    /// What a command prints; nil: there is no such command, or it fails.
    public static func output(_ words: [String]) -> String? {
        let (code, text, _) = run(words)
        return code == 0 ? text : nil
    }

    /// - Returns: exit code (127: there is no such command), standard output and standard error.
    public static func run(_ words: [String]) -> (code: Int32, output: String, errors: String) {
        let process = Process(), output = Pipe(), errors = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        guard (try? process.run()) != nil else { return (127, "", "") }
        // Both are short; one after the other cannot fill a pipe.
        let text = output.fileHandleForReading.readDataToEndOfFile(), words = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: words, as: UTF8.self))
    }

    /// Text as one word of a shell's command line.
    public static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "_-./=:,+%@".utf8.contains($0) }
        return isPlain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
