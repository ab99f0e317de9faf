import JSON
import Providers
import Sound
import Testing

/// What every adapter must keep to beside its operations.
@Suite("The contract of adapters about accounts")
struct AccountContractTests {
    private static let balances = catalog.filter { $0.balance != nil }.map(\.id)

    @Test("a balance is asked for without a body, and a page is no balance", arguments: balances)
    func balance(_ id: String) throws {
        let balance = try #require(catalog.first { $0.id == id }?.balance)
        #expect(balance.call.path.hasPrefix("/"))
        for status in [200, 401, 403, 404, 429, 500, 502] {
            for page in CatalogTests.pages {
                #expect(balance.balance(UpstreamReply(status: status, body: Array(page.utf8))) == nil)
            }
        }
        let kinds = Recording.all.filter { $0.adapter == id && $0.operationName.isEmpty }
        #expect(Set(try kinds.map { try $0.expectation() == "no balance" }) == [true, false])
    }

    @Test("ids cannot change the path they are put into", arguments: PolledOperation.all)
    func hostileIDs(_ polled: PolledOperation) {
        for id in ["a&b=c", "a/../b", "a b", "a#b", "a?b", "ä", "a\r\nX: y", "%2e"] {
            let (job, plain) = (RemoteJob(id: id), RemoteJob(id: "x"))
            check(polled.translator.cancel(job)?.path, against: polled.translator.cancel(plain)?.path)
            for part in TakePart.allCases {
                check(
                    polled.translator.ask(for: part, of: id, job: job)?.path,
                    against: polled.translator.ask(for: part, of: "x", job: plain)?.path
                )
            }
        }
    }

    private func check(_ path: String?, against plain: String?) {
        #expect((path == nil) == (plain == nil))
        guard let path, let plain else { return }
        for delimiter in "&?/=" {
            #expect(path.count { $0 == delimiter } == plain.count { $0 == delimiter }, "\(path)")
        }
        #expect(path.unicodeScalars.allSatisfy { $0.value > 32 && $0.value < 127 && $0 != "#" }, "\(path)")
    }

    @Test("a part of a take is told or awaited, never read out of a page", arguments: PolledOperation.all)
    func pagesAsParts(_ polled: PolledOperation) {
        for part in TakePart.allCases
        where polled.translator.ask(for: part, of: "x", job: RemoteJob(id: "y")) != nil {
            for status in [200, 403, 404, 429, 500, 502, 503] {
                for page in CatalogTests.pages {
                    let reply = UpstreamReply(status: status, body: Array(page.utf8))
                    let result = Result { () throws(PollError) in
                        try polled.translator.answer(reply, for: part, of: "x")
                    }
                    guard case .failure(.transient) = result else {
                        Issue.record("status \(status) with \(page.debugDescription) is no transient")
                        continue
                    }
                }
            }
        }
    }

    @Test("what an adapter can stop or ask has a recording", arguments: PolledOperation.all)
    func recorded(_ polled: PolledOperation) throws {
        let own = try Recording.all
            .filter { $0.adapter == polled.provider && $0.operationName == polled.operation.name }
            .map { try $0.question() }
        let hasCancel = own.contains { if case .cancel = $0 { true } else { false } }
        #expect(hasCancel == (polled.translator.cancel(RemoteJob(id: "x")) != nil))
        for part in TakePart.allCases {
            let hasPart = own.contains { if case .ask(_, part, _) = $0 { true } else { false } }
            let call = polled.translator.ask(for: part, of: "x", job: RemoteJob(id: "y"))
            #expect(hasPart == (call != nil), "\(part)")
        }
        #expect(own.contains { if case .poll = $0 { true } else { false } })
    }
}
