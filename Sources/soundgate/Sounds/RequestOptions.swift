import JSON
import Sound

/// The options that say what a sound should be, one for each field of a create request.
enum RequestOptions {
    private enum Kind {
        case flag, text, integer, number
        /// Names, several with commas between.
        case names
    }

    private struct Entry: Sendable {
        let field: RequestField
        let kind: Kind
        let option: Option

        init(
            _ field: RequestField,
            _ kind: Kind,
            _ value: String?,
            _ summary: String,
            expects: Expectation? = nil
        ) {
            let name = "--" + field.rawValue.map { $0 == "_" ? "-" : "\($0)" }.joined()
            self.field = field
            self.kind = kind
            option = Option(name, value: value, expects: expects, summary: summary)
        }
    }

    private static let entries: [Entry] = [
        Entry(.type, .text, "effect|music", "which of the two; usually clear from the rest"),
        Entry(.loop, .flag, nil, "must loop without a seam"),
        Entry(.bpm, .integer, "N", "tempo in beats per minute, 1 to 300"),
        Entry(.key, .text, "KEY", "musical key: Am, C#, \"Bb minor\""),
        Entry(.duration, .number, "S", "length in seconds, 0.5 to 600"),
        Entry(.variations, .integer, "N", "how many different takes, 1 to 10"),
        Entry(.style, .text, "TEXT", "style of the music"),
        Entry(.lyrics, .text, "TEXT", "words to sing; see also --lyrics-file"),
        Entry(.negativePrompt, .text, "TEXT", "what to leave out"),
        Entry(.instrumental, .flag, nil, "music without a voice"),
        Entry(.vocalsOnly, .flag, nil, "the voice alone"),
        Entry(
            .gender,
            .text,
            "GENDER",
            "of the voice: male, female or neutral",
            expects: .words(["male", "female", "neutral"])
        ),
        Entry(.voice, .text, "ID", "a provider's voice"),
        Entry(.timedLyrics, .flag, nil, "ask for lyrics with times"),
        Entry(.promptInfluence, .number, "X", "how literally to take the prompt, 0 to 1"),
        Entry(.seed, .integer, "N", "the same again, where the provider can"),
        Entry(
            .format,
            .text,
            "FORMAT",
            "mp3, wav, flac or ogg",
            expects: .words(SoundFormat.allCases.map(\.rawValue))
        ),
        Entry(.temporary, .flag, nil, "the vendor need not keep it"),
        Entry(
            .provider,
            .names,
            "NAME[,NAME]",
            "these providers only, in this order",
            expects: .list(VendorWords.adapters)
        ),
        Entry(.model, .text, "NAME", "this model", expects: .words(VendorWords.models)),
        Entry(
            .accept,
            .text,
            "GRADE",
            "the weakest way to meet a field: native, emulated or hint",
            expects: .words(["native", "emulated", "hint"])
        ),
        Entry(.deadline, .number, "S", "give up after so many seconds (default 900)"),
    ]

    private static let lyricsFile = Option(
        "--lyrics-file",
        value: "FILE",
        summary: "read the lyrics from a file"
    )
    private static let maxCost = Option(
        "--max-cost",
        value: "\"N UNIT\"",
        summary: "refuse what would cost more, as in \"5 credits\""
    )
    private static let metadata = Option(
        "--metadata",
        value: "NAME=VALUE",
        isRepeatable: true,
        summary: "kept with the task; may be repeated"
    )
    private static let providerOptions = Option(
        "--provider-options",
        value: "JSON",
        summary: "an object from provider names to their own parameters"
    )

    /// All of them, for a command's list.
    static let options = entries.map(\.option) + [lyricsFile, maxCost, metadata, providerOptions]

    /// The body of the request that a command line asks for; what it means is for the gateway to judge.
    static func body(_ invocation: Invocation) throws -> JSONObject {
        var body: JSONObject = [:]
        if let prompt = invocation.arguments.first { body[RequestField.prompt.rawValue] = .string(prompt) }
        for entry in entries where invocation.has(entry.option) {
            body[entry.field.rawValue] = try value(of: entry, invocation)
        }
        if let path = invocation.text(lyricsFile) {
            body[RequestField.lyrics.rawValue] = .string(try TextFile.contents(of: path))
        }
        if let text = invocation.text(maxCost) {
            let parts = text.split(separator: " ")
            guard parts.count == 2, let amount = Double(parts[0]), amount.isFinite else {
                throw invocation.misread(maxCost, "an amount and a unit, as in \"5 credits\"")
            }
            body[RequestField.maxCost.rawValue] = [
                "amount": .number(amount), "unit": .string(String(parts[1])),
            ]
        }
        if let members = try metadata(invocation) { body[RequestField.metadata.rawValue] = .object(members) }
        if let text = invocation.text(providerOptions) {
            do throws(JSONError) {
                body[RequestField.providerOptions.rawValue] = try JSONValue(parsing: text)
            } catch {
                throw invocation.misread(providerOptions, "JSON (\(error))")
            }
        }
        return body
    }

    private static func value(of entry: Entry, _ invocation: Invocation) throws(UsageError) -> JSONValue {
        let option = entry.option
        switch entry.kind {
        case .flag: return true
        case .text: return JSONValue(orNull: invocation.text(option))
        case .integer: return JSONValue(orNull: try invocation.integer(option))
        case .number: return JSONValue(orNull: try invocation.number(option))
        case .names:
            let names = (invocation.text(option) ?? "").split(separator: ",")
            return .array(names.map { .string(String($0)) })
        }
    }

    private static func metadata(_ invocation: Invocation) throws(UsageError) -> JSONObject? {
        let pairs = invocation.all(metadata)
        guard !pairs.isEmpty else { return nil }
        var members: JSONObject = [:]
        for pair in pairs {
            guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
                throw invocation.misread(metadata, "NAME=VALUE")
            }
            members[String(pair[..<sign])] = .string(String(pair[pair.index(after: sign)...]))
        }
        return members
    }
}
