import Providers
package import Sound
package import Timing

/// How busy the providers are, and what had better not be called.
extension Engine {
    /// How busy a provider is.
    package struct Load: Sendable {
        /// Tasks in line for a place.
        package let waiting: Int
        /// Places that are taken.
        package let running: Int
        /// How long a task that comes now would wait for a place; `nil` while nothing is known of the pace.
        package let expectedWait: Duration?
        /// Each key's state and the places of it that are taken, those that begin nothing any more included.
        package let keys: [String: (state: KeyState, used: Int)]
        /// How many tasks have to be asked for with each key; none for a key that is not in here.
        package let tasks: [String: Int]
        /// Those of them that go on with an earlier value of the key, or at an earlier address.
        package let tasksOnOldKeys: [String: Int]
        /// How the breaker of each operation stands that has been called, by the operation's name.
        package let breakers: [String: Breaker.State]
        /// How each operation has done of late that has been called, by the operation's name.
        package let recents: [String: Recent.Summary]
        /// The monotonic time of all this, which the states' times are to be held against.
        package let instant: UInt64
        /// What its vendor has told us by itself.
        package let callbacks: CallbackCounts
    }

    /// The operations that had better not be called just now, and why.
    package nonisolated var troubles: [RouteName: TaskBoard.Trouble] {
        board.troubles(at: parts.time.instant)
    }

    /// How busy each provider is.
    package func load() -> [String: Load] {
        var load: [String: Load] = [:]
        for (name, queue) in slots {
            var wait: Duration? = queue.isOpen && queue.hasRoom ? .zero : nil
            if wait == nil, queue.isOpen, let service = serviceTimes[name] {
                wait = .seconds(service * Double(queue.depth + 1) / Double(max(queue.capacity, 1)))
            }
            load[name] = Load(
                waiting: queue.depth,
                running: queue.used,
                expectedWait: wait,
                keys: queue.keys,
                tasks: tasks(of: name) { _ in true },
                tasksOnOldKeys: tasks(of: name) { $0.generation != generations[$0.name] ?? 0 },
                breakers: breakers.reduce(into: [:]) { states, entry in
                    guard entry.key.provider == name else { return }
                    states[entry.key.operation] = entry.value.state(at: parts.time.instant)
                },
                recents: recents.reduce(into: [:]) { summaries, entry in
                    guard entry.key.provider == name else { return }
                    summaries[entry.key.operation] = entry.value.summary(at: parts.time.instant)
                },
                instant: parts.time.instant,
                callbacks: callbacks[name] ?? CallbackCounts()
            )
        }
        return load
    }

    private func tasks(of provider: String, where isCounted: (Key) -> Bool) -> [String: Int] {
        tasksOfKeys.reduce(into: [:]) { tasks, entry in
            guard entry.key.name.provider == provider, let key = entry.key.name.credential,
                isCounted(entry.key)
            else { return }
            tasks[key, default: 0] += entry.value
        }
    }
}
