import Crypto
import HTTP
import JSON
import Telemetry

extension SunoDouble {
    /// The callbacks of a job: one for each state that it goes through, or one of a bad end in place of the next.
    func plan(for job: SunoJob) -> CallbackPlan {
        let settings = books.settings
        let (id, books) = (job.id, books)
        var callbacks: [PlannedCallback] = []
        if let url = job.request.callbackURL {
            callbacks = settings.timeline(speed: speed).steps.map { step in
                PlannedCallback(due: job.accepted + step.from) { [self] fault in
                    if let fate = fault?.kind, fate.isFate { books.decide(id, fate) }
                    let word = fault?.kind == .unknownWord ? fault?.word ?? "refined" : nil
                    return post(of: id, step.phase, word: word, to: url).map { [$0] } ?? []
                }
            }
        }
        return CallbackPlan(
            vendor: name,
            task: id,
            settings: settings.callbacks,
            callbacks: callbacks,
            isDecided: { books.job(id).map { $0.fate != nil } ?? true },
            // Documented: answer 200.
            accepts: { $0 == 200 }
        )
    }

    /// What a job's callback says at a state, if anything.
    private func post(of id: String, _ status: SunoStatus, word: String?, to url: String) -> CallbackPost? {
        guard let job = books.job(id) else { return nil }
        let body = SunoCallbackBody(job: job)
        let books = books
        let isEnd = status == .success || job.fate != nil
        let note: @Sendable (Bool) -> Void = { isAccepted in
            // One accepted copy is enough; the steps before the end do not matter.
            guard isEnd else { return }
            books.update(id) { if $0.isEndAccepted != true { $0.isEndAccepted = isAccepted } }
        }
        switch job.fate {
        case nil:
            let type = word ?? status.callbackType
            let bytes = body.progress(status, type: type).serialized()
            return CallbackPost(type, to: url, bytes, fields: signature(of: id), ended: note)
        case .failed?, .sensitive?, .createFailed?:
            let isTold = books.update(id) { job in
                defer { job.isErrorTold = true }
                return job.isErrorTold
            }
            guard isTold == false else { return nil }
            let type = profile.errorCallback
            let bytes = body.failure(type: type).serialized()
            return CallbackPost(type, to: url, bytes, fields: signature(of: id), ended: note)
        default: return nil
        }
    }

    /// The fields that sign, where the account has a key: they cover the task's id and the date, not the body.
    private func signature(of id: String) -> @Sendable (Timestamp) -> Fields {
        guard let key = books.settings.webhookKey else { return { _ in [:] } }
        return { date in
            let seconds = String(date.milliseconds / 1000)
            let code = HMACSHA256.authenticate(Array("\(id).\(seconds)".utf8), key: Array(key.utf8))
            return [
                "X-Webhook-Timestamp": seconds, "X-Webhook-Signature": Base64.standard.encode(code.bytes),
            ]
        }
    }
}
