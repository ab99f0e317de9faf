import CLinux
import Glibc

/// Names one scheduled closure.
package struct Timer: Sendable, Hashable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32
}

/// A binary heap of due times over slots of closures.
///
/// Cancelling empties the slot at once (so what the closure holds is freed) and leaves a stale heap entry behind,
/// which goes when it comes to the top or when stale entries outnumber live ones.
struct Timers {
    private struct Entry {
        let due: UInt64
        let sequence: UInt64
        let timer: Timer
    }

    private struct Slot {
        var generation: UInt32 = 0
        var body: (() -> Void)?
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private var sequence: UInt64 = 0
    private(set) var live = 0

    mutating func add(at due: UInt64, _ body: @escaping () -> Void) -> Timer {
        let index = free.popLast() ?? UInt32(slots.count)
        if index == slots.count { slots.append(Slot()) }
        slots[Int(index)].body = body
        let timer = Timer(slot: index, generation: slots[Int(index)].generation)
        sequence += 1
        heap.append(Entry(due: due, sequence: sequence, timer: timer))
        siftUp(heap.count - 1)
        live += 1
        return timer
    }

    /// Empties the timer and gives its closure back, for the caller to release.
    mutating func cancel(_ timer: Timer) -> (() -> Void)? {
        let body = take(timer)
        if heap.count > 64, heap.count > 2 * live { rebuild() }
        return body
    }

    /// Empties every timer and gives the closures back, for the caller to release.
    mutating func removeAll() -> [() -> Void] {
        let bodies = slots.compactMap(\.body)
        for entry in heap { _ = take(entry.timer) }
        heap.removeAll()
        return bodies
    }

    /// Takes the next closure that is due, in the order of due time, then of scheduling.
    ///
    /// The caller runs it, so that it may schedule and cancel.
    mutating func nextDue(at now: UInt64) -> (() -> Void)? {
        while let first = heap.first, first.due <= now {
            removeFirst()
            if let body = take(first.timer) { return body }
        }
        return nil
    }

    /// What `epoll_wait` may wait: -1 without timers, else rounded up so that no timer fires early.
    mutating func millisecondsToNext(from now: UInt64) -> Int32 {
        while let first = heap.first, slots[Int(first.timer.slot)].generation != first.timer.generation {
            removeFirst()
        }
        guard let first = heap.first else { return -1 }
        guard first.due > now else { return 0 }
        return Int32(clamping: (first.due - now + 999_999) / 1_000_000)
    }

    private mutating func take(_ timer: Timer) -> (() -> Void)? {
        let index = Int(timer.slot)
        guard slots[index].generation == timer.generation, let body = slots[index].body else { return nil }
        slots[index].body = nil
        slots[index].generation &+= 1
        free.append(timer.slot)
        live -= 1
        return body
    }

    private mutating func rebuild() {
        heap.removeAll { slots[Int($0.timer.slot)].generation != $0.timer.generation }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.due != b.due ? a.due < b.due : a.sequence < b.sequence
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.precedes(heap[index], heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if Self.precedes(heap[child], heap[least]) { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}

/// Nanoseconds of `CLOCK_MONOTONIC`.
@safe
package func monotonicNow() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

extension Duration {
    /// The span in nanoseconds, not below zero and at most about 292 years.
    package var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow, product < UInt64(Int64.max) else { return UInt64(Int64.max) }
        return product + UInt64(attoseconds / 1_000_000_000)
    }
}
