import Assets
import Crypto
import Emulators
import EventLoop
import Foundation
import HTTP
import JSON
import Providers
import Routing
import Sound
import Support
import Tasks
import Telemetry
import Testing
import Threads
import Webhooks

/// A gateway that dies and is started anew over the same files, and the doubles that outlive it.
final class StepHouse {
    /// One process, from its start to its death.
    private struct Incarnation {
        let process: StepProcess
        let ledger: SQLiteLedger
        let store: AssetStore
        let engine: Engine
    }

    private struct TooLong: Error, CustomStringConvertible {
        let description: String
    }

    private struct Shared {
        let loops: [EventLoop]

        init() throws {
            loops = try (0..<2).map { try EventLoop(name: "steps-\($0)") }
            for loop in loops { try loop.start() }
        }
    }

    private static let shared = Result { try Shared() }
    private static let turn = Guarded(0)

    private let life: Life
    private let loop: EventLoop
    private let pool: WorkerPool
    private let folder: String
    private let line = CallbackLine()
    private let host: EmulatorHost
    private let time = CaseTime()
    private let wall: WallClock
    private let player: StepPlayer
    private let messages = Observed<[String]>([])
    private let served = Guarded(Set<String>())
    private var providers: [Provider] = []
    private var lives: [Incarnation] = []
    private var watchdog: Task<Void, Never>?
    private var hasCallbacks: Bool { life.callbacks != .off }

    let script: StepScript
    /// The audio that is there when all has come to rest.
    private(set) var kept: [AssetFolder.File] = []
    private var isSettled = false
    /// What was durable when a process was stopped or died.
    private(set) var left: TaskRecord?

    init(_ life: Life, _ faults: [StepFault], in folder: String) throws {
        self.life = life
        self.folder = folder
        script = StepScript(faults)
        let loops = try Self.shared.get().loops
        loop = Self.turn.withLock { turn in
            turn += 1
            return loops[turn % loops.count]
        }
        pool = try Foundations.shared.get().pool
        wall = WallClock(time)
        player = StepPlayer(script: script, time: time, wall: wall, folder: "\(folder)/audio")
        var options = EmulatorOptions(isOnLoopback: true)
        options.temporaryDirectory = folder
        options.standIn = { ShortSound.file($0) }
        host = try EmulatorHost(
            options,
            pool: pool,
            carrier: life.callbacks == .off ? nil : line,
            clock: time,
            log: Log(level: .error, sink: LogMemory())
        )
    }

    /// Lends a folder for the houses of many cases, one after another; in memory where there is such a place, for what is
    /// tried is the order of things and not the disk.
    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let memory = "/dev/shm"
        let base =
            FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        let folder = "\(base)/steps-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    // MARK: A life

    /// Lives the life to its end, through whatever goes wrong, and returns the task.
    func run() async throws -> TaskRecord {
        let rules = HouseRules(callbacks: life.callbacks, settings: life.settings)
        let isVendor = life.kind != .rendered
        let secret = isVendor ? try await prepare(host, rules, life.route.provider) : nil
        providers = rules.providers(trying: life.route.provider, secret: secret) { "http://doubles/\($0)" }
        let situation = script.situation
        watchdog = Task {
            // No part of the case: it only ends one that would never end.
            try? await Task.sleep(for: .seconds(20))
            if !Task.isCancelled { situation.change { $0.isOverdue = true } }
        }
        try await start()
        while true {
            await situation.until { $0.needsSomebody }
            let now = situation.value
            if now.isOverdue { throw TooLong(description: account) }
            if now.hasDied {
                try await restart()
            } else if now.isHanging {
                try await letHang(now)
            } else if now.isRefused {
                // The service manager starts it again; the client asks again.
                situation.change { $0.isRefused = false }
                if now.isUp { ask() } else { try await restart() }
            } else if now.hasComeToAnEnd {
                break
            } else if now.told == nil {
                ask()
            } else {
                try await waitForDeadline()
            }
        }
        if script.lastFault?.mishap == .late, life.kind == .polled {
            // Creates that were under way at the deadline are answered after the end.
            await situation.until { situation in
                situation.isOverdue || situation.stored?.attempts.contains { $0.state == .unknown } == false
            }
        }
        let ended = try #require(situation.value.stored)
        let script = script
        // The end is durable before its call comes back, and that one may be the call that hangs. Owned by the case.
        Task {
            await situation.until { $0.isHanging || $0.isOverdue }
            script.letGo()
        }
        // What the engine does after the end has been stored it does before this returns.
        await engine?.waitForEnd(of: ended.id, atMost: .seconds(1_000_000))
        try await settle()
        return try #require(situation.value.stored)
    }

    /// A new process over what the last one left.
    private func start() async throws {
        script.situation.change { situation in
            situation.isUp = false
            situation.stepsUnderWay = 0
            situation.isAsking = false
            situation.hasDied = false
        }
        let process = StepProcess()
        let log = Log(level: .debug, sink: MessageSink(messages: messages))
        let inner = try await SQLiteLedger(path: "\(folder)/ledger.db", log: log)
        let store = try AssetStore(directory: "\(folder)/audio")
        let transport = StepLine(
            host: host,
            script: script,
            process: process,
            faults: player,
            served: served
        )
        let clock = ProcessTime(time: time, wall: wall, process: process)
        var parts = Engine.Parts(
            providers: providers,
            ledger: StepLedger(inner: inner, script: script, process: process, faults: player),
            store: store,
            fetcher: AssetFetcher(client: transport, store: store, pool: pool, maximumBytes: 8 << 20),
            client: transport,
            pool: pool,
            time: clock,
            log: log
        )
        if hasCallbacks { parts.publicURL = CallbackLine.publicURL }
        // By a clock that jumps over waits it would be renewed for ever.
        parts.leaseTerm = .seconds(1_000_000)
        parts.announce = { _, milestone, _ in Array(milestone.id.utf8) }
        let engine = Engine(loop: loop, parts: parts)
        lives.append(Incarnation(process: process, ledger: inner, store: store, engine: engine))
        let situation = script.situation
        line.connect(
            to: .init(
                engine: engine,
                providers: providers,
                time: clock,
                isUp: { !process.isDead },
                isReady: {
                    await situation.until { situation in
                        situation.isOverdue || situation.stored?.awaitsNoAnswer == true
                    }
                }
            )
        )
        // Owned by the case: what it waits for is let go at the end.
        Task {
            do {
                _ = try await engine.recover()
                situation.change { $0.isUp = true }
            } catch {
                situation.change { $0.isRefused = true }
            }
        }
    }

    private func restart() async throws {
        guard let last = lives.last else { return }
        last.process.die()
        // Whatever was on its way into the file is in it now.
        await last.ledger.close()
        let stored = script.situation.value.stored
        left = stored
        let hasJumped = if case .diesAndJumps = script.lastFault?.mishap { true } else { false }
        script.situation.change { situation in
            situation.isHanging = false
            // A key may be older than it is remembered by the new clock: who knows of the task asks no more.
            if hasJumped { situation.told = stored?.id }
        }
        try await start()
    }

    /// The client asks for the sound, under its key.
    private func ask() {
        guard let engine = lives.last?.engine else { return }
        let (life, providers, situation) = (life, providers, script.situation)
        situation.change { $0.isAsking = true }
        // Owned by the case, as above.
        Task {
            var request = life.request
            request.providers = [life.route.provider]
            request.webhookURL = "https://hooks.example/sounds"
            let plan = Planner(providers: providers, preference: [], publicURL: nil).plan(request)
            #expect(plan.eligible.map(\.route.name) == [life.route])
            do {
                let creation = try await engine.create(
                    request,
                    routes: plan.eligible.map(\.route),
                    client: nil,
                    deadline: CaseHouse.deadline
                ) { record in
                    FirstAnswer(
                        key: IdempotencyKey(client: nil, value: "once"),
                        fingerprint: "",
                        task: record.id,
                        status: 202,
                        body: [],
                        createdAt: record.createdAt
                    )
                }
                situation.change { situation in
                    switch creation {
                    case .created(let record): situation.told = record.id
                    case .known(let answer): situation.told = answer.task
                    }
                }
            } catch {
                situation.change { situation in
                    situation.isAsking = false
                    situation.isRefused = true
                }
            }
        }
    }

    /// A call does not come back: the process is stopped, or the deadline comes first.
    private func letHang(_ now: StepScript.Situation) async throws {
        guard let last = lives.last else { return }
        if script.lastFault?.mishap == .hangs {
            await last.engine.stop(within: .seconds(20))
            return try await restart()
        }
        time.advance(by: CaseHouse.deadline)
        if script.lastFault?.side == .line, now.told != nil {
            // The task does not wait for the vendor beyond its deadline.
            await script.situation.until { $0.stored?.status.hasEnded == true || $0.isOverdue }
        }
        script.letGo()
    }

    /// Nobody can tell whether the vendor has the job: unless it calls, the deadline decides.
    private func waitForDeadline() async throws {
        await host.settleCallbacks()
        let isTaken = try await accepted() > 0
        if life.isToldByToken, isTaken {
            return await script.situation.until { !$0.isStuck || $0.isOverdue }
        }
        time.advance(by: CaseHouse.deadline)
        await script.situation.until { !$0.isStuck || $0.isOverdue }
    }

    // MARK: What is left

    /// How many jobs the doubles took.
    func accepted() async throws -> Int {
        Int(try #require(try await host.control(.get, "tasks")["accepted"]?.integer))
    }

    /// The steps so far and the engine's last words, for whoever reads of a failure.
    var account: String {
        "\(script.trace.joined(separator: " | ")) — \(messages.value.suffix(8)) — "
            + "\(script.situation.value.states.last.map { "\($0.status) \($0.attempts.map(\.state)) \($0.error?.code.rawValue ?? "")" } ?? "")"
    }

    /// The engine that has seen the end.
    var engine: Engine? { lives.last?.engine }

    /// What the ledger's file says of the task.
    func reread(_ id: TaskID) async throws -> TaskRecord? { try await lives.last?.ledger.task(id) }

    /// What the ledger's file says was used, by whomever and whenever.
    func usage() async throws -> [UsageLine] {
        let query = UsageQuery(owner: .everyone, hours: -100_000_000..<100_000_000, by: .total)
        return try await lives.last?.ledger.usage(query) ?? []
    }

    /// What the task's webhook address is to be told, in order.
    func messages(of id: TaskID) async throws -> [OutboxMessage] {
        var query = OutboxQuery(limit: 100)
        query.task = id
        return try await lives.last?.ledger.messages(query).sorted { $0.number < $1.number } ?? []
    }

    /// Whether a digest is that of content which a double served whole.
    func wasServed(_ digest: String) -> Bool { served.withLock { $0.contains(digest) } }

    var audio: AssetFolder { AssetFolder("\(folder)/audio") }

    /// Files that are being written.
    var incoming: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/audio/incoming")) ?? ["?"]
    }

    /// Which of these are still held in the store; those that are not are removed to find out.
    func pinned(_ assets: [AssetRecord]) throws -> [AssetRecord] {
        guard let store = lives.last?.store else { return assets }
        for asset in assets { try store.remove(asset, unlessTouchedSince: store.mark()) }
        return assets.filter { FileManager.default.fileExists(atPath: store.path(of: $0)) }
    }

    /// Lets the engine and the threads come to what they still have to do; a dead process' files go with it.
    private func settle() async throws {
        player.beginStep()
        for life in lives.dropLast() {
            await life.engine.stop(within: .zero)
            life.process.forget()
        }
        // Of what threads and dead processes leave on the disk nobody tells.
        for _ in 0..<2000 {
            let stored = script.situation.value.stored
            if script.isLineQuiet, incoming.isEmpty || script.lastFault?.mishap == .folderless,
                stored == board
            {
                let wanted = Set(stored?.outputs.compactMap(\.asset?.sha256) ?? [])
                // What goes away while it is looked at is looked for again.
                kept = (try? audio.files()) ?? []
                isSettled = Set(kept.map(\.sha256)) == wanted || isLosingAudio
                if isSettled { return }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Audio of which no task knows: its process died between the file and the ledger, and nobody made it again.
    ///
    /// It goes when orphans are swept.
    var isLosingAudio: Bool {
        guard let left else { return false }
        if case .diesAndJumps = script.lastFault?.mishap, let stored = script.situation.value.stored,
            stored.status == .failed || stored.outputs.contains(where: { $0.status == .failed })
        {
            return true
        }
        return life.kind == .streamed && left.attempts.contains { $0.state == .intended }
    }

    /// The task as the engine shows it, where it still does.
    private var board: TaskRecord? {
        let stored = script.situation.value.stored
        guard let stored, var shown = engine?.board.record(stored.id) else { return stored }
        (shown.progress, shown.eta) = (stored.progress, stored.eta)
        return shown
    }

    /// The span of the case by the time that all of it goes by.
    var elapsed: Duration { time.now.offset }

    func close() async {
        watchdog?.cancel()
        for life in lives { await life.engine.stop(within: .zero) }
        for life in lives { life.process.forget() }
        script.letGo()
        script.situation.change { $0.isOverdue = true }
        time.forget()
        await lives.last?.ledger.close()
        host.close()
        // The folder serves the next case: making the store's many folders takes longer than most cases.
        for file in isSettled ? kept : (try? audio.files()) ?? [] { try? audio.remove(file) }
        let manager = FileManager.default
        // A thread that found its folder again may still keep a file there: not in the next case's.
        let keepsAudio = script.lastFault?.mishap != .folderless
        for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? []
        where name != "audio" || !keepsAudio {
            try? manager.removeItem(atPath: "\(folder)/\(name)")
        }
    }
}

extension StepScript.Situation {
    /// Only the deadline, or a vendor's call, can bring this task on.
    var isStuck: Bool { told != nil && stored?.isLeftToTheDeadline == true }

    /// There is something for the test to do.
    var needsSomebody: Bool {
        isOverdue || hasDied || isHanging || isRefused || isStuck || (isUp && told == nil && !isAsking)
            || hasComeToAnEnd
    }

    /// The task has ended, and the call that stored it has come back: it may be the one that the process dies at.
    var hasComeToAnEnd: Bool { told != nil && stored?.status.hasEnded == true && stepsUnderWay == 0 }
}

extension TaskRecord {
    /// No create waits for its answer.
    fileprivate var awaitsNoAnswer: Bool {
        !attempts.isEmpty && !attempts.contains { $0.state == .intended }
    }

    fileprivate var isLeftToTheDeadline: Bool {
        !status.hasEnded && attempts.contains { $0.state == .unknown && $0.isOpen }
            && !attempts.contains { $0.state == .intended || $0.state == .accepted } && waiting.isEmpty
            && !outputs.contains { $0.status == .pending }
    }
}
