import HTTP
import JSON
import Sound

/// Translates `POST /v1/sound-generation`.
struct ElevenLabsEffects: AudioTranslating {
    static let defaultModel = "eleven_text_to_sound_v2"

    private let options = ElevenLabsOptions(
        takesLogging: true,
        formats: ElevenLabsFormat.ofEffects,
        served: ElevenLabsFormat.ofEffect,
        usualChannels: 1
    )

    func submit(_ order: Order) -> UpstreamCall {
        let request = order.request
        var body: JSONObject = ["text": .string(order.prompt)]
        body["model_id"] = .string(order.model ?? Self.defaultModel)
        if order.isNative(.duration) { body["duration_seconds"] = request.duration.map { .number($0) } }
        if order.isNative(.promptInfluence) {
            body["prompt_influence"] = request.promptInfluence.map { .number($0) }
        }
        if order.isNative(.loop) { body["loop"] = .bool(true) }
        return UpstreamCall(.post, "/v1/sound-generation\(options.query(for: order))", body: .json(body))
    }

    func receipt(_ reply: UpstreamReply, for order: Order) -> AudioReceipt {
        AudioReceipt(reply, raw: options.raw(for: order))
    }

    func refusal(_ reply: UpstreamReply) -> SubmitError { SubmitError(ElevenLabsError(reply), of: reply) }

    func problems(in options: JSONObject) -> [Problem] { self.options.problems(in: options) }
}
