import TLS
import TLSTestSupport
import Testing

@Suite struct SessionTests {
    @Test(arguments: [1, 2, 3, 5, 7, 64, 1000, .max], [0x0303, 0x0304])
    func bytesArriveWholeHoweverTheyAreCut(_ size: Int, _ version: Int) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = version...version
        let pair = Pair(setting.identity, offer)
        pair.talk(inPiecesOf: size)
        #expect(pair.client.isOpen)
        #expect(pair.client.agreedProtocol == "http/1.1")
        let question = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        pair.client.say(question)
        let answer = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 17 &+ $0 / 255) }
        try pair.say(answer)
        #expect(pair.talk(inPiecesOf: size) == answer)
        #expect(pair.heard == question)
        #expect(pair.failure == nil)
    }

    @Test func plaintextWithTheEndOfTheHandshakeIsNotLost() throws {
        let setting = try Setting()
        let pair = Pair(setting.identity, setting.offer)
        pair.deliver(pair.client.output())
        _ = pair.client.receive(pair.output())
        pair.client.say(Array("GET".utf8))
        pair.deliver(pair.client.output())
        #expect(pair.session.phase == .open)
        #expect(pair.heard == Array("GET".utf8))
    }

    @Test func aSocketThatTakesAByteAtATimeGetsEverything() throws {
        let setting = try Setting()
        let pair = Pair(setting.identity, setting.offer)
        pair.talk()
        let answer = [UInt8](repeating: 7, count: 20_000)
        try pair.say(answer)
        var told: [UInt8] = []
        while pair.session.pending > 0 { told += pair.client.receive(pair.output(most: 1)) }
        #expect(told == answer)
    }

    @Test(arguments: [0x0303, 0x0304])
    func eitherSideEndsAlone(_ version: Int) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = version...version
        let pair = Pair(setting.identity, offer)
        pair.talk()
        pair.client.end()
        pair.talk()
        #expect(pair.session.phase == .peerEnded)
        #expect(!pair.client.peerEnded)
        try pair.say(Array("still here".utf8))
        if version == 0x0304 { #expect(pair.talk() == Array("still here".utf8)) }
        pair.session.end()
        #expect(!pair.session.canSeal)
        pair.talk()
        #expect(pair.client.peerEnded)
        #expect(throws: TLSFailure.self) { try pair.say([1]) }
    }

    // MARK: What is refused

    @Test(arguments: [0x0301, 0x0302])
    func oldVersionsAreRefusedWithAnAlert(_ version: Int) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = version...version
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.session.phase == .failed)
        #expect(pair.failure != nil)
        #expect(pair.client.failure?.contains("alert") == true, "\(pair.client.failure ?? "-")")
    }

    @Test(arguments: [
        "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM",
        "DHE-RSA-AES128-GCM-SHA256", "NULL-SHA256", "AES256-SHA",
    ])
    func weakSuitesAreRefused(_ suite: String) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = 0x0303...0x0303
        offer.ciphers = "\(suite):@SECLEVEL=0"
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(!pair.client.isOpen)
        #expect(pair.session.phase == .failed)
    }

    @Test(arguments: [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    ])
    func strongSuitesOf12AreTaken(_ suite: String) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = 0x0303...0x0303
        offer.ciphers = suite
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.client.cipher == suite)
        #expect(pair.client.version == "TLSv1.2")
    }

    @Test func renegotiationIsRefusedAndTheSessionGoesOn() throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = 0x0303...0x0303
        let pair = Pair(setting.identity, offer)
        pair.talk()
        pair.client.renegotiate()
        let question = pair.client.output()
        #expect(!question.isEmpty)
        pair.deliver(question)
        let answer = pair.output()
        // An alert and no handshake: the sealed record of 2 bytes has 31 with its head, its number and its tag.
        #expect(answer.first == 21)
        #expect(pair.session.phase == .open || pair.session.phase == .failed)
    }

    @Test func newKeysAreTaken() throws {
        let setting = try Setting()
        let pair = Pair(setting.identity, setting.offer)
        pair.talk()
        for _ in 0..<5 {
            pair.client.updateKeys()
            pair.client.say([1])
            try pair.say([2])
            #expect(pair.talk() == [2])
        }
        #expect(pair.heard == [1, 1, 1, 1, 1])
    }

    @Test(arguments: [["h2"], ["http/1.0"], ["spdy/3", "h2c"]])
    func aClientThatSpeaksNoHTTP11IsRefused(_ protocols: [String]) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.protocols = protocols
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.session.phase == .failed)
        #expect(pair.client.failure != nil)
    }

    @Test(arguments: [[], ["http/1.1"], ["h2", "http/1.1"]])
    func clientsThatSpeakItAreServed(_ protocols: [String]) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.protocols = protocols
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.client.agreedProtocol == (protocols.isEmpty ? "" : "http/1.1"))
    }

    @Test func plainHTTPIsTold() throws {
        let setting = try Setting()
        let pair = Pair(setting.identity)
        pair.deliver(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(pair.failure?.isPlainHTTP == true)
        #expect(pair.session.phase == .failed)
    }

    @Test(arguments: 0..<64)
    func garbageEndsTheSessionAndNothingElse(_ seed: Int) throws {
        let setting = try Setting()
        var random = Garbage(seed: UInt64(seed))
        let pair = Pair(setting.identity, setting.offer)
        // Half of them in the middle of a good handshake, or after it.
        let steps = seed % 4
        if steps == 1 { pair.deliver(pair.client.output().dropLast(10)) }
        if steps == 2 {
            pair.deliver(pair.client.output())
            _ = pair.client.receive(pair.output())
        }
        if steps == 3 { pair.talk() }
        pair.deliver((0..<40_000).map { _ in random.next() })
        #expect(pair.failure != nil)
        #expect(pair.session.phase == .failed)
        #expect(!pair.session.canSeal)
        #expect(pair.output().count < 1000)
        // Whatever comes now is not looked at.
        pair.deliver([22, 3, 1])
        pair.session.end()
        #expect(pair.session.pending == 0)
    }

    @Test(arguments: [1, 5, 6, 40, 100])
    func aHandshakeThatBreaksOffLeavesNothingBehind(_ count: Int) throws {
        let setting = try Setting()
        let pair = Pair(setting.identity, setting.offer)
        pair.deliver(Array(pair.client.output().prefix(count)))
        #expect(pair.session.phase == .handshaking)
        #expect(!pair.session.canSeal)
        #expect(pair.session.pending == 0)
        pair.session.end()
        #expect(pair.session.pending == 0)
        #expect(throws: TLSFailure.self) { try pair.say([1]) }
    }

    @Test func aTornRecordIsRefused() throws {
        let setting = try Setting()
        let pair = Pair(setting.identity, setting.offer)
        pair.talk()
        pair.client.say([UInt8](repeating: 1, count: 100))
        var record = pair.client.output()
        record[record.count - 1] ^= 1
        pair.deliver(record)
        #expect(pair.heard.isEmpty)
        #expect(pair.failure != nil)
    }

    // MARK: Tickets

    @Test(arguments: [0x0303, 0x0304])
    func aSessionIsTakenUpAgainUntilTheFilesAreReadAnew(_ version: Int) throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.versions = version...version
        let first = Pair(setting.identity, offer)
        first.talk()
        offer.session = first.client.session
        let second = Pair(setting.identity, offer)
        second.talk()
        #expect(second.client.isResumed)
        let folder = setting.folder.path
        try setting.identity.reload(
            TLSFiles(certificate: "\(folder)/tls.crt", privateKey: "\(folder)/tls.key")
        )
        let third = Pair(setting.identity, offer)
        third.talk()
        #expect(third.client.isOpen)
        #expect(!third.client.isResumed)
    }
}

/// Bytes that look random and are the same each time.
private struct Garbage {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt8 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}
