import Crypto
package import HTTP
package import HTTPClient
import Synchronization
package import Telemetry
import Threads

/// Talks to a store that speaks S3: signs each call, repeats what may be repeated, and says why something failed.
///
/// Every call that it makes can be repeated without harm: an object is put whole under its key or not at all. A store
/// that holds our time for wrong is believed: from then on calls are signed by its clock.
package final class S3Client: Sendable {
    /// Where the store is and how it is used.
    package struct Settings: Sendable, Equatable {
        package var place: S3Place
        package var credentials: S3Credentials
        package var patience = S3Patience()
        /// A PEM file with the authorities that may vouch for the store; `nil` for the system's.
        package var authorities: String?
        /// Objects longer than that are sent in parts, in bytes.
        package var multipartAbove = Int64(16 << 20)
        /// The length of a part but the last one, in bytes; at least 5 MiB for most stores.
        package var partSize = 8 << 20
        /// How many objects or parts are held in memory at once, on their way there.
        package var uploads = 8

        /// A store with the usual sizes.
        package init(place: S3Place, credentials: S3Credentials) {
            self.place = place
            self.credentials = credentials
        }
    }

    /// What is asked of a store.
    package enum Operation: String, Sendable, CaseIterable {
        case put, get, head, list, delete, create, part, complete, abort
    }

    let transport: any HTTPTransport
    let time: S3Time
    let log: Log
    let places: S3Places
    private let held: Guarded<Settings>
    private let report: @Sendable (Operation, S3Error?) -> Void
    /// What is to be added to our clock to have the store's, in seconds.
    private let skew = Atomic<Int64>(0)

    /// A client that has not asked anything yet.
    ///
    /// `report` is told of each answer, or of what came instead, on any thread.
    package init(
        _ settings: Settings,
        transport: any HTTPTransport,
        time: S3Time,
        log: Log,
        report: @escaping @Sendable (Operation, S3Error?) -> Void = { _, _ in }
    ) {
        self.transport = transport
        self.time = time
        self.log = log
        self.report = report
        held = Guarded(settings)
        places = S3Places(settings.uploads)
    }

    /// What is at work now.
    package var settings: Settings { held.withLock(\.self) }

    /// Signs with others from now on.
    package func adopt(_ credentials: S3Credentials) { held.withLock { $0.credentials = credentials } }

    /// The store's time as far as we know, in seconds since 1970.
    var now: AmzTimestamp {
        AmzTimestamp(secondsSinceEpoch: time.now() + skew.load(ordering: .relaxed))
    }

    // MARK: One call

    /// A call before it is signed.
    struct Call {
        let operation: Operation
        let method: Method
        var key: String?
        var query: [(name: String, value: String)] = []
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// The content's SHA-256 in hexadecimal digits.
        var payload = SignatureV4.empty
        var maximumBytes = 1 << 20
        /// What an answer with a good status says all the same.
        var judge: (UpstreamResponse) -> S3Error? = { _ in nil }
    }

    /// Makes a call until it is answered well, refused for good, or patience is at its end.
    func send(_ call: Call) async throws(S3Error) -> UpstreamResponse {
        var tries = 0
        var isAdjusted = false
        while true {
            tries += 1
            var told: HTTPDate?
            let failure: S3Error
            do throws(TransportFailure) {
                let response = try await transport.send(signed(call))
                told = response.fields["date"].flatMap { HTTPDate(parsing: $0) }
                guard let problem = problem(response, call) else {
                    report(call.operation, nil)
                    return response
                }
                failure = problem
            } catch {
                failure = S3Error(error)
            }
            report(call.operation, failure)
            if failure.isSkewed || (failure.kind == .denied && isFarOff(told)), !isAdjusted, adjust(to: told)
            {
                isAdjusted = true
                continue
            }
            try await pause(after: failure, tries, call.operation)
        }
    }

    /// Waits before another try; throws when there is to be none.
    func pause(after failure: S3Error, _ tries: Int, _ operation: Operation) async throws(S3Error) {
        let patience = settings.patience
        guard failure.isTransient, tries < patience.calls else { throw failure }
        log(
            .info,
            "a call to the object store is made again",
            ["operation": "\(operation.rawValue)", "try": .init(tries), "reason": "\(failure)"]
        )
        do {
            try await time.sleep(
                patience.pause(after: tries, asked: failure.retryAfter, chance: time.chance())
            )
        } catch {
            throw S3Error(.cancelled, "cancelled while waiting to try again: \(failure)")
        }
    }

    /// Tells whoever counts of a call's end.
    func told(_ failure: S3Error?, of operation: Operation) { report(operation, failure) }

    private func problem(_ response: UpstreamResponse, _ call: Call) -> S3Error? {
        guard (200..<300).contains(response.status.code) else {
            return S3Error(response.status, response.fields, body: response.body)
        }
        return call.judge(response)
    }

    /// Whether the store's clock is so far from what we sign by that it could be the reason for a refusal; the answer to
    /// a `HEAD` has no word that would say so.
    private func isFarOff(_ told: HTTPDate?) -> Bool {
        told.map { abs($0.secondsSinceEpoch - now.secondsSinceEpoch) > 300 } ?? false
    }

    /// Goes by the store's clock from now on; `false` when that would change nothing.
    private func adjust(to told: HTTPDate?) -> Bool {
        guard let told else { return false }
        let difference = told.secondsSinceEpoch - time.now()
        guard abs(difference - skew.load(ordering: .relaxed)) > 1 else { return false }
        skew.store(difference, ordering: .relaxed)
        log(
            .warning,
            "the object store's clock and ours differ; calls are signed by the store's",
            ["seconds": .init(Int(clamping: difference))]
        )
        return true
    }

    /// The call as it is sent: signed, with all of its fields.
    func signed(_ call: Call, total: Duration = .seconds(300)) -> UpstreamRequest {
        let settings = settings
        let (place, credentials) = (settings.place, settings.credentials)
        let now = now
        var fields = call.fields
        fields.append(("x-amz-content-sha256", call.payload))
        fields.append(("x-amz-date", "\(now)"))
        if let token = credentials.sessionToken {
            fields.append(("x-amz-security-token", token.reveal { $0 }))
        }
        let path = place.path(call.key)
        let subject = SignatureV4.Subject(
            method: call.method.rawValue,
            path: path,
            query: call.query,
            fields: fields + [("host", place.host)],
            payload: call.payload
        )
        let signature = SignatureV4(region: place.region).authorization(subject, at: now, credentials)
        fields.append(("authorization", signature))
        let query = call.query.isEmpty ? "" : "?\(SignatureV4.query(call.query))"
        return request(call.method, place.origin + path + query, fields, call.body, call.maximumBytes, total)
    }

    private func request(
        _ method: Method,
        _ url: String,
        _ fields: [(name: String, value: String)],
        _ body: [UInt8],
        _ maximumBytes: Int,
        _ total: Duration
    ) -> UpstreamRequest {
        var request = UpstreamRequest(
            method,
            url,
            fields: Fields(fields.map { ($0.name, $0.value) }),
            body: body.isEmpty ? nil : body,
            maximumBytes: maximumBytes,
            protocols: .http11
        )
        request.timeouts = .init(
            connect: .seconds(5),
            firstByte: .seconds(30),
            total: total,
            stall: .seconds(20)
        )
        if let authorities = settings.authorities { request.trust = .only(authorities) }
        return request
    }

    // MARK: Signed addresses

    /// The URL of an object for whoever has it, until some time from now.
    ///
    /// `place` is the store as that somebody sees it, `nil` for as this client does; `answer` has the fields that the store
    /// is to answer with, as `("response-content-type", "audio/mpeg")`.
    package func presigned(
        _ method: Method,
        _ key: String,
        at place: S3Place? = nil,
        for span: Duration,
        answer: [(name: String, value: String)] = []
    ) -> String {
        presigned(method, key, place ?? settings.place, now, for: span, query: answer)
    }

    private func presigned(
        _ method: Method,
        _ key: String,
        _ place: S3Place,
        _ moment: AmzTimestamp,
        for span: Duration,
        query: [(name: String, value: String)] = []
    ) -> String {
        let path = place.path(key)
        let subject = SignatureV4.Subject(
            method: method.rawValue,
            path: path,
            query: query,
            fields: [("host", place.host)],
            payload: SignatureV4.unsigned
        )
        let seconds = Int(clamping: max(span.components.seconds, 1))
        let signed = SignatureV4(region: place.region)
            .presignedQuery(subject, at: moment, for: seconds, settings.credentials)
        return "\(place.origin)\(path)?\(signed)"
    }

    /// Removes an object; what is not there is no error.
    ///
    /// `told` is what the store's clock said before it was decided to remove it. Later than `span` after that the store
    /// refuses to do it, however long this process is held up.
    package func delete(_ key: String, told: HTTPDate, within span: Duration) async throws(S3Error) {
        let moment = AmzTimestamp(secondsSinceEpoch: told.secondsSinceEpoch)
        let url = presigned(.delete, key, settings.place, moment, for: span)
        let request = request(.delete, url, [], [], 1 << 20, .seconds(60))
        var tries = 0
        while true {
            tries += 1
            let failure: S3Error
            do throws(TransportFailure) {
                let response = try await transport.send(request)
                let isGood = (200..<300).contains(response.status.code)
                failure = S3Error(response.status, response.fields, body: response.body)
                if isGood || failure.kind == .missing {
                    report(.delete, nil)
                    return
                }
            } catch {
                failure = S3Error(error)
            }
            report(.delete, failure)
            try await pause(after: failure, tries, .delete)
        }
    }
}
