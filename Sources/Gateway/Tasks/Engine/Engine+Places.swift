import Providers
import Sound

/// Places at providers: who waits, who has one, how long they are held.
extension Engine {
    func queue(_ id: TaskID, route index: Int) {
        guard let record = live[id]?.machine.record, record.routes.indices.contains(index) else { return }
        let name = record.routes[index].name.provider
        guard slots[name] != nil else {
            // The provider was there when the task was planned; the operator has taken it away.
            let gone = Failure(
                .providerUnavailable,
                "the provider \(name) is no longer configured",
                origin: .gateway
            )
            post(.slotGranted(route: index, credential: nil), to: id)
            post(.refused(attempt: record.attempts.count + 1, gone), to: id)
            return
        }
        if let ticket = slots[name]?.join(id, route: index) {
            board.queued(id, provider: name, ticket: ticket)
        }
        grant(name)
    }

    func grant(_ provider: String) {
        guard !isStopping else { return }
        while let turn = slots[provider]?.next() {
            board.turned(turn.task, provider: provider, served: slots[provider]?.served ?? 0)
            guard live[turn.task] != nil else {
                slots[provider]?.release(turn.credential)
                continue
            }
            live[turn.task]?.place = Place(
                provider: provider,
                credential: turn.credential,
                since: parts.time.instant
            )
            post(.slotGranted(route: turn.route, credential: turn.credential), to: turn.task)
        }
    }

    func releasePlace(of id: TaskID) {
        guard let place = live[id]?.place else { return }
        live[id]?.place = nil
        let held = Double(parts.time.instant &- place.since) / 1e9
        serviceTimes[place.provider] = serviceTimes[place.provider].map { $0 * 0.9 + held * 0.1 } ?? held
        slots[place.provider]?.release(place.credential)
        grant(place.provider)
    }

    /// Counts the place of a job that was under way when an earlier process ended.
    func takePlaceOfOpenAttempt(_ record: TaskRecord) {
        guard let attempt = record.attempts.last, attempt.state == .accepted || attempt.state == .intended
        else {
            return
        }
        slots[attempt.name.provider]?.hold(attempt.credential)
        places[record.id] = Place(
            provider: attempt.name.provider,
            credential: attempt.credential,
            since: parts.time.instant
        )
    }

    /// Lets a credential that was just refused rest, so that it does not attract work by always being free.
    func rest(_ credential: String?, of provider: String, for span: Duration) {
        slots[provider]?.setResting(credential, true)
        push(.rested(provider, credential: credential), after: span)
    }

    nonisolated func provider(_ id: String) -> Provider? { parts.providers.first { $0.id == id } }
}
