import HTTP
import JSON
import Telemetry

extension MusicGPTDouble {
    /// The webhooks of a job: a song's first version as soon as it is there, the rest at its end.
    func plan(for job: MusicGPTJob) -> CallbackPlan {
        let settings = books.settings
        let (id, books) = (job.id, books)
        var callbacks: [PlannedCallback] = []
        if let url = job.request.webhookURL {
            let steps = settings.timeline(for: job.request, speed: speed).steps
            let end = steps.last?.from ?? .zero
            let first = steps.first { $0.phase == .firstReady }?.from ?? end
            let webhooks = MusicGPTWebhook.all(for: job.request, isGeneric: settings.hasGenericWebhooks)
            callbacks = webhooks.enumerated().map { index, webhook in
                PlannedCallback(due: job.accepted + (index == 0 ? first : end)) { [self] fault in
                    if let fate = fault?.kind, fate.isFate { books.decide(id, fate) }
                    return post(webhook, of: id, to: url).map { [$0] } ?? []
                }
            }
        }
        return CallbackPlan(
            vendor: name,
            task: id,
            settings: settings.callbacks,
            callbacks: callbacks,
            isDecided: { books.job(id).map { $0.fate != nil } ?? true }
        )
    }

    /// What a job's webhook says, if anything: a bad end is told once, in place of the next.
    private func post(_ webhook: MusicGPTWebhook, of id: String, to url: String) -> CallbackPost? {
        guard let job = books.job(id) else { return nil }
        let body = MusicGPTWebhookBody(job: job, date: time.date(at: time.elapsed))
        let books = books
        func post(_ label: String, _ json: JSONObject, mark: String) -> CallbackPost {
            let bytes = JSONValue.object(json).serialized()
            return CallbackPost(
                label,
                to: url,
                bytes,
                ended: { isAccepted in
                    if isAccepted { books.update(id) { _ = $0.acceptedWebhooks.insert(mark) } }
                }
            )
        }
        switch job.fate {
        case nil: return post(webhook.label, body.json(webhook), mark: webhook.mark)
        case .failed?, .sensitive?:
            let isTold = books.update(id) { job in
                defer { job.isFailureTold = true }
                return job.isFailureTold
            }
            guard isTold == false else { return nil }
            let isFlagged = job.fate == .sensitive
            return post(
                isFlagged ? "flagged" : "failure",
                isFlagged ? body.flagged : body.failure,
                mark: "end"
            )
        default: return nil
        }
    }
}
