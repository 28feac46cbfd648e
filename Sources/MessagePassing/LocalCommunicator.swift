import Foundation

/// The twin without MPI: two ranks in one process, each used by a thread of its own.
public final class LocalCommunicator: Communicator {
    public let rank: Int
    public let size = 2
    private let mailboxes: [Mailbox]

    private final class Mailbox: @unchecked Sendable {
        let condition = NSCondition()
        var messages: [Message] = []
    }

    private init(rank: Int, mailboxes: [Mailbox]) {
        self.rank = rank
        self.mailboxes = mailboxes
    }

    /// Ranks 0 and 1.
    public static func pair() -> (LocalCommunicator, LocalCommunicator) {
        let mailboxes = [Mailbox(), Mailbox()]
        return (LocalCommunicator(rank: 0, mailboxes: mailboxes), LocalCommunicator(rank: 1, mailboxes: mailboxes))
    }

    public func send(_ bytes: [UInt8], to rank: Int) {
        let mailbox = mailboxes[rank]
        mailbox.condition.lock()
        mailbox.messages.append(Message(source: self.rank, bytes: bytes))
        mailbox.condition.signal()
        mailbox.condition.unlock()
    }

    public func receive(within seconds: Double) -> Message? {
        let mailbox = mailboxes[rank], clock = ContinuousClock(), end = clock.now + .seconds(seconds)
        mailbox.condition.lock()
        defer { mailbox.condition.unlock() }
        while mailbox.messages.isEmpty {
            let left = end - clock.now
            guard left > .zero else { return nil }
            // The condition counts by the wall clock, which may be set: never more than a second at a time.
            _ = mailbox.condition.wait(until: Date(timeIntervalSinceNow: min(1, left / .seconds(1))))
        }
        return mailbox.messages.removeFirst()
    }

    @discardableResult public func drain(within seconds: Double) -> Bool { true }

    public func abort(code: Int32) -> Never { _exit(code) }
}
