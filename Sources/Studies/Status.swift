/// How one study ended at one point. The raw values are stored in ledgers and archives: never renumber.
public enum Status: Int32, CaseIterable, Sendable {
    case ok = 0
    /// Double precision cannot resolve the answer (metastability below the floor); both phases are given instead.
    case unresolved = 1
    case noBistability = 2
    case saddleNode = 3
    case notConverged = 4
    /// More than one steady state (strong symmetry, dark states) and nothing in the job chooses among them.
    case degenerate = 5
    case failed = 6
    case quarantined = 7

    /// The word used in archives (`flag_meanings`), logs and on the command line.
    public var word: String {
        switch self {
        case .ok: "ok"
        case .unresolved: "unresolved"
        case .noBistability: "no_bistability"
        case .saddleNode: "saddle_node"
        case .notConverged: "not_converged"
        case .degenerate: "degenerate"
        case .failed: "failed"
        case .quarantined: "quarantined"
        }
    }

    public init?(word: String) {
        guard let match = Status.allCases.first(where: { $0.word == word }) else { return nil }
        self = match
    }

    /// Whether a run that ends with such points exits with code 4.
    public var isFailure: Bool { self == .failed || self == .quarantined || self == .notConverged }
}
