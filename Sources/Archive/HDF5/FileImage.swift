import CHDF5
import Foundation

/// The bytes of an HDF5 file while it is being built: pages of the temporary file itself, so that memory is bounded
/// whatever the file's size.
///
/// HDF5 1.10 crashes where a write to disk fails. It therefore never writes: its memory driver works on these pages,
/// and their room on the disk is taken (`posix_fallocate`) before HDF5 sees them. When there is none left the image goes
/// on in plain memory, so that HDF5 notices nothing and can close in peace, and `check` throws at the next occasion. A
/// file system that cannot map files is written at the end, from memory.
final class FileImage {
    /// What the operating system refused.
    struct Failure: Error { let code: Int32 }

    private let descriptor: Int32
    private var base: UnsafeMutableRawPointer?
    /// Bytes of address space.
    private var mapped = 0
    /// Bytes that HDF5 may use; on the disk they are allocated.
    private var size = 0
    private var isOnDisk = true
    private var failure: Int32 = 0
    private var nextRelease = FileImage.releaseStep
    /// So often are pages given back that the file on disk holds anyway.
    private static let releaseStep = 64 << 20

    /// - Parameter descriptor: an empty file, open to read and write.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { if let base { munmap(base, mapped) } }

    /// - Throws: `Failure` once the disk has refused room.
    func check() throws { if failure != 0 { throw Failure(code: failure) } }

    /// Makes the image at least so large, or smaller.
    /// - Returns: where it lies; nil: there is no address space left.
    private func resize(to count: Int) -> UnsafeMutableRawPointer? {
        if count > mapped, !map(max(count, 2 * mapped, Self.releaseStep)) { return nil }
        if isOnDisk, count > size {
            var code: Int32
            repeat { code = posix_fallocate(descriptor, off_t(size), off_t(count - size)) } while code == EINTR
            if code != 0 {
                failure = code
                guard moveToMemory(max(count, mapped)) else { return nil }
            }
        }
        size = max(size, count)
        if isOnDisk, size >= nextRelease, let base {
            madvise(base, size, Int32(MADV_DONTNEED))
            nextRelease = size + Self.releaseStep
        }
        return base
    }

    private func map(_ count: Int) -> Bool {
        if isOnDisk {
            let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            if let pages, pages != MAP_FAILED {
                if let base { munmap(base, mapped) }
                base = pages
                mapped = count
                return true
            }
        }
        return moveToMemory(count)
    }

    private func moveToMemory(_ count: Int) -> Bool {
        guard let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), pages != MAP_FAILED else { return false }
        if let base {
            memcpy(pages, base, min(size, count))
            munmap(base, mapped)
        }
        base = pages
        mapped = count
        isOnDisk = false
        return true
    }

    /// The first `count` bytes.
    func bytes(_ count: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count) }

    /// Puts the first `count` bytes into the file. What HDF5 still changes while it closes does not reach the file.
    /// - Throws: `Failure`.
    func freeze(_ count: Int) throws {
        try check()
        guard isOnDisk, let base else { return try write(bytes(count), at: 0) }
        // Network file systems write pages of a map when they are told to.
        guard msync(base, size, MS_SYNC) == 0 else { throw Failure(code: errno) }
        guard mmap(base, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, descriptor, 0) != MAP_FAILED else { throw Failure(code: errno) }
    }

    /// Brings the file to its end: the `count` bytes of `freeze`, then `tail`. HDF5 must have closed.
    /// - Throws: `Failure`.
    func finish(_ count: Int, tail: [UInt8]) throws {
        try tail.withUnsafeBytes { try write($0, at: count) }
        guard ftruncate(descriptor, off_t(count + tail.count)) == 0 else { throw Failure(code: errno) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at start: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(start + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(code: count < 0 ? errno : ENOSPC) }
            done += count
        }
    }

    /// Lets HDF5's memory driver (`H5Pset_fapl_core`) work on this image for as long as the image lives.
    func install(_ access: hid_t) throws {
        var callbacks = H5FD_file_image_callbacks_t()
        callbacks.udata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.udata_copy = { $0 }
        callbacks.udata_free = { _ in 0 }
        callbacks.image_malloc = { count, _, data in data.flatMap { Unmanaged<FileImage>.fromOpaque($0).takeUnretainedValue().resize(to: count) } }
        callbacks.image_realloc = { _, count, _, data in data.flatMap { Unmanaged<FileImage>.fromOpaque($0).takeUnretainedValue().resize(to: count) } }
        callbacks.image_memcpy = { target, source, count, _, _ in
            if let target, let source { memcpy(target, source, count) }
            return target
        }
        callbacks.image_free = { _, _, _ in 0 }
        try HDF5.check(H5Pset_file_image_callbacks(access, &callbacks), "build the file")
    }
}
