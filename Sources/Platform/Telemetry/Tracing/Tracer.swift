import CLinux
import Glibc
import Synchronization

/// Decides which traces are recorded, begins their spans and keeps them until somebody fetches them.
///
/// Off at first. While it is off, and for traces that are not recorded, ``begin(_:_:in:)`` costs a load and a branch.
package final class Tracer: Sendable {
    /// What an operator may change while it is at work.
    package struct Settings: Sendable, Equatable {
        /// The part of the new traces that is recorded, 0–1; one that comes from elsewhere has been decided about.
        package var sample: Double
        /// Whether vendors are told of the trace that their calls belong to.
        package var goesUpstream: Bool

        /// All of them, and no vendor is told.
        package init(sample: Double = 1, goesUpstream: Bool = false) {
            self.sample = sample
            self.goesUpstream = goesUpstream
        }
    }

    /// The clocks by which spans are timed, in nanoseconds: one since 1970, one that nobody sets.
    package struct Clock: Sendable {
        package var wall: @Sendable () -> UInt64
        package var ticks: @Sendable () -> UInt64

        /// Clocks of a test's own.
        package init(wall: @escaping @Sendable () -> UInt64, ticks: @escaping @Sendable () -> UInt64) {
            self.wall = wall
            self.ticks = ticks
        }

        /// The machine's.
        package static let system = Clock(
            wall: { nanoseconds(of: CLOCK_REALTIME) },
            ticks: { nanoseconds(of: CLOCK_MONOTONIC) }
        )
    }

    /// What waits to be fetched.
    package let spans: SpanBuffer
    let clock: Clock
    private let on = Atomic(false)
    private let upstream = Atomic(false)
    /// Traces are recorded whose random bits are below this: the same decision wherever it is made.
    private let threshold = Atomic<UInt64>(0)
    private static let bits = UInt64(1) << 63

    /// A tracer that is off; it keeps at most so many spans.
    package init(capacity: Int = 4096, clock: Clock = .system) {
        spans = SpanBuffer(capacity: capacity)
        self.clock = clock
    }

    /// Works by other settings from now on; not at all with `nil`.
    package func adopt(_ settings: Settings?) {
        threshold.store(Self.threshold(settings?.sample ?? 0), ordering: .relaxed)
        upstream.store(settings?.goesUpstream ?? false, ordering: .relaxed)
        on.store(settings != nil, ordering: .relaxed)
    }

    /// Whether anything may be recorded.
    package var isOn: Bool { on.load(ordering: .relaxed) }

    /// Whether vendors are told of traces.
    package var goesUpstream: Bool { upstream.load(ordering: .relaxed) }

    /// What has become of the spans so far.
    package var counts: SpanCounts { spans.counts }

    /// The place of a request in the trace that it came with, or in a new one.
    ///
    /// Whoever began a trace has decided whether it is recorded; a new one is decided about here. With `isQuiet` no new
    /// one is recorded.
    package func enter(_ parent: TraceContext?, isQuiet: Bool = false) -> TraceContext {
        if let parent { return parent.child() }
        var context = TraceContext.new()
        context.isSampled = !isQuiet && isOn && isChosen(context.trace)
        return context
    }

    /// Begins a child of a span; `nil` when its trace is not recorded.
    package func begin(
        _ name: @autoclosure () -> String,
        _ kind: SpanRecord.Kind = .internal,
        in parent: TraceContext?
    ) -> TraceSpan? {
        guard isOn, let parent, parent.isSampled else { return nil }
        return begin(name(), kind, at: parent.child(), parent: .init(parent.span))
    }

    /// Begins a span whose place is known already.
    ///
    /// - Parameters:
    ///   - name: what it is; few of them, for they are grouped by it.
    ///   - kind: which side of a call it is.
    ///   - context: its place.
    ///   - parent: what it is a part of, if anything.
    ///   - start: when it began, in nanoseconds since 1970, if that was not now.
    ///   - state: what came with the trace from elsewhere.
    /// - Returns: `nil` when its trace is not recorded.
    package func begin(
        _ name: @autoclosure () -> String,
        _ kind: SpanRecord.Kind,
        at context: TraceContext,
        parent: SpanRecord.Parent?,
        since start: UInt64? = nil,
        state: String? = nil
    ) -> TraceSpan? {
        guard isOn, context.isSampled else { return nil }
        let now = clock.wall()
        var record = SpanRecord(
            context: context,
            parent: parent,
            kind: kind,
            name: name(),
            start: start ?? now,
            end: now
        )
        record.state = state
        return TraceSpan(record, of: self)
    }

    private func isChosen(_ trace: TraceID) -> Bool {
        trace.low & (Self.bits - 1) < threshold.load(ordering: .relaxed)
    }

    private static func threshold(_ sample: Double) -> UInt64 {
        sample >= 1 ? bits : sample > 0 ? UInt64(sample * Double(bits)) : 0
    }
}

private func nanoseconds(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
