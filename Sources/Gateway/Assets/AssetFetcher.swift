import Glibc
import HTTP
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

    private let client: HTTPClient
    private let store: AssetStore
    private let pool: WorkerPool
    private let maximumBytes: Int

    /// A fetcher into a store; files are written and checked on the pool's threads.
    package init(client: HTTPClient, store: AssetStore, pool: WorkerPool, maximumBytes: Int) {
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
    ///   - format: what the caller wants it in.
    /// - Returns: the kept asset, pinned.
    /// - Throws: `.result` when another try may help, `.storage` for our own disk.
    package func fetch(_ url: String, own: String, as format: SoundFormat?) async throws(Problem)
        -> AssetRecord
    {
        var request = UpstreamRequest(.get, url)
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
        if let failure = await sink.finish() { throw .storage(failure) }
        return try await keep(temporary, as: format)
    }

    private func keep(_ temporary: String, as format: SoundFormat?) async throws(Problem) -> AssetRecord {
        do {
            return try await pool.run { [store] in try store.keep(temporary, as: format) }
        } catch let error as AssetError {
            guard case .unusable(let reason) = error else { throw .storage("\(error)") }
            throw .result("the result is unusable: \(reason)")
        } catch {
            throw .storage("\(error)")
        }
    }
}
