import Foundation
import Studies

/// Replaces files whole: a reader, or a crash at any moment, finds either the old contents or the new.
enum AtomicFile {
    /// Runs `produce` with an empty temporary file in the same folder, open to read and write, then puts that file in
    /// the place of `path` (synchronised to disk before and after the rename).
    /// - Throws: `InputError` naming `path` for whatever keeps it from being written; the temporary file is removed.
    static func replace(_ path: String, _ produce: (Int32) throws -> Void) throws {
        let target = try check(path), folder = target.deletingLastPathComponent().path
        removeLeftovers(of: target.lastPathComponent, in: folder)
        let temporary = "\(folder)/\(prefix(target.lastPathComponent))\(getpid()).tmp"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritable(path, reason()) }
        var isOpen = true
        defer {
            if isOpen { close(descriptor) }
            unlink(temporary)
        }
        do {
            try produce(descriptor)
        } catch let failure as FileImage.Failure {
            throw unwritable(path, String(cString: strerror(failure.code)))
        } catch let failure as HDF5.Failure {
            throw InputError(file: path, "cannot be written: HDF5 fails to \(failure.action) (\(failure.cause)); nothing was changed")
        }
        guard fsync(descriptor) == 0 else { throw unwritable(path, reason()) }
        isOpen = false
        // Network file systems report late errors here.
        guard close(descriptor) == 0 else { throw unwritable(path, reason()) }
        guard rename(temporary, target.path) == 0 else { throw unwritable(path, reason()) }
        try synchronise(folder: folder, path)
    }

    /// Whether a file may be put there, for those who work long before they write.
    /// - Returns: where it goes: a link leads on to the file it names; one that names nothing is replaced.
    /// - Throws: `InputError` for a folder, for a device or a pipe (a rename would put a file in its place), and where the
    ///   folder is missing or not writable.
    @discardableResult
    static func check(_ path: String) throws -> URL {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let folder = target.deletingLastPathComponent().path
        var about = stat()
        if stat(path, &about) == 0, about.st_mode & S_IFMT != S_IFREG {
            guard about.st_mode & S_IFMT == S_IFDIR else {
                throw InputError(file: path, "is a device or a pipe; only files can be written", hint: "name a file, such as \(FileManager.default.temporaryDirectory.path)/archive.h5")
            }
            throw InputError(file: path, "is a folder; expected the name of an archive file", hint: "name a file in it, such as \(path)/archive.h5")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw InputError(file: path, "cannot be written: the folder \(folder) does not exist", hint: "create it or choose another place")
        }
        guard access(folder, W_OK) == 0 else { throw unwritable(path, reason()) }
        return target
    }

    private static func unwritable(_ path: String, _ cause: String) -> InputError {
        InputError(file: path, "cannot be written: \(cause)", hint: cause == String(cString: strerror(ENOSPC))
            ? "free some disk space and try again; nothing was changed" : "choose a place that you may write to; nothing was changed")
    }

    private static func reason() -> String { String(cString: strerror(errno)) }

    private static func synchronise(folder path: String, _ target: String) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw unwritable(target, reason()) }
        defer { close(descriptor) }
        // Some file systems cannot synchronise a folder and say EINVAL; there is nothing better to do on them.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw unwritable(target, reason()) }
    }

    private static func prefix(_ name: String) -> String { ".\(name).\(ProcessInfo.processInfo.hostName)-" }

    /// Temporary files of processes of this host that were killed while they wrote.
    private static func removeLeftovers(of name: String, in folder: String) {
        let prefix = prefix(name)
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where entry.hasPrefix(prefix) && entry.hasSuffix(".tmp") {
            guard let process = pid_t(entry.dropFirst(prefix.count).dropLast(4)), kill(process, 0) != 0, errno == ESRCH else { continue }
            unlink("\(folder)/\(entry)")
        }
    }
}
