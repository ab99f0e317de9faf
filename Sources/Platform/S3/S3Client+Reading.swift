import HTTP
import HTTPClient

extension S3Client {
    /// What the store knows of an object; `nil` when there is none.
    package func head(_ key: String) async throws(S3Error) -> S3Object? {
        do throws(S3Error) {
            let response = try await send(Call(operation: .head, method: .head, key: key))
            guard let object = S3Object(key: key, response.fields) else {
                throw S3Error(.malformed, "the store did not say how long the object is")
            }
            return object
        } catch {
            guard error.kind == .missing else { throw error }
            return nil
        }
    }

    /// Objects whose keys begin with a prefix, in the order of their keys.
    ///
    /// `after` is what the last part gave as ``S3Page/next``, `nil` for the first part; `most` is 1 to 1000.
    package func list(_ prefix: String, after: String? = nil, most: Int = 1000) async throws(S3Error)
        -> S3Page
    {
        var call = Call(operation: .list, method: .get)
        call.query = [("list-type", "2"), ("max-keys", "\(most)"), ("prefix", prefix)]
        if let after { call.query.append(("continuation-token", after)) }
        call.maximumBytes = 4 << 20
        let response = try await send(call)
        let told = response.fields["date"].flatMap { HTTPDate(parsing: $0) }
        let document: XMLElement
        do throws(XMLElement.Fault) {
            document = try XMLElement(parsing: response.body)
        } catch {
            throw S3Error(.malformed, "the store's list \(error.reason)")
        }
        guard let page = S3Page(document, told: told) else {
            throw S3Error(.malformed, "the store's list is none")
        }
        return page
    }

    /// A part of an object in memory.
    ///
    /// - Throws: `.missing` when there is no such object, `.malformed` when the store gives another part than was asked for.
    package func bytes(of key: String, _ range: Range<Int64>) async throws(S3Error) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        var call = Call(operation: .get, method: .get, key: key, fields: [Self.field(range)])
        // An error may be longer than a short part.
        call.maximumBytes = max(range.count, 64 << 10)
        call.judge = { response in
            guard Self.isPart(range, response.status, response.fields) else { return Self.wrongPart }
            return response.body.count == range.count
                ? nil : S3Error(.unavailable, "the store cut an object off")
        }
        return try await send(call).body
    }

    /// Hands a part of an object on as it comes; the store's connection is read no faster than that.
    ///
    /// A transfer that breaks is taken up where it broke.
    ///
    /// - Throws: `.local` when `take` does.
    package func read(
        _ key: String,
        _ range: Range<Int64>,
        _ take: @escaping ([UInt8]) async throws -> Void
    ) async throws(S3Error) {
        var (start, tries) = (range.lowerBound, 0)
        while start < range.upperBound {
            tries += 1
            let rest = start..<range.upperBound
            let call = Call(operation: .get, method: .get, key: key, fields: [Self.field(rest)])
            var request = signed(call, total: .seconds(3600))
            request.maximumBytes = rest.count
            let sink = S3PartSink(rest, take)
            let failure: S3Error
            do throws(TransportFailure) {
                _ = try await transport.download(request, to: sink)
                guard sink.taken < Int64(rest.count) else { return told(nil, of: .get) }
                failure = S3Error(.unavailable, "the store cut an object off")
            } catch {
                failure = sink.failure ?? S3Error(error)
            }
            told(failure, of: .get)
            start += sink.taken
            // A try that brought something on is none that was in vain.
            if sink.taken > 0 { tries = 1 }
            try await pause(after: failure, tries, .get)
        }
    }

    static let wrongPart = S3Error(.malformed, "the store gave another part of the object than was asked for")

    private static func field(_ range: Range<Int64>) -> (name: String, value: String) {
        ("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    }

    /// Whether an answer has this part.
    static func isPart(_ range: Range<Int64>, _ status: Status, _ fields: Fields) -> Bool {
        let wanted = "bytes \(range.lowerBound)-\(range.upperBound - 1)/"
        return status == .partialContent && fields["content-range"]?.hasPrefix(wanted) == true
    }
}

/// Hands on what comes of a part of an object.
private final class S3PartSink: ByteSink {
    private let range: Range<Int64>
    private let take: ([UInt8]) async throws -> Void
    /// Bytes that were handed on.
    private(set) var taken: Int64 = 0
    /// Why it ended, where that is not the transport's fault.
    private(set) var failure: S3Error?

    init(_ range: Range<Int64>, _ take: @escaping ([UInt8]) async throws -> Void) {
        self.range = range
        self.take = take
    }

    func head(_ status: Status, _ fields: Fields) async throws -> Acceptance {
        if S3Client.isPart(range, status, fields) { return .accept }
        failure =
            status == .partialContent || status == .ok
            ? S3Client.wrongPart : S3Error(status, fields, body: [])
        return .refuse("status \(status.code)")
    }

    func write(_ bytes: [UInt8]) async throws {
        do {
            try await take(bytes)
        } catch {
            failure = S3Error(.local, "what was read could not be handed on: \(error)")
            throw error
        }
        taken += Int64(bytes.count)
    }
}
