package import EventLoop
package import Telemetry
import Threads

/// One connection that only listens; reconnects by itself.
///
/// Notifications are hints: those of the time without a connection are lost, and ``Event/connected`` says that this may
/// have happened.
package final class PostgresListener: Sendable {
    /// What a listener hears of.
    package enum Event: Sendable, Equatable {
        case notification(channel: String, payload: String)
        /// All channels are listened to from now on; before this something may have been missed.
        case connected
        /// Nothing is heard until the next ``connected``.
        case lost
    }

    private let ear: Ear

    /// Prepares; the connection is made with the first channel.
    ///
    /// `hear` is called on the loop, in the order of events; it must not block.
    package init(
        _ options: PostgresPool.Options,
        loop: EventLoop,
        log: Log,
        hear: @escaping @Sendable (Event) -> Void
    ) {
        ear = Ear(options, on: loop, log: log.module("postgres"), hear)
    }

    deinit {
        let ear = ear
        ear.loop.execute { ear.close() }
    }

    /// Listens to these channels too; ``Event/connected`` tells when it does.
    ///
    /// The names are case-sensitive.
    package func listen(to channels: [String]) {
        let ear = ear
        ear.loop.run { ear.listen(to: channels) }
    }

    /// Ends the connection; nothing is heard after it returns.
    package func close() async {
        let ear = ear
        await withCheckedContinuation { done in
            ear.loop.run {
                ear.close()
                done.resume()
            }
        }
    }
}
