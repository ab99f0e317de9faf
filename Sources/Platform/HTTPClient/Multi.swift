import CCurl
import EventLoop
import HTTP

/// A `CURLM *` that runs on one loop: libcurl says which sockets and which time it waits for, the loop says when.
///
/// Confined to the loop's thread. Connections are shared by all transfers of the loop and by no other.
@safe
final class Multi: @unchecked Sendable {
    let loop: EventLoop
    let pointer: UnsafeMutableRawPointer
    var sockets: [Int32: WatchedSocket] = [:]
    var clock = MultiClock()

    private let configuration: HTTPClient.Configuration
    /// Every handle there is: libcurl's callbacks hold them unretained.
    private var handles: [ObjectIdentifier: EasyHandle] = [:]
    private var free: [EasyHandle] = []
    private(set) var isClosed = false

    /// A multi for `loop`; sets options only, so it may be made anywhere before the first transfer.
    init(on loop: EventLoop, _ configuration: HTTPClient.Configuration) {
        CurlLibrary.start()
        guard let pointer = unsafe curl_multi_init() else {
            fatalError("libcurl has no memory for a multi handle at start")
        }
        self.loop = loop
        unsafe self.pointer = pointer
        self.configuration = configuration
        unsafe soundgate_curl_multi_set_long(
            pointer,
            CURLMOPT_MAX_TOTAL_CONNECTIONS,
            configuration.connectionsPerLoop
        )
        unsafe soundgate_curl_multi_set_long(
            pointer,
            CURLMOPT_MAX_HOST_CONNECTIONS,
            configuration.connectionsPerHost
        )
        unsafe soundgate_curl_multi_set_long(
            pointer,
            CURLMOPT_MAXCONNECTS,
            configuration.idleConnectionsPerLoop
        )
        unsafe soundgate_curl_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        setCallbacks()
    }

    /// Recovers the object from a callback's context.
    static func from(_ context: UnsafeMutableRawPointer?) -> Multi? {
        unsafe context.map { unsafe Unmanaged<Multi>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Transfers

    /// Starts a transfer; its end comes by way of `Transfer.end`.
    func start(_ transfer: Transfer) {
        guard case .waiting = transfer.state else { return }
        guard !isClosed, let handle = takeHandle() else {
            let reason = isClosed ? "the client is shut down" : "out of memory"
            return transfer.end(.failure(TransportFailure(.notSent, .unavailable, reason)))
        }
        do throws(TransportFailure) {
            try handle.begin(transfer)
        } catch {
            release(handle)
            return transfer.end(.failure(error))
        }
        transfer.state = .active(handle)
        watchDeadlines(of: transfer)
        let code = unsafe curl_multi_add_handle(pointer, handle.pointer)
        if code != CURLM_OK {
            abort(transfer, .unavailable, unsafe String(cString: curl_multi_strerror(code)))
        }
    }

    /// Ends a transfer before its time; no effect when it has ended.
    func abort(_ transfer: Transfer, _ reason: TransportFailure.Reason, _ message: String) {
        switch transfer.state {
        case .ended: return
        case .waiting: break
        case .active(let handle):
            unsafe curl_multi_remove_handle(pointer, handle.pointer)
            detach(transfer, from: handle)
        }
        let status = transfer.head.isComplete ? transfer.head.status : nil
        transfer.end(
            .failure(TransportFailure(transfer.facts.delivery, reason, message, status: status))
        )
    }

    /// Lets a paused transfer flow again once its caller has taken what was there.
    func resumeIfDrained(_ transfer: Transfer) {
        guard transfer.isPaused, transfer.content.isEmpty, case .active(let handle) = transfer.state else {
            return
        }
        transfer.isPaused = false
        transfer.lastProgress = monotonicNow()
        handle.resume()
    }

    /// Ends every transfer and closes every connection.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for handle in handles.values {
            guard let transfer = handle.transfer else { continue }
            abort(transfer, .cancelled, "the client is shut down")
        }
        free = []
        handles = [:]
        unsafe curl_multi_cleanup(pointer)
        for socket in sockets.values { if let watch = socket.watch { loop.unwatch(watch) } }
        sockets = [:]
        clock.stop(on: loop)
    }

    /// Takes finished transfers off the multi and tells their callers.
    func reap() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            // The message dies with `curl_multi_remove_handle`: read first.
            let code = unsafe soundgate_curl_message_result(message)
            let easy = unsafe message.pointee.easy_handle
            guard let handle = unsafe Self.handle(of: easy) else { continue }
            unsafe curl_multi_remove_handle(pointer, easy)
            if let transfer = handle.transfer { complete(transfer, on: handle, code) }
        }
    }

    private func complete(_ transfer: Transfer, on handle: EasyHandle, _ code: CURLcode) {
        let result: Result<UpstreamResponse, TransportFailure> =
            if code == CURLE_OK, transfer.head.isComplete, let status = transfer.head.status {
                .success(handle.response(of: transfer, status: status))
            } else {
                .failure(handle.failure(code, of: transfer))
            }
        detach(transfer, from: handle)
        transfer.end(result)
    }

    private func detach(_ transfer: Transfer, from handle: EasyHandle) {
        if let timer = transfer.timer { loop.cancel(timer) }
        transfer.timer = nil
        handle.finish()
        release(handle)
    }

    private func watchDeadlines(of transfer: Transfer) {
        let now = monotonicNow()
        let next = transfer.nextDeadline
        guard next.at > now else {
            return abort(transfer, .timeout(next.phase), "no \(next.phase.expectation) in time")
        }
        let wait = min(next.at - now, transfer.checkInterval)
        transfer.timer = loop.schedule(after: .nanoseconds(Int64(clamping: wait))) { [unowned self] in
            transfer.timer = nil
            if case .active = transfer.state { watchDeadlines(of: transfer) }
        }
    }

    // MARK: Handles

    private static func handle(of easy: UnsafeMutableRawPointer?) -> EasyHandle? {
        var context: UnsafeMutableRawPointer?
        guard let easy = unsafe easy,
            unsafe soundgate_curl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK
        else { return nil }
        return unsafe EasyHandle.from(context)
    }

    private func takeHandle() -> EasyHandle? {
        if let handle = free.popLast() { return handle }
        guard let handle = EasyHandle(for: self, configuration) else { return nil }
        handles[ObjectIdentifier(handle)] = handle
        return handle
    }

    /// Keeps a handle for the next transfer, or lets it go after a peak.
    private func release(_ handle: EasyHandle) {
        if free.count < 64 {
            free.append(handle)
        } else {
            handles[ObjectIdentifier(handle)] = nil
        }
    }

    /// Fails the transfer that wanted a socket which the loop cannot watch.
    func lostSocket(of easy: UnsafeMutableRawPointer?, _ error: String) {
        guard let transfer = unsafe Self.handle(of: easy)?.transfer else { return }
        // Not now: libcurl is in the middle of this transfer.
        loop.execute { self.abort(transfer, .unavailable, error) }
    }
}

extension TransportFailure.Phase {
    fileprivate var expectation: String {
        switch self {
        case .connect: "connection"
        case .send: "progress of the request"
        case .firstByte: "answer"
        case .stall: "progress of the answer"
        case .total: "end"
        }
    }
}

/// libcurl's global state, set up once.
enum CurlLibrary {
    private static let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    static func start() {
        guard code == CURLE_OK else { fatalError("libcurl cannot start") }
    }
}
