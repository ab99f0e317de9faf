package import Crypto
package import Sound
package import Telemetry

/// Who did what: requests, failed authentications and calls to vendors, each a record of one line.
///
/// The records name people, keys and tasks, and never hold a key, a token or a URL. Words of a request are in them as far
/// as ``Prompts`` says. Where no file is configured nothing is recorded.
package struct AuditLog: Sendable {
    /// How much of a request's words is recorded.
    package enum Prompts: Sendable {
        case none
        /// A code of each text, HMAC-SHA256 under this key.
        ///
        /// Not a plain digest: prompts are short and come from a small language, so whoever has the file could try
        /// guesses until one fits. Whoever has the key still can, and that is its use: to find out whether a known text
        /// was sent. Under a random key nobody can, and equal texts are still seen to be equal.
        case hash(key: LockedBytes)
        case full
    }

    /// Records nothing.
    package static let off = AuditLog(sink: nil, prompts: .none)

    private let sink: (any LogSink)?
    private let prompts: Prompts
    private let clock: @Sendable () -> Timestamp

    /// Records to that sink.
    package init(
        sink: (any LogSink)?,
        prompts: Prompts,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.sink = sink
        self.prompts = prompts
        self.clock = clock
    }

    /// Whether anything is recorded.
    package var isOn: Bool { sink != nil }

    /// Records one event; neither blocks nor fails.
    package func callAsFunction(_ event: StaticString, _ fields: @autoclosure () -> LogFields) {
        guard let sink else { return }
        sink.write(LogLine(time: clock(), level: .notice, message: event, fields: fields()))
    }

    /// The words of a request, as far as they are to be recorded.
    package func words(of request: SoundRequest) -> LogFields {
        guard isOn else { return [:] }
        let texts = [
            ("prompt", request.prompt), ("style", request.style), ("lyrics", request.lyrics),
            ("negative_prompt", request.negativePrompt),
        ]
        var fields = LogFields()
        for (name, text) in texts {
            guard let text else { continue }
            switch prompts {
            case .none: break
            case .hash(let key):
                fields["\(name)_hmac"] = "\(HMACSHA256.authenticate(Array(text.utf8), key: key).hex)"
            case .full: fields[name] = "\(text)"
            }
        }
        return fields
    }
}
