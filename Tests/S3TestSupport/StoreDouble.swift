import Crypto
import EventLoop
import Glibc
package import HTTP
import HTTPServer
package import S3
import Threads

/// An object store in memory that speaks enough S3 for tests, on a port of its own, and can misbehave.
///
/// It believes nobody: each signature is computed anew from what arrived, each content held against its hash.
package final class StoreDouble: Sendable {
    /// Something that it does instead of what it was asked for, once.
    package enum Fault: Sendable, Equatable {
        /// An error with its code.
        case error(Int, String)
        /// The connection is closed without an answer; what was asked for is done all the same when `isDone`.
        case deaf(isDone: Bool)
        /// Half of the body, then the end of the connection.
        case cut
        /// Other bytes of the same number.
        case flipped
        /// A body that is no document, with status 200.
        case gibberish
        /// Status 200 with an error in the body, as a store that has begun its answer too early.
        case lateError(String)
        /// Says that it has other bytes than were sent.
        case wrongChecksum
    }

    /// A request as it came.
    package struct Heard: Sendable {
        package let method: String
        package let target: String
        package let fields: Fields
        package let size: Int
    }

    /// An object as it is kept.
    package struct Object: Sendable {
        package var bytes: [UInt8]
        package var type: String
        package var sha256: String?
        /// Seconds since 1970.
        package var modified: Int64
    }

    struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var faults: [(method: String, mark: String, fault: Fault)] = []
        var heard: [Heard] = []
        var number = 0
    }

    struct Upload {
        let key: String
        let type: String
        let sha256: String?
        var parts: [Int: [UInt8]] = [:]
    }

    package static let bucket = "sounds"
    package static let region = "eu-test-1"
    package static let credentials = S3Credentials(
        accessKeyID: Secret("AKIDTEST"),
        secretAccessKey: Secret("test/secret+key")
    )

    package let port: UInt16
    let state = Guarded(State())
    private let credentials: S3Credentials
    private let loop: EventLoop
    private let server: Server

    private init(_ credentials: S3Credentials) async throws {
        self.credentials = credentials
        loop = try EventLoop(name: "store")
        try loop.start()
        var limits = ServerLimits()
        limits.parser.body = 64 << 20
        let handled = Guarded<(@Sendable (Request) async -> Response)?>(nil)
        server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], limits: limits, loops: [loop]) {
            request in
            await handled.withLock(\.self)?(request) ?? Response(.serviceUnavailable)
        }
        port = try await server.start().first?.port ?? 0
        handled.withLock { handler in handler = { await self.answer($0) } }
    }

    /// Lends a double.
    package static func with<Result>(
        credentials: S3Credentials = StoreDouble.credentials,
        _ body: (StoreDouble) async throws -> Result
    ) async throws -> Result {
        let double = try await StoreDouble(credentials)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(double))
        } catch {
            result = .failure(error)
        }
        await double.server.stop(within: .milliseconds(100))
        double.loop.stop()
        double.loop.join()
        return try result.get()
    }

    // MARK: For tests

    /// Where it listens.
    package var origin: String { "http://127.0.0.1:\(port)" }

    /// The objects by their keys.
    package var objects: [String: Object] { state.withLock(\.objects) }

    /// Everything that came, in its order.
    package var heard: [Heard] { state.withLock(\.heard) }

    /// Uploads in parts that are neither complete nor aborted.
    package var openUploads: Int { state.withLock { $0.uploads.count } }

    /// Plays a fault for the next request of a method whose target holds the mark.
    package func play(_ fault: Fault, on method: String, _ mark: String = "") {
        state.withLock { $0.faults.append((method, mark, fault)) }
    }

    /// Makes an object look older.
    package func age(_ key: String, by seconds: Int64) {
        state.withLock { $0.objects[key]?.modified -= seconds }
    }

    /// Puts an object there without anybody asking.
    package func put(_ key: String, _ bytes: [UInt8], sha256: String? = nil, age seconds: Int64 = 0) {
        let object = Object(bytes: bytes, type: "", sha256: sha256, modified: Self.now - seconds)
        state.withLock { $0.objects[key] = object }
    }

    /// Removes an object without anybody asking.
    package func remove(_ key: String) { state.withLock { _ = $0.objects.removeValue(forKey: key) } }

    static var now: Int64 { Int64(time(nil)) }

    // MARK: Answers

    private func answer(_ request: Request) async -> Response {
        let body: [UInt8]
        do {
            body = try await request.body.collect(upTo: 64 << 20)
        } catch {
            return Response(.badRequest)
        }
        let method = request.method.rawValue
        let target = "\(request.target)"
        let fault = state.withLock { state -> Fault? in
            state.heard.append(
                Heard(method: method, target: target, fields: request.fields, size: body.count)
            )
            let index = state.faults.firstIndex { $0.method == method && target.contains($0.mark) }
            return index.map { state.faults.remove(at: $0).fault }
        }
        if case .error(let status, let code) = fault { return Self.error(status, code) }
        if let refusal = refusal(request, body) { return refusal }
        if case .deaf(false) = fault { return Response(.ok, body: .cut) }
        if case .gibberish = fault {
            return Response(.ok, contentType: "application/xml", Array("<oops".utf8))
        }
        if case .lateError(let code) = fault {
            return Response(.ok, contentType: "application/xml", Self.document(error: code))
        }
        let answer = work(request, body)
        return fault.map { Self.spoiled(answer, $0) } ?? answer
    }

    private static func spoiled(_ answer: Response, _ fault: Fault) -> Response {
        var answer = answer
        switch (fault, answer.body) {
        case (.deaf, _): return Response(.ok, body: .cut)
        case (.wrongChecksum, _): answer.fields["x-amz-checksum-sha256"] = "AAAA"
        case (.flipped, .bytes(var bytes)) where !bytes.isEmpty:
            bytes[bytes.count / 2] ^= 1
            answer.body = .bytes(bytes)
        case (.cut, .bytes(let bytes)):
            let half = Array(bytes.prefix(bytes.count / 2))
            answer.body = .measured(Int64(bytes.count)) { writer in
                try await writer.write(half)
                // Ends the connection with less than was said.
            }
        default: break
        }
        return answer
    }

    // MARK: Signatures

    /// A refusal of a request whose signature, time or content is wrong.
    private func refusal(_ request: Request, _ body: [UInt8]) -> Response? {
        let query = request.target.query
        guard let host = request.fields["host"] else { return Self.error(400, "InvalidRequest") }
        if query["X-Amz-Signature"] != nil { return presignedRefusal(request, query, host) }
        guard let authorization = request.fields["authorization"], let date = request.fields["x-amz-date"],
            let payload = request.fields["x-amz-content-sha256"],
            let time = Self.seconds(date)
        else { return Self.error(403, "AccessDenied") }
        let names =
            authorization.split(separator: ",").first { $0.contains("SignedHeaders=") }
            .map { $0.split(separator: "=")[1].split(separator: ";").map(String.init) } ?? []
        let subject = SignatureV4.Subject(
            method: request.method.rawValue,
            path: request.target.path,
            query: query.pairs,
            fields: names.map { ($0, request.fields[$0] ?? "") },
            payload: payload
        )
        let wanted = SignatureV4(region: Self.region)
            .authorization(subject, at: AmzTimestamp(secondsSinceEpoch: time), credentials)
        guard authorization == wanted else { return Self.error(403, "SignatureDoesNotMatch") }
        // What is not signed can be changed on the way.
        let isBare = request.fields.contains { field in
            field.name.asciiLowercased.hasPrefix("x-amz-") && !names.contains(field.name.asciiLowercased)
        }
        guard !isBare, names.contains("host") else { return Self.error(403, "AccessDenied") }
        guard abs(time - Self.now) < 900 else { return Self.error(403, "RequestTimeTooSkewed") }
        guard payload == SHA256.hash(body).hex else { return Self.error(400, "XAmzContentSHA256Mismatch") }
        return nil
    }

    private func presignedRefusal(_ request: Request, _ query: QueryParameters, _ host: String) -> Response? {
        guard request.fields["authorization"] == nil else { return Self.error(400, "InvalidArgument") }
        guard let time = query["X-Amz-Date"].flatMap(Self.seconds),
            let span = query["X-Amz-Expires"].flatMap({ Int($0) })
        else { return Self.error(403, "AuthorizationQueryParametersError") }
        let own = query.pairs.filter { !$0.name.hasPrefix("X-Amz-") }
        let subject = SignatureV4.Subject(
            method: request.method.rawValue,
            path: request.target.path,
            query: own,
            fields: [("host", host)],
            payload: SignatureV4.unsigned
        )
        let wanted = SignatureV4(region: Self.region)
            .presignedQuery(subject, at: AmzTimestamp(secondsSinceEpoch: time), for: span, credentials)
        guard request.target.rawQuery == wanted else { return Self.error(403, "SignatureDoesNotMatch") }
        guard Self.now <= time + Int64(span) else {
            return Self.error(403, "AccessDenied", "Request has expired")
        }
        return nil
    }

    /// `20130524T000000Z` as seconds since 1970.
    private static func seconds(_ text: String) -> Int64? {
        let digits = text.filter(\.isNumber)
        guard digits.count == 14 else { return nil }
        let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14].map { range in
            String(Array(digits)[range])
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let month = Int(parts[1]), 1...12 ~= month else { return nil }
        let date = "Thu, \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
        return HTTPDate(parsing: date)?.secondsSinceEpoch
    }

    // MARK: Documents

    static func error(_ status: Int, _ code: String, _ message: String = "as the test wants it") -> Response {
        Response(Status(status), contentType: "application/xml", document(error: code, message))
    }

    private static func document(error code: String, _ message: String = "as the test wants it") -> [UInt8] {
        Array(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
                .utf8
        )
    }
}
