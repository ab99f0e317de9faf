import CPostgres
import EventLoop
import Telemetry

/// A `PGconn *`, finished when nobody holds it.
///
/// Confined to its loop's thread; libpq allows one thread at a time.
@safe final class Link: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Why the server ends the connection, where it said so while nothing was under way.
    private(set) var farewell: PostgresError?
    private let log: Log

    /// Begins a connection to one address.
    ///
    /// Waits for nothing but small local files (`~/.pgpass`, a service file): the address is numeric, or a socket's path.
    init(_ url: ConnectionURL, host: ConnectionURL.Host, log: Log) throws(PostgresError) {
        var settings = url.settings
        if let name = host.name { settings.append(("host", name)) }
        if let address = host.address { settings.append(("hostaddr", address)) }
        if let port = host.port { settings.append(("port", port)) }
        let started = unsafe CStrings.lend(settings.map(\.keyword)) { keywords in
            unsafe CStrings.lend(settings.map(\.value)) { values in
                unsafe PQconnectStartParams(keywords, values, 0)
            }
        }
        guard let pointer = unsafe started else {
            throw PostgresError(.noConnection, "libpq is out of memory")
        }
        unsafe self.pointer = pointer
        self.log = log
        // So that the server's refusal comes as its code; its words name users and databases.
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_SQLSTATE)
        // The connection dies with this object, so the callback never meets a dead one.
        unsafe PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                unsafe Unmanaged<Link>.fromOpaque(context).takeUnretainedValue().hear(result)
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    deinit { unsafe PQfinish(pointer) }

    private func hear(_ result: OpaquePointer) {
        let report = unsafe ServerReport(reading: result)
        if report.isFatal { farewell = report.error }
        if report.isFatal || report.severity == "WARNING" {
            log(.warning, "PostgreSQL says something", report.fields)
        } else {
            log(.debug, "PostgreSQL says something", report.fields)
        }
    }

    var isBad: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }

    /// The descriptor now; while connecting it may be another after each step.
    var socket: Int32 { unsafe PQsocket(pointer) }

    /// Why it could not be made.
    var connectFailure: PostgresError {
        unsafe ConnectFailure.error(of: String(cString: PQerrorMessage(pointer)))
    }

    /// The host that answered, for the log.
    var host: String { unsafe PQhost(pointer).map { unsafe String(cString: $0) } ?? "" }

    var isEncrypted: Bool { unsafe PQsslInUse(pointer) == 1 }

    /// Whether a transaction is open on the server; false while batches are under way, when libpq does not tell.
    var isInTransaction: Bool {
        let status = unsafe PQtransactionStatus(pointer)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    // MARK: Reading and writing

    /// Takes what the socket has; `false` when the connection is gone.
    func consume() -> Bool {
        guard unsafe PQconsumeInput(pointer) == 1 else { return false }
        // libpq reads 8 KiB at least, and the server's TLS records hold no more than that; so nothing stays behind
        // decrypted, where epoll would not see it. Once more all the same, for a proxy whose records are larger.
        if isEncrypted { return unsafe PQconsumeInput(pointer) == 1 }
        return true
    }

    /// The next result that is there; `nil` at the end of each command's results, and when there is none yet.
    func nextResult() -> ResultMemory? {
        guard unsafe PQisBusy(pointer) == 0, let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe ResultMemory(takingOwnershipOf: result)
    }

    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    /// Writes what waits; `true` when something still does, `nil` when the connection is gone.
    func flush() -> Bool? {
        switch unsafe PQflush(pointer) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// The notification that has waited longest.
    func nextNotification() -> (channel: String, payload: String)? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        // "Be sure to free it with PQfreemem."
        defer { unsafe PQfreemem(notification) }
        let channel = unsafe String(cString: notification.pointee.relname)
        return unsafe (channel, String(cString: notification.pointee.extra))
    }

    /// Asks the server, on another thread, to cancel what it is doing; `then` runs when it has been told.
    func askToCancel(then: @escaping @Sendable () -> Void) {
        guard let cancel = unsafe PQgetCancel(pointer) else { return then() }
        let request = unsafe CancelRequest(pointer: cancel)
        Errands.submit {
            request.send()
            then()
        }
    }

    /// Unchecked: used by one errand, once.
    @safe private struct CancelRequest: @unchecked Sendable {
        let pointer: OpaquePointer

        func send() {
            var reason = [CChar](repeating: 0, count: 256)
            // A request that does not get through leaves the statement to its time limit.
            _ = unsafe PQcancel(pointer, &reason, Int32(reason.count))
            unsafe PQfreeCancel(pointer)
        }
    }
}

/// Arrays of C strings that end with a null pointer.
@safe private enum CStrings {
    static func lend<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(bytes.count)
            bytes.append(contentsOf: text.utf8CString)
        }
        bytes.append(0)
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                unsafe buffer.baseAddress.map { unsafe $0 + offset }
            }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { list in
                guard let start = list.baseAddress else {
                    fatalError("an array that has just got an element has no address")
                }
                return unsafe body(start)
            }
        }
    }
}
