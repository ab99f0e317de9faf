import Providers
import Sound

/// What the vendor says of a job, and what becomes of its takes.
extension TaskMachine {
    mutating func observed(_ number: Int, _ observation: Observation, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .accepted else { return [] }
        if let progress = observation.progress { advance(number, to: progress) }
        if let eta = observation.eta { record.eta = eta }
        if let cost = observation.cost { setCost(Cost(cost, .actual), of: number) }
        let fetches = take(observation.results, of: attempt)
        switch observation.state {
        case .queued, .running: return fetches + [.poll(attempt: number, eta: observation.eta)]
        case .failed(let failure): return fetches + attemptFailed(number, failure, at: now)
        case .succeeded:
            change(number) {
                $0.state = .succeeded
                $0.endedAt = now
            }
            // Of takes that the vendor named beforehand and the poll leaves out, a question of their own tells.
            let silent = record.outputs.filter {
                $0.attempt == number && $0.status == .pending && $0.sourceURL == nil
                    && $0.providerKey != nil
            }
            let asked = silent.map { TaskEffect.fetch(attempt: number, output: $0.index) }
            return release(number) + fetches + asked.filter { !fetches.contains($0) }
                + topUp(after: attempt, at: now) + conclude(at: now)
        }
    }

    /// Calls again for what is missing, where a vendor gave fewer takes than it does at most.
    private mutating func topUp(after attempt: AttemptRecord, at now: Moment) -> [TaskEffect] {
        let delivered = record.outputs.count { $0.attempt == attempt.number }
        guard let wanted = attempt.takes, record.routes[attempt.route].takesPerCall != nil,
            delivered > 0, delivered < wanted, !isSpent, maySpend(on: attempt)
        else { return [] }
        return request(wanted - delivered, on: attempt.route, tries: 1, at: now)
    }

    /// Whether one more call like that keeps within what the caller would pay.
    private func maySpend(on attempt: AttemptRecord) -> Bool {
        guard let most = record.request.maxCost, let more = estimate(of: attempt), more.unit == most.unit
        else { return true }
        let spent = record.attempts.compactMap(\.cost?.amount).filter { $0.unit == most.unit }
        return spent.reduce(more.amount) { $0 + $1.amount } <= most.amount + 1e-9
    }

    /// Adds takes that are new, up to the number that was asked for, and what is new of those that are known.
    mutating func take(_ results: [RemoteResult], of attempt: AttemptRecord) -> [TaskEffect] {
        var effects: [TaskEffect] = []
        for result in results {
            let known = record.outputs.firstIndex {
                $0.attempt == attempt.number && $0.providerKey == result.key
            }
            if let known {
                let wasSilent = record.outputs[known].sourceURL == nil
                update(known, with: result)
                if wasSilent, record.outputs[known].status == .pending, record.outputs[known].sourceURL != nil
                {
                    effects.append(.fetch(attempt: attempt.number, output: record.outputs[known].index))
                }
                continue
            }
            // What is told of a single take does not make it one.
            guard attempt.isOpen else { continue }
            guard let position = place(for: result, among: results, of: attempt) else { break }
            update(position, with: result)
            effects.append(.fetch(attempt: attempt.number, output: record.outputs[position].index))
        }
        return effects
    }

    /// Where a take that is new goes: to one that was announced under a name which nobody uses, or to the end.
    private mutating func place(
        for result: RemoteResult,
        among results: [RemoteResult],
        of attempt: AttemptRecord
    )
        -> Int?
    {
        let unused = record.outputs.firstIndex { output in
            output.attempt == attempt.number && output.status == .pending && output.sourceURL == nil
                && output.providerKey != nil && !results.contains { $0.key == output.providerKey }
        }
        let delivered = record.outputs.count { $0.attempt == attempt.number }
        if let wanted = attempt.takes, delivered >= wanted {
            guard let unused, result.url != nil else { return nil }
            record.outputs[unused].providerKey = result.key
            unsaved.outputs.insert(record.outputs[unused].index)
            return unused
        }
        var output = OutputRecord(index: nextIndex, attempt: attempt.number)
        output.providerKey = result.key
        addOutput(output)
        return record.outputs.count - 1
    }

    private mutating func update(_ position: Int, with result: RemoteResult) {
        let before = record.outputs[position]
        var output = before
        if output.status == .pending, let url = result.url(as: record.request.format) {
            output.sourceURL = url
        }
        output.title = output.title ?? result.title
        output.lyrics = output.lyrics ?? result.lyrics
        output.timedLyrics = output.timedLyrics ?? result.timedLyrics
        output.coverURL = output.coverURL ?? result.coverURL
        guard output != before else { return }
        record.outputs[position] = output
        unsaved.outputs.insert(output.index)
    }

    mutating func delivered(_ number: Int, _ take: StreamedTake, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .intended else { return [] }
        change(number) { $0.providerTaskID = take.id }
        if let cost = take.cost.map({ Cost($0, .actual) })
            ?? estimate(of: attempt).map({ Cost($0, .estimated) })
        {
            setCost(cost, of: number)
        }
        switch take.audio {
        case .failure(let failure): return attemptFailed(number, failure, at: now)
        case .success(let asset):
            change(number) {
                $0.state = .succeeded
                $0.endedAt = now
            }
            let now = record.nextReadyMoment(now)
            var output = OutputRecord(index: nextIndex, attempt: number)
            output.status = .ready
            output.asset = asset
            output.readyAt = now
            addOutput(output)
            advance(number, to: 1)
            return release(number) + conclude(at: now)
        }
    }

    mutating func kept(
        _ index: Int,
        of number: Int,
        _ asset: AssetRecord,
        _ title: String?,
        at now: Moment
    ) -> [TaskEffect] {
        guard let position = record.outputs.firstIndex(where: { $0.index == index && $0.attempt == number }),
            record.outputs[position].status == .pending
        else { return [] }
        let now = record.nextReadyMoment(now)
        record.outputs[position].status = .ready
        record.outputs[position].asset = asset
        record.outputs[position].readyAt = now
        record.outputs[position].title = record.outputs[position].title ?? title
        unsaved.outputs.insert(index)
        return settleRendering(of: number, at: now) + settle(number, at: now)
    }

    mutating func outputFailed(_ index: Int, of number: Int, _ failure: Failure, at now: Moment)
        -> [TaskEffect]
    {
        guard let position = record.outputs.firstIndex(where: { $0.index == index && $0.attempt == number }),
            record.outputs[position].status == .pending
        else { return [] }
        record.outputs[position].status = .failed
        record.outputs[position].error = failure
        unsaved.outputs.insert(index)
        return settleRendering(of: number, at: now) + settle(number, at: now)
    }

    /// An attempt without a vendor has succeeded when its last take is there.
    mutating func settleRendering(of number: Int, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .accepted, attempt.providerTaskID == nil,
            !record.outputs.contains(where: { $0.attempt == number && $0.status == .pending })
        else { return [] }
        change(number) {
            $0.state = .succeeded
            $0.endedAt = now
        }
        return release(number)
    }
}
