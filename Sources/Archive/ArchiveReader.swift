import Foundation
import Studies

extension Archive {
    /// - Throws: `InputError` for a file that is missing, damaged or no macrospin archive.
    public init(reading path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "there is no such file", hint: "archives are named archive.h5 in the run directory") }
        do { self = try ArchiveReader(file: HDF5File(reading: path)).read() } catch let error as HDF5Error {
            throw InputError(file: path, "this is no macrospin archive (\(error))", hint: "name a file written by macrospin run or macrospin merge")
        }
    }
}

struct ArchiveReader {
    let file: HDF5File

    func read() throws -> Archive {
        guard let version = file.longAttribute("/", "macrospin_archive_version") else { throw HDF5Error(description: "the attribute macrospin_archive_version is missing") }
        guard version == archiveVersion else { throw HDF5Error(description: "its format is \(version), this version reads \(archiveVersion)") }
        guard let schema = try? JSONDecoder().decode(ArchiveSchema.self, from: Data(text("macrospin_schema").utf8)) else {
            throw HDF5Error(description: "the attribute macrospin_schema is damaged")
        }
        var tables: [ResultTable] = []
        for table in schema.tables {
            let outputs = table.outputs.compactMap(ArchiveSchema.spec)
            guard outputs.count == table.outputs.count else { throw HDF5Error(description: "the attribute macrospin_schema names unknown kinds") }
            tables.append(try read(table.study, table.axes, outputs, schema))
        }
        return Archive(title: text("title"), jobText: text("job"), softwareVersion: text("software_version"), created: text("created"),
                       energyUnit: schema.energyUnit, timeUnit: schema.timeUnit, sources: schema.sources, axes: schema.axes, tables: tables)
    }

    private func text(_ key: String) -> String {
        var whole = file.attribute("/", key) ?? "", part = 1
        while let more = file.attribute("/", "\(key)_\(part)") {
            whole += more
            part += 1
        }
        return whole
    }

    private func coordinates(_ study: String, _ axes: [String], _ schema: ArchiveSchema, extents: [Int]) throws -> [[Double]] {
        func values(_ axis: String, _ name: String) throws -> [Double] {
            schema.axes.first { $0.name == axis }?.isInteger == true ? try file.longs(name).map(Double.init) : try file.doubles(name)
        }
        if schema.isGrid {
            let lists = try axes.map { try values($0, $0) }
            return (0..<extents.reduce(1, *)).map { place in
                var rest = place, row = [Double](repeating: 0, count: axes.count)
                for k in axes.indices.reversed() {
                    row[k] = lists[k][rest % extents[k]]
                    rest /= extents[k]
                }
                return row
            }
        }
        // The first list is shared by all studies over its axes.
        let isFirst = schema.tables.first.map { $0.axes == axes } ?? false
        let owner = schema.tables.first { $0.axes == axes }?.study ?? study
        let lists = try axes.map { try values($0, ArchiveLayout.coordinateName($0, dimension: isFirst ? "point" : "point_\(owner)")) }
        return (0..<(extents.first ?? 0)).map { place in lists.map { $0[place] } }
    }

    private func read(_ study: String, _ axes: [String], _ outputs: [OutputSpec], _ schema: ArchiveSchema) throws -> ResultTable {
        let extents = try file.shape("status_\(study)"), status = try file.longs("status_\(study)"), reasons = try file.strings("reason_\(study)")
        let seconds = try file.doubles("seconds_\(study)"), sources = try file.longs("source_\(study)")
        let coordinates = try coordinates(study, axes, schema, extents: extents)
        var rows: [ResultTable.Row] = [], places: [Int] = []
        for place in status.indices {
            guard let known = Status(rawValue: Int32(status[place])) else { continue }
            rows.append(.init(coordinates: coordinates[place], record: Record(status: known, reason: reasons[place], seconds: seconds[place]), source: Int(sources[place])))
            places.append(place)
        }
        for output in outputs {
            let isComplex = output.kind == .complex
            func load(_ name: String) throws -> [Double] {
                output.kind == .integer ? try file.longs(name).map { $0 == missingInteger ? .nan : Double($0) } : try file.doubles(name)
            }
            let parts = try isComplex ? [load(output.name + "_re"), load(output.name + "_im")] : [load(output.name)]
            let inner = Array(try file.shape(output.name + (isComplex ? "_re" : "")).dropFirst(extents.count)), innerCount = inner.reduce(1, *)
            let shapes = output.axes.contains { $0.extent == nil } ? try file.longs("shape_\(output.name)") : nil
            for (k, place) in places.enumerated() {
                let rank = output.axes.count
                let shape = shapes.map { list in (0..<rank).map { Int(list[place * rank + $0]) } } ?? output.axes.enumerated().map { $1.extent ?? inner[$0] }
                let count = shape.reduce(1, *)
                if count == 0 { continue }
                var data: [Double] = []
                data.reserveCapacity(count * parts.count)
                for index in 0..<count {
                    var rest = index, at = 0, stride = 1
                    for axis in shape.indices.reversed() {
                        at += rest % shape[axis] * stride
                        rest /= shape[axis]
                        stride *= inner[axis]
                    }
                    for part in parts { data.append(part[place * innerCount + at]) }
                }
                if data.allSatisfy(\.isNaN) { continue }
                rows[k].record.outputs[output.name] = OutputArray(shape: shape, data: data, isComplex: isComplex)
            }
        }
        return ResultTable(study: study, axes: axes, outputs: outputs, rows: rows)
    }
}
