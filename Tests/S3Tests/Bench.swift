import Crypto
import EventLoop
import HTTP
import HTTPClient
import S3
import S3TestSupport
import Telemetry
import Testing
import Threads

/// A client before a double, with waits that are written down and not waited for.
struct Bench: Sendable {
    let store: StoreDouble
    let client: S3Client
    let waits: Guarded<[Duration]>

    static func with(
        credentials: S3Credentials = StoreDouble.credentials,
        clock offset: Int64 = 0,
        _ change: (inout S3Client.Settings) -> Void = { _ in },
        _ body: (Bench) async throws -> Void
    ) async throws {
        try await StoreDouble.with { store in
            let loop = try EventLoop(name: "client")
            try loop.start()
            let http = HTTPClient(loops: [loop])
            var settings = S3Client.Settings(
                place: S3Place(
                    endpoint: try #require(HTTPURL(store.origin)),
                    region: StoreDouble.region,
                    bucket: StoreDouble.bucket,
                    style: .path
                ),
                credentials: credentials
            )
            change(&settings)
            let waits = Guarded<[Duration]>([])
            let client = S3Client(
                settings,
                transport: http,
                time: S3Time(
                    now: { Timestamp.now().milliseconds / 1000 + offset },
                    sleep: { span in
                        waits.withLock { $0.append(span) }
                        try Task.checkCancellation()
                    },
                    chance: { 1 }
                ),
                log: Log(level: .error, sink: Silence())
            )
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(Bench(store: store, client: client, waits: waits)))
            } catch {
                result = .failure(error)
            }
            await http.shutdown()
            loop.stop()
            loop.join()
            try result.get()
        }
    }
}

struct Silence: LogSink {
    func write(_ line: LogLine) {}
}

/// So many bytes that are not all the same.
func bytes(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) ^ seed }
}

extension S3Content {
    /// A content in memory.
    init(_ bytes: [UInt8], sha256: String? = nil) {
        self.init(
            size: Int64(bytes.count),
            sha256: sha256 ?? SHA256.hash(bytes).hex,
            type: "audio/wav"
        ) { range in
            Array(bytes[Int(range.lowerBound)..<min(Int(range.upperBound), bytes.count)])
        }
    }
}

/// The error that the body ends with.
func failure(_ body: () async throws(S3Error) -> Void) async -> S3Error? {
    do throws(S3Error) {
        try await body()
        return nil
    } catch {
        return error
    }
}
