import Configuration
import Glibc
import Telemetry
import Threads

/// Takes up a configuration that was changed while the gateway runs: whole, or not at all.
///
/// It reads on SIGHUP, when a file behind the configuration has changed, and when a value that is kept elsewhere has.
/// One after another: what happens while one reading is under way leads to another one after it.
actor Reloader {
    /// Why the configuration is read again.
    enum Occasion: Sendable {
        case signal
        /// It is time to look at the files.
        case look
        /// Values kept outside this machine are others now.
        case secrets
    }

    private let source: ConfigurationSource
    private let log: Log
    private let metrics: ReloadMetrics
    private let adopt: @Sendable (GatewayConfiguration) async -> Void
    private var running: GatewayConfiguration
    private var watch: FileWatch
    private var paths: Set<String>
    private nonisolated let occasions: AsyncStream<Occasion>
    private nonisolated let sender: AsyncStream<Occasion>.Continuation
    private nonisolated let isLookDue = Guarded(false)

    private static let pause = Duration.seconds(1)

    /// Watches over what was read at the start; `adopt` puts another configuration to work, and cannot fail.
    init(
        _ source: ConfigurationSource,
        running: GatewayConfiguration,
        from reading: ConfigurationSource.Reading,
        log: Log,
        metrics: ReloadMetrics,
        adopt: @escaping @Sendable (GatewayConfiguration) async -> Void
    ) {
        self.source = source
        self.running = running
        self.log = log
        self.metrics = metrics
        self.adopt = adopt
        watch = FileWatch(reading.looks)
        paths = reading.paths
        (occasions, sender) = AsyncStream.makeStream(of: Occasion.self)
    }

    /// Has the configuration read again, from any thread.
    nonisolated func nudge(_ occasion: Occasion) { sender.yield(occasion) }

    /// Works until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tick() }
            group.addTask { await self.work() }
        }
    }

    private nonisolated func tick() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.pause) } catch { return }
            // One look that waits is enough.
            let isNew = isLookDue.withLock { isDue in
                defer { isDue = true }
                return !isDue
            }
            if isNew { nudge(.look) }
        }
    }

    private func work() async {
        for await occasion in occasions {
            if occasion == .look {
                isLookDue.withLock { $0 = false }
                guard !paths.isEmpty, watch.isSettledChange(FileWatch.looks(at: paths)) else { continue }
            }
            await reload(occasion)
        }
    }

    // MARK: One reading

    private func reload(_ occasion: Occasion) async {
        guard let path = source.path else {
            guard occasion == .signal else { return }
            return log(.warning, "SIGHUP: there is no configuration file to read again; see --config")
        }
        guard Self.isFile(path) else {
            // A pipe is empty by now: that would read as a configuration without anything in it.
            return log(
                .error,
                "the configuration is no regular file, and cannot be read again",
                ["file": "\(path)"]
            )
        }
        do {
            let reading = try await readWhole()
            paths = reading.paths
            watch.wasRead(reading.looks)
            switch reading.configuration {
            case .success(let configuration): await take(configuration, occasion)
            case .failure(let problems): refuse(problems)
            }
        } catch is ConfigurationSource.TornReading {
            // The next look finds it changed, once it has come to rest.
            log(.notice, "the configuration is being written; it is read when that is done")
        } catch {
            watch.wasRead(FileWatch.looks(at: paths))
            metrics.take(.refused)
            log(
                .error,
                "the configuration cannot be read; the one at work stays",
                ["reason": "\((error as? CommandFailure)?.message ?? "\(error)")"]
            )
        }
    }

    /// Reads; a file that is changed meanwhile is given a moment.
    private func readWhole() async throws -> ConfigurationSource.Reading {
        for _ in 0..<5 {
            do {
                return try await source.read()
            } catch is ConfigurationSource.TornReading {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await source.read()
    }

    private func take(_ read: GatewayConfiguration, _ occasion: Occasion) async {
        let decision = ReloadDecision(
            running: running,
            read: read,
            adapters: GatewayConfiguration.knownAdapters
        )
        switch decision {
        case .refused(let problem): refuse(ConfigurationProblems([problem]))
        case .unchanged(let waiting):
            metrics.take(.unchanged)
            tell(waiting)
            log(.notice, "the configuration was read again; there is nothing new to take up")
        case .take(let next, let taken, let waiting):
            await adopt(next)
            running = next
            metrics.take(.taken)
            for change in taken {
                log(
                    .notice,
                    "a setting was taken up",
                    ["setting": "\(change.path)", "change": "\(change.kind.rawValue)"]
                )
            }
            tell(waiting)
            log(
                .notice,
                "the changed configuration is at work",
                ["settings": .init(taken.count), "occasion": "\(occasion)"]
            )
        }
    }

    private func tell(_ waiting: [ConfigurationChange]) {
        for change in waiting {
            log(
                .warning,
                "a setting needs a restart to be taken up",
                ["setting": "\(change.path)", "change": "\(change.kind.rawValue)"]
            )
        }
    }

    private func refuse(_ problems: ConfigurationProblems) {
        metrics.take(.refused)
        for problem in problems.list {
            log(.error, "a problem in the configuration", ["problem": "\(problem)"])
        }
        log(
            .error,
            "the changed configuration was refused as a whole; the one at work stays",
            ["problems": .init(problems.list.count)]
        )
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        // What is not there is told of when it is opened.
        return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }
}
