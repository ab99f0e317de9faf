import Assets
import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// Copying results into the store, with what only a question of its own tells about them.
extension Engine {
    func beginFetch(_ id: TaskID, _ take: Take) {
        guard let task = live[id], task.fetches[take] == nil else { return }
        task.fetches[take] = Fetch(began: parts.time.instant)
        fetch(id, take)
    }

    func fetch(_ id: TaskID, _ take: Take) {
        guard !isStopping, let task = live[id], task.fetches[take] != nil, let output = output(take, of: id),
            output.status == .pending
        else { return }
        task.fetches[take]?.tries += 1
        task.works[.fetching(take)] = Task { await copy(take, of: id) }
    }

    private func output(_ take: Take, of id: TaskID) -> OutputRecord? {
        live[id]?.machine.record.outputs.first { $0.index == take.index && $0.attempt == take.attempt }
    }

    /// One try: asks for what is missing, then copies the audio.
    private func copy(_ take: Take, of id: TaskID) async {
        do throws(AssetFetcher.Problem) {
            let url = try await address(of: take, of: id)
            await askForLyrics(of: take, of: id)
            guard !Task.isCancelled, let task = live[id], let attempt = task.attempt(take.attempt) else {
                return
            }
            if let room = parts.room, await room.look() < .audio {
                throw .storage("there is no room on the disk")
            }
            let provider = provider(of: attempt, of: id)
            let spans = FetchSpans(parts.tracer, context(of: id), url, take, of: id)
            let asset: AssetRecord
            do throws(AssetFetcher.Problem) {
                asset = try await parts.fetcher.fetch(
                    url,
                    own: provider?.baseURL ?? "",
                    trusting: provider?.certificateAuthorities,
                    as: task.machine.record.request.format,
                    whenFetched: { spans?.isFetched() }
                )
                spans?.end(nil)
                parts.metrics.kept(asset, .fetched)
            } catch {
                spans?.end(error)
                throw error
            }
            guard live[id] != nil, !Task.isCancelled else { return giveUp(asset) }
            post(.outputKept(attempt: take.attempt, index: take.index, asset, title: nil), to: id)
        } catch {
            guard !Task.isCancelled else { return }
            fetchFailed(error, take, of: id)
        }
    }

    /// Where the audio is: as known, or asked for when that is unknown or has not worked.
    private func address(of take: Take, of id: TaskID) async throws(AssetFetcher.Problem) -> String {
        let known = output(take, of: id)?.sourceURL
        if let known, live[id]?.fetches[take]?.tries == 1 { return known }
        guard let told = try await ask(for: .address, of: take, of: id) else {
            guard let known else { throw .result("the provider tells no address of the result") }
            return known
        }
        guard let url = told.url(as: live[id]?.machine.record.request.format) else {
            throw .result("the provider's answer has no address of the result")
        }
        return url
    }

    /// Lyrics with times, where they were asked for and a question of its own tells them.
    ///
    /// Tried for half a minute, and never a reason to hold back audio that is there.
    private func askForLyrics(of take: Take, of id: TaskID) async {
        guard let request = live[id]?.machine.record.request, request.timedLyrics == true,
            request.instrumental != true, output(take, of: id)?.timedLyrics == nil
        else { return }
        var reason = "the provider did not tell them in time"
        for pause in [Duration.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15), .zero] {
            do throws(AssetFetcher.Problem) {
                guard let told = try await ask(for: .timedLyrics, of: take, of: id) else { return }
                if told.timedLyrics != nil { return }
            } catch {
                reason = error.description
            }
            guard !Task.isCancelled else { return }
            if pause > .zero { await sleep(pause) }
        }
        parts.log(
            .warning,
            "the times of the lyrics could not be had",
            about(id, ["output": "\(take.index)", "reason": "\(reason)"])
        )
    }

    /// Asks the vendor for a part of a take; `nil` where it has no such question.
    private func ask(for part: TakePart, of take: Take, of id: TaskID) async throws(AssetFetcher.Problem)
        -> RemoteResult?
    {
        guard let attempt = live[id]?.attempt(take.attempt), let jobID = attempt.providerTaskID,
            let key = output(take, of: id)?.providerKey, let provider = provider(of: attempt, of: id),
            case .polled(let translator)? = provider.operation(attempt.name.operation)?.delivery,
            let call = translator.ask(for: part, of: key, job: RemoteJob(id: jobID))
        else { return nil }
        let outcome = await upstream.send(
            call,
            to: provider,
            credential: attempt.credential,
            for: purpose(.ask, attempt, of: id)
        )
        switch outcome {
        case .notSent(let reason), .unknown(let reason):
            throw .result("the provider was asked for the \(part.rawValue): \(reason)")
        case .answered(let reply):
            let told: RemoteResult
            do throws(PollError) {
                told = try translator.answer(reply, for: part, of: key)
            } catch {
                throw .result("the provider was asked for the \(part.rawValue): \(error.reason)")
            }
            post(.told(attempt: take.attempt, told), to: id)
            return told
        }
    }

    private func fetchFailed(_ problem: AssetFetcher.Problem, _ take: Take, of id: TaskID) {
        guard let task = live[id], let fetch = task.fetches[take] else { return }
        parts.log(
            .warning,
            "a result could not be kept",
            about(id, ["output": "\(take.index)", "try": "\(fetch.tries)", "reason": "\(problem)"])
        )
        if case .storage = problem {
            parts.metrics.notKept(.fetched, .storage)
        } else {
            parts.metrics.notKept(.fetched, .vendor)
        }
        // One try alone may take longer than that.
        var isOver = fetch.tries > 1 && parts.time.instant - fetch.began >= settings.fetchFor.wholeNanoseconds
        // A full disk of ours is no reason to give up a paid result; the deadline decides.
        if case .storage = problem { isOver = false }
        // While the vendor is at work the file may come late, or under another address.
        if task.attempt(take.attempt)?.isOpen == true {
            isOver = false
            // The time to fetch begins when the vendor is done.
            task.fetches[take]?.began = parts.time.instant
        }
        guard !isOver else {
            let failure = Failure(.badResult, problem.description)
            return post(.outputFailed(attempt: take.attempt, index: take.index, failure), to: id)
        }
        var ceiling = Duration.seconds(15)
        // Nobody is spared by longer pauses from our own disk.
        if case .storage = problem { ceiling = .seconds(5) }
        let pause = min(Duration.milliseconds(250) * (1 << min(fetch.tries, 7)), ceiling)
        push(.fetch(id, take), after: pause)
    }
}

extension PollError {
    /// For the log; failures say nothing of what was sent.
    fileprivate var reason: String {
        switch self {
        case .transient(let reason, _): reason
        case .notFound(let failure), .unauthorized(let failure): failure.message
        }
    }
}
