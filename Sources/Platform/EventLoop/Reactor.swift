import CLinux
import Glibc
import Threads

/// What a descriptor can be ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, a connection or the end of the stream can be read.
    package static let read = Readiness(rawValue: EPOLLIN.rawValue)
    /// The peer has ended its sending side.
    package static let readEnd = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Bytes can be written.
    package static let write = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The descriptor has failed; reported whether asked for or not.
    package static let error = Readiness(rawValue: EPOLLERR.rawValue)
    /// Both directions have ended; reported whether asked for or not.
    package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
}

/// Names one `watch` call: a slot and the generation that it had then.
///
/// The same pair travels through epoll with each event, so an event for a descriptor number that has been closed
/// and given out again meets another generation and is dropped.
package struct Watch: Sendable, Hashable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32

    fileprivate var tag: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    fileprivate init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    fileprivate init(tag: UInt64) {
        self.init(slot: UInt32(truncatingIfNeeded: tag), generation: UInt32(tag >> 32))
    }
}

/// A Swift job or a closure that waits for its turn.
enum LoopJob {
    case swift(UnownedJob)
    case closure(@Sendable () -> Void)
}

/// The part of a loop that only its own thread touches: epoll, the watches, the timers.
@safe
final class Reactor {
    private struct Slot {
        var generation: UInt32 = 0
        var descriptor: Int32 = -1
        var handler: ((Readiness) -> Void)?
    }

    private let epoll: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private let waker: Int32

    var local: [LoopJob] = []
    var timers = Timers()
    var turnTime: UInt64 = monotonicNow()

    init(waker: Int32) throws(SystemError) {
        self.waker = waker
        epoll = try retryingSystemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        unsafe events = .allocate(capacity: 256)
        unsafe events.initialize(repeating: epoll_event())
        try control(EPOLL_CTL_ADD, waker, EPOLLIN.rawValue, tag: .max)
    }

    deinit {
        unsafe events.deallocate()
        close(epoll)
    }

    func watch(
        _ descriptor: Int32,
        for interest: Readiness,
        _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        let index = free.popLast() ?? UInt32(slots.count)
        if index == slots.count { slots.append(Slot()) }
        let watch = Watch(slot: index, generation: slots[Int(index)].generation)
        do throws(SystemError) {
            try control(EPOLL_CTL_ADD, descriptor, interest.rawValue, tag: watch.tag)
        } catch {
            free.append(index)
            throw error
        }
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].handler = handler
        return watch
    }

    func update(_ watch: Watch, for interest: Readiness) throws(SystemError) {
        guard isCurrent(watch) else { return }
        try control(EPOLL_CTL_MOD, slots[Int(watch.slot)].descriptor, interest.rawValue, tag: watch.tag)
    }

    func unwatch(_ watch: Watch) {
        guard isCurrent(watch) else { return }
        let index = Int(watch.slot)
        // A descriptor that its owner has closed is gone from epoll by itself; any other failure would mean that
        // the kernel still holds it, and its events then die by their generation.
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, slots[index].descriptor, nil)
        // Released at the end of this scope, outside the access to the slots.
        let handler = slots[index].handler
        defer { withExtendedLifetime(handler) {} }
        slots[index].generation &+= 1
        slots[index].descriptor = -1
        slots[index].handler = nil
        free.append(watch.slot)
    }

    /// Forgets every watch and timer of a loop that has ended, and what their closures hold.
    func clear() {
        // Released at the end of this scope, outside the access to either.
        let (handlers, bodies) = (slots.map(\.handler), timers.removeAll())
        defer { withExtendedLifetime((handlers, bodies)) {} }
        for index in slots.indices where slots[index].handler != nil {
            slots[index].generation &+= 1
            slots[index].descriptor = -1
            slots[index].handler = nil
            free.append(UInt32(index))
        }
    }

    /// Waits for readiness (until the next timer at most) and calls the handlers.
    func poll(mayWait: Bool) {
        let timeout: Int32 = mayWait ? timers.millisecondsToNext(from: monotonicNow()) : 0
        let count = unsafe epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
        guard count > 0 else {
            assert(count == 0 || errno == EINTR, "epoll_wait failed")
            return
        }
        for index in 0..<Int(count) {
            let event = unsafe events[index]
            let tag = unsafe event.data.u64
            guard tag != .max else {
                Waker.drain(waker)
                continue
            }
            let watch = Watch(tag: tag)
            guard isCurrent(watch), let handler = slots[Int(watch.slot)].handler else { continue }
            unsafe handler(Readiness(rawValue: event.events))
        }
    }

    private func isCurrent(_ watch: Watch) -> Bool {
        Int(watch.slot) < slots.count && slots[Int(watch.slot)].generation == watch.generation
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, tag: UInt64)
        throws(SystemError)
    {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: tag))
        try retryingSystemCall("epoll_ctl") { unsafe epoll_ctl(epoll, operation, descriptor, &event) }
    }
}
