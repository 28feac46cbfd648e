import Studies

/// What a run is to compute: each study with its own distinct points.
public struct RunPlan: Sendable {
    public let title: String
    /// Bytes of the job file.
    public let jobText: [UInt8]
    public let studies: [any Study]
    /// [study] → points projected on the study's axes, distinct, in grid order.
    public let points: [[Point]]

    public init(title: String, jobText: [UInt8], studies: [any Study], points: [[Point]]) {
        self.title = title
        self.jobText = jobText
        self.studies = studies
        self.points = points
    }

    public var count: Int { points.reduce(0) { $0 + $1.count } }
}

/// One study at one point.
public struct WorkItem: Sendable {
    public let study: Int
    public let point: Point
    /// An older record that lacks outputs added since.
    public let earlier: Record?
}

/// Points handed out together.
public typealias Chunk = [WorkItem]

/// Order and grouping of work.
enum Schedule {
    /// A chunk lasts about this long: short enough to lose little, long enough to make commits cheap.
    static let chunkSeconds = 0.3

    /// Longest expected first, so that the end of a run is not one long point; all studies of a point together, so that a
    /// worker's cached solution serves them all. Depends on the items alone.
    static func chunks(_ items: [WorkItem], studies: [any Study]) -> [Chunk] {
        var groups: [(key: String, items: [WorkItem], cost: Double)] = [], places: [String: Int] = [:]
        for item in items {
            let key = item.point.key, cost = studies[item.study].cost(at: item.point).seconds
            if let place = places[key] {
                groups[place].items.append(item)
                groups[place].cost += cost
            } else {
                places[key] = groups.count
                groups.append((key, [item], cost))
            }
        }
        let order = groups.indices.sorted { groups[$0].cost != groups[$1].cost ? groups[$0].cost > groups[$1].cost : $0 < $1 }
        var chunks: [Chunk] = [], current: Chunk = [], cost = 0.0
        for index in order {
            current += groups[index].items
            cost += groups[index].cost
            if cost >= chunkSeconds {
                chunks.append(current)
                current = []
                cost = 0
            }
        }
        if !current.isEmpty { chunks.append(current) }
        return chunks
    }
}
