import Glibc
import HTTP
import JSON
import Telemetry
import Threads

/// Shows a running gateway's tasks and providers, again and again.
enum TopCommand {
    private static let once = Option("--once", summary: "print it once as text; so does a pipe or a file")
    private static let every = Option(
        "--every",
        value: "SECONDS",
        summary: "ask again after so many seconds, 0.5 to 60 (default 2)"
    )

    static let command = Command(
        name: "top",
        summary: "watch a running gateway's tasks and providers",
        details: """
            Redrawn in place; q or Ctrl-C ends it. TAKEN IN is how long a provider takes to answer a create, DONE IN how long
            calls take that succeed: half of them, and 95 of a hundred in parentheses, over the last hour. A client sees
            its own tasks, an admin everybody's.
            """,
        options: [once, every] + GatewayClient.options + [.json],
        signals: Interruption.signals + [SIGWINCH, SIGTSTP],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let seconds = try invocation.number(every) ?? 2
        guard (0.5...60).contains(seconds) else { throw invocation.misread(every, "a number from 0.5 to 60") }
        return try await GatewayClient.with(invocation) { gateway in
            let isLive = !invocation.has(once) && !invocation.has(.json) && Screen.isThere
            guard isLive else {
                // Nobody has taken the signals away for long: one look is soon over.
                let interruption = try Interruption()
                return try await orInterrupted(interruption) { try await show(gateway, invocation) }
            }
            return try await Watch(gateway: gateway, pause: .seconds(seconds)).run()
        }
    }

    private static func show(_ gateway: GatewayClient, _ invocation: Invocation) async throws -> ExitStatus {
        let snapshot = try await TopSnapshot(from: gateway)
        if invocation.has(.json) {
            Console.output(snapshot.json.prettyPrinted())
            return .success
        }
        let view = TopView(snapshot: snapshot, origin: gateway.origin.origin, now: .now())
        let width = Console.isTerminal(STDOUT_FILENO) ? Screen.size.columns : nil
        for line in view.lines(width: width) { Console.output(Screen.painted(line)) }
        return .success
    }

    private static func orInterrupted(
        _ interruption: Interruption,
        _ body: @escaping @Sendable () async throws -> ExitStatus
    ) async throws -> ExitStatus {
        try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
            group.addTask { try await body() }
            group.addTask { await interruption.first().map { .interrupted(by: $0) } }
            defer { group.cancelAll() }
            while let status = try await group.next() {
                if let status { return status }
            }
            throw CancellationError()
        }
    }
}

/// One run of the live page.
private struct Watch {
    private enum Event: Sendable {
        case seen(TopSnapshot)
        case failed(String)
        case resized
        case key(UInt8)
        case interrupted(Int32)
    }

    let gateway: GatewayClient
    let pause: Duration

    func run() async throws -> ExitStatus {
        let (events, sender) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(64))
        let screen = Screen()
        let interruption = try Interruption(others: [
            SIGWINCH: { sender.yield(.resized) },
            // The shell gets its terminal as it was, and we take it again when we go on.
            SIGTSTP: {
                screen.leave()
                kill(getpid(), SIGSTOP)
                screen.enter()
                sender.yield(.resized)
            },
        ])
        // What is wrong from the first is said as any other command says it.
        var view = TopView(
            snapshot: try await TopSnapshot(from: gateway),
            origin: gateway.origin.origin,
            now: .now()
        )
        screen.enter()
        defer { screen.leave() }
        screen.draw(view)
        try readKeys(into: sender)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await ask(sender) }
            group.addTask {
                guard let signal = await interruption.first() else { return }
                // At once: a second signal ends the process where it stands.
                screen.leave()
                sender.yield(.interrupted(signal))
            }
            defer { group.cancelAll() }
            for await event in events {
                switch event {
                case .seen(let snapshot):
                    view = TopView(snapshot: snapshot, origin: view.origin, now: .now())
                case .failed(let reason): view.trouble = "\(reason); trying again"
                case .resized: break
                case .key(let key):
                    guard key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") else { continue }
                    return .success
                case .interrupted(let signal): return .interrupted(by: signal)
                }
                screen.draw(view)
            }
            return .success
        }
    }

    private func ask(_ sender: AsyncStream<Event>.Continuation) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pause)
                sender.yield(.seen(try await TopSnapshot(from: gateway)))
            } catch let error as Unreachable {
                sender.yield(.failed(error.commandFailure.message))
            } catch let error as CommandFailure {
                sender.yield(.failed(error.message))
            } catch let error as Refusal {
                sender.yield(.failed(error.message))
            } catch {
                // Only an end is left.
                return
            }
        }
    }

    /// Reads keys on a thread of its own, which ends with the process.
    private func readKeys(into sender: AsyncStream<Event>.Continuation) throws {
        guard Console.isTerminal(STDIN_FILENO) else { return }
        _ = try Thread(name: "keys") {
            var key: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &key, 1)
                if count == 1 {
                    sender.yield(.key(key))
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }
}
