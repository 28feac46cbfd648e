import Foundation
import Studies

/// Decides which points several ranks compute together, by the memory that each rank has.
struct SharingPolicy: Sendable {
    /// Ranks that compute.
    let workers: Int
    /// Bytes that a point may take on a worker; nil: whatever it needs.
    let bytesPerWorker: Double?

    enum Decision: Equatable, Sendable {
        /// On one rank.
        case alone(bytes: Double)
        case group(ranks: Int, bytes: Double)
        /// Nowhere in this run; says what it needs and what there is.
        case impossible(String)
    }

    /// - Parameters:
    ///   - samples: some of `count` points that cost the same.
    func decision(for study: any Study, at samples: [Point], count: Int) -> Decision {
        let kind = type(of: study), sizes = (2...max(2, workers)).filter { $0 <= workers && kind.canShare(among: $0) }
        // Most studies never share: what they need is not even asked.
        guard study.sharedBytes(at: samples, ranks: 2) != nil else { return .alone(bytes: 0) }
        func bytes(_ ranks: Int) -> Double { study.sharedBytes(at: samples, ranks: ranks) ?? .infinity }
        func fits(_ bytes: Double) -> Bool { bytesPerWorker.map { bytes <= $0 } ?? true }
        let alone = study.memory(at: samples, count: count).peak
        if let wanted = study.wantedRanks {
            // As near to what is wanted as there are ranks; more where these have not the memory.
            let most = sizes.last { $0 <= wanted } ?? 1
            if most > 1, fits(bytes(most)) { return .group(ranks: most, bytes: bytes(most)) }
            if most == 1, fits(alone) { return .alone(bytes: alone) }
        } else if fits(alone) { return .alone(bytes: alone) }
        if let size = sizes.first(where: { fits(bytes($0)) }) { return .group(ranks: size, bytes: bytes(size)) }
        let enough = (2...256).first { kind.canShare(among: $0) && fits(bytes($0)) }
        return .impossible(refusal(alone, onFour: bytes(4), enough))
    }

    /// - Parameter enough: workers that would do.
    private func refusal(_ alone: Double, onFour: Double, _ enough: Int?) -> String {
        func text(_ bytes: Double) -> String { String(format: "%.2g GB", bytes / 1e9) }
        let there = bytesPerWorker ?? .infinity
        return "needs \(text(alone)) on one rank, \(text(onFour)) on each of 4; this run has \(workers) worker\(workers == 1 ? "" : "s") with \(text(there)) each"
            + (enough.map { "; \($0) workers of that size would do" } ?? "")
    }
}

/// What becomes of every class of points under a policy. Made before a run begins: it asks studies for their memory, which may
/// take a look at the model with libraries that are not for two threads.
struct SharingTable: Sendable {
    /// [part][class][study of the part]
    private let decisions: [[[SharingPolicy.Decision]]]
    /// Whether any point is shared, or cannot be computed.
    let isNeeded: Bool

    init(_ plan: RunPlan, _ policy: SharingPolicy) {
        decisions = plan.parts.map { part in part.classes.map { plan.decisions($0, in: part, policy) } }
        isNeeded = decisions.joined().joined().contains { if case .alone = $0 { false } else { true } }
    }

    subscript(part: Int, costClass: Int) -> [SharingPolicy.Decision] { decisions[part][costClass] }

    /// Points that cannot be computed.
    func impossibleCount(_ plan: RunPlan) -> Int {
        zip(plan.parts, decisions).reduce(0) { sum, part in
            zip(part.0.classes, part.1).reduce(sum) { sum, item in
                sum + item.0.count * item.1.filter { if case .impossible = $0 { true } else { false } }.count
            }
        }
    }
}

extension RunPlan {
    /// What becomes of the points of a class, study by study.
    func decisions(_ costClass: CostClass, in part: Part, _ policy: SharingPolicy) -> [SharingPolicy.Decision] {
        let samples = costClass.sampleOrdinals.map { part.grid[costClass.gridIndex($0)] }
        return part.studies.map { policy.decision(for: studies[$0], at: samples, count: costClass.count) }
    }

    /// Greatest memory that a worker needs under a policy: of points that it computes by itself or shares.
    func greatestBytes(_ policy: SharingPolicy) -> Double {
        parts.reduce(0) { most, part in
            part.classes.reduce(most) { most, costClass in
                let decisions = decisions(costClass, in: part, policy)
                let shared = decisions.reduce(0.0) { if case .group(_, let bytes) = $1 { max($0, bytes) } else { $0 } }
                let own = part.studies.indices.filter { if case .alone = decisions[$0] { true } else { false } }
                return max(most, shared, bytes(costClass, in: part, only: own))
            }
        }
    }
}
