import Assets
import Crypto
import Foundation
import HTTP
import Sound
import Threads

/// A shelf in memory, whose failures a test chooses.
final class MemoryShelf: AssetShelf {
    struct State {
        var contents: [String: [UInt8]] = [:]
        /// What the next calls of a kind end with.
        var failures: [String: [ShelfError]] = [:]
        var calls: [String] = []
        var isCleared = true
        var pageSize = 1000
        /// How long a removal takes, once it is decided.
        var delay = Duration.zero
    }

    let state = Guarded(State())
    let name = "memory"
    private let removing: @Sendable (AssetRecord) -> Void

    /// An empty shelf; `removing` is told of each removal as it is done.
    init(removing: @escaping @Sendable (AssetRecord) -> Void = { _ in }) { self.removing = removing }

    var isCleared: Bool { state.withLock(\.isCleared) }
    var contents: [String: [UInt8]] { state.withLock(\.contents) }
    var calls: [String] { state.withLock(\.calls) }

    func fail(_ call: String, _ errors: ShelfError...) { state.withLock { $0.failures[call] = errors } }

    static func name(_ asset: AssetRecord) -> String { "\(asset.sha256).\(asset.format.rawValue)" }

    private func begin(_ call: String) throws(ShelfError) {
        let failure = state.withLock { state -> ShelfError? in
            state.calls.append(call)
            guard state.failures[call]?.isEmpty == false else { return nil }
            return state.failures[call]?.removeFirst()
        }
        if let failure { throw failure }
    }

    func put(_ asset: AssetRecord, from path: String) async throws(ShelfError) {
        try begin("put")
        do {
            let content = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            guard SHA256.hash(content).hex == asset.sha256 else { throw ShelfError(.local, "other content") }
            state.withLock { $0.contents[Self.name(asset)] = content }
        } catch let error as ShelfError {
            throw error
        } catch {
            throw ShelfError(.local, "\(error)")
        }
    }

    func holds(_ asset: AssetRecord) async throws(ShelfError) -> Bool {
        try begin("holds")
        return contents[Self.name(asset)].map { Int64($0.count) == asset.bytes } ?? false
    }

    func remove(_ asset: AssetRecord, unless isWanted: @Sendable () async throws -> Bool)
        async throws(ShelfError)
    {
        try begin("remove")
        do {
            if try await isWanted() { return }
            let delay = state.withLock(\.delay)
            if delay > .zero { try await Task.sleep(for: delay) }
        } catch {
            throw ShelfError(.unavailable, "\(error)")
        }
        let isThere = state.withLock { $0.contents.removeValue(forKey: Self.name(asset)) != nil }
        if isThere { removing(asset) }
    }

    func page(under byte: UInt8, after: String?) async throws(ShelfError) -> ShelfPage {
        try begin("page")
        let prefix = Hex.encode([byte])
        let found = contents.filter { $0.key.hasPrefix(prefix) && $0.key > after ?? "" }.sorted {
            $0.key < $1.key
        }
        let shown = found.prefix(state.withLock(\.pageSize))
        return ShelfPage(
            files: shown.compactMap { name, content in
                let parts = name.split(separator: ".").map(String.init)
                guard let format = SoundFormat(rawValue: parts[1]) else { return nil }
                return AssetFolder.File(
                    sha256: parts[0],
                    format: format,
                    bytes: Int64(content.count),
                    path: name,
                    modified: Moment(milliseconds: 0)
                )
            },
            next: found.count > shown.count ? shown.last?.key : nil
        )
    }

    func bytes(of asset: AssetRecord, _ range: Range<Int64>) async throws(ShelfError) -> [UInt8] {
        try begin("bytes")
        guard let content = contents[Self.name(asset)] else { throw ShelfError(.missing, "gone") }
        return Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    func read(_ asset: AssetRecord, _ range: Range<Int64>, _ take: @escaping ([UInt8]) async throws -> Void)
        async throws(ShelfError)
    {
        try begin("read")
        let content = try await bytes(of: asset, range)
        do {
            for start in stride(from: 0, to: content.count, by: 100_000) {
                try await take(Array(content[start..<min(start + 100_000, content.count)]))
            }
        } catch {
            throw ShelfError(.cancelled, "\(error)")
        }
    }

    func address(of asset: AssetRecord, for method: HTTP.Method, named name: String) -> String? { nil }
}
