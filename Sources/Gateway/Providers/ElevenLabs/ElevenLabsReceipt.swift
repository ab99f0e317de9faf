import HTTP
import Sound

extension AudioReceipt {
    /// Reads the header fields that come with ElevenLabs' audio, none of which has to be there.
    ///
    /// `character-cost` and `request-id` are what several clients read; one reads `x-character-cost`. Seen, not
    /// documented for sounds.
    init(_ reply: UpstreamReply, raw: RawAudio?) {
        let cost = ["character-cost", "x-character-cost"].lazy
            .compactMap { reply.fields[$0].flatMap { Double($0) } }
            .first { $0.isFinite && $0 >= 0 }
        let id = reply.fields["request-id"].flatMap { $0.isEmpty ? nil : $0 }
        self.init(id: id, raw: raw, cost: cost.map { Cost.Amount($0, "credits") })
    }
}
