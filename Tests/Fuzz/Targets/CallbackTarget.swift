import Crypto
import HTTP
import JSON
import Providers
import Sound

extension FuzzTarget {
    private static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let now = Moment(milliseconds: 1_790_000_000_000)

    /// Header lines, an empty line, the body.
    private static func message(_ bytes: [UInt8]) -> CallbackMessage {
        var rest = bytes[...]
        var fields = Fields()
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { break }
            fields.append(
                String(decoding: line[..<colon], as: UTF8.self),
                String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingBlanks
            )
        }
        return CallbackMessage(fields: fields, body: Array(rest))
    }

    /// Every vendor's readers take every message: what is not signed proves nothing.
    ///
    /// The same bytes are also read as answers to the calls that the vendor is asked with.
    static let callback = FuzzTarget("Callback") { bytes in
        let message = message(bytes)
        for adapter in catalog {
            if let reader = adapter.callbacks.reader {
                for secret in [nil, secret] {
                    let news = reader.news(in: message, secret: secret, now: now)
                    if case .proven = news {
                        precondition(reader.isSigned && secret != nil, "proven without a signature")
                    }
                }
            }
            for status in [200, 400, 429, 500] {
                let reply = UpstreamReply(status: status, fields: message.fields, body: message.body)
                if status == 200 { _ = adapter.balance?.balance(reply) }
                for operation in adapter.operations { read(reply, of: operation) }
            }
        }
    }

    private static func read(_ reply: UpstreamReply, of operation: Operation) {
        switch operation.delivery {
        case .rendered: break
        case .streamed(let translator): _ = translator.refusal(reply)
        case .polled(let translator):
            do throws(SubmitError) { _ = try translator.accepted(reply) } catch {}
            do throws(PollError) { _ = try translator.observation(reply) } catch {}
            for part in TakePart.allCases {
                do throws(PollError) { _ = try translator.answer(reply, for: part, of: "take-1") } catch {}
            }
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let bytes = utf8.drop { $0 == 0x20 || $0 == 0x09 }
        let end = bytes.lastIndex { $0 != 0x20 && $0 != 0x0D } ?? bytes.startIndex
        return bytes.isEmpty ? "" : String(decoding: bytes[...end], as: UTF8.self)
    }
}
