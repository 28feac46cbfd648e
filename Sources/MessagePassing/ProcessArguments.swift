import Glibc

/// The words that this process was started with, its own name first.
///
/// Swift's `CommandLine.arguments` looks for them below the environment on the stack, and finds nothing when a library has
/// moved the environment before `main`, as some sites' MPI does (Ubuntu's Open MPI 4.1.2; Swift 6.3). The kernel knows.
public enum ProcessArguments {
    public static let words: [String] = {
        guard let file = fopen("/proc/self/cmdline", "r") else { return CommandLine.arguments }
        defer { fclose(file) }
        var bytes: [UInt8] = [], page = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&page, 1, page.count, file)
            if count == 0 { break }
            bytes += page[..<count]
        }
        // Each word ends with a zero, the last as well.
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
    }()
}
