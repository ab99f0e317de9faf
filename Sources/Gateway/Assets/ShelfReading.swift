import Crypto
import Sound
import Threads

/// A part of audio on a shelf that has begun to come, so that it is certain to be there.
package struct ShelfReading: Sendable {
    /// As much is asked for before an answer is begun: most sounds are whole then.
    private static let first = Int64(256 << 10)

    private let shelf: any AssetShelf
    private let asset: AssetRecord
    private let range: Range<Int64>
    private let head: [UInt8]

    /// Asks for the first bytes.
    init(_ shelf: any AssetShelf, _ asset: AssetRecord, _ range: Range<Int64>) async throws(ShelfError) {
        self.shelf = shelf
        self.asset = asset
        self.range = range
        let end = min(range.lowerBound + Self.first, range.upperBound)
        head = range.isEmpty ? [] : try await shelf.bytes(of: asset, range.lowerBound..<end)
    }

    /// Hands on all of it, as it comes.
    ///
    /// Audio that is read whole is held against its name: the last piece is not handed on when it is other audio than
    /// was kept.
    package func write(to take: @escaping ([UInt8]) async throws -> Void) async throws(ShelfError) {
        let isWhole = range == 0..<asset.bytes
        let passage = Passage(isChecked: isWhole, take)
        do {
            try await passage.add(head)
        } catch {
            throw ShelfError(.cancelled, "\(error)")
        }
        let rest = range.lowerBound + Int64(head.count)..<range.upperBound
        if !rest.isEmpty { try await shelf.read(asset, rest) { try await passage.add($0) } }
        guard !isWhole || passage.digest() == asset.sha256 else {
            throw ShelfError(.damaged, "\(asset.sha256) is other audio than was kept under this name")
        }
        do {
            try await passage.end()
        } catch {
            throw ShelfError(.cancelled, "\(error)")
        }
    }
}

/// Pieces on their way, the last one held back.
private final class Passage {
    private let take: ([UInt8]) async throws -> Void
    private let isChecked: Bool
    private var hash = IncrementalHash()
    private var last: [UInt8] = []

    init(isChecked: Bool, _ take: @escaping ([UInt8]) async throws -> Void) {
        self.isChecked = isChecked
        self.take = take
    }

    func add(_ bytes: [UInt8]) async throws {
        if isChecked { hash.update(bytes) }
        if !last.isEmpty { try await take(last) }
        last = bytes
    }

    /// The hash of everything so far.
    func digest() -> String { hash.finish() }

    func end() async throws {
        if !last.isEmpty { try await take(last) }
    }
}

/// A hash that is kept in an object: the hash itself cannot be copied.
private struct IncrementalHash: ~Copyable {
    private var hash: SHA256? = SHA256()

    mutating func update(_ bytes: [UInt8]) { hash?.update(bytes) }

    mutating func finish() -> String { hash.take()?.finalize().hex ?? "" }
}
