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
        case .failed(let failure): return attemptFailed(number, failure, at: now)
        case .succeeded:
            change(number) {
                $0.state = .succeeded
                $0.endedAt = now
            }
            return release(number) + fetches + topUp(after: attempt, at: now) + conclude(at: now)
        }
    }

    /// Calls again for what is missing, where a vendor gave fewer takes than it does at most.
    private mutating func topUp(after attempt: AttemptRecord, at now: Moment) -> [TaskEffect] {
        let delivered = record.outputs.count { $0.attempt == attempt.number }
        guard let wanted = attempt.takes, record.routes[attempt.route].takesPerCall != nil,
            delivered > 0, delivered < wanted
        else { return [] }
        return request(wanted - delivered, on: attempt.route, tries: 1, at: now)
    }

    /// Adds takes that are new, up to the number that was asked for, and what is new of those that are known.
    mutating func take(_ results: [RemoteResult], of attempt: AttemptRecord) -> [TaskEffect] {
        var effects: [TaskEffect] = []
        for result in results {
            let known = record.outputs.firstIndex {
                $0.attempt == attempt.number && $0.providerKey == result.key
            }
            if let known {
                update(known, with: result)
                continue
            }
            // What is told of a single take does not make it one.
            guard attempt.state.isOpen else { continue }
            let delivered = record.outputs.count { $0.attempt == attempt.number }
            if let wanted = attempt.takes, delivered >= wanted { break }
            var output = OutputRecord(index: nextIndex, attempt: attempt.number)
            output.providerKey = result.key
            addOutput(output)
            update(record.outputs.count - 1, with: result)
            effects.append(.fetch(attempt: attempt.number, output: output.index))
        }
        return effects
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
            var output = OutputRecord(index: nextIndex, attempt: number)
            output.status = .ready
            output.asset = asset
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
        record.outputs[position].status = .ready
        record.outputs[position].asset = asset
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
