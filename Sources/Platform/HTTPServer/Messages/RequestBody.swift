/// Why a request's body could not be read to its end.
package enum BodyError: Error, Equatable, Sendable {
    /// It has more bytes than the reader allows.
    case tooLarge(limit: Int)
    /// The client went away.
    case disconnected
    /// The client was too slow.
    case timedOut
    /// The bytes broke the rules or the server's own limit; the server answers by itself, whatever the handler returns.
    case refused(ParseFailure)
}

/// Where a streamed body comes from.
protocol BodySource: AnyObject, Sendable {
    func nextPiece() async throws -> [UInt8]?
}

/// A request's body: an asynchronous sequence of pieces that can be gone through once.
///
/// Nothing is read from the client before the first piece is asked for, beyond one buffer, and no faster than pieces
/// are taken. A handler need not read it: what is left is discarded after the answer.
package struct RequestBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    enum Source: Sendable {
        case bytes([UInt8])
        case stream(any BodySource)
    }

    let source: Source
    /// The length where the client told it.
    package let length: Int?

    /// A body that is in memory already.
    package init(_ bytes: [UInt8] = []) {
        source = .bytes(bytes)
        length = bytes.count
    }

    init(_ source: any BodySource, length: Int?) {
        self.source = .stream(source)
        self.length = length
    }

    /// The pieces, in order.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var source: Source

        package mutating func next() async throws -> [UInt8]? {
            switch source {
            case .bytes(let bytes):
                guard !bytes.isEmpty else { return nil }
                source = .bytes([])
                return bytes
            case .stream(let stream):
                return try await stream.nextPiece()
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }

    /// The whole body.
    ///
    /// - Throws: `BodyError`; `.tooLarge` as soon as the limit is passed.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        if let length, length > limit { throw BodyError.tooLarge(limit: limit) }
        var pieces = makeAsyncIterator()
        guard var whole = try await pieces.next() else { return [] }
        guard whole.count <= limit else { throw BodyError.tooLarge(limit: limit) }
        while let piece = try await pieces.next() {
            guard whole.count + piece.count <= limit else { throw BodyError.tooLarge(limit: limit) }
            whole += piece
        }
        return whole
    }
}
