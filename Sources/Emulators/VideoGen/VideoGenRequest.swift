import HTTP
import HTTPServer
import JSON

/// The vendor's tools that make sound.
enum VideoGenTool: String, Sendable, CaseIterable {
    /// The type's name is a guess after its siblings'.
    case soundEffect = "GENERATE_SOUND_EFFECT"
    case music = "GENERATE_MUSIC"

    /// The last segment of the tool's path.
    var path: String {
        switch self {
        case .soundEffect: "generate-sound-effect"
        case .music: "generate-music"
        }
    }
}

/// The body of a tool's call, checked as the vendor checks it.
struct VideoGenRequest: Sendable {
    let tool: VideoGenTool
    let prompt: String
    /// In seconds; `nil` leaves it to the vendor.
    let duration: Double?
    let promptInfluence: Double?
    let count: Int
    let isTemporary: Bool

    /// Reads a body; what the vendor has no name for is let pass.
    init(_ tool: VideoGenTool, _ call: VendorCall) throws(VideoGenRefusal) {
        self.tool = tool
        let body = try VideoGenRequest.object(call)
        guard let prompt = try body.read("prompt", "a string", { $0.string }), !prompt.isEmpty else {
            throw .invalid("prompt is required")
        }
        self.prompt = prompt
        let isSound = tool == .soundEffect
        // The range is the SDK's older documentation's.
        duration = !isSound ? nil : try body.number("durationSeconds", in: 1...30)
        // No range is documented: from 0 to 1 is a guess.
        promptInfluence = !isSound ? nil : try body.number("promptInfluence", in: 0...1)
        count =
            try body.read("numResults", "an integer from 1 to 100") { value in
                value.integer.flatMap { (1...100).contains($0) ? Int($0) : nil }
            } ?? 1
        isTemporary = try body.read("isOutputTemporary", "a boolean", { $0.bool }) ?? false
    }

    /// The JSON object that a call carries.
    static func object(_ call: VendorCall) throws(VideoGenRefusal) -> JSONObject {
        guard let type = call.request.fields["Content-Type"].flatMap({ MediaType($0) }), type.isJSON else {
            throw .invalid("Content-Type must be application/json")
        }
        let body: JSONObject?
        do { body = try JSONValue(parsing: call.body).object } catch { body = nil }
        guard let body else { throw .invalid("the body must be a JSON object") }
        return body
    }

    /// The request as the control route shows it.
    var json: JSONObject {
        [
            "tool": .string(tool.rawValue), "prompt": .string(prompt),
            "durationSeconds": JSONValue(orNull: duration),
            "promptInfluence": JSONValue(orNull: promptInfluence), "numResults": JSONValue(count),
            "isOutputTemporary": .bool(isTemporary),
        ]
    }
}

extension JSONObject {
    /// A member that may be left out or be `null`, but not be something else.
    func read<Value>(
        _ name: String,
        _ wanted: String,
        _ convert: (JSONValue) -> Value?
    ) throws(VideoGenRefusal) -> Value? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let converted = convert(value) else { throw .invalid("\(name) must be \(wanted)") }
        return converted
    }

    fileprivate func number(_ name: String, in range: ClosedRange<Double>) throws(VideoGenRefusal) -> Double?
    {
        try read(name, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.double.flatMap { range.contains($0) ? $0 : nil }
        }
    }
}
