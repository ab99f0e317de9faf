import Assets
import Configuration
import EventLoop
import HTTPClient
import Sound
import Telemetry
import Threads

/// The audio that a doctor looks at: a folder, or a bucket.
struct DoctorAudio: Sendable {
    /// What it is called in the report.
    let name: String
    /// Everything that is there, and what of it is too young to be an orphan.
    let files: @Sendable () async throws -> (all: [AssetFolder.File], young: Set<AssetFolder.File>)
    /// Whether the content is what its name says.
    let isWhole: @Sendable (AssetFolder.File) async throws -> Bool
    let remove: @Sendable (AssetFolder.File) async throws -> Void

    /// What may belong to a gateway that has not told the ledger yet.
    private static let youth = Duration.seconds(3600)

    /// Lends the audio of a configuration to the body.
    static func with<Result: Sendable>(
        _ configuration: AssetsConfiguration,
        refers: @escaping @Sendable (AssetRecord) async throws -> Bool,
        _ body: (DoctorAudio) async throws -> Result
    ) async throws -> Result {
        guard let s3 = configuration.s3 else { return try await body(DoctorAudio(configuration.directory)) }
        return try await ShelfSession.with(s3) { shelf, _ in
            try await body(DoctorAudio(shelf, refers: refers))
        }
    }

    private init(_ directory: String) {
        let folder = AssetFolder(directory)
        name = directory
        files = { (try folder.files(), []) }
        isWhole = { try folder.isWhole($0) }
        remove = { try folder.remove($0) }
    }

    private init(_ shelf: S3Shelf, refers: @escaping @Sendable (AssetRecord) async throws -> Bool) {
        name = shelf.name
        files = {
            var all: [AssetFolder.File] = []
            var young: Set<AssetFolder.File> = []
            for byte in UInt8.min...UInt8.max {
                var next: String?
                repeat {
                    let page = try await shelf.page(under: byte, after: next)
                    all += page.files
                    let limit = page.now?.advanced(by: .zero - Self.youth)
                    young.formUnion(page.files.filter { limit == nil || $0.modified > limit ?? $0.modified })
                    next = page.next
                } while next != nil
            }
            return (all, young)
        }
        isWhole = { try await shelf.isWhole($0) }
        remove = { file in try await shelf.remove(file.asset) { try await refers(file.asset) } }
    }
}
