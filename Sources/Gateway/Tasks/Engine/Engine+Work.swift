import Assets
import EventLoop
import HTTP
import HTTPClient
import Providers
import Sound
import Telemetry
import Timing

/// Calls that start something: the creates at vendors, and rendering in this process.
extension Engine {
    func begin(_ number: Int, of id: TaskID) {
        guard let task = live[id], let attempt = task.attempt(number) else { return }
        let record = task.machine.record
        let route = record.routes[attempt.route]
        dropStaleWork(of: id)
        guard let provider = provider(of: attempt, of: id),
            let operation = provider.operation(route.name.operation)
        else {
            let gone = Failure(
                .providerUnavailable,
                "\(route.name) is no longer configured",
                origin: .gateway
            )
            return post(.refused(attempt: number, gone), to: id)
        }
        guard !isStopping || operation.isRepeatable else {
            // Left as it is, the next process could not tell that nothing was sent.
            return post(.putOff(attempt: number), to: id)
        }
        guard !isStopping else { return }
        if let shut = shut(attempt.name, repeatable: operation.isRepeatable) {
            return post(.refused(attempt: number, shut), to: id)
        }
        expectCallbacks(about: attempt, of: id)
        let order = order(for: attempt, of: record, at: provider)
        switch operation.delivery {
        case .rendered(let renderer):
            post(.renderingBegan(attempt: number, takes: renderer.takes(order)), to: id)
        case .streamed(let translator):
            submitting += 1
            auditCall(attempt, of: id)
            // Cancelled with the task: nobody would hear the audio, and what is charged is charged.
            task.works[.streaming(attempt: number)] = Task {
                await self.stream(order, with: translator, from: provider, attempt: attempt, of: id)
                submitting -= 1
            }
        case .polled(let translator):
            // Not cancelled with the task: the answer tells whether the vendor took the job.
            submitting += 1
            auditCall(attempt, of: id)
            Task {
                await self.submit(order, with: translator, to: provider, attempt: attempt, of: id)
                submitting -= 1
            }
        }
    }

    private func order(for attempt: AttemptRecord, of record: TaskRecord, at provider: Provider) -> Order {
        Order(
            record.request,
            route: record.routes[attempt.route],
            takes: attempt.takes,
            callbackURL: attempt.callbackToken.flatMap {
                provider.callbackURL(under: settings.publicURL, token: $0)
            }
        )
    }

    private func submit(
        _ order: Order,
        with translator: any JobTranslating,
        to provider: Provider,
        attempt: AttemptRecord,
        of id: TaskID
    ) async {
        let began = parts.time.instant
        let outcome = await upstream.send(
            translator.submit(order),
            to: provider,
            credential: attempt.credential,
            for: purpose(.submit, attempt, of: id)
        )
        let fields = about(id, ["route": "\(attempt.name)", "attempt": "\(attempt.number)"])
        switch outcome {
        case .notSent(let reason): unreachable(reason, attempt, of: id, fields)
        case .unknown(let reason): lost("the answer to a create was lost", reason, attempt, of: id, fields)
        case .answered(let reply):
            noteAnswer(attempt.name, since: began)
            do throws(SubmitError) {
                let job = try translator.accepted(reply)
                answered(attempt.name)
                auditAnswer(.accepted, attempt, of: id, ["provider_task_id": "\(job.id)"])
                guard live[id] != nil else {
                    return acceptedLate(job, attempt: attempt.number, of: id, at: provider)
                }
                // The vendor may be faster with its news than the ledger: they wait behind the acceptance.
                expectCallbacks(about: attempt.taken(as: job), of: id)
                post(.accepted(attempt: attempt.number, job), to: id)
            } catch {
                report(error, from: provider, attempt: attempt, of: id, fields: fields)
            }
        }
    }

    private func report(
        _ error: SubmitError,
        from provider: Provider,
        attempt: AttemptRecord,
        of id: TaskID,
        fields: LogFields
    ) {
        switch error {
        case .refused(let failure):
            auditAnswer(.refused, attempt, of: id, ["code": "\(failure.code.rawValue)"])
            parts.log(
                .notice,
                "the provider refused a create",
                fields.adding([
                    "code": "\(failure.code.rawValue)", "provider_code": "\(failure.providerCode ?? "-")",
                ])
            )
            if failure.code == .providerUnavailable {
                failed(attempt.name)
            } else {
                answered(attempt.name)
            }
            let hasOther = judge(attempt.credential, of: provider, after: failure)
            let number = attempt.number
            post(
                hasOther ? .keyRefused(attempt: number, failure) : .refused(attempt: number, failure),
                to: id
            )
        case .unknown(let reason):
            lost("the answer to a create cannot be read", reason, attempt, of: id, fields)
        }
    }

    /// Nobody can tell whether the vendor took the job.
    private func lost(
        _ what: StaticString,
        _ reason: String,
        _ attempt: AttemptRecord,
        of id: TaskID,
        _ fields: LogFields
    ) {
        parts.log(.error, what, fields.adding(["reason": "\(reason)"]))
        auditAnswer(.unknown, attempt, of: id)
        // A call that we cut off ourselves says nothing of the vendor.
        if Task.isCancelled { breakers[attempt.name]?.abandoned() } else { failed(attempt.name) }
        post(.acceptanceUnknown(attempt: attempt.number), to: id)
    }

    // MARK: Audio in the answer

    private func stream(
        _ order: Order,
        with translator: any AudioTranslating,
        from provider: Provider,
        attempt: AttemptRecord,
        of id: TaskID
    ) async {
        let fields = about(id, ["route": "\(attempt.name)", "attempt": "\(attempt.number)"])
        let call = translator.submit(order)
        guard var request = Upstream.request(call, to: provider, credential: attempt.credential) else {
            return unreachable("the credential is no longer configured", attempt, of: id, fields)
        }
        let receipt: @Sendable (Fields) -> AudioReceipt = { head in
            translator.receipt(UpstreamReply(status: 200, fields: head, body: []), for: order)
        }
        let name = attempt.name
        let span = parts.tracer.begin(purpose(.submit, attempt, of: id), &request, to: provider)
        let began = parts.time.instant
        let reception = await parts.fetcher.receive(request, as: order.request.format) { _, head in
            receipt(head).raw
        }
        parts.metrics.called(name.provider, reception.word, nanoseconds: parts.time.instant &- began)
        span?.end(reception)
        switch reception {
        case .kept(let asset, _, let head):
            answered(name)
            parts.metrics.kept(asset, .streamed)
            auditDelivery(receipt(head), attempt, of: id)
            guard live[id] != nil else { return giveUp(asset) }
            deliver(.success(asset), receipt(head), attempt, of: id, fields)
        case .unusable(let reason, let head):
            answered(name)
            parts.metrics.notKept(.streamed, .vendor)
            auditDelivery(receipt(head), attempt, of: id)
            parts.log(.error, "paid audio is of no use", fields.adding(["reason": "\(reason)"]))
            let failure = Failure(.badResult, "the provider's audio is unusable: \(reason)")
            deliver(.failure(failure), receipt(head), attempt, of: id, fields)
        case .storage(let reason, let head):
            answered(name)
            parts.metrics.notKept(.streamed, .storage)
            auditDelivery(receipt(head), attempt, of: id)
            parts.log(.error, "paid audio could not be stored", fields.adding(["reason": "\(reason)"]))
            let failure = Failure(.internal, "the gateway could not store the provider's audio")
            deliver(.failure(failure), receipt(head), attempt, of: id, fields)
        case .answered(let status, let head, let body):
            let reply = Upstream.clean(
                UpstreamReply(status: status.code, fields: head, body: body),
                of: provider,
                credential: attempt.credential
            )
            report(translator.refusal(reply), from: provider, attempt: attempt, of: id, fields: fields)
        case .notSent(let reason): unreachable(reason, attempt, of: id, fields)
        case .unknown(let reason), .cutOff(let reason, _):
            lost("the answer to a create was lost", reason, attempt, of: id, fields)
        }
    }

    private func deliver(
        _ audio: Result<AssetRecord, Failure>,
        _ receipt: AudioReceipt,
        _ attempt: AttemptRecord,
        of id: TaskID,
        _ fields: LogFields
    ) {
        parts.log(
            .notice,
            "a provider answered with audio",
            fields.adding(["provider_task_id": "\(receipt.id ?? "-")"])
        )
        let take = StreamedTake(id: receipt.id, cost: receipt.cost, audio: audio)
        post(.delivered(attempt: attempt.number, take), to: id)
    }

    private func unreachable(
        _ reason: String,
        _ attempt: AttemptRecord,
        of id: TaskID,
        _ fields: LogFields
    ) {
        parts.log(.warning, "the provider cannot be reached", fields.adding(["reason": "\(reason)"]))
        auditAnswer(.notSent, attempt, of: id)
        // A call that we cut off ourselves says nothing of the vendor.
        if Task.isCancelled { breakers[attempt.name]?.abandoned() } else { failed(attempt.name) }
        var words = "the provider could not be reached; nothing was sent"
        // Otherwise whoever asks would wait for a vendor that is there.
        if reason.hasPrefix(TransportFailure.distrust) { words += ": \(reason)" }
        let failure = Failure(.providerUnavailable, words)
        post(.refused(attempt: attempt.number, failure), to: id)
    }

    // MARK: Render

    func render(_ outputs: [Int], of number: Int, of id: TaskID) {
        guard let task = live[id], let attempt = task.attempt(number), !isStopping,
            let provider = provider(of: attempt, of: id),
            case .rendered(let renderer)? = provider.operation(attempt.name.operation)?.delivery
        else { return }
        let order = order(for: attempt, of: task.machine.record, at: provider)
        let rendering = Rendering(
            store: parts.store,
            format: order.request.format ?? .wav,
            seed: Rendering.seed(of: id)
        )
        let (loop, pool) = (loop, parts.pool)
        let (tracer, context) = (parts.tracer, context(of: id))
        task.works[.rendering(attempt: number)] = Task {
            for (done, take) in outputs.enumerated() {
                if Task.isCancelled { return }
                let progress: @Sendable (Double) -> Void = { part in
                    let whole = (Double(done) + part) / Double(outputs.count)
                    loop.execute {
                        self.assumeIsolated { $0.post(.renderingProgressed(attempt: number, whole), to: id) }
                    }
                }
                let span = tracer.begin("render \(attempt.name)", in: context)
                span?["soundgate.task.id"] = .string(id.rawValue)
                defer { span?.end() }
                let result = await whenStored(id) {
                    let cancellation = Cancellation()
                    return await withTaskCancellationHandler {
                        await rendering.run(
                            renderer.source(order, take: take, seed: rendering.seed),
                            on: pool,
                            cancellation: cancellation,
                            progress: progress
                        )
                    } onCancel: {
                        cancellation.cancel()
                    }
                }
                finish(result, take: take, attempt: number, of: id)
            }
        }
    }

    /// Renders until our disk has taken the sound, or nobody wants it any more.
    private func whenStored(_ id: TaskID, _ body: () async -> Rendering.Outcome) async -> Rendering.Outcome {
        var pause = Duration.milliseconds(250)
        while !Task.isCancelled {
            var outcome = Rendering.Outcome.storage("there is no room on the disk")
            if await parts.room?.look() ?? .tasks >= .audio { outcome = await body() }
            guard case .storage(let reason) = outcome else { return outcome }
            parts.metrics.notKept(.rendered, .storage)
            parts.log(
                .warning,
                "a sound could not be stored; trying again",
                about(id, ["reason": "\(reason)"])
            )
            await sleep(pause)
            pause = min(pause * 2, .seconds(5))
        }
        return .cancelled
    }

    private func finish(_ result: Rendering.Outcome, take: Int, attempt number: Int, of id: TaskID) {
        switch result {
        case .made(let asset, let title):
            parts.metrics.kept(asset, .rendered)
            guard live[id] != nil, !Task.isCancelled else { return giveUp(asset) }
            post(.outputKept(attempt: number, index: take, asset, title: title), to: id)
        case .cancelled: return
        case .storage(let reason), .failed(let reason):
            parts.log(.error, "a sound could not be rendered", about(id, ["reason": "\(reason)"]))
            let failure = Failure(.internal, "the sound could not be rendered")
            post(.outputFailed(attempt: number, index: take, failure), to: id)
        }
    }
}

extension Reception {
    /// A word to count by.
    fileprivate var word: String {
        switch self {
        case .kept(_, let status, _), .answered(let status, _, _):
            EngineMetrics.family(ofStatus: status.code)
        case .unusable, .storage: EngineMetrics.family(ofStatus: 200)
        case .cutOff, .unknown: "unknown"
        case .notSent: "not_sent"
        }
    }
}
