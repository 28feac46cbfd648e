import Archive
import Foundation
import Studies

/// Steady states that earlier runs have kept, read from their archives; each archive is read once.
final class ArchivedStates: KeptStates, @unchecked Sendable {
    private let lock = NSLock()
    private var tables: [String: ResultTable] = [:]

    func steadyState(archive: String, at values: [String: Double]) throws -> Record {
        let table = try table(archive)
        let wanted = try table.axes.map { axis in
            guard let value = values[axis] else { throw InputError(file: archive, "its axis \(axis) is no parameter of this job") }
            return CanonicalNumber.rounded(value)
        }
        guard let row = table.rows.first(where: { $0.coordinates == wanted }) else {
            let place = zip(table.axes, wanted).map { "\($0) = \(CanonicalNumber.string($1))" }.joined(separator: ", ")
            throw InputError(file: archive, "has no steadyState at \(place)")
        }
        return row.record
    }

    private func table(_ path: String) throws -> ResultTable {
        lock.lock()
        defer { lock.unlock() }
        if let known = tables[path] { return known }
        guard let table = try Archive(reading: path).table("steadyState") else {
            throw InputError(file: path, "has no study steadyState", hint: "make one with  - steadyState: { keep: [state] }")
        }
        tables[path] = table
        return table
    }
}
