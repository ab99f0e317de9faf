import JSON

/// An execution, its files and its events as the vendor writes them.
struct VideoGenBody {
    let job: VideoGenJob
    /// Signed links at that date in Unix seconds, for files that are to have some.
    let links: Links?

    /// How links are made, and until when they hold.
    struct Links {
        let signer: VideoGenLinks
        let expiry: Int64
    }

    /// An execution at a state; `file` gives a result's file, if results have them.
    func execution(_ status: VideoGenStatus, progress: Int) -> JSONObject {
        [
            "toolExecutionId": .string(job.id),
            "status": .string(status.rawValue),
            "toolType": .string(job.request.tool.rawValue),
            "progressPercentage": JSONValue(progress),
            "attemptIndex": 0,
            "results": .array(status == .succeeded ? results : []),
            "error": status == .failed ? .object(error) : .null,
        ]
    }

    /// An event about an execution's end, at a date in Unix seconds.
    func event(_ name: String, _ status: VideoGenStatus, at date: Int64) -> JSONObject {
        var event: JSONObject = [
            "event": .string(name), "toolExecutionId": .string(job.id), "occurredAt": .integer(date),
            "toolType": .string(job.request.tool.rawValue),
        ]
        if status == .succeeded { event["results"] = .array(results) }
        if status == .failed { event["error"] = .object(error) }
        return event
    }

    /// A file; `bytes` is its size where it is known.
    func file(_ index: Int, bytes: Int64? = nil) -> JSONObject {
        let isTemporary = job.request.isTemporary
        return [
            "fileId": .string(job.fileID(index)),
            "type": "AUDIO",
            "scope": isTemporary ? "TEMPORARY" : "GLOBAL",
            "displayName": .string(String(job.request.prompt.prefix(60))),
            "description": .null,
            "durationSeconds": .number(job.seconds),
            "transcript": .null,
            "thumbnailSource": ["status": "skipped"],
            "previewSource": .object(source(index)),
            "downloadSource": .object(source(index, bytes: bytes)),
            "hlsSource": .null,
            "isPublicPreviewEnabled": false,
            "staticPublicPreviewSource": .null,
            "publicHlsUrl": .null,
            "publicPlaybackId": .null,
            "sourceToolType": .string(job.request.tool.rawValue),
            "sourceToolExecutionId": .string(job.id),
            "fileAnalysisMetadata": [
                "analysisLoadingState": "UNATTEMPTED", "analysisProgressPercentage": 0,
                "analysisAttemptIndex": 0,
            ],
        ]
    }

    private var results: [JSONValue] {
        (0..<job.request.count).map { index in
            [
                "fileId": .string(job.fileID(index)), "type": "AUDIO",
                "file": links == nil ? .null : .object(file(index)),
            ]
        }
    }

    private func source(_ index: Int, bytes: Int64? = nil) -> JSONObject {
        var source: JSONObject = ["status": "ready"]
        if let links {
            let target = links.signer.target(job.fileID(index), until: links.expiry)
            source["url"] = .string(job.address + target)
            source["expiresAt"] = .integer(links.expiry)
        }
        if let bytes { source["fileBytes"] = .integer(bytes) }
        return source
    }

    /// The members are documented, the words a guess.
    private var error: JSONObject {
        job.fate == .sensitive
            ? ["message": "The prompt was refused by moderation.", "code": "content_policy_violation"]
            : ["message": "The sound could not be made.", "code": "execution_failed"]
    }
}
