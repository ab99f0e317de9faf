import HTTP
import Sound

/// Translates `POST /v1/sound_generator`.
///
/// The page contradicts itself: its OpenAPI part has this path and an urlencoded body, its sample in Python has
/// `/v1/SoundGenerator` and JSON. The OpenAPI part is followed.
struct MusicGPTSound: MusicGPTTranslating {
    let conversionType = "SOUND_GENERATOR"

    func submit(_ order: Order) -> UpstreamCall {
        var pairs = [UpstreamCall.FormField("prompt", order.prompt)]
        if order.isNative(.duration), let seconds = order.request.duration.flatMap({ Int(exactly: $0) }) {
            pairs.append(.init("audio_length", String(seconds)))
        }
        if let url = order.callbackURL { pairs.append(.init("webhook_url", url)) }
        return UpstreamCall(.post, "/v1/sound_generator", body: .form(pairs))
    }
}
