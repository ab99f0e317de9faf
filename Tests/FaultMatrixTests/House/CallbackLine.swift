import Emulators
import HTTP
import Providers
import Sound
import Tasks
import Threads
import Timing

/// Carries the doubles' callbacks into the engine as the gateway's route does: judged by the adapter, then handed on.
///
/// A message waits until the create of its job has been answered: which of the two comes first is another test's matter.
final class CallbackLine: CallbackCarrier {
    /// The address that vendors are told.
    static let publicURL = "https://gateway.example"

    struct Listener {
        let engine: Engine
        let providers: [Provider]
        let time: any Timekeeper
        /// Whether anybody takes a message just now.
        var isUp: @Sendable () -> Bool = { true }
        /// Returns when a vendor may tell of the task's jobs.
        let isReady: @Sendable () async -> Void
    }

    private let listener = Guarded<Listener?>(nil)

    func connect(to listener: Listener) { self.listener.withLock { $0 = listener } }

    func carry(_ body: [UInt8], to url: String, _ fields: Fields) async -> CallbackReply {
        let parts = url.dropFirst("\(Self.publicURL)/v1/callbacks/".count).split(separator: "/").map(
            String.init
        )
        guard let listener = listener.withLock({ $0 }), let name = parts.first,
            let provider = listener.providers.first(where: { $0.id == name }),
            let reader = provider.adapter.callbacks.reader
        else { return .answered(404) }
        await listener.isReady()
        // Whoever listens by now: another process may have come in place of the first.
        guard let listener = self.listener.withLock({ $0 }), listener.isUp() else {
            return .failed("nobody listens")
        }
        let news = reader.news(
            in: CallbackMessage(fields: fields, body: body),
            secret: provider.webhookSecret,
            now: listener.time.moment
        )
        await listener.engine.called(back: name, token: parts.dropFirst().first, news)
        if case .forged = news { return .answered(403) }
        return .answered(200)
    }
}
