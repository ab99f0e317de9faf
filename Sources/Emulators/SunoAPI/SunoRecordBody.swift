import JSON
import Synthesis
import Telemetry

/// The `data` of a record: recorded answers' spelling where it differs from the vendor's page.
struct SunoRecordBody {
    let job: SunoJob
    let status: SunoStatus
    /// Where the double is, as its caller reached it: `http://host:port/sunoapi`.
    let address: String

    /// The record in the polled spelling.
    var json: JSONObject {
        [
            "taskId": .string(job.id),
            "parentMusicId": "",
            "param": .string(JSONValue.object(job.request.json).description),
            "response": response,
            "status": .string(status.rawValue),
            // The vendor's page shows "GENERATE" and a date in words; real answers have these.
            "type": .string(job.request.innerModel),
            "operationType": "generate",
            "errorCode": error.map { JSONValue($0.code) } ?? .null,
            "errorMessage": JSONValue(orNull: error?.message),
            "createTime": .integer(job.date.milliseconds),
        ]
    }

    private var response: JSONValue {
        if status == .pending || error != nil { return .null }
        let clips = (0..<job.readyClips(in: status)).map { JSONValue.object(clip($0)) }
        return ["taskId": .string(job.id), "sunoData": .array(clips)]
    }

    private var error: (code: Int, message: String)? {
        switch status {
        // What goes with it is not known.
        case .createTaskFailed: (500, "The task could not be created.")
        case .generateAudioFailed: (531, "Generation failed and credits were given back.")
        case .sensitiveWordError: (400, "The prompt contains sensitive words.")
        default: nil
        }
    }

    /// One clip in the polled spelling.
    func clip(_ index: Int) -> JSONObject {
        let synthesizer = Synthesizer(job.specification(index))
        let seconds = Double(synthesizer.frameCount) / Double(Synthesizer.sampleRate)
        let id = job.clipID(index)
        let file = "\(address)/files/\(id)"
        return [
            "id": .string(id),
            "audioUrl": .string("\(file).mp3"),
            "sourceAudioUrl": .string("\(file).mp3"),
            "streamAudioUrl": .string(file),
            "sourceStreamAudioUrl": .string(file),
            "imageUrl": "",
            "sourceImageUrl": "",
            "prompt": .string(job.request.prompt),
            "modelName": .string(job.request.innerModel),
            "title": .string(synthesizer.title),
            "tags": .string(synthesizer.layers.joined(separator: ", ")),
            "createTime": .integer(job.date.milliseconds),
            "duration": .number((seconds * 100).rounded() / 100),
        ]
    }
}

extension JSONValue {
    /// The same with the names of all members in snake_case.
    var snakeCased: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.snakeCased))
        case .object(let object):
            var renamed = JSONObject()
            for member in object { renamed[snakeCase(member.key)] = member.value.snakeCased }
            return .object(renamed)
        default: return self
        }
    }

    private func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
