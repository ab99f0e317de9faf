import Providers
import Sound

/// What the vendor says of a job, and what becomes of its takes.
extension TaskMachine {
    mutating func observed(_ number: Int, _ observation: Observation, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .accepted else { return [] }
        if let progress = observation.progress { record.progress = max(record.progress, min(progress, 0.99)) }
        if let eta = observation.eta { record.eta = eta }
        if let cost = observation.cost { setCost(Cost(cost, .actual)) }
        let fetches = take(observation.results, of: attempt)
        switch observation.state {
        case .queued, .running: return fetches + [.poll(attempt: number, eta: observation.eta)]
        case .failed(let failure): return attemptFailed(number, failure, at: now)
        case .succeeded:
            change(number) {
                $0.state = .succeeded
                $0.endedAt = now
            }
            return release(number) + fetches + conclude(at: now)
        }
    }

    /// Adds takes that are new, up to the number that was asked for.
    mutating func take(_ results: [RemoteResult], of attempt: AttemptRecord) -> [TaskEffect] {
        var effects: [TaskEffect] = []
        for result in results {
            if let index = record.outputs.firstIndex(where: { $0.providerKey == result.key }) {
                if record.outputs[index].status == .pending, record.outputs[index].sourceURL != result.url {
                    record.outputs[index].sourceURL = result.url
                    unsaved.outputs.insert(record.outputs[index].index)
                }
                continue
            }
            if let wanted = record.request.variations, record.outputs.count >= wanted { break }
            var output = OutputRecord(index: record.outputs.count, attempt: attempt.number)
            output.providerKey = result.key
            output.sourceURL = result.url
            output.title = result.title
            output.lyrics = result.lyrics
            output.timedLyrics = result.timedLyrics
            output.coverURL = result.coverURL
            addOutput(output)
            effects.append(.fetch(output: output.index))
        }
        return effects
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
        return settleRendering(of: record.outputs[position].attempt, at: now) + conclude(at: now)
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
        return settleRendering(of: record.outputs[position].attempt, at: now) + conclude(at: now)
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
