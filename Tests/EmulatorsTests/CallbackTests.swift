import Emulators
import HTTP
import HTTPServer
import JSON
import Testing
import Threads

/// What the doubles' callbacks have in common, tried on one of them.
@Suite struct CallbackTests {
    private static let address = "http://gateway.test/v1/callbacks/sunoapi/token"
    private static let asking: JSONObject = ["callBackUrl": .string(address)]

    private func types(_ emulation: Emulation) -> [String] {
        emulation.mailbox.letters.compactMap { $0.json?["data"]?["callbackType"]?.string }
    }

    @Test("each callback goes out when it is due, to the address that the job gave")
    func due() async throws {
        let emulation = try Emulation()
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.milliseconds(4999))
        #expect(types(emulation).isEmpty)
        await emulation.pass(.milliseconds(1))
        #expect(types(emulation) == ["text"])
        await emulation.pass(.seconds(60))
        #expect(types(emulation) == ["text", "first", "complete"])
        #expect(emulation.mailbox.letters.allSatisfy { $0.url == Self.address })
        #expect(emulation.mailbox.letters.allSatisfy { $0.fields["Content-Type"] == "application/json" })
    }

    @Test("speed divides the times of callbacks and of their repetitions")
    func speed() async throws {
        let emulation = try Emulation { $0.speed = 10 }
        emulation.mailbox.answer(.answered(500))
        try await emulation.turn("callback_retry_seconds", [60])
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.milliseconds(500))
        #expect(types(emulation) == ["text"])
        await emulation.pass(.seconds(6))
        #expect(types(emulation).count(where: { $0 == "text" }) == 2)
    }

    @Test("a job without an address, or polls only, sends nothing")
    func none() async throws {
        let emulation = try Emulation()
        _ = try await emulation.job()
        try await emulation.turn("callbacks", "off")
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(60))
        #expect(emulation.mailbox.letters.isEmpty)
        #expect(try await emulation.control(.get, "callbacks")["pending"]?.integer == 0)
    }

    @Test("the control route shows what was sent and what came back")
    func record() async throws {
        let emulation = try Emulation()
        emulation.mailbox.answer(.answered(200), .failed("nobody there"), .answered(404))
        let id = try await emulation.job("rain", Self.asking)
        #expect(try await emulation.control(.get, "callbacks")["pending"]?.integer == 1)
        await emulation.pass(.seconds(60))
        let callbacks = try await emulation.callbacks()
        #expect(callbacks.map { $0["callback"]?.string } == ["text", "first", "complete"])
        #expect(callbacks.map { $0["outcome"]?.string } == ["accepted", "nobody there", "refused"])
        #expect(callbacks.map { $0["status"]?.integer } == [200, nil, 404])
        #expect(callbacks.allSatisfy { $0["task"]?.string == id && $0["attempt"]?.integer == 1 })
        #expect(callbacks.allSatisfy { $0["url"]?.string == Self.address })
        #expect(callbacks[0]["body"]?["data"]?["task_id"]?.string == id)
        #expect(callbacks[0]["fields"]?["Content-Type"]?.string == "application/json")
        let some = try await emulation.control(.get, "callbacks?callback=first&vendor=sunoapi&task=\(id)")
        #expect(some["callbacks"]?.array?.count == 1)
        #expect(try await emulation.control(.get, "callbacks?after=2")["callbacks"]?.array?.count == 1)
        #expect(try await emulation.control(.get, "callbacks?vendor=kie")["callbacks"] == [])
    }

    @Test("what was not accepted is tried again until it is, or until the vendor is tired of it")
    func retries() async throws {
        let emulation = try Emulation()
        try await emulation.turn("phases", "direct")
        try await emulation.turn("callback_retry_seconds", [60, 300])
        let failures = [CallbackReply.answered(500), .failed("reset")]
        emulation.mailbox.answer(failures[0], failures[1])
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(20))
        #expect(types(emulation).count == 1)
        await emulation.pass(.seconds(60))
        #expect(types(emulation).count == 2)
        await emulation.pass(.seconds(299))
        #expect(types(emulation).count == 2)
        await emulation.pass(.seconds(1))
        #expect(try await emulation.callbacks().map { $0["attempt"]?.integer } == [1, 2, 3])
        emulation.mailbox.answer(failures[0], failures[0], failures[0])
        _ = try await emulation.job("rain", Self.asking)
        for _ in 0..<9 { await emulation.pass(.seconds(300)) }
        #expect(types(emulation).count == 6)
    }

    @Test(
        "callbacks can come twice, last first, or late",
        arguments: [
            ("callback_copies", 2, ["text", "text", "first", "first", "complete", "complete"]),
            ("callback_order", "reversed", ["complete", "first", "text"]),
            ("callback_delay_seconds", 100, []),
        ] as [(String, JSONValue, [String])]
    )
    func disorder(_ name: String, _ value: JSONValue, _ expected: [String]) async throws {
        let emulation = try Emulation()
        try await emulation.turn(name, value)
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(20))
        #expect(types(emulation) == expected)
        await emulation.pass(.seconds(100))
        #expect(types(emulation).count == max(expected.count, 3))
    }

    @Test("callbacks that are reversed wait for the last of them")
    func reversedWaits() async throws {
        let emulation = try Emulation()
        try await emulation.turn("callback_order", "reversed")
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.milliseconds(19_999))
        #expect(types(emulation).isEmpty)
    }

    @Test("in callback-only mode a poll tells nothing before the last callback was accepted")
    func only() async throws {
        let emulation = try Emulation()
        try await emulation.turn("callbacks", "only")
        try await emulation.turn("phases", "direct")
        try await emulation.turn("callback_retry_seconds", [60])
        emulation.mailbox.answer(.answered(503))
        let id = try await emulation.job("rain", Self.asking)
        let unasked = try await emulation.job()
        await emulation.pass(.seconds(20))
        #expect(try await emulation.status(id) == "PENDING")
        // The file is there: the callback says where.
        #expect(
            try await emulation.call(.get, "/sunoapi/files/\(id)-1.mp3", key: nil).status == .ok
        )
        await emulation.pass(.seconds(60))
        #expect(try await emulation.status(id) == "SUCCESS")
        #expect(try await emulation.status(unasked) == "PENDING")
        try await emulation.turn("callbacks", "only_forever")
        #expect(try await emulation.status(id) == "PENDING")
    }

    @Test(
        "one callback can be lost, doubled or late by a fault",
        arguments: [
            ("lost", ["text", "complete"]), ("duplicate", ["text", "first", "first", "complete"]),
            ("late", ["text"]),
        ]
    )
    func faults(_ fault: String, _ expected: [String]) async throws {
        let emulation = try Emulation()
        try await emulation.script("callback", fault, ["skip": 1, "seconds": 500])
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(20))
        #expect(types(emulation) == expected)
        await emulation.pass(.seconds(500))
        #expect(types(emulation).last == "complete")
        let records = try await emulation.callbacks()
        #expect(records[1]["fault"]?.string == fault)
        #expect(records[1]["outcome"]?.string == (fault == "lost" ? "lost" : "accepted"))
    }

    @Test("so many tasks may wait to call back, and no more")
    func bound() async throws {
        let emulation = try Emulation { $0.pendingCallbacks = 2 }
        for _ in 0..<3 { _ = try await emulation.job("rain", Self.asking) }
        #expect(try await emulation.control(.get, "callbacks")["pending"]?.integer == 2)
        await emulation.pass(.seconds(20))
        #expect(types(emulation).count == 6)
    }

    @Test("a reset drops what waits, and closing the host too")
    func reset() async throws {
        let emulation = try Emulation()
        _ = try await emulation.job("rain", Self.asking)
        await emulation.pass(.seconds(5))
        _ = try await emulation.control(.post, "reset")
        await emulation.pass(.seconds(20))
        #expect(emulation.mailbox.letters.count == 1)
        let after = try await emulation.control(.get, "callbacks")
        #expect(after["total"]?.integer == 0)
        #expect(after["pending"]?.integer == 0)
        _ = try await emulation.job("rain", Self.asking)
        emulation.host.close()
        await emulation.pass(.seconds(20))
        #expect(emulation.mailbox.letters.count == 1)
    }

    @Test("what is refused while the doubles are being reset is not tried again")
    func resetMeanwhile() async throws {
        let carrier = Interrupter()
        let emulation = try Emulation(carrier: carrier)
        try await emulation.turn("callback_retry_seconds", [1, 1])
        _ = try await emulation.job("rain", Self.asking)
        carrier.host.withLock { $0 = emulation.host }
        await emulation.pass(.seconds(20))
        await emulation.pass(.seconds(20))
        #expect(carrier.count.withLock { $0 } == 1)
        carrier.host.withLock { $0 = nil }
    }
}

/// Closes the host while it calls back, and refuses the call.
private final class Interrupter: CallbackCarrier {
    let host = Guarded<EmulatorHost?>(nil)
    let count = Guarded(0)

    func carry(_ body: [UInt8], to url: String, _ fields: Fields) async -> CallbackReply {
        count.withLock { $0 += 1 }
        host.withLock { $0 }?.close()
        return .answered(500)
    }
}
