import JSON
import Synthesis

/// What a call asks to hear, checked as the vendor checks it.
struct ElevenLabsRequest: Sendable {
    let prompt: String
    let isMusic: Bool
    let model: String
    let format: ElevenLabsFormat
    let loops: Bool
    /// In seconds; `nil` leaves it to the vendor.
    let duration: Double?
    let seed: Int?

    /// A call of `sound-generation`.
    init(sound call: VendorCall, textLimit: Int) throws(ElevenLabsRefusal) {
        var members = try ElevenLabsMembers(call)
        let formatName = members.format(of: ElevenLabsFormat.sounds)
        members.checkLogging()
        let text = members.text("text")
        if text == nil, members["text"] == nil {
            members.complain(["body", "text"], "Field required", "missing")
        }
        loops = members.flag("loop") ?? false
        duration = members.number("duration_seconds", in: 0.5...30)
        _ = members.number("prompt_influence", in: 0...1)
        model =
            members.choice("model_id", of: ["eleven_text_to_sound_v2", "eleven_text_to_sound_v3"])
            ?? "eleven_text_to_sound_v2"
        try members.finish()
        isMusic = false
        seed = nil
        prompt = try ElevenLabsRequest.checked(text ?? "", limit: textLimit)
        format = try ElevenLabsRequest.format(formatName ?? "mp3_44100_128", of: ElevenLabsFormat.sounds)
    }

    /// A call of `music`.
    init(music call: VendorCall, textLimit: Int) throws(ElevenLabsRefusal) {
        var members = try ElevenLabsMembers(call)
        let formatName = members.format(of: ["auto"] + ElevenLabsFormat.music)
        members.checkLogging()
        let text = members.text("prompt")
        let plan = ElevenLabsPlan(&members)
        let length = members.integer("music_length_ms", in: 3000...600_000)
        model = members.choice("model_id", of: ["music_v1", "music_v2", "music_v2_5"]) ?? "music_v1"
        let isInstrumental = members.flag("force_instrumental")
        seed = members.integer("seed", in: 0...2_147_483_647)
        for name in ["respect_sections_durations", "store_for_inpainting", "sign_with_c2pa"] {
            _ = members.flag(name)
        }
        _ = members.text("finetune_id")
        let hasPlan = members["composition_plan"] != nil
        if (members["prompt"] != nil) == hasPlan {
            members.refuse("Exactly one of `prompt` and `composition_plan` must be given")
        }
        if hasPlan, length != nil || isInstrumental == true {
            members.refuse("`music_length_ms` and `force_instrumental` go with `prompt` only")
        }
        if !hasPlan, seed != nil { members.refuse("`seed` cannot be used with `prompt`") }
        try members.finish()
        isMusic = true
        loops = false
        duration = plan?.duration ?? length.map { Double($0) / 1000 }
        prompt = try ElevenLabsRequest.checked(plan?.words ?? text ?? "", limit: textLimit)
        let name = formatName ?? "auto"
        format = try ElevenLabsRequest.format(
            name == "auto" ? ElevenLabsFormat.automatic(for: model) : name,
            of: ElevenLabsFormat.music
        )
    }

    private static func checked(_ text: String, limit: Int) throws(ElevenLabsRefusal) -> String {
        guard text.unicodeScalars.count <= limit else { throw .status("max_character_limit_exceeded") }
        return text
    }

    private static func format(_ name: String, of names: [String]) throws(ElevenLabsRefusal)
        -> ElevenLabsFormat
    {
        // The names were checked before: this is for a mistake in the lists.
        guard let format = ElevenLabsFormat.named(name, of: names) else { throw .code(500) }
        return format
    }

    /// In the vendor's credits, which it calls characters: a hundred, or 25 for each asked second (seen, old rates).
    var cost: Int { duration.map { Int(($0 * 25).rounded(.up)) } ?? 100 }

    /// The request as the control route shows it.
    var json: JSONObject {
        [
            "prompt": .string(prompt), "music": .bool(isMusic), "model_id": .string(model),
            "output_format": .string(format.name), "loop": .bool(loops),
            "seconds": JSONValue(orNull: duration),
        ]
    }

    /// What is heard: every call its own sound, unless told to repeat.
    func specification(seed: UInt64) -> SoundSpecification {
        SoundSpecification(
            prompt: prompt,
            isMusic: isMusic,
            loop: loops,
            duration: duration ?? spokenLength(in: prompt).map { isMusic ? $0 : min($0, 30) }
                ?? (isMusic ? 30 : nil),
            seed: seed &+ UInt64(self.seed ?? 0)
        )
    }
}

/// A composition plan, of which the double reads the lengths and the styles: `sections` of the first model, `chunks` of
/// the later ones.
private struct ElevenLabsPlan {
    /// In seconds.
    let duration: Double
    let words: String

    init?(_ members: inout ElevenLabsMembers) {
        guard let value = members["composition_plan"] else { return nil }
        guard let plan = value.object, let parts = (plan["sections"] ?? plan["chunks"])?.array, !parts.isEmpty
        else {
            members.complain(["body", "composition_plan"], "Field required", "missing")
            return nil
        }
        let place = ["body", "composition_plan", plan["sections"] == nil ? "chunks" : "sections"]
        var total = 0
        for (index, part) in parts.enumerated() {
            guard let length = part["duration_ms"]?.integer, (3000...120_000).contains(length) else {
                members.complain(
                    place + ["\(index)", "duration_ms"],
                    "Input should be between 3000 and 120000",
                    "value_error"
                )
                continue
            }
            total += Int(length)
        }
        duration = Double(total) / 1000
        let styles = [plan["positive_global_styles"]] + parts.map { $0["positive_local_styles"] }
        words = styles.compactMap { $0?.array }.flatMap { $0.compactMap(\.string) }.joined(separator: ", ")
    }
}

extension ElevenLabsMembers {
    fileprivate mutating func refuse(_ message: String) {
        complain(["body"], "Value error, \(message)", "value_error")
    }
}
