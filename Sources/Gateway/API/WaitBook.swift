import HTTPServer
import Synchronization
import Threads

/// Who waits for news just now: event streams, and answers that wait for a task to end.
///
/// Each holds a connection for minutes, so nobody may have any number of them. It outlives a change of configuration: the
/// limit comes with each question.
final class WaitBook: Sendable {
    /// One that waits; the place is free again when nobody holds this any more, however the wait ended.
    final class Place: Sendable {
        private let book: WaitBook
        private let name: String

        fileprivate init(_ book: WaitBook, _ name: String) {
            self.book = book
            self.name = name
        }

        deinit { book.leave(name) }
    }

    private let waiting = Guarded<[String: Int]>([:])
    private let turnedAway = Atomic<Int>(0)

    /// All waits under way.
    var count: Int { waiting.withLock { $0.values.reduce(0, +) } }

    /// How often there was no place for one more.
    var refusals: Int { turnedAway.load(ordering: .relaxed) }

    /// Waits under way for a client, or, where no key is asked for, for everybody at the address of the request.
    func count(for caller: Caller, of request: Request) -> Int {
        let name = Self.name(caller, request)
        return waiting.withLock { $0[name, default: 0] }
    }

    /// A place for one more; `nil` when the caller has as many as it may have.
    func enter(_ caller: Caller, of request: Request, limit: Int) -> Place? {
        let name = Self.name(caller, request)
        let isFree = waiting.withLock { waiting in
            guard waiting[name, default: 0] < limit else { return false }
            waiting[name, default: 0] += 1
            return true
        }
        if !isFree { turnedAway.wrappingAdd(1, ordering: .relaxed) }
        return isFree ? Place(self, name) : nil
    }

    private func leave(_ name: String) {
        waiting.withLock { waiting in
            let left = waiting[name, default: 1] - 1
            waiting[name] = left > 0 ? left : nil
        }
    }

    private static func name(_ caller: Caller, _ request: Request) -> String {
        caller.name.map { "client \($0)" } ?? "address \(request.peer.network.host)"
    }
}
