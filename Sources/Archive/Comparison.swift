import Foundation
import Studies

/// Two sources, point by point and number by number. Records are read some at a time.
public struct Comparison {
    public let mine: any RecordSource
    public let theirs: any RecordSource
    /// Two numbers agree if they differ by at most `absolute + relative · max(|a|, |b|)`; complex ones by modulus. NaN equals
    /// NaN, and infinity itself.
    public var relative = 0.0
    public var absolute = 0.0
    /// Also if they differ by at most the sum of their errors, where an output `x` comes with an output `x_error` (of the same
    /// shape, or one number for all).
    public var usesErrors = false
    /// Points that only one of them has are no difference.
    public var ignoresMissing = false
    public var progress: (String) -> Void = { _ in }

    public init(_ mine: any RecordSource, _ theirs: any RecordSource) {
        self.mine = mine
        self.theirs = theirs
    }

    /// Of two archives in memory, under other names.
    /// - Throws: `InputError` where their tables do not fit their own schemas.
    public init(archive mine: Archive, with theirs: Archive, names: (String, String)) throws {
        var first = mine, second = theirs
        first.name = names.0
        second.name = names.1
        self.init(try MemorySource(first), try MemorySource(second))
    }

    /// A number of points, a few of them by name.
    public struct Places: Codable, Sendable {
        public var count = 0
        public var examples: [String] = []
        mutating func add(_ text: @autoclosure () -> String) {
            count += 1
            if examples.count < 3 { examples.append(text()) }
        }
    }

    public struct Greatest: Codable, Sendable {
        public var difference = 0.0
        /// `N=20;Gamma=0.5`, with the element of an array.
        public var at = ""
        /// Of complex numbers the real parts.
        public var mine = 0.0
        public var theirs = 0.0
    }

    public struct Output: Codable, Sendable {
        public var name: String
        /// Numbers that both have, equal ones among them.
        public var compared = 0
        /// Numbers that differ within the tolerance, and beyond it.
        public var within = 0
        public var beyond = 0
        /// Of all numbers that differ.
        public var greatestAbsolute: Greatest?
        public var greatestRelative: Greatest?
        /// Points at which only one has the output, or the shapes differ.
        public var shapes = Places()
    }

    public struct Study: Codable, Sendable {
        public var study: String
        /// Points that both have.
        public var common = 0
        public var onlyMine = Places()
        public var onlyTheirs = Places()
        public var statuses = Places()
        public var outputs: [Output] = []
        public var outputsOnlyMine: [String] = []
        public var outputsOnlyTheirs: [String] = []
        /// Sentences about outputs of one name that are described differently: own dimensions, coordinates, units, meaning.
        public var descriptions: [String] = []
    }

    public struct Result: Codable, Sendable {
        public var mine: String
        public var theirs: String
        /// Sentences about axes, models, units and studies.
        public var heads: [String] = []
        public var studies: [Study] = []
        public var isAlike = true
    }

    /// - Throws: `InputError` for a damaged source.
    public func run() throws -> Result {
        var result = Result(mine: mine.name, theirs: theirs.name)
        compareHeads(&result)
        for header in mine.tables {
            guard let other = theirs.table(header.study), other.axes == header.axes else { continue }
            result.studies.append(try compare(header, other))
        }
        if !ignoresMissing, !result.heads.isEmpty { result.isAlike = false }
        if ignoresMissing, result.studies.allSatisfy({ $0.common == 0 }) {
            result.heads.append("nothing in common: no point of a study is in both")
            result.isAlike = false
        }
        for study in result.studies {
            let missing = study.onlyMine.count + study.onlyTheirs.count + study.outputsOnlyMine.count + study.outputsOnlyTheirs.count
            if study.statuses.count > 0 || !study.descriptions.isEmpty || (!ignoresMissing && missing > 0) { result.isAlike = false }
            if study.outputs.contains(where: { $0.beyond > 0 || $0.shapes.count > 0 }) { result.isAlike = false }
        }
        return result
    }

    private func compareHeads(_ result: inout Result) {
        if !mine.attributes.model.isEmpty, !theirs.attributes.model.isEmpty, mine.attributes.model != theirs.attributes.model {
            let place = zip(mine.attributes.model.split(separator: "\n"), theirs.attributes.model.split(separator: "\n")).first { $0 != $1 }
            result.heads.append("the models differ" + (place.map { ": \"\($0)\" and \"\($1)\"" } ?? ""))
        }
        if mine.attributes.units != theirs.attributes.units { result.heads.append("the units differ") }
        for axis in mine.axes {
            guard let other = theirs.axes.first(where: { $0.name == axis.name }) else { result.heads.append("axis \(axis.name): only in \(mine.name)"); continue }
            if axis.unit != other.unit { result.heads.append("axis \(axis.name): unit \"\(axis.unit)\" and \"\(other.unit)\"") }
            if axis.isInteger != other.isInteger { result.heads.append("axis \(axis.name): one is integer, one is real") }
        }
        for axis in theirs.axes where !mine.axes.contains(where: { $0.name == axis.name }) { result.heads.append("axis \(axis.name): only in \(theirs.name)") }
        for header in mine.tables {
            guard let other = theirs.table(header.study) else { result.heads.append("study \(header.study): only in \(mine.name)"); continue }
            if header.axes != other.axes {
                result.heads.append("study \(header.study): axes (\(header.axes.joined(separator: ", "))) and (\(other.axes.joined(separator: ", ")))")
            }
        }
        for header in mine.tables {
            for option in header.options ?? [] {
                guard let other = theirs.table(header.study)?.options?.first(where: { $0.name == option.name }), other.values != option.values else { continue }
                result.heads.append("study \(header.study): option \(option.name) \(option.text ?? StudyOption.absent) and \(other.text ?? StudyOption.absent)")
            }
        }
        for header in theirs.tables where mine.table(header.study) == nil { result.heads.append("study \(header.study): only in \(theirs.name)") }
    }

    // MARK: One study

    private func compare(_ header: TableHeader, _ other: TableHeader) throws -> Study {
        var study = Study(study: header.study)
        let a = try mine.scan(header.study), b = try theirs.scan(header.study), width = header.axes.count
        var common = header
        common.outputs = header.outputs.filter { output in other.outputs.contains { $0.name == output.name && $0.kind == output.kind && $0.axes.count == output.axes.count } }
        let names = Set(common.outputs.map(\.name))
        study.outputsOnlyMine = header.outputs.map(\.name).filter { !names.contains($0) }
        study.outputsOnlyTheirs = other.outputs.map(\.name).filter { !names.contains($0) }
        study.outputs = common.outputs.map { Output(name: $0.name) }
        study.descriptions = Self.descriptions(header, other)

        func key(_ scan: TableScan, _ row: Int) -> String { Point(axes: header.axes, canonical: Array(scan.coordinates[row * width ..< (row + 1) * width])).key }
        var pairs: [(a: Int, b: Int)] = []
        let orderA = a.order(width), orderB = b.order(width)
        var i = 0, j = 0
        while i < orderA.count || j < orderB.count {
            let sign = i == orderA.count ? 1 : j == orderB.count ? -1 : a.compare(orderA[i], b, orderB[j], width)
            if sign < 0 {
                study.onlyMine.add(key(a, orderA[i]))
                i += 1
            } else if sign > 0 {
                study.onlyTheirs.add(key(b, orderB[j]))
                j += 1
            } else {
                pairs.append((orderA[i], orderB[j]))
                i += 1
                j += 1
            }
        }
        study.common = pairs.count
        var theirHeader = common
        theirHeader.outputs = common.outputs.compactMap { output in other.outputs.first { $0.name == output.name } }
        let step = min(RecordBatch.greatestCount(common, lengths: a.lengths), RecordBatch.greatestCount(theirHeader, lengths: b.lengths))
        for start in stride(from: 0, to: pairs.count, by: step) {
            let part = pairs[start..<min(pairs.count, start + step)]
            let first = try batch(mine, common, a, part.map(\.a)), second = try batch(theirs, theirHeader, b, part.map(\.b))
            for (place, pair) in part.enumerated() {
                if a.statuses[pair.a] != b.statuses[pair.b] {
                    // The reason of one of them is enough: others are mostly like it.
                    let reason = study.statuses.count > 0 ? nil : second.reasons[place] ?? first.reasons[place]
                    study.statuses.add("\(key(a, pair.a)): \(a.statuses[pair.a].word) and \(b.statuses[pair.b].word)" + (reason.map { " (\($0))" } ?? ""))
                }
                for column in first.columns.indices { compare(first, second, column, place, key(a, pair.a), into: &study.outputs[column]) }
            }
            if pairs.count > step { progress("compared \(part.endIndex) of \(pairs.count) points of \(header.study)") }
        }
        return study
    }

    /// Outputs that differ in the same way are one sentence.
    private static func descriptions(_ header: TableHeader, _ other: TableHeader) -> [String] {
        let known = Dictionary(other.outputs.map { ($0.name, $0) }) { $1 }
        var order: [String] = [], names: [String: [String]] = [:]
        for output in header.outputs {
            for difference in known[output.name].map(output.differences) ?? [] {
                if names[difference.text] == nil { order.append(difference.text) }
                names[difference.text, default: []].append(output.name)
            }
        }
        return order.map { "\(names[$0, default: []].joined(separator: ", ")): \($0)" }
    }

    private func batch(_ source: any RecordSource, _ header: TableHeader, _ scan: TableScan, _ rows: [Int]) throws -> RecordBatch {
        var batch = RecordBatch(header, lengths: scan.lengths, count: rows.count)
        let order = rows.indices.sorted { scan.ids[rows[$0]] < scan.ids[rows[$1]] }
        try source.read(header.study, ids: order.map { scan.ids[rows[$0]] }, places: order, into: &batch)
        return batch
    }

    private func compare(_ first: RecordBatch, _ second: RecordBatch, _ index: Int, _ place: Int, _ key: @autoclosure () -> String, into output: inout Output) {
        let a = first.columns[index].array(place), b = second.columns[index].array(place)
        guard let a, let b else {
            if a != nil || b != nil { output.shapes.add("\(key()): only in \(a == nil ? theirs.name : mine.name)") }
            return
        }
        guard a.shape == b.shape else { output.shapes.add("\(key()): \(a.shape) and \(b.shape)"); return }
        let errors = usesErrors ? (error(first, output.name, place), error(second, output.name, place)) : (nil, nil)
        let width = a.isComplex ? 2 : 1
        for element in 0 ..< a.data.count / width {
            output.compared += 1
            func parts(_ data: [Double]) -> (re: Double, im: Double) { (data[element * width], width == 1 ? 0 : data[element * width + 1]) }
            let x = parts(a.data), y = parts(b.data)
            func isSame(_ x: Double, _ y: Double) -> Bool { x == y || (x.isNaN && y.isNaN) }
            if isSame(x.re, y.re), isSame(x.im, y.im) { continue }
            let greatest = max(hypot(x.re, x.im), hypot(y.re, y.im))
            let difference = hypot(isSame(x.re, y.re) ? 0 : x.re - y.re, isSame(x.im, y.im) ? 0 : x.im - y.im)
            let allowed = absolute + relative * greatest + Self.pick(errors.0, element) + Self.pick(errors.1, element)
            // A NaN on one side, or infinity, is beyond every tolerance.
            if difference <= allowed, difference.isFinite { output.within += 1 } else { output.beyond += 1 }
            let place = a.data.count > width ? "\(key()) [\(element)]" : key()
            let size = difference.isFinite ? difference : .infinity, ratio = size.isFinite && greatest > 0 ? size / greatest : size
            if size > output.greatestAbsolute?.difference ?? 0 { output.greatestAbsolute = Greatest(difference: size, at: place, mine: x.re, theirs: y.re) }
            if ratio > output.greatestRelative?.difference ?? 0 { output.greatestRelative = Greatest(difference: ratio, at: place, mine: x.re, theirs: y.re) }
        }
    }

    /// The errors that a record gives for an output.
    private func error(_ batch: RecordBatch, _ name: String, _ place: Int) -> OutputArray? {
        guard let column = batch.columnOfOutput[name + "_error"] else { return nil }
        return batch.columns[column].array(place)
    }

    private static func pick(_ errors: OutputArray?, _ element: Int) -> Double {
        guard let errors, !errors.isComplex else { return 0 }
        let value = errors.data.count == 1 ? errors.data[0] : element < errors.data.count ? errors.data[element] : 0
        return value.isFinite ? abs(value) : 0
    }
}

extension TableScan {
    /// Rows in lexicographic order of their coordinates.
    func order(_ width: Int) -> [Int] {
        let rows = Array(0..<count)
        let isOrdered = rows.dropFirst().allSatisfy { compare($0 - 1, self, $0, width) < 0 }
        return isOrdered ? rows : rows.sorted { compare($0, self, $1, width) < 0 }
    }

    func compare(_ row: Int, _ other: TableScan, _ theirs: Int, _ width: Int) -> Int {
        for axis in 0..<width {
            let a = coordinates[row * width + axis], b = other.coordinates[theirs * width + axis]
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }
}

extension Comparison.Result {
    /// In sentences.
    /// - Parameter limit: at most so many places each are named.
    public func lines(limit: Int = 20) -> [String] {
        var lines = heads
        func places(_ what: String, _ places: Comparison.Places) {
            if places.count > 0 { lines.append("\(what): \(places.examples.joined(separator: ", "))" + (places.count > places.examples.count ? " and \(places.count - places.examples.count) more" : "")) }
        }
        for study in studies {
            let name = "study \(study.study)"
            places("\(name): \(study.onlyMine.count) points only in \(mine)", study.onlyMine)
            places("\(name): \(study.onlyTheirs.count) points only in \(theirs)", study.onlyTheirs)
            places("\(name): \(study.statuses.count) statuses differ", study.statuses)
            lines += study.descriptions.map { "\(name), \($0)" }
            if !study.outputsOnlyMine.isEmpty { lines.append("\(name): outputs only in \(mine): \(study.outputsOnlyMine.joined(separator: ", "))") }
            if !study.outputsOnlyTheirs.isEmpty { lines.append("\(name): outputs only in \(theirs): \(study.outputsOnlyTheirs.joined(separator: ", "))") }
            for output in study.outputs {
                places("\(name), \(output.name): \(output.shapes.count) points where one has it and the other not, or in another shape", output.shapes)
                guard output.beyond + output.within > 0 else { continue }
                func show(_ greatest: Comparison.Greatest?) -> String {
                    greatest.map { "\(Float($0.difference)) at \($0.at) (\($0.mine) and \($0.theirs))" } ?? "none"
                }
                lines.append("\(name), \(output.name): \(output.beyond) of \(output.compared) numbers beyond tolerance, \(output.within) within; greatest difference \(show(output.greatestAbsolute)), relative \(show(output.greatestRelative))")
            }
        }
        return lines
    }
}
