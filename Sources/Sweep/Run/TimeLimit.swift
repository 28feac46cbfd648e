import Foundation

/// The time that a start of a run has, such as that of its batch job, and what follows for points that are longer.
public struct TimeLimit: Sendable, Equatable {
    /// From the start to the end by force.
    public let seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    /// So often a point may use up a time limit before it fails.
    static let attempts = 2

    /// After so long the run stops by itself, so that there is time to hand in what is finished.
    /// - Parameter grace: seconds that points under way are given.
    func workingSeconds(grace: Double) -> Double { max(seconds - grace - 5, seconds / 2) }

    /// Whether a stop after so long has to do with the limit: someone who interrupts a run by hand says nothing about its points.
    func isSpent(_ elapsed: Double) -> Bool { elapsed > max(0.3 * seconds, seconds - 300) }

    /// Whether a point has had a fair try: begun late in a start, it will be begun first in the next.
    func counts(_ spent: Double, of elapsed: Double) -> Bool { spent > 0.8 * elapsed }

    /// - Parameters:
    ///   - tried: seconds of every time it was given up.
    ///   - expected: by the cost model, at the speed measured in this run.
    func reason(tried: [Double], expected: Double) -> String {
        let need = max(expected, 1.5 * (tried.max() ?? 0))
        return "longer than the time limit: given up after " + tried.map(Progress.duration).joined(separator: " and ")
            + "; it needs about \(Progress.duration(need))" + (expected < (tried.max() ?? 0) ? " or more" : "")
            + ". Give the job \(TimeLimit.slurm(1.25 * need + 120)) or longer and run it with --retry-failed"
    }

    // MARK: Text

    /// Seconds of a time as sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes,
    /// days-hours:minutes:seconds; nil: none of them, or not positive.
    public static func seconds(slurm text: String) -> Double? {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        let fields = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var numbers: [Double] = []
        for field in fields {
            guard !field.isEmpty, field.utf8.allSatisfy({ (48...57).contains($0) }), let number = Double(field), number < 1e9 else { return nil }
            numbers.append(number)
        }
        var total: Double
        if halves.count == 2 {
            guard !halves[0].isEmpty, halves[0].utf8.allSatisfy({ (48...57).contains($0) }), let days = Double(halves[0]), days < 1e6, numbers.count <= 3 else { return nil }
            total = days * 86_400
            for (number, unit) in zip(numbers, [3600.0, 60, 1]) { total += number * unit }
        } else {
            switch numbers.count {
            case 1: total = 60 * numbers[0]
            case 2: total = 60 * numbers[0] + numbers[1]
            case 3: total = 3600 * numbers[0] + 60 * numbers[1] + numbers[2]
            default: return nil
            }
        }
        return total > 0 ? total : nil
    }

    /// Whole minutes, rounded up, as `days-hours:minutes:seconds` or `hours:minutes:seconds`.
    public static func slurm(_ seconds: Double) -> String {
        let minutes = Int(min(1e9, (max(seconds, 60) / 60).rounded(.up))), days = minutes / 1440
        let rest = String(format: "%02d:%02d:00", minutes / 60 % 24, minutes % 60)
        return days > 0 ? "\(days)-\(rest)" : rest
    }
}
