import Glibc
package import HTTP
package import HTTPClient
package import Sound
package import Threads

/// Copies a vendor's result into the store: without credentials, checked, whole or not at all.
package struct AssetFetcher: Sendable {
    /// Why a fetch gave nothing.
    package enum Problem: Error, Sendable, CustomStringConvertible {
        /// The address answered otherwise than with audio; another try may help, the file may come late.
        case result(String)
        /// Our own disk; the vendor is not at fault.
        case storage(String)

        package var description: String {
            switch self {
            case .result(let reason), .storage(let reason): reason
            }
        }
    }

    private let client: any HTTPTransport
    private let store: AssetStore
    private let pool: WorkerPool
    private let maximumBytes: Int

    /// A fetcher into a store; files are written and checked on the pool's threads.
    package init(client: any HTTPTransport, store: AssetStore, pool: WorkerPool, maximumBytes: Int) {
        self.client = client
        self.store = store
        self.pool = pool
        self.maximumBytes = maximumBytes
    }

    /// Fetches one result once.
    ///
    /// - Parameters:
    ///   - url: where the vendor says that the audio is. Only public addresses are asked, and `own`.
    ///   - own: the provider's own base URL, which the operator has vouched for.
    ///   - authorities: a PEM file of authorities that the provider is known by, to be trusted besides the system's:
    ///     results may be at a host of its own or with a host of files.
    ///   - format: what the caller wants it in.
    ///   - whenFetched: called when all of it is here and not checked yet.
    /// - Returns: the kept asset, pinned.
    /// - Throws: `.result` when another try may help, `.storage` for our own disk.
    package func fetch(
        _ url: String,
        own: String,
        trusting authorities: String? = nil,
        as format: SoundFormat?,
        whenFetched: @Sendable () -> Void = {}
    ) async throws(Problem) -> AssetRecord {
        var request = UpstreamRequest(.get, url)
        if let authorities { request.trust = .also(authorities) }
        request.redirects = .follow(max: 5)
        request.maximumBytes = maximumBytes
        request.timeouts.total = .seconds(300)
        request.addresses = .publicOnly(
            except: Set(
                [HTTPURL(own)].compactMap { $0 }.map { url in
                    Authority(host: url.host, port: url.port)
                }
            )
        )
        let temporary = store.temporaryPath()
        let sink = FileSink(path: temporary, pool: pool)
        do throws(TransportFailure) {
            _ = try await client.download(request, to: sink)
        } catch {
            await sink.discard()
            if let failure = sink.storageFailure { throw .storage(failure) }
            throw .result("the result could not be fetched: \(error.message)")
        }
        if let failure = await sink.finish() {
            await sink.discard()
            throw .storage(failure)
        }
        whenFetched()
        do throws(Problem) {
            return try await keep(temporary, as: format)
        } catch {
            // The vendor still has it, and whatever else waits for room can have that of this copy.
            await sink.discard()
            guard case .result(let reason) = error else { throw error }
            throw .result("the result is unusable: \(reason)")
        }
    }

    /// Makes a call that is answered with the audio itself, once.
    ///
    /// Audio goes to a file as it comes, whatever its length; of any other answer at most 64 KiB are kept for the
    /// vendor's error. The length of an answer is bounded by this fetcher, not by `request.maximumBytes`.
    ///
    /// The audio cannot be had again. While our own disk is full, the vendor is left waiting for a few minutes; when all
    /// has come, keeping it is tried until it works or the task is cancelled.
    ///
    /// - Parameters:
    ///   - request: the call, with its credential.
    ///   - format: what the caller wants it in.
    ///   - raw: reads the head of an answer with status 200: how its samples are coded when there is no file around
    ///     them.
    /// - Returns: what came of it; nothing but a kept asset stays in the store.
    package func receive(
        _ request: UpstreamRequest,
        as format: SoundFormat?,
        raw: @Sendable (Status, Fields) -> RawAudio?
    ) async -> Reception {
        var request = request
        request.maximumBytes = maximumBytes
        // Some vendors say "application/octet-stream", and errors are JSON.
        request.fields["Accept"] = "audio/*, */*;q=0.5"
        let temporary = store.temporaryPath()
        let sink = AnswerSink(file: FileSink(path: temporary, pool: pool, patience: Self.patience))
        let status: Status
        do throws(TransportFailure) {
            status = try await client.download(request, to: sink).status
        } catch {
            await sink.file.discard()
            return sink.reception(after: error)
        }
        let answer = sink.answer
        guard status == .ok else { return .answered(status, answer.fields, body: answer.body) }
        if let failure = await sink.file.finish() {
            await sink.file.discard()
            return .storage(failure, answer.fields)
        }
        while true {
            do throws(Problem) {
                let asset = try await keep(temporary, wrapping: raw(status, answer.fields), as: format)
                return .kept(asset, status, answer.fields)
            } catch {
                guard case .storage(let reason) = error else {
                    return .unusable("\(error)", answer.fields)
                }
                do {
                    guard access(temporary, F_OK) == 0 else { return .storage(reason, answer.fields) }
                    try await Task.sleep(for: Self.pause)
                } catch {
                    await sink.file.discard()
                    return .storage(reason, answer.fields)
                }
            }
        }
    }

    /// How long a vendor whose audio we pay for is left waiting for room on our disk.
    private static let patience = Duration.seconds(300)
    /// Between two tries to keep such audio.
    private static let pause = Duration.milliseconds(500)

    private func keep(_ temporary: String, wrapping raw: RawAudio? = nil, as format: SoundFormat?)
        async throws(Problem) -> AssetRecord
    {
        do {
            let asset = try await pool.run { [store] in
                try store.keep(temporary, wrapping: raw, as: format)
            }
            try await store.settle(asset)
            return asset
        } catch let error as AssetError {
            guard case .unusable(let reason) = error else { throw .storage("\(error)") }
            throw .result("\(reason)")
        } catch {
            throw .storage("\(error)")
        }
    }
}
