import Assets
import Crypto
import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// Places at providers: who waits, who has one, how long they are held.
extension Engine {
    func queue(_ id: TaskID, _ request: Int) {
        guard let record = live[id]?.machine.record,
            let call = record.waiting.first(where: { $0.id == request })
        else { return }
        let route = record.routes[call.route].name
        let name = route.provider
        // A call that has its place already is on its way.
        guard live[id]?.granted[request] == nil else { return }
        if let pause = breakers[route]?.wait(at: parts.time.instant), pause > .zero,
            call.route + 1 == record.routes.count
        {
            // Nobody else to ask: waiting costs no try.
            let scatter = pause * (Double(id.spread(over: 100, salt: request)) / 400)
            return push(.slot(id, request: request), after: pause + scatter)
        }
        if live[id]?.lines[request] == nil, let pause = putOff(call, of: record) {
            return push(.slot(id, request: request), after: pause)
        }
        guard let ticket = slots[name]?.join(.init(id, request)) else {
            // The provider was there when the task was planned; the operator has taken it away.
            return post(.unavailable(request: request, Self.gone(name)), to: id)
        }
        if live[id]?.lines[request] == nil { live[id]?.queuedAt[request] = parts.time.instant }
        live[id]?.lines[request] = name
        board.queued(id, provider: name, ticket: ticket)
        grant(name)
    }

    /// How long a second try has to wait for its provider's budget; `nil` when it may be made, and is paid for.
    private func putOff(_ call: CallRequest, of record: TaskRecord) -> Duration? {
        let name = record.routes[call.route].name.provider
        let now = parts.time.instant
        guard let pause = budgets[name, default: RetryBudget(at: now)].putOff(call, of: record, at: now)
        else { return nil }
        parts.log(
            .debug,
            "a second try is put off: too many of the provider's calls are",
            record.about(["provider": "\(name)", "pause": .duration(pause)])
        )
        return pause
    }

    func grant(_ name: String) {
        guard !isStopping, mayBegin(name) else { return }
        let now = parts.time.instant
        while let turn = slots[name]?.next(at: now) {
            let (id, request) = (turn.seat.task, turn.seat.request)
            board.turned(id, provider: name, served: slots[name]?.served ?? 0)
            let place = Place(
                provider: name,
                credential: turn.credential,
                since: parts.time.instant,
                edition: settings.editions[name]
            )
            guard let task = live[id] else {
                slots[name]?.release(turn.credential)
                continue
            }
            task.lines[request] = nil
            task.granted[request] = place
            if let since = task.queuedAt.removeValue(forKey: request) {
                parts.metrics.waited(at: name, nanoseconds: now &- min(since, now))
            }
            let isCalledBack = provider(name)?.callbackURL(under: settings.publicURL, token: "") != nil
            let token = isCalledBack ? Hex.encode(randomBytes(20)) : nil
            post(.slotGranted(request: request, credential: turn.credential, token: token), to: id)
        }
        mindShares(of: name)
        if let code = slots[name]?.hopelessness(at: now) { return dismiss(name, code) }
        guard let opening = slots[name]?.nextOpening(at: now), opening < openings[name] ?? .max else {
            return
        }
        openings[name] = opening
        push(.opening(name), after: .nanoseconds(Int64(clamping: opening - now)))
    }

    /// Whether there is room on our disks for what a call brings; without it, everybody keeps his place in the line.
    private func mayBegin(_ name: String) -> Bool {
        guard let room = parts.room, slots[name]?.depth ?? 0 > 0, room.known < .calls else { return true }
        let next = parts.time.instant &+ Duration.seconds(2).wholeNanoseconds
        guard next < openings[name] ?? .max else { return false }
        openings[name] = next
        push(.opening(name), after: .seconds(2))
        return false
    }

    /// No key can serve anybody: whoever waits goes to the next provider, or is told so.
    private func dismiss(_ name: String, _ code: Failure.Code) {
        for seat in slots[name]?.dismissAll() ?? [] {
            live[seat.task]?.lines[seat.request] = nil
            let message =
                code == .providerAuth
                ? "the provider refused every key that is configured"
                : "the provider's accounts are out of credits"
            post(.unavailable(request: seat.request, Failure(code, message)), to: seat.task)
        }
    }

    /// Gives the place of a call to the attempt that it has become, or back.
    func seat(_ request: Int, of id: TaskID, _ effects: [TaskEffect]) {
        guard let task = live[id], let place = task.granted.removeValue(forKey: request) else { return }
        guard case .submit(let attempt)? = effects.first else { return giveBack(place) }
        task.places[attempt] = place
        if let edition = place.edition {
            keep(origin(edition, place.credential), of: attempt, of: task)
        }
    }

    func releasePlace(of attempt: Int, of id: TaskID) {
        guard let task = live[id], let place = task.places.removeValue(forKey: attempt) else { return }
        if let attempt = task.attempt(attempt) { noteEnd(of: attempt, place) }
        giveBack(place)
    }

    func giveBack(_ place: Place) {
        let held = Double(parts.time.instant &- place.since) / 1e9
        let average = serviceTimes[place.provider].map { $0 * 0.9 + held * 0.1 } ?? held
        serviceTimes[place.provider] = average
        slots[place.provider]?.release(place.credential)
        board.moves(place.provider, held: .seconds(average), places: slots[place.provider]?.capacity ?? 0)
        grant(place.provider)
    }

    /// Counts the places of jobs that were under way when an earlier process ended.
    func takePlacesOfOpenAttempts(_ record: TaskRecord) {
        for attempt in record.attempts where attempt.state == .accepted || attempt.state == .intended {
            slots[attempt.name.provider]?.hold(attempt.credential)
            places[record.id, default: [:]][attempt.number] = Place(
                provider: attempt.name.provider,
                credential: attempt.credential,
                since: parts.time.instant
            )
        }
    }

    /// Why no call goes to an operation just now, or `nil` when one may.
    ///
    /// The call that may must tell what became of it.
    func shut(_ name: RouteName, repeatable: Bool) -> Failure? {
        guard !repeatable else { return nil }
        let now = parts.time.instant
        guard !breakers[name, default: Breaker()].admits(at: now) else { return nil }
        return Failure(
            .providerUnavailable,
            "\(name) has failed several times in a row; it is asked again in a while",
            retryAfter: breakers[name]?.wait(at: now)
        )
    }

    /// The vendor has answered a call to an operation.
    func answered(_ name: RouteName) {
        let wasShut = breakers[name]?.state(at: parts.time.instant) ?? .closed != .closed
        breakers[name]?.succeeded()
        guard wasShut else { return }
        board.tell(nil, of: name)
        parts.bus?.send(.failing(name, milliseconds: nil), to: nil)
    }

    /// A call to an operation has failed by the vendor's fault.
    func failed(_ name: RouteName) {
        guard breakers[name, default: Breaker()].failed(at: parts.time.instant) else { return }
        let pause = breakers[name]?.wait(at: parts.time.instant) ?? .zero
        board.tell(.failing(until: parts.time.instant &+ pause.wholeNanoseconds), of: name)
        parts.bus?.send(.failing(name, milliseconds: Int64(pause / .milliseconds(1))), to: nil)
        parts.log(
            .error,
            "an operation fails again and again; it is left alone for a while",
            ["route": "\(name)", "pause": .duration(pause)]
        )
    }

    /// Takes in what a refusal says of the key, and tells whether another one may be better.
    func judge(_ credential: String?, of provider: Provider, after failure: Failure) -> Bool {
        let name = provider.id
        guard let state = KeyState(after: failure, at: parts.time.instant) else { return false }
        // It was about a key that has been changed since: the new one has not been tried yet.
        guard isPresent(credential, of: provider) else { return slots[name]?.hasKey(besides: nil) ?? false }
        slots[name]?.mark(credential, state)
        tellOthers(of: state, KeyName(provider: name, credential: credential))
        parts.log(
            state == .setAside ? .error : .warning,
            "a key is not used for now",
            ["provider": "\(name)", "credential": "\(credential ?? "-")", "state": "\(state.word)"]
        )
        tellOfKeys(of: name)
        let hasOther = slots[name]?.hasKey(besides: credential) ?? false
        // Whoever waits is served by another key, waits until this one may be used, or is sent away.
        grant(name)
        return hasOther
    }

    /// Whether a key is still the one that is configured under its name.
    func isPresent(_ credential: String?, of provider: Provider?) -> Bool {
        guard let provider, let now = self.provider(provider.id) else { return false }
        return now.hasSameKey(credential, as: provider)
    }

    /// Makes known when no key of a provider can serve anybody.
    func tellOfKeys(of name: String) {
        let now = parts.time.instant
        let trouble: TaskBoard.Trouble? =
            switch slots[name]?.hopelessness(at: now) {
            case .providerAuth: .keysRefused
            case .insufficientCredits:
                .outOfCredit(until: slots[name]?.keys.values.compactMap(\.state.until).min() ?? now)
            default: nil
            }
        guard let trouble else { return }
        for operation in provider(name)?.adapter.operations ?? [] {
            board.tell(trouble, of: RouteName(provider: name, operation: operation.name))
        }
    }
}
