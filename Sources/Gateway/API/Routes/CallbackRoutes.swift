import Configuration
import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Tasks
import Telemetry
import Timing

/// What vendors post to us: judged by its signature where there is one, answered before anything is done about it.
extension Gateway {
    /// A message to the address of one attempt.
    func callBackAboutAttempt(_ call: Request) async throws -> Response {
        let provider = try await callee(of: call)
        guard case .perJob(let reader) = provider.adapter.callbacks, let token = call.parameters["token"],
            token.utf8.count == 40,
            token.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw Self.nobodyListens }
        return try await take(call, read: reader, for: provider, token: token)
    }

    /// A message to the address of a provider, which only a signature makes worth reading.
    func callBackAboutAccount(_ call: Request) async throws -> Response {
        let provider = try await callee(of: call)
        guard case .perAccount(let reader, _) = provider.adapter.callbacks else { throw Self.nobodyListens }
        return try await take(call, read: reader, for: provider, token: nil)
    }

    private func take(
        _ call: Request,
        read reader: any CallbackReading,
        for provider: Provider,
        token: String?
    ) async throws -> Response {
        let body = try await call.body.collect(upTo: configuration.server.limits.body)
        let news = reader.news(
            in: CallbackMessage(fields: call.fields, body: body),
            secret: provider.webhookSecret,
            now: SystemTime().moment
        )
        let (engine, context) = (parts.engine, Exchange.current?.span?.context)
        // Owned by nobody: it counts, and wakes the task that the message is about, after the answer.
        Task { await engine.called(back: provider.id, token: token, news, in: context) }
        if case .forged = news {
            throw ProblemDetails(
                .forbidden,
                code: "invalid_signature",
                detail: "The message is not signed as this provider's are, or too long ago."
            )
        }
        return Self.received
    }

    private func callee(of call: Request) async throws -> Provider {
        guard let name = call.parameters["provider"] else { throw Self.nobodyListens }
        var callee = snapshot.providers.first { $0.id == name }
        // One that was taken out of the configuration still tells of what it took before.
        if callee == nil { callee = await parts.engine.formerProviders().first { $0.id == name } }
        guard let provider = callee else { throw Self.nobodyListens }
        Exchange.note("provider", provider.id)
        return provider
    }

    /// The same for a token that was never given: what vendors know is not told to others.
    ///
    /// Some vendors take anything but 200 for a failure.
    private static let received = Response(
        .ok,
        contentType: "application/json",
        Array(#"{"status":"received"}"#.utf8)
    )

    private static let nobodyListens = ProblemDetails(
        .notFound,
        code: "not_found",
        detail: "No provider is called back at this address."
    )
}
