import SpinAlgebra

/// An axis of the sweep that a study takes up as a whole (`over: Gamma`): its records belong to no single value of it.
enum ConsumedAxis {
    /// The axis that a text option names.
    /// - Throws: `OptionError` where it names none of the sweep that is a parameter of the model.
    static func name(option: String, _ setup: StudySetup) throws -> String {
        let axes = SemiclassicalInputs.axes(setup)
        let hint = axes.isEmpty ? "give a parameter of the model as an axis of the sweep" : "axes here are \(axes.joined(separator: ", "))"
        guard case .text(let name)? = setup.options[option] else {
            throw OptionError(path: [], message: "the option \(option) is missing", hint: "name an axis of the sweep, such as \(option): \(axes.first ?? "Gamma")")
        }
        guard axes.contains(name) else {
            let why = name == "N" ? "N is no parameter of the classical limit" : setup.sweepAxes.contains(name) ? "\(name) is no parameter of the model"
                : "\(name) is no axis of the sweep"
            throw OptionError(path: [option], message: why, hint: hint)
        }
        return name
    }

    /// The range of the axis, or what the options `from` and `to` say instead.
    static func range(_ over: String, _ setup: StudySetup) throws -> ClosedRange<Double> {
        let values = setup.axisValues[over] ?? []
        func end(_ name: String, _ value: Double?) throws -> Double {
            if case .number(let number)? = setup.options[name] { return number }
            guard let value else { throw OptionError(path: [name], message: "the axis \(over) has no values to begin from", hint: "give from and to") }
            return value
        }
        let from = try end("from", values.min()), to = try end("to", values.max())
        guard from < to else {
            let given = ["to", "from"].first { setup.options[$0] != nil }
            throw OptionError(path: [given ?? "over"], message: "a range is needed: from \(CanonicalNumber.string(from)) to \(CanonicalNumber.string(to)) is none",
                              hint: given == nil ? "give \(over) two values, or from and to here" : "from must be less than to")
        }
        return from...to
    }
}
