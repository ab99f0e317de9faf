import HTTP
import JSON
import Synthesis

/// The body of `generate/sounds`, checked as the vendor checks it.
struct SunoSoundRequest: Sendable {
    let prompt: String
    let model: String
    let loops: Bool
    /// In beats per minute; `nil` is automatic.
    let tempo: Int?
    /// As spelled; `Any` leaves it open.
    let key: String
    let grabsLyrics: Bool
    let callbackURL: String?

    /// Reads a body; models are the host's own.
    init(_ bytes: [UInt8], contentType: String?, models: [String]) throws(SunoRefusal) {
        guard let type = contentType.flatMap({ MediaType($0) }), type.isJSON else {
            throw SunoRefusal.malformed("Content-Type must be application/json")
        }
        guard let body = SunoSoundRequest.object(bytes) else {
            throw SunoRefusal.malformed("The body must be a JSON object")
        }
        guard let prompt = try body.suno("prompt", "a string", { $0.string }), !prompt.isEmpty else {
            throw SunoRefusal.missing("prompt")
        }
        guard prompt.unicodeScalars.count <= 500 else { throw SunoRefusal.tooLong }
        guard let model = try body.suno("model", "a string", { $0.string }) else {
            throw SunoRefusal.missing("model")
        }
        guard models.contains(model) else {
            throw SunoRefusal.malformed("model must be one of \(models.joined(separator: ", "))")
        }
        self.prompt = prompt
        self.model = model
        loops = try body.suno("soundLoop", "a boolean", { $0.bool }) ?? false
        tempo = try body.suno("soundTempo", "an integer from 1 to 300") { value in
            value.integer.flatMap { (1...300).contains($0) ? Int($0) : nil }
        }
        key =
            try body.suno("soundKey", "one of the documented keys") { $0.string.flatMap(SunoKey.known) }
            ?? "Any"
        grabsLyrics = try body.suno("grabLyrics", "a boolean", { $0.bool }) ?? false
        callbackURL = try body.suno("callBackUrl", "a URL") {
            $0.string.flatMap { HTTPURL($0) == nil ? nil : $0 }
        }
    }

    private static func object(_ bytes: [UInt8]) -> JSONObject? {
        do { return try JSONValue(parsing: bytes).object } catch { return nil }
    }

    /// The request as the record repeats it.
    var json: JSONObject {
        var body: JSONObject = [
            "prompt": .string(prompt), "model": .string(model), "soundLoop": .bool(loops),
        ]
        if let tempo { body["soundTempo"] = JSONValue(tempo) }
        body["soundKey"] = .string(key)
        body["grabLyrics"] = .bool(grabsLyrics)
        if let callbackURL { body["callBackUrl"] = .string(callbackURL) }
        return body
    }

    /// The vendor's inner name of the model, as recorded answers show it.
    var innerModel: String {
        switch model {
        case "V5": "chirp-crow"
        case "V5_5": "chirp-fenix"
        // No recorded answer shows the later ones.
        default: model
        }
    }
}

/// The vendor's 25 keys: sharps only, `m` for minor.
enum SunoKey {
    private static let tonics = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]

    /// The name itself when the vendor knows it.
    static func known(_ name: String) -> String? {
        name == "Any" || scale(name) != nil ? name : nil
    }

    /// The scale behind a name; `nil` for `Any` and for what is no key.
    static func scale(_ name: String) -> ScaleKey? {
        let isMinor = name.hasSuffix("m")
        guard let tonic = tonics.firstIndex(of: isMinor ? String(name.dropLast()) : name) else { return nil }
        return ScaleKey(tonic: tonic, mode: isMinor ? .minor : .major)
    }
}

extension JSONObject {
    /// A member that may be left out or be `null`, but not be something else.
    func suno<Value>(
        _ name: String,
        _ wanted: String,
        _ convert: (JSONValue) -> Value?
    ) throws(SunoRefusal) -> Value? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let converted = convert(value) else { throw SunoRefusal.malformed("\(name) must be \(wanted)") }
        return converted
    }
}
