import Assets
import JSON
import Sound
import Telemetry

/// Writes a task as callers see it: one schema for every provider, absent values `null`, never missing.
struct TaskWire {
    let record: TaskRecord
    /// What stands before `/v1/…` in the URLs that callers get.
    let baseURL: String
    let queuePosition: Int?
    /// How long the end of a task in line is off.
    var expectedEnd: Duration?

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", record.id.rawValue)
        json.member("object", "sound")
        json.member("status", record.status.rawValue)
        json.member("type", record.request.type.rawValue)
        json.member("created_at", stamp(record.createdAt))
        json.member("started_at", record.startedAt.map(stamp))
        json.member("ended_at", record.endedAt.map(stamp))
        json.key("request")
        json.value(shownRequest)
        writeRoute(to: &json)
        json.member("progress", record.progress)
        json.member("eta", record.status.hasEnded ? 0 : eta.map { seconds($0) })
        json.member("queue_position", record.status == .queued ? queuePosition : nil)
        json.key("outputs")
        json.beginArray()
        for output in record.outputs { write(output, to: &json) }
        json.endArray()
        json.key("attempts")
        json.beginArray()
        for attempt in record.attempts { write(attempt, to: &json) }
        json.endArray()
        writeCost(to: &json)
        json.key("error")
        write(record.error, to: &json)
        json.key("metadata")
        json.beginObject()
        for (key, value) in record.request.metadata.sorted(by: { $0.key < $1.key }) {
            json.member(key, value)
        }
        json.endObject()
        json.member("client", record.client)
        json.endObject()
    }

    private var eta: Duration? { record.status == .queued ? record.eta ?? expectedEnd : record.eta }

    /// The request without what stands elsewhere in the task.
    private var shownRequest: JSONObject {
        var shown = record.request.json
        shown[RequestField.type.rawValue] = nil
        shown[RequestField.metadata.rawValue] = nil
        return shown
    }

    private func writeRoute(to json: inout JSONWriter) {
        let route = record.route
        json.member("provider", route?.name.provider)
        json.member("operation", route?.name.operation)
        json.member("model", route?.model)
        json.key("fulfilment")
        json.beginObject()
        for field in RequestField.demands {
            if let grade = route?.fulfilment[field] { json.member(field.rawValue, grade.rawValue) }
        }
        json.endObject()
    }

    private func writeCost(to json: inout JSONWriter) {
        json.key("cost")
        guard let cost = record.cost else { return json.null() }
        json.beginObject()
        json.member("amount", cost.amount.amount)
        json.member("unit", cost.amount.unit)
        json.member("kind", cost.kind.rawValue)
        json.endObject()
    }

    private func write(_ output: OutputRecord, to json: inout JSONWriter) {
        let isReady = output.status == .ready
        json.beginObject()
        json.member("index", output.index)
        json.member("status", output.status.rawValue)
        json.member("url", isReady ? "\(baseURL)/v1/sounds/\(record.id)/audio/\(output.index)" : nil)
        json.member("content_type", output.asset?.format.contentType)
        json.member("bytes", output.asset?.bytes)
        json.member("sha256", output.asset?.sha256)
        json.member("duration", output.asset.map { ($0.duration * 1000).rounded() / 1000 })
        json.member("title", output.title)
        json.member("lyrics", output.lyrics)
        json.key("timed_lyrics")
        if let lines = output.timedLyrics {
            json.beginArray()
            for line in lines {
                json.beginObject()
                json.member("text", line.text)
                json.member("start", line.start)
                json.member("end", line.end)
                json.endObject()
            }
            json.endArray()
        } else {
            json.null()
        }
        json.member("cover_url", output.coverURL)
        json.member("source_url", output.sourceURL)
        json.key("measured")
        json.null()
        json.key("error")
        write(output.error, to: &json)
        json.endObject()
    }

    private func write(_ attempt: AttemptRecord, to json: inout JSONWriter) {
        json.beginObject()
        json.member("number", attempt.number)
        json.member("provider", attempt.name.provider)
        json.member("operation", attempt.name.operation)
        json.member("credential", attempt.credential)
        json.member("state", attempt.state.rawValue)
        json.member("provider_task_id", attempt.providerTaskID)
        json.member("started_at", stamp(attempt.startedAt))
        json.member("ended_at", attempt.endedAt.map(stamp))
        json.key("error")
        write(attempt.error, to: &json)
        json.endObject()
    }

    private func write(_ failure: Failure?, to json: inout JSONWriter) {
        guard let failure else { return json.null() }
        json.beginObject()
        json.member("code", failure.code.rawValue)
        json.member("message", failure.message)
        json.member("origin", failure.origin.rawValue)
        json.member("retryable", failure.retryable)
        json.member("provider_code", failure.providerCode)
        json.endObject()
    }
}

/// A moment as RFC 3339 with milliseconds.
func stamp(_ moment: Moment) -> String { Timestamp(milliseconds: moment.milliseconds).description }

/// A span in seconds, to the millisecond.
func seconds(_ span: Duration) -> Double {
    let (seconds, attoseconds) = span.components
    return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
}
