import EventLoop
import Telemetry

/// The connections of one loop, and the calls that wait for one of them.
///
/// Confined to its loop's thread. Connections are opened as they are needed. While the server is away and no connection
/// is left, calls fail at once with the reason; one connection at a time is tried again, with growing pauses.
@safe final class LoopPool: ConnectionHolder, @unchecked Sendable {
    private enum Request {
        case batch(Batch)
        case loan(Loan)

        var queuedUntil: UInt64 {
            switch self {
            case .batch(let batch): batch.queuedUntil
            case .loan(let loan): loan.queuedUntil
            }
        }

        func refuse(_ error: PostgresError) {
            switch self {
            case .batch(let batch): batch.end(.failure(error))
            case .loan(let loan): loan.refuse(error)
            }
        }
    }

    let loop: EventLoop
    private let options: PostgresPool.Options
    private let url: ConnectionURL
    private let log: Log

    private var connections: [Connection] = []
    private var waiting: [Request] = []
    /// The connection that is kept free for the claim that waits first.
    private var reserved: Connection?
    private var backoff: Backoff
    private var generator = SystemRandomNumberGenerator()
    /// Why there is no connection; `nil` as long as none has been tried in vain.
    private var trouble: PostgresError?
    private var retry: Timer?
    private var patience: Timer?
    private var isClosed = false
    private var closers: [() -> Void] = []

    init(_ url: ConnectionURL, on loop: EventLoop, _ options: PostgresPool.Options, log: Log) {
        self.url = url
        self.loop = loop
        self.options = options
        self.log = log
        backoff = options.backoff
    }

    // MARK: Calls

    /// Sends a batch, now or as soon as a connection has room.
    func submit(_ batch: Batch) {
        guard !batch.isCancelled else { return batch.end(.failure(.cancelled)) }
        submit(.batch(batch))
    }

    /// Lends a connection, now or as soon as one is free.
    func submit(_ loan: Loan) {
        guard !loan.isCancelled else { return loan.refuse(.cancelled) }
        submit(.loan(loan))
    }

    private func submit(_ request: Request) {
        guard !isClosed else { return request.refuse(.closed) }
        if let trouble, !connections.contains(where: \.isOpen) { return request.refuse(trouble) }
        if waiting.isEmpty, place(request) { return grow() }
        guard waiting.count < options.longestQueue else {
            return request.refuse(
                PostgresError(.queueFull, "too many calls wait for PostgreSQL: \(waiting.count)")
            )
        }
        let until = monotonicNow() &+ options.longestWait.wholeNanoseconds
        switch request {
        case .batch(let batch): batch.queuedUntil = until
        case .loan(let loan): loan.queuedUntil = until
        }
        waiting.append(request)
        serve()
        watchPatience()
    }

    /// Sends a batch of a transaction.
    func submit(_ batch: Batch, on loan: Loan) {
        guard !batch.isCancelled else { return batch.end(.failure(.cancelled)) }
        guard let connection = loan.connection else {
            return batch.end(.failure(PostgresError(.refused, "the transaction is over")))
        }
        switch batch.scope {
        case .commit: loan.hasBegun = false
        case .part where !loan.hasBegun:
            loan.hasBegun = true
            batch.prepend(begin)
        case .part, .whole: break
        }
        connection.send(batch)
    }

    /// Ends a batch before its time.
    func cancel(_ batch: Batch) {
        batch.isCancelled = true
        if let connection = batch.connection { return connection.cancel(batch) }
        let count = waiting.count
        waiting.removeAll { if case .batch(let other) = $0 { other === batch } else { false } }
        if waiting.count < count { batch.end(.failure(.cancelled)) }
    }

    /// Takes a claim back that has not been granted.
    func cancel(_ loan: Loan) {
        loan.isCancelled = true
        let count = waiting.count
        waiting.removeAll { if case .loan(let other) = $0 { other === loan } else { false } }
        if waiting.count < count { loan.refuse(.cancelled) }
        releaseReserved()
    }

    /// Takes a connection back from its transaction.
    func giveBack(_ loan: Loan) {
        guard let connection = loan.end() else { return }
        connection.isLent = false
        guard connection.isOpen else { return }
        guard !connection.isInTransaction else {
            connection.close()
            return ended(connection, PostgresError(.connectionLost, "a transaction was left open"))
        }
        connection.retire()
        hasRoom(connection)
    }

    // MARK: Placing

    /// Places what waits, in its order.
    ///
    /// A claim is placed when it is the first to wait, and a connection is kept free for it then: it is neither overtaken
    /// by batches for ever, nor do claims keep batches waiting that came before them.
    private func serve() {
        guard !isClosed else { return closeIdle() }
        var index = 0
        placing: while index < waiting.count {
            switch waiting[index] {
            case .loan where index > 0: index += 1
            case let request where place(request): waiting.remove(at: index)
            case .loan:
                reserve()
                index += 1
            // Where there is no room for one batch there is none for the next.
            case .batch: break placing
            }
        }
        grow()
    }

    private func place(_ request: Request) -> Bool {
        switch request {
        case .batch(let batch):
            // The least loaded, so that a slow batch keeps few others waiting.
            let free = connections.filter { $0.takesBatches && !$0.isLent && $0 !== reserved }
            guard let connection = free.min(by: { $0.load < $1.load }) else { return false }
            connection.send(batch)
        case .loan(let loan):
            guard let connection = connections.first(where: { $0.isIdle && !$0.isLent }) else { return false }
            reserved = nil
            connection.isLent = true
            loan.grant(connection)
        }
        return true
    }

    /// Sees to it that the least busy connection gets nothing new to do.
    private func reserve() {
        guard reserved == nil else { return }
        reserved = connections.filter { $0.isOpen && !$0.isLent }.min { $0.load < $1.load }
    }

    /// Lets a connection go that was kept free for a claim which is gone.
    private func releaseReserved() {
        if case .loan = waiting.first {} else { reserved = nil }
        serve()
    }

    /// Opens one more connection when there is work for it, one at a time.
    private func grow() {
        guard !isClosed, retry == nil, connections.count < options.connectionsPerLoop,
            connections.allSatisfy(\.isOpen)
        else { return }
        let shared = connections.filter { !$0.isLent }
        guard !waiting.isEmpty || (!shared.isEmpty && shared.allSatisfy { $0.load > 1 }) else { return }
        open()
    }

    private func open() {
        let connection = Connection(url, on: loop, options, log: log)
        connection.holder = self
        connections.append(connection)
        connection.open()
    }

    // MARK: What connections tell

    func opened(_ connection: Connection) {
        if trouble != nil { log(.notice, "PostgreSQL is there again") }
        trouble = nil
        if isClosed { return closeIdle() }
        serve()
    }

    func hasRoom(_ connection: Connection) { serve() }

    func ended(_ connection: Connection, _ error: PostgresError) {
        connections.removeAll { $0 === connection }
        if reserved === connection { reserved = nil }
        guard !isClosed else { return closeIdle() }
        if let openedAt = connection.openedAt {
            log(.warning, "a connection to PostgreSQL was lost", error.fields)
            // Of those that do not last a second, each is one more failure.
            guard monotonicNow() &- openedAt > 1_000_000_000 else { return pause() }
            backoff.reset()
            return connections.isEmpty ? open() : grow()
        }
        if !connections.contains(where: \.isOpen) {
            if trouble == nil { log(.error, "PostgreSQL is not to be had", error.fields) }
            trouble = error.kind == .noConnection ? error : PostgresError(.noConnection, error.message)
            let refused = waiting
            waiting = []
            for request in refused { request.refuse(trouble ?? error) }
        }
        pause()
    }

    /// Tries again later.
    private func pause() {
        guard retry == nil else { return }
        let pause = backoff.next(using: &generator)
        retry = loop.schedule(after: pause) { [weak self] in
            guard let self else { return }
            retry = nil
            if connections.isEmpty { open() } else { grow() }
        }
    }

    func heard(_ channel: String, _ payload: String) {}

    // MARK: Time

    private func watchPatience() {
        guard patience == nil, let due = waiting.first?.queuedUntil else { return }
        patience = loop.schedule(at: due) { [weak self] in
            guard let self else { return }
            patience = nil
            let now = monotonicNow()
            // All wait for the same time, so the first ones are the first to have waited too long.
            let late = waiting.prefix { $0.queuedUntil <= now }
            waiting.removeFirst(late.count)
            for request in late {
                request.refuse(PostgresError(.noConnection, "no connection to PostgreSQL was free in time"))
            }
            releaseReserved()
            watchPatience()
        }
    }

    // MARK: The end

    /// Refuses what waits, lets what is under way end, and closes the connections.
    func close(_ done: @escaping () -> Void) {
        isClosed = true
        closers.append(done)
        if let retry { loop.cancel(retry) }
        if let patience { loop.cancel(patience) }
        (retry, patience) = (nil, nil)
        let refused = waiting
        waiting = []
        for request in refused { request.refuse(.closed) }
        closeIdle()
    }

    private func closeIdle() {
        connections.removeAll { connection in
            guard !connection.isLent, connection.load == 0 || !connection.isOpen else { return false }
            connection.close()
            return true
        }
        guard connections.isEmpty else { return }
        let closers = closers
        self.closers = []
        for done in closers { done() }
    }

    /// Whether a batch that is submitted now would be the only one on its connection.
    var hasIdleConnection: Bool {
        waiting.isEmpty && connections.contains { $0.isIdle && !$0.isLent && $0 !== reserved }
    }

    /// What the pool is doing, for metrics and tests.
    var state: PostgresPool.State {
        PostgresPool.State(
            connections: connections.count(where: \.isOpen),
            busy: connections.count { $0.isLent || $0.load > 0 },
            batches: connections.reduce(0) { $0 + $1.load },
            waiting: waiting.count,
            isAvailable: trouble == nil
        )
    }
}

/// Its text is known to be sound.
private let begin = EncodedStatement(plain: "BEGIN")

extension PostgresError {
    /// As fields of a log line.
    var fields: LogFields { ["reason": .string(message), "sqlstate": sqlState.map { .string($0) }] }
}
