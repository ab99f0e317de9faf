import AudioFile
import HTTP
import HTTPServer
import Synthesis
import Telemetry

/// Serves result files as a vendor's storage does: no key, ranges, and its own faults.
struct AssetDesk: Sendable {
    let shelf: AudioShelf
    let time: EmulatorTime
    /// How long the first byte waits.
    let latency: Duration
    let log: Log

    /// Answers a call for a file.
    ///
    /// The specification says what is heard in it; without one there is no such file yet. With `refusesCredentials`, a
    /// call with an `Authorization` or `Cookie` field is refused, as signed links do.
    func answer(
        _ call: VendorCall,
        name: String,
        _ specification: SoundSpecification?,
        as format: AudioFormat = .mp3,
        refusesCredentials: Bool
    ) async -> VendorAnswer {
        if call.request.fields.contains("Authorization") || call.request.fields.contains("Cookie") {
            log(.warning, "credentials sent for a result file")
            if refusesCredentials {
                return refusal(.badRequest, "InvalidArgument", outcome: "credentials refused")
            }
        }
        switch call.fault?.kind {
        case .missingThenFound?: return refusal(.notFound, "NoSuchKey", outcome: "missing")
        case .expired?: return refusal(.forbidden, "AccessDenied", outcome: "expired")
        case .html?:
            let page = Array("<!doctype html>\n<title>Sign in</title>\n<p>Please sign in to go on.\n".utf8)
            return VendorAnswer(response: Response(.ok, contentType: "text/html", page), outcome: "html")
        case .empty?:
            return VendorAnswer(
                response: Response(.ok, contentType: format.contentType, []),
                outcome: "empty"
            )
        default: break
        }
        guard let specification else { return refusal(.notFound, "NoSuchKey", outcome: "missing") }
        await time.sleep(latency)
        do {
            let file = try await shelf.file("\(name).\(format.fileExtension)") { path in
                try AudioShelf.render(specification, to: path, as: format)
            }
            if call.fault?.kind == .truncated {
                let half = FileBody(file, range: 0..<file.size / 2)
                let response = Response(.ok, fields: ["Content-Type": format.contentType], body: .file(half))
                return VendorAnswer(response: response, outcome: "truncated")
            }
            let tag = EntityTag("\(name).\(format.fileExtension)")
            let response = Response.file(
                file,
                contentType: format.contentType,
                entityTag: tag,
                for: call.request
            )
            return VendorAnswer(response: response, outcome: "served")
        } catch {
            log(.error, "result file could not be made", ["error": "\(error)"])
            return refusal(.internalServerError, "InternalError", outcome: "failed")
        }
    }

    /// The XML that object stores answer with.
    func refusal(_ status: Status, _ code: String, outcome: String) -> VendorAnswer {
        let text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n<Error><Code>\(code)</Code></Error>\n"
        let response = Response(status, contentType: "application/xml", Array(text.utf8))
        return VendorAnswer(response: response, outcome: outcome)
    }
}
