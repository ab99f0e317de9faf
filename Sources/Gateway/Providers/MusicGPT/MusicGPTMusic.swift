import HTTP
import JSON
import Sound

/// Translates `POST /v1/MusicAI`, in prompt mode and, with `lyrics` and `music_style`, in custom mode.
struct MusicGPTMusic: MusicGPTTranslating {
    let conversionType = "MUSIC_AI"

    func submit(_ order: Order) -> UpstreamCall {
        let request = order.request
        var body: JSONObject = [:]
        func put(_ name: String, _ value: JSONValue?, for field: RequestField) {
            if order.isNative(field) { body[name] = value }
        }
        if !order.prompt.isEmpty { body["prompt"] = .string(order.prompt) }
        put("music_style", request.style.map { .string($0) }, for: .style)
        put("lyrics", request.lyrics.map { .string($0) }, for: .lyrics)
        put("make_instrumental", .bool(true), for: .instrumental)
        put("vocal_only", .bool(true), for: .vocalsOnly)
        put("gender", request.gender.map { .string($0.rawValue) }, for: .gender)
        put("voice_id", request.voice.map { .string($0) }, for: .voice)
        put("output_length", request.duration.map { .number($0) }, for: .duration)
        put("negative_tags", request.negativePrompt.map { .string($0) }, for: .negativePrompt)
        body["webhook_url"] = order.callbackURL.map { .string($0) }
        return UpstreamCall(.post, "/v1/MusicAI", body: .json(body))
    }

    /// The times may come after the audio, in the same answer.
    ///
    /// The documented body names one version only: the other is asked for by its own id.
    func ask(for part: TakePart, of take: String, job: RemoteJob) -> UpstreamCall? {
        switch part {
        case .timedLyrics: poll(job)
        case .address:
            UpstreamCall(
                .get,
                "/v1/byId?conversionType=\(conversionType)&conversion_id=\(queryEscaped(take))"
            )
        }
    }

    func answer(_ reply: UpstreamReply, for part: TakePart, of take: String) throws(PollError)
        -> RemoteResult
    {
        let result = try conversion(in: reply).takes.first { $0.key == take }
        switch part {
        case .timedLyrics where result?.timedLyrics == nil:
            throw .transient("the take has no timed lyrics yet", retryAfter: nil)
        case .timedLyrics, .address:
            guard let result else { throw .transient("the take has no address yet", retryAfter: nil) }
            return result
        }
    }
}
