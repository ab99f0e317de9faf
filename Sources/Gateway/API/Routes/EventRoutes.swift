import Configuration
import HTTP
import HTTPServer
import Sound
import Tasks
import Timing

/// A task's events as they happen: `text/event-stream`.
extension Gateway {
    /// How long a stream is silent at most; a comment then shows both ends that the other is there.
    private static let longestSilence = Duration.seconds(15)

    func soundEvents(_ call: Request, _ caller: Caller) async throws -> Response {
        let record = try await record(call, caller)
        guard let place = place(for: caller, call) else {
            throw ProblemDetails(
                .tooManyRequests,
                code: "too_many_waits",
                detail: "As many event streams and waiting answers are open as may be "
                    + "(\(configuration.server.limits.waitsPerClient)); close one first."
            )
        }
        let told = call.fields["Last-Event-ID"].map { Self.told(before: $0, record) } ?? []
        let fields: Fields = [
            "Content-Type": "text/event-stream", "Cache-Control": "no-store",
            // Proxies would hold events back until a buffer is full.
            "X-Accel-Buffering": "no",
        ]
        return Response(
            .ok,
            fields: fields,
            body: .stream { [self] writer in
                defer { withExtendedLifetime(place) {} }
                try await tell(record, told, to: writer, for: call)
            }
        )
    }

    /// A place among those who wait for news; `nil` when the caller has as many as it may have.
    func place(for caller: Caller, _ call: Request) -> WaitBook.Place? {
        waits.enter(caller, of: call, limit: configuration.server.limits.waitsPerClient)
    }

    /// The milestones that a client has seen who saw this one last; none when nobody knows it.
    private static func told(before id: String, _ record: TaskRecord) -> Set<String> {
        let milestones = record.milestones
        guard let last = milestones.firstIndex(where: { $0.id == id }) else { return [] }
        return Set(milestones[...last].map(\.id))
    }

    private func tell(
        _ first: TaskRecord,
        _ toldBefore: Set<String>,
        to writer: BodyWriter,
        for call: Request
    ) async throws {
        var (record, told) = (first, toldBefore)
        var progress = 0.0
        while true {
            for milestone in record.milestones where told.insert(milestone.id).inserted {
                try await write(
                    milestone.type,
                    id: milestone.id,
                    milestone.moment,
                    record,
                    to: writer,
                    for: call
                )
            }
            if record.status.hasEnded { return }
            if record.progress > progress {
                progress = record.progress
                let now = parts.time.moment
                try await write("sound.progress", id: nil, now, record, to: writer, for: call)
            }
            // The next process goes on from Last-Event-ID.
            if isDraining { return }
            await parts.engine.waitForNews(of: record.id, after: record, atMost: Self.longestSilence)
            // Deleted meanwhile.
            guard let next = try await parts.engine.current(record.id) else { return }
            if next == record { try await writer.write(": still here\n\n") }
            record = next
        }
    }

    private func write(
        _ type: String,
        id: String?,
        _ moment: Moment,
        _ record: TaskRecord,
        to writer: BodyWriter,
        for call: Request
    ) async throws {
        let position = parts.engine.board.position(record.id)
        let wire = AnnouncementWire(baseURL: baseURL(for: call))
        var event = Array("event: \(type)\n".utf8)
        if let id { event += "id: \(id)\n".utf8 }
        event += "data: ".utf8
        // JSON has no line breaks of its own, so one line of data is enough.
        event += wire.bytes(
            of: record,
            type: type,
            at: moment,
            queuePosition: position,
            expectedEnd: parts.engine.board.expectedEnd(record.id)
        )
        event += "\n\n".utf8
        try await writer.write(event)
    }
}
