import SpinAlgebra
import Studies

/// One entry of `studies`, before the sweep is known.
struct StudyDecoder {
    let type: any Study.Type
    /// The study's options, or its name where it has none.
    let node: JobNode
    let options: Options
    /// Inputs fixed among the options, by their full names `study.input`.
    let constants: [String: Double]

    var name: String { type.name }

    /// - Throws: `InputError`.
    static func all(_ node: JobNode, catalogue: [any Study.Type]) throws -> [StudyDecoder] {
        let items = try node.items("a list of studies, such as [steadyState, gap]")
        if items.isEmpty { throw node.error("the list of studies is empty", hint: "known are \(catalogue.filter { $0 != RehearsalStudy.self }.map { $0.name }.joined(separator: ", "))") }
        var seen: Set<String> = []
        return try items.map { item in
            let study = try StudyDecoder(item, catalogue)
            if !seen.insert(study.name).inserted { throw study.node.keyError("the study \(study.name) is there twice", hint: "give all its options in one entry") }
            return study
        }
    }

    private init(_ item: JobNode, _ catalogue: [any Study.Type]) throws {
        let known = catalogue.filter { $0 != RehearsalStudy.self }.map { $0.name }
        func find(_ name: String) throws -> any Study.Type {
            if let type = catalogue.first(where: { $0.name == name }) { return type }
            throw item.error("unknown study \(name)", hint: Nearest.word(to: name, among: known).map { "did you mean \($0)?" } ?? "known are \(known.joined(separator: ", "))")
        }
        guard item.isMap else {
            type = try find(try item.text("the name of a study, or a map from it to its options"))
            (node, options, constants) = (item, Options(), [:])
            return
        }
        let entries = try item.entries()
        guard let entry = entries.first, entries.count == 1 else {
            let extra = entries.dropFirst().first
            throw extra.map { $0.value.keyError("expected one study an entry, found \($0.key) beside \(entries[0].key)",
                                                hint: known.contains($0.key) ? "begin each study with a dash" : "indent the options of \(entries[0].key) below it") }
                ?? item.error("expected the name of a study, found an empty map")
        }
        let type = try find(entry.key), inputs = type.inputs.map(\.name)
        self.type = type
        node = entry.value
        let (options, constants) = try OptionDecoder.decode(entry.value, type.options, inputs: inputs)
        self.options = options
        self.constants = Dictionary(uniqueKeysWithValues: constants.map { ("\(type.name).\($0)", $1) })
    }

    /// - Parameters:
    ///   - job: what all studies of the job share; its options are not looked at.
    ///   - axes: other axes than the job's, to see what the study would say to them.
    ///   - model: where the model is in the file, for studies that refuse it.
    /// - Throws: `InputError` at the option that the study refuses, or at the place in the model.
    func make(_ job: StudySetup, model: ModelDecoder, axes: [String]? = nil) throws -> any Study {
        do {
            return try type.init(setup: StudySetup(model: job.model, options: options, tolerances: job.tolerances, sweepAxes: axes ?? job.sweepAxes,
                                                   axisValues: job.axisValues, constants: job.constants, sharing: job))
        } catch let failure as OptionError {
            throw node.descending(failure.path).error(failure.message, hint: failure.hint)
        } catch let failure as ModelError {
            throw model.located(ModelError(place: failure.place, message: "the study \(name) needs a classical limit: \(failure.message)", hint: failure.hint, offset: failure.offset))
        }
    }

    /// Where the job names an output, or something that the output's name is derived from (`jz` of `jz_phases`); nil:
    /// the study chose the name.
    func choice(ofOutput output: String) -> JobNode? {
        for option in options.values.keys.sorted() {
            guard case .operators(let list)? = options[option] else { continue }
            let roots = list.map(\.name).filter { output == $0 || output.hasPrefix($0 + "_") }
            if let root = roots.max(by: { $0.count < $1.count }) { return node.descending([option, root]) }
        }
        return nil
    }
}
