import Studies

extension Job {
    /// An option of a study on which its records depend and which its outputs do not show.
    public struct RecordOption: Sendable {
        public let name: String
        /// As text, defaults filled in; nil: neither given nor with a default.
        public let value: String?
        /// What the outputs are depends on it, beyond doubt: initial states, fields that vary, units of time, fixed inputs. Of
        /// the others some only add outputs or set an accuracy.
        public let isDefining: Bool
    }

    /// The options of an entry, and the inputs fixed among them, in the order that the study lists them. What shows in the
    /// outputs, adds to them (observables, measures, kept data) or is technical is left out.
    public func recordOptions(of entry: StudyEntry) -> [RecordOption] {
        let options = type(of: entry.study).options.compactMap { spec -> RecordOption? in
            if spec.isTechnical || spec.showsInOutputs { return nil }
            var value = entry.options[spec.name] ?? spec.defaultValue
            var isDefining = false
            switch spec.kind {
            case .operators, .choices: return nil
            case .expression, .expressions: isDefining = true
            case .map(let inner):
                isDefining = true
                guard case .map(var map)? = value else { break }
                // The same state may come from archives of other names.
                if map["archive"] != nil { isDefining = false }
                for spec in inner where map[spec.name] == nil { map[spec.name] = spec.defaultValue }
                value = .map(map)
            default: break
            }
            return RecordOption(name: spec.name, value: value.map { JobChange.text($0) }, isDefining: isDefining)
        }
        let prefix = entry.name + "."
        let fixed = constants.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map { key, value in
            RecordOption(name: String(key.dropFirst(prefix.count)), value: CanonicalNumber.string(value), isDefining: true)
        }
        return options + fixed
    }
}
