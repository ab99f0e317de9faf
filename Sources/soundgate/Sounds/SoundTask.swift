import AudioFile
import JSON

/// A task as the gateway shows it.
struct SoundTask: Sendable {
    /// One result of a task.
    struct Output: Sendable {
        let index: Int
        let isReady: Bool
        let contentType: String?
        let bytes: Int?
        let sha256: String?
        let duration: Double?
        /// Why there is none.
        let error: String?

        /// The usual extension of its format, without a dot.
        var fileExtension: String? {
            AudioFormat.allCases.first { $0.contentType == contentType }?.fileExtension
        }
    }

    let json: JSONObject
    let id: String
    let status: String
    let outputs: [Output]

    /// - Throws: `CommandFailure` when it is no task.
    init(_ value: JSONValue) throws(CommandFailure) {
        guard let json = value.object, let id = json["id"]?.string, let status = json["status"]?.string,
            // It becomes part of paths.
            id.utf8.allSatisfy({ $0 == 0x5F || $0 == 0x2D || Character(Unicode.Scalar($0)).isASCIIWord })
        else { throw CommandFailure(.protocolError, "the gateway's answer is not a task") }
        self.json = json
        self.id = id
        self.status = status
        outputs = (json["outputs"]?.array ?? []).map { output in
            Output(
                index: output["index"]?.integer.map { Int(clamping: $0) } ?? 0,
                isReady: output["status"]?.string == "ready",
                contentType: output["content_type"]?.string,
                bytes: output["bytes"]?.integer.map { Int(clamping: $0) },
                sha256: output["sha256"]?.string,
                duration: output["duration"]?.double,
                error: output["error"]?["message"]?.string
            )
        }
    }

    /// Whether it will not change any more.
    var hasEnded: Bool { ["succeeded", "failed", "canceled"].contains(status) }

    var path: String { "/v1/sounds/\(id)" }

    /// From 0 to 1.
    var progress: Double { min(max(json["progress"]?.double ?? 0, 0), 1) }

    /// Seconds until the end, as far as anybody can tell.
    var eta: Double? { json["eta"]?.double }

    var queuePosition: Int64? { json["queue_position"]?.integer }

    /// `provider/operation`, once that is known.
    var route: String? {
        guard let provider = json["provider"]?.string, let operation = json["operation"]?.string else {
            return nil
        }
        return printable("\(provider)/\(operation)")
    }

    /// What ended it, for a person.
    var errorText: String? {
        guard let error = json["error"]?.object else { return nil }
        let message = printable(error["message"]?.string ?? "no reason given")
        let code = error["code"]?.string.map { " (\(printable($0)))" } ?? ""
        let advice = error["retryable"]?.bool == true ? "; the same request may succeed later" : ""
        return message + code + advice
    }
}

extension Character {
    fileprivate var isASCIIWord: Bool { isASCII && (isLetter || isNumber) }
}
