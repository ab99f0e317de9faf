import Assets
import EventLoop
import HTTPClient
import Providers
import Sound
import Telemetry

/// Submitting, polling and fetching: the effects that take time.
extension Engine {
    // MARK: Submit

    func begin(_ number: Int, of id: TaskID) {
        guard let record = live[id]?.machine.record, record.attempts.indices.contains(number - 1) else {
            return
        }
        let attempt = record.attempts[number - 1]
        let route = record.routes[attempt.route]
        forgetWork(of: id)
        guard let provider = provider(route.name.provider),
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
            let stopping = Failure(
                .providerUnavailable,
                "the gateway stopped before anything was sent",
                origin: .gateway
            )
            return post(.refused(attempt: number, stopping), to: id)
        }
        guard !isStopping else { return }
        let order = Order(record.request, route: route, takes: record.request.variations)
        switch operation.delivery {
        case .rendered(let renderer): render(order, with: renderer, attempt: number, of: record)
        case .streamed: return
        case .polled(let translator):
            // Not cancelled with the task: the answer tells whether the vendor took the job.
            submitting += 1
            Task {
                await self.submit(order, with: translator, to: provider, attempt: attempt, of: id)
                submitting -= 1
            }
        }
    }

    /// Ends what was under way for an earlier attempt: its takes are gone, their numbers will be used again.
    private func forgetWork(of id: TaskID) {
        for work in live[id]?.works.values ?? [:].values { work.cancel() }
        live[id]?.works = [:]
        live[id]?.fetches = [:]
        live[id]?.polls = 0
        live[id]?.failedPolls = 0
    }

    private func submit(
        _ order: Order,
        with translator: any JobTranslating,
        to provider: Provider,
        attempt: AttemptRecord,
        of id: TaskID
    ) async {
        let outcome = await upstream.send(
            translator.submit(order),
            to: provider,
            credential: attempt.credential
        )
        let fields: LogFields = ["task": "\(id)", "route": "\(attempt.name)", "attempt": "\(attempt.number)"]
        switch outcome {
        case .notSent(let reason):
            parts.log(.warning, "the provider cannot be reached", fields.adding(["reason": "\(reason)"]))
            let failure = Failure(.providerUnavailable, "the provider could not be reached; nothing was sent")
            post(.refused(attempt: attempt.number, failure), to: id)
        case .unknown(let reason):
            parts.log(.error, "the answer to a create was lost", fields.adding(["reason": "\(reason)"]))
            post(.acceptanceUnknown(attempt: attempt.number), to: id)
        case .answered(let reply):
            do throws(SubmitError) {
                let job = try translator.accepted(reply)
                guard live[id] != nil else { return acceptedLate(job, attempt: attempt.number, of: id) }
                post(.accepted(attempt: attempt.number, job), to: id)
            } catch {
                report(error, attempt: attempt, of: id, fields: fields)
            }
        }
    }

    private func report(_ error: SubmitError, attempt: AttemptRecord, of id: TaskID, fields: LogFields) {
        switch error {
        case .refused(let failure):
            parts.log(
                .notice,
                "the provider refused a create",
                fields.adding([
                    "code": "\(failure.code.rawValue)", "provider_code": "\(failure.providerCode ?? "-")",
                ])
            )
            if [.providerAuth, .insufficientCredits, .rateLimited].contains(failure.code) {
                let span = min(max(failure.retryAfter ?? .seconds(10), .seconds(1)), .seconds(60))
                rest(attempt.credential, of: attempt.name.provider, for: span)
            }
            post(.refused(attempt: attempt.number, failure), to: id)
        case .unknown(let reason):
            parts.log(.error, "the answer to a create cannot be read", fields.adding(["reason": "\(reason)"]))
            post(.acceptanceUnknown(attempt: attempt.number), to: id)
        }
    }

    // MARK: Render

    private func render(
        _ order: Order,
        with renderer: any SoundRendering,
        attempt number: Int,
        of record: TaskRecord
    ) {
        let id = record.id
        let takes = renderer.takes(order)
        post(.renderingBegan(attempt: number, takes: takes), to: id)
        let ready = Set(record.outputs.filter { $0.status != .pending }.map(\.index))
        let wanted = (0..<takes).filter { !ready.contains($0) }
        let rendering = Rendering(
            store: parts.store,
            format: order.request.format ?? .wav,
            seed: Rendering.seed(of: id)
        )
        let (loop, pool) = (loop, parts.pool)
        live[id]?.works[.rendering] = Task {
            for (done, take) in wanted.enumerated() {
                if Task.isCancelled { return }
                let progress: @Sendable (Double) -> Void = { part in
                    let whole = (Double(done) + part) / Double(wanted.count)
                    loop.execute {
                        self.assumeIsolated { $0.post(.renderingProgressed(attempt: number, whole), to: id) }
                    }
                }
                let cancellation = Cancellation()
                let result = await withTaskCancellationHandler {
                    await rendering.run(
                        renderer.source(order, take: take, seed: rendering.seed),
                        on: pool,
                        cancellation: cancellation,
                        progress: progress
                    )
                } onCancel: {
                    cancellation.cancel()
                }
                finish(result, take: take, attempt: number, of: id)
            }
        }
    }

    private func finish(_ result: Rendering.Outcome, take: Int, attempt number: Int, of id: TaskID) {
        switch result {
        case .made(let asset, let title):
            guard live[id] != nil, !Task.isCancelled else { return giveUp(asset) }
            post(.outputKept(attempt: number, index: take, asset, title: title), to: id)
        case .cancelled: return
        case .failed(let reason):
            parts.log(.error, "a sound could not be rendered", ["task": "\(id)", "reason": "\(reason)"])
            let failure = Failure(.internal, "the sound could not be rendered")
            post(.outputFailed(attempt: number, index: take, failure), to: id)
        }
    }

    // MARK: Poll

    func schedulePoll(_ id: TaskID, attempt: Int, eta: Duration?, atLeast least: Duration? = nil) {
        guard let task = live[id], let route = task.machine.record.route else { return }
        let pace = provider(route.name.provider)?.pace ?? PollPace(first: .seconds(10), ceiling: .seconds(30))
        let wait = pace.wait(beforePoll: task.polls, eta: eta, jitter: Double.random(in: 0..<1))
        live[id]?.polls += 1
        push(.poll(id, attempt: attempt), after: max(wait, min(least ?? .zero, .seconds(300))))
    }

    func poll(_ id: TaskID, attempt number: Int) {
        guard !isStopping, let record = live[id]?.machine.record, record.attempts.indices.contains(number - 1)
        else {
            return
        }
        let attempt = record.attempts[number - 1]
        guard attempt.state == .accepted, let jobID = attempt.providerTaskID else { return }
        guard let provider = provider(attempt.name.provider),
            case .polled(let translator)? = provider.operation(attempt.name.operation)?.delivery
        else {
            // Nobody to ask until the operator brings the provider back; the deadline decides.
            return schedulePoll(id, attempt: number, eta: nil)
        }
        live[id]?.works[.polling] = Task {
            let outcome = await upstream.send(
                translator.poll(RemoteJob(id: jobID)),
                to: provider,
                credential: attempt.credential
            )
            guard !Task.isCancelled else { return }
            take(outcome, with: translator, attempt: attempt, of: id)
        }
    }

    private func take(
        _ outcome: Upstream.Outcome,
        with translator: any JobTranslating,
        attempt: AttemptRecord,
        of id: TaskID
    ) {
        guard case .answered(let reply) = outcome else {
            return schedulePoll(id, attempt: attempt.number, eta: nil)
        }
        do throws(PollError) {
            let observation = try translator.observation(reply)
            live[id]?.failedPolls = 0
            if let word = observation.unknownWord, knownWords.insert("\(attempt.name):\(word)").inserted {
                parts.log(
                    .warning,
                    "an unknown status word; taken as running",
                    ["route": "\(attempt.name)", "word": "\(word)"]
                )
            }
            post(.observed(attempt: attempt.number, observation), to: id)
        } catch {
            pollFailed(error, attempt: attempt, of: id)
        }
    }

    /// A poll that says nothing never ends a task by itself; a refusal that stays does.
    private func pollFailed(_ error: PollError, attempt: AttemptRecord, of id: TaskID) {
        live[id]?.failedPolls += 1
        let count = live[id]?.failedPolls ?? 0
        switch error {
        case .transient(let reason, let retryAfter):
            live[id]?.failedPolls = 0
            parts.log(.debug, "a poll gave no answer", ["task": "\(id)", "reason": "\(reason)"])
            schedulePoll(id, attempt: attempt.number, eta: nil, atLeast: retryAfter)
        case .notFound(let failure), .unauthorized(let failure):
            guard count < 6 else { return post(.lost(attempt: attempt.number, failure), to: id) }
            parts.log(
                .warning,
                "the provider does not answer for a task",
                ["task": "\(id)", "route": "\(attempt.name)", "code": "\(failure.code.rawValue)"]
            )
            schedulePoll(id, attempt: attempt.number, eta: nil)
        }
    }

    // MARK: Fetch

    func beginFetch(_ id: TaskID, output index: Int) {
        guard live[id]?.fetches[index] == nil else { return }
        live[id]?.fetches[index] = Fetch(began: parts.time.instant)
        fetch(id, output: index)
    }

    func fetch(_ id: TaskID, output index: Int) {
        guard !isStopping, let record = live[id]?.machine.record,
            let output = record.outputs.first(where: { $0.index == index }), output.status == .pending,
            let url = output.sourceURL
        else { return }
        let own = provider(record.attempts[output.attempt - 1].name.provider)?.baseURL ?? ""
        let (fetcher, format) = (parts.fetcher, record.request.format)
        live[id]?.fetches[index]?.tries += 1
        live[id]?.works[.fetching(index)] = Task {
            do throws(AssetFetcher.Problem) {
                let asset = try await fetcher.fetch(url, own: own, as: format)
                guard live[id] != nil, !Task.isCancelled else { return giveUp(asset) }
                post(.outputKept(attempt: output.attempt, index: index, asset, title: nil), to: id)
            } catch {
                guard !Task.isCancelled else { return }
                fetchFailed(error, output: output, of: id)
            }
        }
    }

    private func fetchFailed(_ problem: AssetFetcher.Problem, output: OutputRecord, of id: TaskID) {
        let index = output.index
        guard let fetch = live[id]?.fetches[index] else { return }
        parts.log(
            .warning,
            "a result could not be kept",
            ["task": "\(id)", "output": "\(index)", "try": "\(fetch.tries)", "reason": "\(problem)"]
        )
        var isOver = parts.time.instant - fetch.began >= parts.fetchFor.wholeNanoseconds
        // A full disk of ours is no reason to give up a paid result; the deadline decides.
        if case .storage = problem { isOver = false }
        // While the vendor is at work the file may come late, or under another address.
        let attempts = live[id]?.machine.record.attempts ?? []
        if attempts.contains(where: { $0.number == output.attempt && $0.state.isOpen }) { isOver = false }
        guard !isOver else {
            let failure = Failure(.badResult, problem.description)
            return post(.outputFailed(attempt: output.attempt, index: index, failure), to: id)
        }
        let pause = min(Duration.milliseconds(250) * (1 << min(fetch.tries, 7)), .seconds(15))
        push(.fetch(id, output: index), after: pause)
    }
}
