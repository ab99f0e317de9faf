import HTTP
import HTTPClient
import Threads

/// Sends the content of a good answer to a file and keeps the beginning of any other.
final class AnswerSink: ByteSink, Sendable {
    /// As much of an answer as was heard.
    struct Answer {
        var status: Status?
        var fields = Fields()
        /// Of an answer that is no audio.
        var body: [UInt8] = []
    }

    /// There is enough of an error's text.
    private struct Enough: Error {}

    private static let bodyLimit = 64 << 10

    let file: FileSink
    private let heard = Guarded(Answer())

    init(file: FileSink) {
        self.file = file
    }

    var answer: Answer { heard.withLock { $0 } }

    func head(_ status: Status, _ fields: Fields) async throws -> Acceptance {
        heard.withLock { answer in
            answer.status = status
            answer.fields = fields
        }
        return status == .ok ? try await file.head(status, fields) : .accept
    }

    func write(_ bytes: [UInt8]) async throws {
        guard answer.status != .ok else { return try await file.write(bytes) }
        let isFull = heard.withLock { answer in
            answer.body += bytes.prefix(Self.bodyLimit - answer.body.count)
            return answer.body.count == Self.bodyLimit
        }
        if isFull { throw Enough() }
    }

    /// What a call came to that ended before the answer did.
    func reception(after failure: TransportFailure) -> Reception {
        let answer = answer
        if let reason = file.storageFailure { return .storage(reason, answer.fields) }
        guard let status = answer.status ?? failure.status else {
            return failure.delivery == .notSent ? .notSent(failure.message) : .unknown(failure.message)
        }
        guard status == .ok else { return .answered(status, answer.fields, body: answer.body) }
        return switch failure.reason {
        case .sink, .tooLarge: .unusable(failure.message, answer.fields)
        default: .cutOff(failure.message, answer.fields)
        }
    }
}
