import TLS
import TLSTestSupport

/// A session of ours and a client, joined by memory.
final class Pair {
    let session: TLSSession
    let client: TestClient
    /// What the session made of what the client said.
    private(set) var heard: [UInt8] = []
    private(set) var failure: TLSFailure?

    init(_ identity: TLSIdentity, _ offer: TestClient.Offer = TestClient.Offer()) {
        session = identity.session()
        client = TestClient(offer)
    }

    /// Carries what both have to say, in pieces of so many bytes, until neither has more.
    ///
    /// - Returns: the plaintext that the client was told.
    @discardableResult
    func talk(inPiecesOf size: Int = .max) -> [UInt8] {
        var told: [UInt8] = []
        while true {
            let question = client.output()
            deliver(question, inPiecesOf: size)
            let answer = output()
            for piece in pieces(of: answer, size) { told += client.receive(piece) }
            if question.isEmpty, answer.isEmpty { return told }
        }
    }

    /// Gives the session bytes from the wire.
    func deliver(_ bytes: [UInt8], inPiecesOf size: Int = .max) {
        for piece in pieces(of: bytes, size) where failure == nil {
            do throws(TLSFailure) {
                try session.receive(piece.span.bytes) { plaintext in
                    for index in 0..<plaintext.byteCount {
                        heard.append(plaintext.unsafeLoad(fromByteOffset: index, as: UInt8.self))
                    }
                    return true
                }
            } catch {
                failure = error
            }
        }
    }

    /// What the session has for the wire, `most` bytes of it.
    func output(most: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        while session.pending > 0, bytes.count < most {
            session.drain { pending in
                let count = min(most - bytes.count, pending.byteCount)
                for index in 0..<count {
                    bytes.append(pending.unsafeLoad(fromByteOffset: index, as: UInt8.self))
                }
                return count
            }
        }
        return bytes
    }

    /// Seals everything.
    func say(_ plaintext: [UInt8]) throws(TLSFailure) {
        var rest = plaintext[...]
        while !rest.isEmpty { rest = rest.dropFirst(try session.seal(Array(rest).span.bytes)) }
    }

    private func pieces(of bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: min(size, max(bytes.count, 1))).map {
            Array(bytes[$0..<min($0 + min(size, bytes.count), bytes.count)])
        }
    }
}

/// An identity for loopback, its authority, and the folder of its files.
struct Setting {
    let folder: TestFolder
    let authority = TestAuthority()
    let identity: TLSIdentity

    init(
        clients: TLSFiles.ClientCertificates = .none,
        authority clientAuthority: TestAuthority? = nil
    ) throws {
        folder = try TestFolder()
        let paths = try folder.write(authority.identity(.loopback))
        var files = TLSFiles(certificate: paths.certificate, privateKey: paths.key)
        if let clientAuthority {
            files.clientAuthorities = try folder.write(clientAuthority.pem, to: "clients.pem")
            files.clientCertificates = clients
        }
        identity = try TLSIdentity(files)
    }

    /// An offer that believes the authority.
    var offer: TestClient.Offer {
        var offer = TestClient.Offer()
        offer.authority = authority.pem
        return offer
    }
}
