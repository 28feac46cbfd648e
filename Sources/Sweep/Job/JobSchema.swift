import SpinAlgebra
import Studies

/// The JSON Schema (draft 2020-12) of job files, from the tables that the decoder reads by: editors complete keys from it.
/// It cannot know expressions or names, so a job that it accepts may still be refused.
public enum JobSchema {
    public static func json(catalogue: [any Study.Type] = StudyCatalogue.all) -> String {
        var schema: [(String, JSONText)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("macrospin job file")),
        ]
        schema += members(JobKeys.job) { key in
            switch key {
            case "units": object(JobKeys.units) { _ in [type("string")] }
            case "model": model
            case "sweep": sweep(catalogue)
            case "studies": studies(catalogue)
            case "tolerances": object(JobKeys.tolerances) { _ in [type("number"), ("exclusiveMinimum", .integer(0))] }
            default: [type("string")]
            }
        }
        return JSONText.object(schema).text() + "\n"
    }

    private typealias Members = [(String, JSONText)]

    private static func type(_ name: String) -> (String, JSONText) { ("type", .string(name)) }
    private static func words(_ list: [String]) -> (String, JSONText) { ("enum", .array(list.map(JSONText.string))) }
    private static func list(_ items: Members, atLeast count: Int = 0) -> Members {
        [type("array"), ("items", .object(items))] + (count > 0 ? [("minItems", .integer(count))] : [])
    }
    private static func any(_ choices: [Members]) -> (String, JSONText) { ("anyOf", .array(choices.map(JSONText.object))) }
    private static let expression: Members = [("type", .array([.string("string"), .string("number")]))]
    private static let identifier = "^[A-Za-z_][A-Za-z0-9_]*$"

    private static func members(_ keys: [JobKey], _ value: (String) -> Members) -> Members {
        let properties = keys.map { key in (key.name, JSONText.object(value(key.name) + [("description", .string(key.help))])) }
        let required = keys.filter(\.isRequired).map { JSONText.string($0.name) }
        return [type("object"), ("properties", .object(properties)), ("additionalProperties", .flag(false))]
            + (required.isEmpty ? [] : [("required", .array(required))])
    }

    private static func object(_ keys: [JobKey], _ value: (String) -> Members) -> Members { members(keys, value) }

    // MARK: Model

    private static var model: Members {
        object(JobKeys.model) { key in
            switch key {
            case "preset": [type("string"), words(ModelPreset.all.map(\.name))]
            case "jumps": list(object(JobKeys.jump) { _ in expression })
            case "parameters":
                [("type", .array([.string("object"), .string("null")])), ("propertyNames", .object([("pattern", .string(identifier))])),
                 ("additionalProperties", .object(expression))]
            default: expression
            }
        } + [("oneOf", .array([
            .object([("required", .array([.string("preset")])), ("not", .object([any([[("required", .array([.string("hamiltonian")]))], [("required", .array([.string("jumps")]))]])]))]),
            .object([("required", .array([.string("hamiltonian")])), ("not", .object([("required", .array([.string("preset")]))]))]),
        ]))]
    }

    // MARK: Sweep

    private static func axis(_ number: Members) -> Members {
        [any([
            number,
            list(number, atLeast: 1),
            object(JobKeys.axis) { key in
                switch key {
                case "values": list(number, atLeast: 1)
                case "from", "to": number
                case "points": [type("integer"), ("minimum", .integer(1)), ("maximum", .integer(Grid.greatestBlock))]
                case "log": [type("boolean")]
                case "step": [type("number")]
                case "refine": refine
                default: [type("string")]
                }
            } + [("oneOf", .array([
                .object([("required", .array([.string("values")]))]),
                .object([("required", .array(["from", "to", "points"].map(JSONText.string)))]),
                .object([("required", .array(["from", "to", "step"].map(JSONText.string)))]),
            ]))],
        ])]
    }

    private static var refine: Members {
        let feature: Members = [type("string"), words(Refinement.Feature.allCases.map(\.rawValue))]
        return object(JobKeys.refine) { key in
            switch key {
            case "on": [any([[type("string")], list([type("string")], atLeast: 1), [type("object"), ("additionalProperties", .object(feature))]])]
            case "until": [type("number"), ("exclusiveMinimum", .integer(0))]
            case "near": feature
            default: [type("integer"), ("minimum", .integer(1)), ("maximum", .integer(10_000)), ("default", .integer(Refinement.defaultLimit))]
            }
        }
    }

    private static func sweep(_ catalogue: [any Study.Type]) -> Members {
        let count: Members = [type("integer"), ("minimum", .integer(1)), ("maximum", .integer(AxisDecoder.greatestSpinCount))]
        let help = Dictionary(uniqueKeysWithValues: JobKeys.grid.map { ($0.name, $0.help) })
        func described(_ key: String, _ value: Members) -> (String, JSONText) { (key, .object(value + [("description", .string(help[key] ?? ""))])) }
        let inputs = catalogue.flatMap { study in
            study.inputs.map { ("\(study.name).\($0.name)", JSONText.object(axis([type("number")]) + [("description", .string($0.meaning))])) }
        }
        return [
            type("object"),
            ("properties", .object([
                ("N", .object(axis(count) + [("description", .string("numbers of spins"))])),
                described("zip", list(list([type("string")], atLeast: 2))),
                described("points", list([type("object"), ("additionalProperties", .object([type("number")]))], atLeast: 1)),
                described("where", [type("string")]),
            ] + inputs)),
            ("patternProperties", .object([("^(?!(N|zip|points|where)$)[A-Za-z_][A-Za-z0-9_]*$", .object(axis([type("number")])))])),
            ("additionalProperties", .flag(false)),
            ("minProperties", .integer(1)),
        ]
    }

    // MARK: Studies

    private static func studies(_ catalogue: [any Study.Type]) -> Members {
        let entries = catalogue.map { study -> Members in
            let inputs = study.inputs.map { ($0.name, JSONText.object([type("number"), ("description", .string($0.meaning))])) }
            let options: Members = [("type", .array([.string("object"), .string("null")])),
                                    ("properties", .object(study.options.map { ($0.name, .object(option($0))) } + inputs)),
                                    ("additionalProperties", .flag(false)), ("description", .string(study.summary))]
            return [type("object"), ("properties", .object([(study.name, .object(options))])), ("required", .array([.string(study.name)])),
                    ("additionalProperties", .flag(false))]
        }
        return list([any([[type("string"), words(catalogue.map { $0.name })]] + entries)], atLeast: 1)
    }

    private static func option(_ spec: OptionSpec) -> Members {
        var members = kind(spec.kind) + [("description", .string(spec.help))]
        switch spec.defaultValue {
        case .integer(let value)?: members.append(("default", .integer(value)))
        case .number(let value)?: members.append(("default", .number(value)))
        case .flag(let value)?: members.append(("default", .flag(value)))
        case .text(let value)?: members.append(("default", .string(value)))
        case .choices(let list)?: members.append(("default", .array(list.map(JSONText.string))))
        default: break
        }
        return members
    }

    private static func kind(_ kind: OptionKind) -> Members {
        switch kind {
        case .integer(let range): return [type("integer"), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))]
        case .number(let range): return [type("number")] + bound("minimum", range.lowerBound) + bound("maximum", range.upperBound)
        case .flag: return [type("boolean")]
        case .text: return [type("string")]
        case .expression: return expression
        case .expressions: return [type("object"), ("additionalProperties", .object(expression))]
        case .numbers(let count):
            return list([type("number")], atLeast: count.lowerBound) + (count.upperBound == .max ? [] : [("maxItems", .integer(count.upperBound))])
        case .choice(let list): return [type("string"), words(list)]
        case .choices(let list): return self.list([type("string"), words(list)]) + [("uniqueItems", .flag(true))]
        case .operators: return [type("object"), ("propertyNames", .object([("pattern", .string(identifier))])), ("additionalProperties", .object(expression))]
        case .map(let specs):
            return [("type", .array([.string("object"), .string("null")])), ("properties", .object(specs.map { ($0.name, .object(option($0))) })),
                    ("additionalProperties", .flag(false))]
        }
    }

    private static func bound(_ name: String, _ value: Double) -> Members { value.isFinite ? [(name, .number(value))] : [] }
}
