import JSON
import Telemetry

/// The body of a callback: the documented envelope, with clips in snake_case but for `createTime`.
struct SunoCallbackBody {
    let job: SunoJob

    /// A step of a job that goes well, or its good end.
    func progress(_ status: SunoStatus, type: String) -> JSONValue {
        let record = SunoRecordBody(job: job, status: status, address: job.address)
        let clips = (0..<job.readyClips(in: status)).map { index -> JSONValue in
            var clip = record.clip(index)
            clip["createTime"] = nil
            guard var renamed = JSONValue.object(clip).snakeCased.object else { return .null }
            renamed["createTime"] = .string(date)
            return .object(renamed)
        }
        return envelope(200, status.callbackMessage, type, .array(clips))
    }

    /// The bad end that a fault has brought about.
    func failure(type: String) -> JSONValue {
        job.fate == .sensitive
            ? envelope(400, "The prompt contains sensitive words.", type, .null)
            : envelope(501, "Audio generation failed.", type, .null)
    }

    private func envelope(_ code: Int, _ message: String, _ type: String, _ data: JSONValue) -> JSONValue {
        [
            "code": JSONValue(code),
            "msg": .string(message),
            "data": ["callbackType": .string(type), "task_id": .string(job.id), "data": data],
        ]
    }

    /// As in `2026-01-01 00:00:00`.
    private var date: String { String(job.date.description.prefix(19)).replacing("T", with: " ") }
}

extension SunoStatus {
    /// The documented `callbackType` of a state that is told.
    var callbackType: String {
        switch self {
        case .textSuccess: "text"
        case .firstSuccess: "first"
        default: "complete"
        }
    }

    fileprivate var callbackMessage: String {
        switch self {
        case .textSuccess: "Text generated successfully."
        case .firstSuccess: "First audio generated successfully."
        default: "All generated successfully."
        }
    }
}
