import CLinux
import EventLoop
import Glibc
import Threads

/// Accepts connections of one socket on one loop; every method runs there.
@safe final class Listener {
    private let socket: ListeningSocket
    private let loop: EventLoop
    private let deliver: (Int32, PeerAddress) -> Void
    private let turnAway: (Int32) -> Void
    private var watch: Watch?
    private var pause: Timer?
    /// A descriptor to give up when there is none left, so that whoever waits can be told.
    private var reserve: Int32 = -1

    /// A listener that gives connections to `deliver`, and to `turnAway` those for which no descriptor was left.
    init(
        _ socket: ListeningSocket,
        on loop: EventLoop,
        deliver: @escaping (Int32, PeerAddress) -> Void,
        turnAway: @escaping (Int32) -> Void
    ) {
        self.socket = socket
        self.loop = loop
        self.deliver = deliver
        self.turnAway = turnAway
    }

    deinit { if reserve >= 0 { close(reserve) } }

    func start() throws(SystemError) {
        keepReserve()
        watch = try loop.watch(socket.descriptor, for: .read) { [self] _ in accept(most: 64) }
    }

    /// Takes what already waits, then stops; the socket closes with the last reference.
    func stop() {
        accept(most: 4096)
        if let watch { loop.unwatch(watch) }
        if let pause { loop.cancel(pause) }
        watch = nil
        pause = nil
    }

    /// A batch at a time: level-triggered readiness brings us back for more.
    private func accept(most: Int) {
        for _ in 0..<most {
            var address = SocketAddress()
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let descriptor = unsafe address.fill { unsafe accept4(socket.descriptor, $0, &$1, flags) }
            if descriptor >= 0 {
                if address.family != AF_UNIX { tune(descriptor) }
                deliver(descriptor, address.peer)
                continue
            }
            switch errno {
            // The client gave up while it waited, or the network has an error of its own to tell.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH: continue
            case EMFILE, ENFILE:
                turnAwayWaiting(most: most)
                return rest()
            case ENOBUFS, ENOMEM: return rest()
            default: return
            }
        }
    }

    /// Tells clients that wait without a descriptor for them, one after another in the place of the reserve.
    private func turnAwayWaiting(most: Int) {
        for _ in 0..<most {
            guard reserve >= 0 else { break }
            close(reserve)
            reserve = -1
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let descriptor = accept4(socket.descriptor, nil, nil, flags)
            if descriptor >= 0 { turnAway(descriptor) }
            keepReserve()
            guard descriptor >= 0 else { return }
        }
    }

    private func keepReserve() {
        // Where even this one cannot be had, clients wait in the queue of the kernel instead.
        if reserve < 0 { reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
    }

    /// Stops accepting for a moment: without a descriptor to spare, readiness would come again and again.
    private func rest() {
        guard let watch, pause == nil else { return }
        guard (try? loop.update(watch, for: [])) != nil else { return }
        pause = loop.schedule(after: .milliseconds(100)) { [self] in
            pause = nil
            keepReserve()
            guard let watch = self.watch else { return }
            // On failure nothing was changed and the next pause tries again.
            if (try? loop.update(watch, for: .read)) == nil { rest() }
        }
    }

    /// Answers are written whole, so waiting for more to send with them only adds delay; and the kernel keeps little of
    /// what a client does not take, which else grows to megabytes for each connection.
    private func tune(_ descriptor: Int32) {
        var one: Int32 = 1
        // A connection that is gone already cannot be tuned; reading it will tell.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var unsent: Int32 = 256 * 1024
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, 4)
    }
}
