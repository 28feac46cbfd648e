import CHDF5
import Foundation

/// An open HDF5 file; all objects of an archive lie in its root group.
struct HDF5File {
    let id: hid_t

    /// What the file is being built on; nil for a file that is read.
    var image: FileImage?

    /// - Throws: `FileImage.Failure` once the disk has refused room for a file that is being built.
    func checkSpace() throws { try image?.check() }

    /// Builds a file on an empty one that is open to read and write; `tail` makes from its bytes what follows HDF5's own
    /// end of file. Memory is bounded (see `FileImage`). Link order is kept so that readers list variables as they
    /// were written.
    static func build(onto descriptor: Int32, _ body: (HDF5File) throws -> Void, tail: (UnsafeRawBufferPointer) -> [UInt8]) throws {
        HDF5.silence()
        let action = "build the file", image = FileImage(descriptor: descriptor)
        var size = 0, end: [UInt8] = []
        try HDF5.using(H5Pcreate(ch5_p_file_create()), closedBy: H5Pclose, action) { creation in
            try HDF5.check(H5Pset_link_creation_order(creation, ch5_p_creation_order()), action)
            // Equal contents shall give equal bytes.
            try HDF5.check(H5Pset_obj_track_times(creation, false), action)
            try HDF5.using(H5Pcreate(ch5_p_file_access()), closedBy: H5Pclose, action) { access in
                // Object headers with checksums, attributes of any length; read by HDF5 1.8 and later.
                try HDF5.check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), action)
                try HDF5.check(H5Pset_fapl_core(access, 64 << 10, false), action)
                try image.install(access)
                // The name is only by what HDF5 tells open files apart.
                try HDF5.using(H5Fcreate(UUID().uuidString, ch5_acc_trunc(), creation, access), closedBy: H5Fclose, action) { id in
                    try body(HDF5File(id: id, image: image))
                    try HDF5.check(H5Fflush(id, H5F_SCOPE_GLOBAL), action)
                    size = Int(try HDF5.check(H5Fget_file_image(id, nil, 0), action))
                    try image.check()
                    end = tail(image.bytes(size))
                    try image.freeze(size)
                }
            }
        }
        try image.finish(size, tail: end)
    }

    /// A file open to read for as long as it is held; see `open(_:_:)`.
    final class Handle {
        let file: HDF5File
        init(_ path: String) throws {
            HDF5.silence()
            var id: hid_t = -1
            try HDF5.using(H5Pcreate(ch5_p_file_access()), closedBy: H5Pclose, "set file access") { access in
                // Whole files appear by rename and are never changed, so locks protect nothing; on some parallel file
                // systems they only fail.
                try HDF5.check(H5Pset_file_locking(access, false, true), "set file access")
                id = try HDF5.check(H5Fopen(path, ch5_acc_rdonly(), access), "open \(path)")
            }
            file = HDF5File(id: id)
        }
        deinit { H5Fclose(file.id) }
    }

    func has(_ name: String) -> Bool { H5Lexists(id, name, ch5_p_default()) > 0 }

    func dataset<Value>(_ name: String, _ body: (HDF5Dataset) throws -> Value) throws -> Value {
        try HDF5.using(H5Dopen2(id, name, ch5_p_default()), closedBy: H5Dclose, "open variable \(name)") {
            try body(HDF5Dataset(id: $0, name: name))
        }
    }

    /// Creates a dataset. With `chunk` it is stored in chunks of that shape, shuffled, deflated and with checksums.
    func create<Value>(_ name: String, fileType: hid_t, shape: [Int], chunk: [Int]? = nil,
                       _ body: (HDF5Dataset) throws -> Value) throws -> Value {
        let action = "create variable \(name)"
        return try HDF5.using(H5Pcreate(ch5_p_dataset_create()), closedBy: H5Pclose, action) { properties in
            try HDF5.check(H5Pset_obj_track_times(properties, false), action)
            if let chunk {
                try HDF5.check(H5Pset_chunk(properties, Int32(chunk.count), chunk.map { hsize_t($0) }), action)
                try HDF5.check(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER), action)
                try HDF5.check(H5Pset_shuffle(properties), action)
                try HDF5.check(H5Pset_deflate(properties, 4), action)
                try HDF5.check(H5Pset_fletcher32(properties), action)
            }
            return try HDF5Dataset.withSpace(shape) { space in
                try HDF5.using(H5Dcreate2(id, name, fileType, space, ch5_p_default(), properties, ch5_p_default()), closedBy: H5Dclose, action) {
                    try body(HDF5Dataset(id: $0, name: name))
                }
            }
        }
    }

    var root: HDF5Attributes { HDF5Attributes(object: id, owner: "file") }
}
