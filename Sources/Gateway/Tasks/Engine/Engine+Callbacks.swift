package import Providers
import Sound
package import Telemetry

/// What vendors' callbacks have brought so far.
package struct CallbackCounts: Sendable, Equatable {
    /// Messages that led to a question or, signed, were taken at their word.
    package var used = 0
    /// Messages without news: of other things, or of jobs that have ended or were never ours.
    package var ignored = 0
    /// Messages whose signature is missing, wrong or too old, or that name another job than their address.
    package var forged = 0

    /// None so far.
    package init() {}
}

/// What vendors tell us by themselves: at best a reason to ask, unless they have signed it.
extension Engine {
    /// Takes in a message that came to an attempt's own address (`token`) or to the provider's; `context` is the span of
    /// the request that brought it.
    package func called(
        back provider: String,
        token: String?,
        _ news: CallbackNews,
        in context: TraceContext? = nil
    ) {
        switch news {
        case .forged(let reason):
            count(provider, \.forged, trust: "none")
            parts.log(.warning, "a forged callback", ["provider": "\(provider)", "reason": "\(reason)"])
        case .irrelevant: count(provider, \.ignored, trust: "none")
        case .hint(let job):
            guard let (id, number) = addressee(provider, token, job) else {
                return lookElsewhere(address(provider, token, job), job, trust: "hint")
            }
            tell(of: "callback hint", about: number, of: id, from: context)
            if let job, let known = live[id]?.attempt(number)?.providerTaskID, known != job {
                count(provider, \.forged, trust: "hint")
                return parts.log(
                    .warning,
                    "a callback names another job than its address",
                    about(id, ["provider": "\(provider)"])
                )
            }
            count(provider, \.used, trust: "hint")
            if token != nil, let job { reconcile(id, attempt: number, with: job, at: provider) }
            hasNews(id, attempt: number)
        case .proven(let job, let observation):
            guard let (id, number) = addressee(provider, nil, job) else {
                return lookElsewhere(address(provider, nil, job), job, trust: "signed")
            }
            tell(of: "callback", about: number, of: id, from: context)
            count(provider, \.used, trust: "signed")
            post(.observed(attempt: number, observation), to: id)
        }
    }

    /// A create whose answer was lost did reach the vendor: nobody else knows the token that it calls back with.
    ///
    /// What the message says of the job is still not believed, and a job that is known already is not taken twice.
    func reconcile(_ id: TaskID, attempt number: Int, with job: String, at provider: String) {
        guard let task = live[id], let attempt = task.attempt(number), attempt.providerTaskID == nil,
            addressees[CallbackAddress(provider: provider, token: nil, job: job)] == nil
        else { return }
        // The answer to the create may still come; if it is lost, this is what it would have said.
        task.toldJobs[number] = job
        guard attempt.state == .unknown, attempt.isOpen else { return }
        parts.log(
            .notice,
            "a callback told of a job whose create was not answered",
            about(id, ["provider": "\(provider)", "provider_task_id": "\(job)"])
        )
        post(.accepted(attempt: number, RemoteJob(id: job)), to: id)
    }

    private func address(_ provider: String, _ token: String?, _ job: String?) -> CallbackAddress {
        CallbackAddress(provider: provider, token: token, job: token == nil ? job : nil)
    }

    private func addressee(_ provider: String, _ token: String?, _ job: String?) -> (TaskID, Int)? {
        addressees[address(provider, token, job)].map { ($0.task, $0.attempt) }
    }

    func count(_ provider: String, _ kind: WritableKeyPath<CallbackCounts, Int>, trust: String) {
        let outcome = kind == \.used ? "used" : kind == \.ignored ? "ignored" : "forged"
        parts.metrics.calledBack(provider, trust: trust, outcome: outcome)
        callbacks[provider, default: CallbackCounts()][keyPath: kind] += 1
    }

    /// Makes an attempt known by what callbacks about it may name.
    func expectCallbacks(about attempt: AttemptRecord, of id: TaskID) {
        for key in names(of: attempt) { addressees[key] = (id, attempt.number) }
    }

    func expectNoCallbacks(about attempt: AttemptRecord) {
        for key in names(of: attempt) { addressees[key] = nil }
    }

    private func names(of attempt: AttemptRecord) -> [CallbackAddress] {
        let provider = attempt.name.provider
        let token = attempt.callbackToken.map { CallbackAddress(provider: provider, token: $0, job: nil) }
        let job = attempt.providerTaskID.map { CallbackAddress(provider: provider, token: nil, job: $0) }
        return [token, job].compactMap { $0 }
    }
}

extension AttemptRecord {
    /// The same attempt when the vendor's id of its job is known.
    func taken(as job: RemoteJob) -> AttemptRecord {
        var attempt = self
        attempt.providerTaskID = job.id
        return attempt
    }
}
