import TLS
import TLSTestSupport
import Testing

@Suite struct ClientCertificateTests {
    private static let worker = TestAuthority.Subject(
        "worker",
        names: ["DNS:worker.internal", "URI:spiffe://house/worker", "IP:10.0.0.1"]
    )

    @Test(arguments: [TLSFiles.ClientCertificates.request, .require], [0x0303, 0x0304])
    func aCertificateThatHoldsIsSeen(_ mode: TLSFiles.ClientCertificates, _ version: Int) throws {
        let clients = TestAuthority("Clients")
        let setting = try Setting(clients: mode, authority: clients)
        let own = clients.identity(Self.worker)
        var offer = setting.offer
        offer.identity = own
        offer.versions = version...version
        let pair = Pair(setting.identity, offer)
        #expect(pair.session.peerCertificate == nil)
        pair.talk()
        let seen = try #require(pair.session.peerCertificate)
        #expect(Self.hex(seen.fingerprint) == own.fingerprint)
        #expect(seen.names == [.dns("worker.internal"), .uri("spiffe://house/worker")])
    }

    @Test func oneWhoTakesUpASessionIsTheSameClient() throws {
        let clients = TestAuthority("Clients")
        let setting = try Setting(clients: .require, authority: clients)
        let own = clients.identity(Self.worker)
        var offer = setting.offer
        offer.identity = own
        let first = Pair(setting.identity, offer)
        first.talk()
        offer.session = first.client.session
        let second = Pair(setting.identity, offer)
        second.talk()
        #expect(second.client.isResumed)
        #expect(second.session.peerCertificate == first.session.peerCertificate)
        #expect(second.session.peerCertificate != nil)
    }

    @Test(arguments: [(TLSFiles.ClientCertificates.none, true), (.request, true), (.require, false)])
    func goingWithoutOneIsAMatterOfTheMode(_ mode: TLSFiles.ClientCertificates, _ isServed: Bool) throws {
        let setting = try Setting(clients: mode, authority: TestAuthority("Clients"))
        let pair = Pair(setting.identity, setting.offer)
        pair.talk()
        #expect((pair.session.phase == .open) == isServed)
        #expect((pair.client.failure == nil) == isServed)
        #expect(pair.session.peerCertificate == nil)
    }

    enum Flaw: CaseIterable { case stranger, over, early }

    @Test(arguments: [TLSFiles.ClientCertificates.request, .require], Flaw.allCases)
    func oneThatDoesNotHoldEndsTheHandshake(_ mode: TLSFiles.ClientCertificates, _ flaw: Flaw) throws {
        let clients = TestAuthority("Clients")
        let setting = try Setting(clients: mode, authority: clients)
        var offer = setting.offer
        offer.identity =
            switch flaw {
            case .stranger: TestAuthority("Clients").identity(Self.worker)
            case .over: clients.identity(Self.worker.during(-7200, -3600))
            case .early: clients.identity(Self.worker.during(3600, 7200))
            }
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.session.phase == .failed)
        #expect(pair.session.peerCertificate == nil)
        #expect(pair.client.failure != nil)
    }

    @Test func withoutAQuestionNobodyIsSeen() throws {
        let setting = try Setting()
        var offer = setting.offer
        offer.identity = TestAuthority().identity(Self.worker)
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.session.phase == .open)
        #expect(pair.session.peerCertificate == nil)
    }

    @Test func aNameWithANULIsNoName() throws {
        let clients = TestAuthority("Clients")
        let setting = try Setting(clients: .require, authority: clients)
        var offer = setting.offer
        offer.identity = clients.identity(TestAuthority.Subject("plain"))
        let pair = Pair(setting.identity, offer)
        pair.talk()
        #expect(pair.session.peerCertificate?.names == [])
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
