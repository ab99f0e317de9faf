import CPostgres
import EventLoop
import Telemetry
import Threads

/// Who a connection belongs to; called on the loop.
protocol ConnectionHolder: AnyObject {
    /// It is set up and takes batches.
    func opened(_ connection: Connection)
    /// A batch has ended, so there may be room for another.
    func hasRoom(_ connection: Connection)
    /// It is of no use any more; its batches have been told.
    func ended(_ connection: Connection, _ error: PostgresError)
    /// The server passed on a notification.
    func heard(_ channel: String, _ payload: String)
}

/// One connection in pipeline mode: batches go out one after another, and their answers come back in that order.
///
/// Confined to its loop's thread. "The server executes statements, and returns results, in the order the client sends
/// them", and an error skips what follows up to the next Sync, which each batch ends with: so a
/// batch that fails is nobody else's business.
@safe final class Connection: @unchecked Sendable {
    private enum State {
        case closed
        case opening(Opening)
        /// Logged in, but not set up yet.
        case settling(Link)
        case open(Link)
    }

    let loop: EventLoop
    private let options: PostgresPool.Options
    private let url: ConnectionURL
    private let log: Log
    weak var holder: (any ConnectionHolder)?

    private var state = State.closed
    private var flights: [Flight] = []
    private var prepared: PreparedStatements
    private var watch: Watch?
    private var isWriting = false
    private var isCancelling = false
    /// Batches of a transaction that came while a request to cancel was on its way.
    private var held: [Batch] = []
    /// Nothing new is to be sent here: the server is not the one that it was.
    private var isRetired = false
    /// The server's farewell, said in the place of an answer to the first batch: it has not begun with the others.
    ///
    /// Where libpq finds the socket closed it forgets what it waits for, and takes the rest of what it has read, answers
    /// and farewell, for messages out of turn. Such a farewell (``Link/farewell``) says nothing of any batch.
    private var farewell: PostgresError?
    private var timer: Timer?
    /// When the first batch must have been answered, in monotonic nanoseconds.
    private var answerDue: UInt64?
    /// A transaction has it for itself.
    var isLent = false
    /// When it was set up, in monotonic nanoseconds; `nil` before.
    private(set) var openedAt: UInt64?

    init(_ url: ConnectionURL, on loop: EventLoop, _ options: PostgresPool.Options, log: Log) {
        self.url = url
        self.loop = loop
        self.options = options
        self.log = log
        prepared = PreparedStatements(most: options.keptStatements)
    }

    // MARK: State

    /// The batches that have not been answered.
    var load: Int { flights.count }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether one more batch may be sent behind the others.
    ///
    /// Not while a request to cancel is on its way: it names no statement, and would hit whatever runs when it comes.
    var takesBatches: Bool {
        isOpen && !isCancelling && !isRetired && flights.count < options.batchesPerConnection
            && !flights.contains { $0.batch.isCancelled }
    }

    /// Whether nothing at all is going on.
    var isIdle: Bool { isOpen && flights.isEmpty && !isCancelling && !isRetired }

    /// Whether a transaction is open on the server; tells only while the connection is idle.
    var isInTransaction: Bool { link?.isInTransaction ?? false }

    // MARK: Life

    /// Begins to connect.
    func open() {
        let opening = Opening(url, on: loop, patience: options.connectTimeout, log: log) {
            [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let link): settle(link)
            case .failure(let error): fail(error)
            }
        }
        state = .opening(opening)
        opening.start()
    }

    private func settle(_ link: Link) {
        state = .settling(link)
        guard unsafe PQsetnonblocking(link.pointer, 1) == 0, unsafe PQenterPipelineMode(link.pointer) == 1
        else {
            return fail(PostgresError(.noConnection, "libpq does not enter its pipeline mode"))
        }
        do throws(SystemError) {
            watch = try loop.watch(link.socket, for: .read) { [weak self] in self?.ready($0) }
        } catch {
            return fail(PostgresError(.noConnection, "the connection to PostgreSQL cannot be watched"))
        }
        do throws(PostgresError) {
            let settings = try Batch([options.sessionSettings], .part)
            settings.whenEnded { [weak self] outcome in self?.settled(link, outcome) }
            send(settings)
        } catch {
            fail(error)
        }
    }

    private func settled(_ link: Link, _ outcome: Batch.Outcome) {
        guard case .settling = state else { return }
        switch outcome {
        case .failure(let error): fail(error)
        case .success:
            state = .open(link)
            openedAt = monotonicNow()
            log(
                .debug,
                "connected to PostgreSQL",
                ["host": .string(link.host), "tls": .bool(link.isEncrypted)]
            )
            holder?.opened(self)
        }
    }

    /// Ends the connection without telling its holder; batches that are under way fail.
    func close() { end(PostgresError.closed) }

    /// Ends the connection, tells its batches and then its holder.
    private func fail(_ error: PostgresError) {
        if case .closed = state { return }
        end(error)
        holder?.ended(self, error)
    }

    private func end(_ error: PostgresError) {
        if case .opening(let opening) = state { opening.callOff() }
        state = .closed
        if let watch { loop.unwatch(watch) }
        watch = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        let (lost, unsent) = (flights, held)
        (flights, held) = ([], [])
        for (index, flight) in lost.enumerated() {
            flight.batch.end(flight.outcome(after: error, isUntouched: farewell != nil && index > 0))
        }
        for batch in unsent { batch.end(.failure(error)) }
    }

    private var link: Link? {
        switch state {
        case .settling(let link), .open(let link): link
        case .closed, .opening: nil
        }
    }

    // MARK: Sending

    /// Sends a batch behind those that are under way.
    func send(_ batch: Batch) {
        guard let link else {
            return batch.end(.failure(PostgresError(.connectionLost, "the connection to PostgreSQL is gone")))
        }
        batch.connection = self
        guard !isCancelling else { return held.append(batch) }
        var flight = Flight(batch)
        let isTaken =
            switch batch.work {
            case .statements(let statements): send(statements, &flight, on: link)
            case .script(let text): send(text, &flight, on: link)
            }
        flights.append(flight)
        guard isTaken, flush(link) else {
            // Not now: the one who sends is not to be told of the end in the middle of it.
            return loop.execute { [weak self] in self?.lose() }
        }
        if flights.count == 1 { awaitAnswer() }
    }

    private func send(_ statements: [EncodedStatement], _ flight: inout Flight, on link: Link) -> Bool {
        for statement in statements {
            guard send(statement, &flight, on: link) else { return false }
        }
        guard unsafe PQpipelineSync(link.pointer) == 1 else { return false }
        flight.expect(.sync)
        return true
    }

    private func send(_ statement: EncodedStatement, _ flight: inout Flight, on link: Link) -> Bool {
        let use =
            statement.isKept
            ? prepared.use(statement.sql, by: ObjectIdentifier(flight.batch)) : PreparedStatements.Use.unnamed
        let name: String?
        switch use {
        case .prepare(let entry):
            guard unsafe PQsendPrepare(link.pointer, entry.name, entry.sql, 0, nil) == 1 else { return false }
            flight.expect(.prepare(entry))
            flight.expect(.execute(entry))
            name = entry.name
        case .named(let entry):
            flight.expect(.execute(entry))
            name = entry.name
        case .unnamed:
            flight.expect(.execute(nil))
            name = nil
        }
        return unsafe statement.parameters.withPointers { count, values, lengths, formats in
            guard let name else {
                return unsafe PQsendQueryParams(
                    link.pointer,
                    statement.sql,
                    count,
                    nil,
                    values,
                    lengths,
                    formats,
                    0
                ) == 1
            }
            return unsafe PQsendQueryPrepared(link.pointer, name, count, values, lengths, formats, 0) == 1
        }
    }

    /// Several statements in one text are for the simple protocol alone, which knows no pipeline.
    private func send(_ script: String, _ flight: inout Flight, on link: Link) -> Bool {
        guard flights.isEmpty, unsafe PQexitPipelineMode(link.pointer) == 1,
            unsafe PQsendQuery(link.pointer, script) == 1
        else { return false }
        flight.expect(.script)
        return true
    }

    /// Writes what the socket takes, and waits for it to take more; `false` when the connection is gone.
    private func flush(_ link: Link) -> Bool {
        guard let isUnfinished = link.flush() else { return false }
        guard isUnfinished != isWriting, let watch else { return true }
        do throws(SystemError) {
            try loop.update(watch, for: isUnfinished ? [.read, .write] : .read)
        } catch {
            return false
        }
        isWriting = isUnfinished
        return true
    }

    // MARK: Receiving

    private func ready(_ readiness: Readiness) {
        guard let link else { return }
        let isThere = link.consume()
        drain(link)
        guard self.link === link else { return }
        guard isThere, !link.isBad, farewell == nil, link.farewell == nil, flush(link) else { return lose() }
    }

    private func lose() {
        fail(
            PostgresError(
                .connectionLost,
                "the connection to PostgreSQL was lost",
                sqlState: farewell?.sqlState
            )
        )
    }

    /// Hands out what has come.
    private func drain(_ link: Link) {
        while !flights.isEmpty, self.link === link, !link.isBusy {
            guard let result = link.nextResult() else {
                guard flights[0].endOfResults() else { break }
                if flights[0].isScriptOver { finishScript(link) }
                continue
            }
            switch flights[0].take(result) {
            case .goOn: break
            case .prepared(let entry): entry.maker = nil
            case .forget(let entry): prepared.forget(entry)
            case .finished: finishFirst(link)
            case .fatal(let error): farewell = error
            case .broken(let reason):
                fail(PostgresError(.connectionLost, reason, sqlState: farewell?.sqlState))
            }
        }
        while self.link === link, let notification = link.nextNotification() {
            holder?.heard(notification.channel, notification.payload)
        }
    }

    private func finishScript(_ link: Link) {
        guard unsafe PQenterPipelineMode(link.pointer) == 1 else { return lose() }
        finishFirst(link)
    }

    private func finishFirst(_ link: Link) {
        let flight = flights.removeFirst()
        awaitAnswer()
        flight.batch.end(flight.outcome)
        // Who wants a server that writes is to look for it anew.
        if url.wantsWriter, flight.failure?.isReadOnly ?? false { isRetired = true }
        if isRetired, flights.isEmpty, !isLent { return retire() }
        cancelIfAlone()
        if isOpen { holder?.hasRoom(self) }
    }

    /// Ends a connection that is of no use any more, once nobody has anything on it.
    func retire() {
        guard isRetired else { return }
        fail(PostgresError(.connectionLost, "the server only reads now"))
    }

    // MARK: Time

    /// Starts the time of the batch that the server is now at.
    private func awaitAnswer() {
        guard let first = flights.first?.batch, first.isBounded else {
            answerDue = nil
            return
        }
        // The server ends each statement in time. This is for a server that has stopped without a word.
        let patience = options.statementTimeout * first.count + options.connectTimeout
        let due = monotonicNow() &+ patience.wholeNanoseconds
        answerDue = due
        // Batches are many and late ones few: the timer is left alone, and looks again when it fires.
        if timer == nil { arm(at: due) }
    }

    private func arm(at due: UInt64) {
        timer = loop.schedule(at: due) { [weak self] in
            guard let self else { return }
            timer = nil
            guard let answerDue else { return }
            guard answerDue <= monotonicNow() else { return arm(at: answerDue) }
            fail(PostgresError(.connectionLost, "PostgreSQL does not answer"))
        }
    }

    // MARK: Cancelling

    /// Ends a batch of this connection before its time, when that can be done without hitting another.
    ///
    /// The caller still waits for the server's word: then it is known what became of the batch.
    func cancel(_ batch: Batch) {
        batch.isCancelled = true
        cancelIfAlone()
    }

    private func cancelIfAlone() {
        guard case .open(let link) = state, !isCancelling, flights.count == 1, flights[0].batch.isCancelled
        else { return }
        isCancelling = true
        let patience = loop.schedule(after: options.connectTimeout) { [weak self] in
            self?.fail(PostgresError(.connectionLost, "PostgreSQL does not take a request to cancel"))
        }
        // "The return value is 1 if the cancel request was successfully dispatched": the server's process has been
        // signalled by then, and a signal that finds nothing to cancel has no effect.
        link.askToCancel { [weak self, loop] in
            loop.execute {
                loop.cancel(patience)
                self?.hasCancelled()
            }
        }
    }

    private func hasCancelled() {
        isCancelling = false
        let batches = held
        held = []
        for batch in batches { send(batch) }
        if isOpen { holder?.hasRoom(self) }
    }
}
