import Assets
import Configuration
import Crypto
import Glibc
import HTTP
import HTTPClient
import S3
import Sound
import Telemetry
import Threads
import Timing

// From the operator's words to the object store's own.

extension S3Shelf {
    /// The shelf that a configuration names; nothing is asked of it yet.
    init(
        _ configuration: S3Configuration,
        client transport: any HTTPTransport,
        pool: WorkerPool,
        log: Log,
        metrics: ServiceMetrics? = nil
    ) throws(CommandFailure) {
        guard let place = S3Place(configuration, at: configuration.address) else {
            throw CommandFailure(.configuration, "assets.s3.endpoint is no URL")
        }
        var settings = S3Client.Settings(place: place, credentials: configuration.credentials)
        settings.authorities = configuration.ca
        settings.multipartAbove = Int64(configuration.multipartAbove)
        settings.partSize = configuration.partSize
        var report: @Sendable (S3Client.Operation, S3Error?) -> Void = { _, _ in }
        if let metrics { report = metrics.storeReport }
        let client = S3Client(
            settings,
            transport: transport,
            time: S3Time(now: { SystemTime().moment.milliseconds / 1000 }),
            log: log,
            report: report
        )
        self.init(client: client, prefix: configuration.prefix, pool: pool, manner: configuration.manner)
    }

    /// Goes by another configuration from now on, as far as that needs no restart.
    func adopt(_ configuration: S3Configuration) {
        adopt(configuration.credentials, configuration.manner)
    }
}

extension AssetStore {
    /// The store that a configuration names: the folder, or a spool before the shelf.
    init(
        _ configuration: AssetsConfiguration,
        shelf: S3Shelf?,
        log: Log,
        isReferred: @escaping @Sendable (AssetRecord) async throws -> Bool
    ) throws {
        if let shelf {
            try self.init(
                spoolingIn: configuration.directory,
                shelf: shelf,
                limits: configuration.storeLimits,
                log: log,
                isReferred: isReferred
            )
            return
        }
        do throws(SystemError) {
            try self.init(
                directory: configuration.directory,
                limits: configuration.storeLimits,
                isClaimed: true
            )
        } catch {
            if error.code == EWOULDBLOCK { throw AudioFolderInUse(directory: configuration.directory) }
            throw error
        }
    }
}

/// Another gateway keeps its audio in the folder.
struct AudioFolderInUse: Error, CustomStringConvertible {
    let directory: String

    var description: String {
        "assets.directory: another gateway has its audio in \(directory); "
            + "give each a folder of its own, or let them share audio by assets.s3"
    }
}

extension S3Configuration {
    fileprivate var credentials: S3Credentials {
        S3Credentials(
            accessKeyID: accessKeyID,
            secretAccessKey: secretAccessKey,
            sessionToken: sessionToken
        )
    }

    fileprivate var manner: S3Shelf.Manner {
        S3Shelf.Manner(
            delivery: deliver == .proxy ? .proxied : .redirected(for: presignFor),
            publicPlace: publicEndpoint.flatMap { S3Place(self, at: $0) },
            isCleared: removal == .gateway
        )
    }
}

extension S3Place {
    fileprivate init?(_ configuration: S3Configuration, at address: String) {
        guard let endpoint = HTTPURL(address) else { return nil }
        self.init(
            endpoint: endpoint,
            region: configuration.region,
            bucket: configuration.bucket,
            style: configuration.style == .path ? .path : .virtualHost
        )
    }
}
