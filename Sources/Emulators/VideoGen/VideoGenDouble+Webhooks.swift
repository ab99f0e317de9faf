import Crypto
import HTTP
import HTTPServer
import JSON
import Telemetry

extension VideoGenDouble {
    func addWebhookRoutes(to router: inout Router) {
        let path = "/\(name)/v1/webhooks/endpoints"
        router.on(.post, path) { [self] request in
            await exchange.answer(request, as: .registration, register)
        }
        router.on(.get, path) { [self] request in
            await exchange.answer(request, as: .registration) { call in
                answer(call) { (_) throws(VideoGenRefusal) in
                    let page = try VideoGenPage(books.endpoints, call.request.target.query) { $0.id }
                    return good(page.json("endpoints") { $0.json }, "listed")
                }
            }
        }
        router.on(.delete, "\(path)/{id}") { [self] request in
            await exchange.answer(request, as: .registration) { call in
                answer(call) { (_) throws(VideoGenRefusal) in
                    guard books.removeEndpoint(call.request.parameters["id"] ?? "") else { throw .notFound }
                    return VendorAnswer(response: Response(.noContent), outcome: "removed")
                }
            }
        }
    }

    /// The one answer with the whole secret in it.
    private func register(_ call: VendorCall) -> VendorAnswer {
        answer(call) { (_) throws(VideoGenRefusal) in
            let endpoint = try VideoGenEndpoint(call, date: time.date(at: call.time))
            try books.add(endpoint)
            var body = endpoint.json
            body["signingSecret"] = .string(endpoint.secret)
            return good(body, "registered", status: .created)
        }
    }

    // MARK: Callbacks

    /// The callback of an execution's end by itself, at a moment if not when it is due; or of its cancellation.
    func plan(for job: VideoGenJob, at moment: Duration? = nil, isCancellation: Bool = false) -> CallbackPlan
    {
        let (root, books) = (job.root, books)
        let due = moment ?? job.natural
        let callback = PlannedCallback(due: due) { [self] fault in
            if let fate = fault?.kind, fate.isFate { books.update(root) { $0.fate = fate } }
            guard let job = books.job(root) else { return [] }
            let status = job.status(at: due)
            // What was cancelled in time has a callback of its own, and what was not has none for that.
            guard status.isEnd, (status == .cancelled) == isCancellation else { return [] }
            return posts(about: job, status, at: due)
        }
        return CallbackPlan(
            vendor: name,
            task: job.id,
            settings: books.settings.callbacks,
            callbacks: [callback],
            isDecided: { books.job(root).map { $0.fate != nil || $0.cancelled != nil } ?? true }
        )
    }

    /// What is told about an execution that ended at a moment, to each endpoint that wants to know.
    private func posts(about job: VideoGenJob, _ status: VideoGenStatus, at moment: Duration)
        -> [CallbackPost]
    {
        let event = "tool_execution.\(status.rawValue)"
        let date = time.date(at: moment).milliseconds / 1000
        let body = VideoGenBody(job: job, links: links(books.settings, at: time.elapsed))
        let bytes = JSONValue.object(body.event(event, status, at: date)).serialized()
        let (root, books) = (job.root, books)
        return books.endpoints.filter { $0.events.contains(event) }.map { endpoint in
            let message = "msg_\(Hex.encode(randomBytes(12)))"
            return CallbackPost(
                event,
                to: endpoint.url,
                bytes,
                fields: { endpoint.fields(message: message, bytes, at: $0) },
                ended: { isAccepted in
                    // One accepted copy is enough.
                    books.update(root) { if $0.isEndAccepted != true { $0.isEndAccepted = isAccepted } }
                }
            )
        }
    }
}
