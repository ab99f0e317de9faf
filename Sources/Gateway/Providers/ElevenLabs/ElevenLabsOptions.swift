import HTTP
import JSON
import Sound

/// The caller's options for ElevenLabs, and the query that they and the wanted format become.
///
/// - `output_format`: one of the operation's `formats`; overrules what the wanted format would choose.
/// - `enable_logging`: effects only; `false` asks for zero retention, which only enterprise accounts have.
/// - `channels`: 1 or 2, how many channels samples without a file around them have. The vendor does not say; a
///   wrong number plays at the wrong speed.
struct ElevenLabsOptions: Sendable {
    private static let outputFormat = "output_format"
    private static let enableLogging = "enable_logging"
    private static let channels = "channels"

    let takesLogging: Bool
    /// What `output_format` may be.
    let formats: [ElevenLabsFormat]
    /// What is asked for when a caller wants a format.
    let served: @Sendable (SoundFormat) -> ElevenLabsFormat
    /// A guess: speech comes in mono, songs are sold as stereo.
    let usualChannels: Int

    /// The query with its `?`; empty where the vendor's own default will do.
    func query(for order: Order) -> String {
        var pairs: [String] = []
        if let format = format(for: order) {
            pairs.append("\(Self.outputFormat)=\(queryEscaped(format.name))")
        }
        if takesLogging, let isLogged = order.options[Self.enableLogging]?.bool {
            pairs.append("\(Self.enableLogging)=\(isLogged)")
        }
        return pairs.isEmpty ? "" : "?\(pairs.joined(separator: "&"))"
    }

    /// How the samples of the answer are coded when there is no file around them.
    func raw(for order: Order) -> RawAudio? {
        guard let format = format(for: order), let coding = format.bareCoding else { return nil }
        // Telephone codings are mono everywhere.
        let channels = coding == .pcm16 ? order.options[Self.channels]?.integer.map { Int($0) } : 1
        return RawAudio(coding, sampleRate: format.sampleRate, channels: channels ?? usualChannels)
    }

    func problems(in options: JSONObject) -> [Problem] {
        options.compactMap { member in
            let (name, value) = (member.key, member.value)
            switch name {
            case Self.outputFormat:
                guard let word = value.string else {
                    return Problem(name, .wrongType, "must be a string such as \"mp3_44100_128\"")
                }
                guard ElevenLabsFormat(word, among: formats) == nil else { return nil }
                let choices = formats.map(\.name).joined(separator: ", ")
                return Problem(name, .unknownValue, "is none of the vendor's formats here: \(choices)")
            case Self.enableLogging where takesLogging:
                return value.bool == nil ? Problem(name, .wrongType, "must be true or false") : nil
            case Self.enableLogging:
                return Problem(name, .notSupported, "the vendor takes it with sound effects only")
            case Self.channels:
                guard let count = value.integer else { return Problem(name, .wrongType, "must be 1 or 2") }
                return (1...2).contains(count) ? nil : Problem(name, .outOfRange, "must be 1 or 2")
            default:
                let known = "output_format, enable_logging or channels"
                return Problem(name, .unknownField, "this provider has no option \"\(name)\", only \(known)")
            }
        }
    }

    private func format(for order: Order) -> ElevenLabsFormat? {
        if let word = order.options[Self.outputFormat]?.string {
            return ElevenLabsFormat(word, among: formats)
        }
        return order.request.format.map(served)
    }
}
