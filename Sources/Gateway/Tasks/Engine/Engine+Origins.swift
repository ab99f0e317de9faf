package import Providers
import Sound
import Telemetry
import Threads
import Timing

/// Whom a job is asked of: the address and the key that took it, whatever the configuration has become since.
extension Engine {
    /// Where an attempt was begun.
    struct Origin {
        let edition: EngineSettings.Edition
        let credential: String?
        /// How often the key has been changed under its name before.
        let generation: Int

        var name: KeyName { KeyName(provider: edition.provider.id, credential: credential) }
        var key: Key { Key(name: name, generation: generation) }
    }

    /// One value of a key.
    struct Key: Hashable {
        let name: KeyName
        let generation: Int
    }

    /// Where an attempt begins that was given a key of an edition.
    func origin(_ edition: EngineSettings.Edition, _ credential: String?) -> Origin {
        let name = KeyName(provider: edition.provider.id, credential: credential)
        let now = generations[name] ?? 0
        // It may have been changed since the place was given.
        let isPresent = isPresent(credential, of: edition.provider)
        return Origin(edition: edition, credential: credential, generation: isPresent ? now : now - 1)
    }

    nonisolated var settings: EngineSettings { heldSettings.withLock { $0 } }

    /// A provider as it is configured now.
    nonisolated func provider(_ id: String) -> Provider? { settings.editions[id]?.provider }

    /// The provider that an attempt was begun at; for one that nobody here has begun, the one that is configured now.
    func provider(of attempt: AttemptRecord, of id: TaskID) -> Provider? {
        live[id]?.origins[attempt.number]?.edition.provider ?? provider(attempt.name.provider)
    }

    /// Keeps an attempt at the address and the key that it begins with.
    func keep(_ origin: Origin, of number: Int, of task: Live) {
        dropOrigin(of: number, of: task)
        if !task.origins.values.contains(where: { $0.key == origin.key }) {
            tasksOfKeys[origin.key, default: 0] += 1
        }
        task.origins[number] = origin
    }

    func dropOrigin(of number: Int, of task: Live) {
        guard let origin = task.origins.removeValue(forKey: number) else { return }
        guard !task.origins.values.contains(where: { $0.key == origin.key }) else { return }
        let count = (tasksOfKeys[origin.key] ?? 0) - 1
        tasksOfKeys[origin.key] = count > 0 ? count : nil
    }

    /// What an earlier process began goes on at the providers as they are configured now: nothing else is known here.
    func keepOrigins(of task: Live) {
        let record = task.machine.record
        for attempt in record.attempts where record.needsOrigin(of: attempt) {
            let edition = settings.editions[attempt.name.provider]
            guard let edition, edition.key(attempt.credential) != nil || attempt.credential == nil else {
                continue
            }
            keep(origin(edition, attempt.credential), of: attempt.number, of: task)
        }
    }

    /// Goes on with the present value of a key when the vendor no longer takes the one that took the job.
    func moveToNewKey(_ attempt: AttemptRecord, of id: TaskID) -> Bool {
        guard let task = live[id], let origin = task.origins[attempt.number],
            let now = settings.editions[attempt.name.provider], now.key(attempt.credential) != nil,
            now.provider.baseURL == origin.edition.provider.baseURL,
            !now.provider.hasSameKey(attempt.credential, as: origin.edition.provider)
        else { return false }
        keep(self.origin(now, attempt.credential), of: attempt.number, of: task)
        parts.log(
            .notice,
            "the old value of a key is no longer taken; its task goes on with the new one",
            about(id, ["route": "\(attempt.name)", "credential": "\(attempt.credential ?? "-")"])
        )
        return true
    }

    // MARK: Another configuration

    /// Takes up other settings: new calls go by them, jobs that are under way end where they were begun.
    package func adopt(_ next: EngineSettings) {
        let before = settings
        heldSettings.withLock { $0 = next }
        for (name, edition) in before.editions where next.editions[name] == nil {
            former[name] = edition
            for key in edition.provider.credentials { renew(key.name, of: name) }
        }
        for (name, edition) in next.editions {
            former[name] = nil
            take(edition.provider, insteadOf: before.editions[name]?.provider)
        }
        for name in before.editions.keys where next.editions[name] == nil {
            slots[name]?.update(keys: [], withoutKeys: 0, renewed: [], isOpen: false)
            sendAway(name)
        }
        forgetFormer()
    }

    private func take(_ provider: Provider, insteadOf old: Provider?) {
        let name = provider.id
        let renewed = provider.credentials.map(\.name).filter { key in
            !(old?.hasSameKey(key, as: provider) ?? false)
        }
        for key in renewed { renew(key, of: name) }
        for key in old?.credentials ?? [] where !provider.credentials.contains(where: { $0.name == key.name })
        {
            renew(key.name, of: name)
        }
        slots[name, default: SlotQueue(keys: [], withoutKeys: 0, isOpen: false)].update(
            keys: provider.slotKeys(areShared: parts.keyLimits != nil),
            withoutKeys: provider.adapter.defaultConcurrency,
            renewed: Set(renewed),
            isOpen: provider.isEnabled
        )
        let isElsewhere = old?.baseURL != provider.baseURL || old?.adapter.id != provider.adapter.id
        let now = parts.time.instant
        for operation in provider.adapter.operations {
            let route = RouteName(provider: name, operation: operation.name)
            // What was said of another address, or of keys that are no longer these, is no reason to hold back.
            if isElsewhere { (breakers[route], recents[route]) = (nil, nil) }
            switch board.troubles(at: now)[route] {
            case .failing? where !isElsewhere: break
            default: board.tell(nil, of: route)
            }
        }
        tellOfKeys(of: name)
        openings[name] = nil
        if provider.isEnabled { grant(name) } else { sendAway(name) }
    }

    private func renew(_ credential: String, of provider: String) {
        generations[KeyName(provider: provider, credential: credential), default: 0] += 1
    }

    /// Whoever waits for a provider that takes no new calls goes to the next one, or is told so.
    private func sendAway(_ name: String) {
        for seat in slots[name]?.dismissAll() ?? [] {
            live[seat.task]?.lines[seat.request] = nil
            post(.unavailable(request: seat.request, Self.gone(name)), to: seat.task)
        }
    }

    static func gone(_ name: String) -> Failure {
        Failure(
            .providerUnavailable,
            "the provider \(name) is no longer configured",
            origin: .gateway
        )
    }

    /// Forgets providers that are configured no longer and have no task any more.
    private func forgetFormer() {
        for name in former.keys where !hasTasks(name) {
            former[name] = nil
            slots[name] = nil
            serviceTimes[name] = nil
        }
        forgetRecents()
    }

    private func hasTasks(_ name: String) -> Bool {
        tasksOfKeys.keys.contains { $0.name.provider == name } || slots[name]?.used ?? 0 > 0
    }

    /// Providers that are configured no longer and still have tasks, by their names.
    package func formerProviders() -> [Provider] {
        forgetFormer()
        return former.values.map(\.provider).sorted { $0.id < $1.id }
    }
}

extension TaskRecord {
    /// Whether somebody may still have to ask where an attempt was begun.
    func needsOrigin(of attempt: AttemptRecord) -> Bool {
        attempt.isOpen || outputs.contains { $0.attempt == attempt.number && $0.status == .pending }
    }
}
