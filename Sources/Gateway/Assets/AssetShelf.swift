package import HTTP
package import Sound

/// Where checked audio stays for good, when that is not the folder in which it was checked.
///
/// Several gateways share it. Everything on it stands under the name of its content, so putting the same audio there
/// twice changes nothing.
package protocol AssetShelf: Sendable {
    /// What it is called in reports and logs; never with a secret.
    var name: String { get }
    /// Whether gateways remove audio from it; otherwise it is left to the shelf itself.
    var isCleared: Bool { get }

    /// Puts a file there under the name of its content, whole or not at all.
    func put(_ asset: AssetRecord, from path: String) async throws(ShelfError)
    /// Whether it is there, as long as it was.
    func holds(_ asset: AssetRecord) async throws(ShelfError) -> Bool
    /// Removes audio, unless somebody wants it; what is not there is no error.
    ///
    /// `isWanted` is asked as late as possible. However long this process is held up afterwards, nothing is removed later
    /// than ``ShelfTimes/removal`` after the question.
    func remove(
        _ asset: AssetRecord,
        unless isWanted: @Sendable () async throws -> Bool
    ) async throws(ShelfError)
    /// The audio whose hash begins with a byte, a part of it at a time; `after` is what the last part gave.
    func page(under byte: UInt8, after: String?) async throws(ShelfError) -> ShelfPage
    /// Bytes of audio, at least one.
    func bytes(of asset: AssetRecord, _ range: Range<Int64>) async throws(ShelfError) -> [UInt8]
    /// Hands bytes of audio on as they come.
    func read(
        _ asset: AssetRecord,
        _ range: Range<Int64>,
        _ take: @escaping ([UInt8]) async throws -> Void
    ) async throws(ShelfError)
    /// Where whoever has the address may fetch the audio for a time; `nil` when it is fetched through the gateway.
    func address(of asset: AssetRecord, for method: Method, named name: String) -> String?
}

/// The spans that a shelf's users rely on.
package enum ShelfTimes {
    /// No removal is done later than that after it was decided.
    package static let removal = Duration.seconds(15)
    /// So long after the ledger refers to audio nobody can have decided to remove it without knowing that: twice the
    /// above, for clocks and calls that take their time.
    package static let grace = Duration.seconds(30)
}

/// Some of what is on a shelf.
package struct ShelfPage: Sendable {
    package var files: [AssetFolder.File]
    /// What the next part is asked for with; `nil` after the last.
    package var next: String?
    /// The shelf's clock; `nil` when it did not tell.
    package var now: Moment?

    /// A part of a list.
    package init(files: [AssetFolder.File], next: String? = nil, now: Moment? = nil) {
        self.files = files
        self.next = next
        self.now = now
    }
}

/// Why a shelf did not do what it was asked for.
package struct ShelfError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What it means.
    package enum Kind: Sendable, Equatable {
        /// The audio is not there.
        case missing
        /// Later it may work.
        case unavailable
        /// It is not what was kept.
        case damaged
        /// Nobody wants it any more.
        case cancelled
        /// The file here cannot be read, or is not what it was.
        case local
        /// Something that an operator has to see to.
        case refused
    }

    package let kind: Kind
    package let description: String

    /// A failure and its reason.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
