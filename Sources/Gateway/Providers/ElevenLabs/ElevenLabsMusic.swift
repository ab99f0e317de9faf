import HTTP
import JSON
import Sound

/// Translates `POST /v1/music`.
struct ElevenLabsMusic: AudioTranslating {
    /// Every plan that has music has it; the vendor's own default.
    static let defaultModel = "music_v1"

    private let options = ElevenLabsOptions(
        takesLogging: false,
        formats: ElevenLabsFormat.ofMusic,
        served: ElevenLabsFormat.ofSong,
        usualChannels: 2
    )

    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["prompt": .string(order.prompt)]
        body["model_id"] = .string(order.model ?? Self.defaultModel)
        if order.isNative(.duration), let duration = order.request.duration {
            body["music_length_ms"] = .integer(Int64((duration * 1000).rounded()))
        }
        if order.isNative(.instrumental) { body["force_instrumental"] = .bool(true) }
        return UpstreamCall(.post, "/v1/music\(options.query(for: order))", body: .json(body))
    }

    func receipt(_ reply: UpstreamReply, for order: Order) -> AudioReceipt {
        AudioReceipt(reply, raw: options.raw(for: order))
    }

    func refusal(_ reply: UpstreamReply) -> SubmitError { SubmitError(ElevenLabsError(reply), of: reply) }

    func problems(in options: JSONObject) -> [Problem] { self.options.problems(in: options) }
}
