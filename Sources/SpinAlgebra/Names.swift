/// Names with a meaning of their own in expressions.
public enum ReservedName {
    public static let operators = ["Jx", "Jy", "Jz", "Jp", "Jm"]
    public static let functions = ["sqrt", "exp", "log", "sin", "cos", "tan"]
    public static let predefined = ["N", "j"]
    public static let constants = ["i", "pi"]

    /// What the name is taken for already; nil: free for a parameter.
    public static func meaning(of name: String) -> String? {
        if operators.contains(name) { return "the operator \(name)" }
        if functions.contains(name) { return "the function \(name)" }
        switch name {
        case "N": return "the number of spins"
        case "j": return "the spin length N/2"
        case "i": return "the imaginary unit"
        case "pi": return "the number pi"
        default: return nil
        }
    }

    /// A free name for a parameter that would shadow a reserved one: `gx` for `Jx`, `N0` for `N`, `i_` for `i`.
    static func replacement(for name: String) -> String {
        if operators.contains(name) { return "g\(name.dropFirst())" }
        return name == "N" || name == "j" ? "\(name)0" : "\(name)_"
    }

    /// What an unknown name was probably meant to be: the rule for `J`, or the nearest of what is known.
    /// - Parameter known: names that the job defines (parameters, axes); reserved names are added.
    public static func hint(forUnknown name: String, known: some Sequence<String>) -> String? {
        if name == "J" { return "spin length is j; declare J under parameters if you mean a coupling" }
        return Nearest.word(to: name, among: known.sorted() + operators + functions + predefined + constants).map { "did you mean \($0)?" }
    }

    /// `[A-Za-z_][A-Za-z0-9_]*`
    public static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        return Lexer.isNameStart(first) && name.utf8.allSatisfy(Lexer.isNamePart)
    }
}

/// Spelling hints.
public enum Nearest {
    /// The word at least edit distance from `word`, if it is near enough to be a slip (the first of equals).
    public static func word(to word: String, among words: [String]) -> String? {
        let ranked = words.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        // One slip in three letters; a name of one letter resembles nothing but its other case.
        guard let (best, distance) = ranked, distance <= (word.count == 1 ? 0 : max(1, word.count / 3)) else { return nil }
        return best
    }

    /// Insertions, deletions, substitutions and swaps of neighbours.
    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a), b = Array(b)
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for k in b.indices {
                var best = min(rows[i][k] + (a[i] == b[k] ? 0 : 1), rows[i][k + 1] + 1, row[k] + 1)
                if i > 0, k > 0, a[i] == b[k - 1], a[i - 1] == b[k] { best = min(best, rows[i - 1][k - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
