import Crypto
import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// What gateways over one ledger tell each other.
extension Engine {
    /// Begins to hear the others, under the present name.
    func listen() {
        parts.bus?.listen(as: holder) { news in
            self.loop.execute { self.assumeIsolated { $0.hear(news) } }
        }
    }

    private func hear(_ news: ReplicaNews) {
        guard !isStopping else { return }
        switch news {
        // Whoever waits looks by itself in a while; work that nobody holds is looked for at the next renewal.
        case .gap: for id in Array(listeners.keys) { wakeListeners(of: id) }
        case .signal(let signal): take(signal)
        }
    }

    private func take(_ signal: ReplicaSignal) {
        switch signal {
        case .work: takeUpLeftWork()
        case .cancel(let id): post(.cancelRequested, to: id)
        case .watch(let id, let holder, let revision, let progress): watch(id, holder, revision, progress)
        case .changed(let id, let progress):
            guard live[id] == nil, listeners[id] != nil else { return }
            board.note(progressElsewhere: progress, of: id)
            wakeListeners(of: id)
        case .callback(let address, let job):
            guard addressees[address] != nil else { return }
            called(back: address.provider, token: address.token, .hint(job: job ?? address.job))
        case .taken(let id, let number, let job): takeWord(of: job, number, of: id)
        case .removed(let id): if live[id] == nil { board.forget(id) }
        case .failing(let name, let span): hear(failing: name, span)
        case .key(let name, let mark, let word, let span): hear(name, mark, word, span)
        case .wanted(let name):
            sharings[name, default: Sharing()].othersWant = true
            mindShares(of: name.provider)
        case .freed(let name): mindShares(of: name.provider, isDue: true)
        }
    }

    // MARK: Watching

    private func watch(_ id: TaskID, _ holder: LeaseHolder, _ revision: Int, _ progress: Double) {
        if let record = board.record(id), record.revision != revision || record.progress != progress {
            parts.bus?.send(.changed(id, progress: record.progress), to: holder)
            if record.status.hasEnded { return }
        }
        watchers[id, default: [:]][holder] =
            parts.time.instant &+ ReplicaSignal.watchTerm.wholeNanoseconds
    }

    /// Forgets who has not asked again.
    func dropStaleWatchers() {
        let now = parts.time.instant
        watchers = watchers.compactMapValues { holders in
            let left = holders.filter { now < $0.value }
            return left.isEmpty ? nil : left
        }
    }

    /// Tells those who watch a task that it has changed.
    func tellWatchers(of record: TaskRecord) {
        guard !watchers.isEmpty, let holders = watchers[record.id] else { return }
        let now = parts.time.instant
        for (holder, until) in holders where now < until {
            parts.bus?.send(.changed(record.id, progress: record.progress), to: holder)
        }
        let left = record.status.hasEnded ? [:] : holders.filter { now < $0.value }
        watchers[record.id] = left.isEmpty ? nil : left
    }

    /// Has everybody who waits for any news of a task look again.
    func wakeListeners(of id: TaskID) {
        for token in listeners.removeValue(forKey: id) ?? [] { wake(token) }
    }

    // MARK: Jobs

    /// Passes on what a vendor answered to a create whose task another gateway has now.
    func passOn(_ event: TaskEvent, of id: TaskID) {
        guard let bus = parts.bus, case .accepted(let number, let job) = event else { return }
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            do throws(LedgerError) {
                guard let holder = try await parts.ledger.holder(of: id) else { return }
                bus.send(.taken(id, attempt: number, job: job.id), to: holder)
            } catch {
                parts.log(
                    .error,
                    "nobody could be told of a job that a provider took",
                    about(id, ["provider_task_id": "\(job.id)", "reason": "\(error)"])
                )
            }
        }
    }

    private func takeWord(of job: String, _ number: Int, of id: TaskID) {
        guard let task = live[id], let attempt = task.attempt(number), attempt.providerTaskID == nil else {
            return
        }
        reconcile(id, attempt: number, with: job, at: attempt.name.provider)
    }

    // MARK: Breakers and keys

    private func hear(failing name: RouteName, _ milliseconds: Int64?) {
        let now = parts.time.instant
        guard let milliseconds else {
            breakers[name]?.succeeded()
            board.tell(nil, of: name)
            return
        }
        let until = now &+ Duration.milliseconds(min(max(milliseconds, 0), 600_000)).wholeNanoseconds
        breakers[name, default: Breaker()].open(until: until)
        board.tell(.failing(until: until), of: name)
    }

    private func hear(
        _ name: KeyName,
        _ mark: String,
        _ word: ReplicaSignal.KeyWord,
        _ milliseconds: Int64?
    ) {
        // Of another value of the key, theirs or ours, it says nothing.
        guard mark == self.mark(of: name) else { return }
        let span = Duration.milliseconds(min(max(milliseconds ?? 0, 0), 600_000))
        let until = parts.time.instant &+ span.wholeNanoseconds
        let state: KeyState =
            switch word {
            case .setAside: .setAside
            case .limited: .limited(until: until)
            case .outOfCredit: .outOfCredit(until: until)
            }
        slots[name.provider]?.mark(name.credential, state)
        tellOfKeys(of: name.provider)
        grant(name.provider)
    }

    /// Tells the others what a vendor said of a key.
    func tellOthers(of state: KeyState, _ name: KeyName) {
        guard let bus = parts.bus, let mark = mark(of: name) else { return }
        let word: ReplicaSignal.KeyWord
        switch state {
        case .usable: return
        case .setAside: word = .setAside
        case .limited: word = .limited
        case .outOfCredit: word = .outOfCredit
        }
        let now = parts.time.instant
        let left = state.until.map { Int64(clamping: ($0 > now ? $0 - now : 0) / 1_000_000) }
        bus.send(.key(name, mark: mark, word, milliseconds: left), to: nil)
    }

    /// What tells one value of a key from another, and nothing else of it.
    private func mark(of name: KeyName) -> String? {
        guard let key = settings.editions[name.provider]?.key(name.credential)?.key else { return nil }
        return key.reveal { key in
            let digest = HMACSHA256.authenticate(Array("mark".utf8), key: Array(key.utf8))
            return String(digest.hex.prefix(16))
        }
    }
}
