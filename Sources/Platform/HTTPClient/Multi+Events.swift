import CCurl
import EventLoop
import Threads

/// A socket that libcurl has named, and what the loop does with it.
struct WatchedSocket {
    var watch: Watch?
    var interest: Readiness = []
    /// libcurl asked us to open it and will ask us to close it.
    var isOurs = false
    /// No transfer waits for it: it belongs to a connection that is kept for later.
    var isIdle = true
}

extension Multi {
    /// Hooks libcurl's wishes up with the loop.
    func setCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe soundgate_curl_multi_set_pointer(pointer, CURLMOPT_SOCKETDATA, context)
        unsafe soundgate_curl_multi_set_socket_function(pointer) { easy, socket, what, context, _ in
            unsafe Multi.from(context)?.wants(socket, what, for: easy)
            return 0
        }
        unsafe soundgate_curl_multi_set_pointer(pointer, CURLMOPT_TIMERDATA, context)
        unsafe soundgate_curl_multi_set_timer_function(pointer) { _, milliseconds, context in
            unsafe Multi.from(context)?.wants(timerAfter: milliseconds)
            return 0
        }
    }

    // MARK: Sockets

    /// A fresh descriptor; a stale entry of its number cannot be about it.
    func opened(_ descriptor: Int32) {
        closing(descriptor)
        sockets[descriptor] = WatchedSocket(isOurs: true)
    }

    /// The descriptor is about to be closed, so its watch goes first.
    func closing(_ descriptor: Int32) {
        guard let socket = sockets.removeValue(forKey: descriptor), let watch = socket.watch else { return }
        loop.unwatch(watch)
    }

    private func wants(_ descriptor: Int32, _ what: Int32, for easy: UnsafeMutableRawPointer?) {
        guard what != CURL_POLL_REMOVE else { return lostInterest(in: descriptor) }
        var interest: Readiness = []
        if what & CURL_POLL_IN != 0 { interest.insert(.read) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.write) }
        var socket = sockets[descriptor] ?? WatchedSocket()
        socket.isIdle = false
        do throws(SystemError) {
            if let watch = socket.watch {
                if socket.interest != interest { try loop.update(watch, for: interest) }
            } else {
                socket.watch = try loop.watch(descriptor, for: interest) { [unowned self] readiness in
                    ready(descriptor, readiness)
                }
            }
        } catch {
            unsafe lostSocket(of: easy, "\(error)")
        }
        socket.interest = interest
        sockets[descriptor] = socket
    }

    /// A connection between two transfers keeps its watch, which saves two system calls per transfer.
    ///
    /// Sockets that libcurl makes itself (the resolver's) are closed without a word, so theirs goes at once.
    private func lostInterest(in descriptor: Int32) {
        if sockets[descriptor]?.isOurs == true {
            sockets[descriptor]?.isIdle = true
        } else {
            closing(descriptor)
        }
    }

    private func ready(_ descriptor: Int32, _ readiness: Readiness) {
        guard let socket = sockets[descriptor] else { return }
        guard !socket.isIdle else {
            // The peer has closed or spoken out of turn: libcurl finds out when it next looks at the connection.
            if let watch = socket.watch { loop.unwatch(watch) }
            sockets[descriptor]?.watch = nil
            return
        }
        var events: Int32 = 0
        if !readiness.isDisjoint(with: [.read, .readEnd, .hangUp]) { events |= CURL_CSELECT_IN }
        if readiness.contains(.write) { events |= CURL_CSELECT_OUT }
        if readiness.contains(.error) { events |= CURL_CSELECT_ERR }
        act(on: descriptor, events)
    }

    private func act(on descriptor: Int32, _ events: Int32) {
        guard !isClosed else { return }
        var running: Int32 = 0
        unsafe curl_multi_socket_action(pointer, descriptor, events, &running)
        reap()
    }

    // MARK: Time

    private func wants(timerAfter milliseconds: Int) {
        switch milliseconds {
        case ..<0: clock.due = nil
        case 0: soon()
        default:
            let due = monotonicNow() &+ UInt64(milliseconds) &* 1_000_000
            clock.due = due
            if clock.armed.map({ $0.at > due }) ?? true { arm(at: due) }
        }
    }

    /// Calls libcurl in the loop's next turn, once however often it was asked for.
    private func soon() {
        clock.due = nil
        guard !clock.isSoon else { return }
        clock.isSoon = true
        loop.execute { [weak self] in
            guard let self else { return }
            clock.isSoon = false
            act(on: CURL_SOCKET_BAD, 0)
        }
    }

    private func arm(at due: UInt64) {
        if let armed = clock.armed { loop.cancel(armed.timer) }
        let now = monotonicNow()
        let wait = due > now ? due - now : 0
        let timer = loop.schedule(after: .nanoseconds(Int64(clamping: wait))) { [unowned self] in fired() }
        clock.armed = (timer, due)
    }

    private func fired() {
        clock.armed = nil
        guard let due = clock.due else { return }
        // libcurl has moved the time since; it does not ask again for a time that it has asked for already.
        guard due <= monotonicNow() else { return arm(at: due) }
        clock.due = nil
        act(on: CURL_SOCKET_BAD, 0)
    }
}

/// The one time that libcurl waits for, and the timer that stands for it.
///
/// libcurl moves its time with nearly every step, mostly to later: the timer is left alone then and looks again when
/// it fires.
struct MultiClock {
    /// Monotonic nanoseconds.
    var due: UInt64?
    var armed: (timer: Timer, at: UInt64)?
    var isSoon = false

    mutating func stop(on loop: EventLoop) {
        if let armed { loop.cancel(armed.timer) }
        self = MultiClock()
    }
}
