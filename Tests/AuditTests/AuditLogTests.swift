import Audit
import Crypto
import Sound
import Telemetry
import Testing

@Suite struct AuditLogTests {
    private static let key = Array("a key that nobody knows".utf8)

    private func words(_ prompts: AuditLog.Prompts) -> LogFields {
        var request = SoundRequest(prompt: "the secret of the company")
        request.lyrics = "la la"
        return AuditLog(sink: LogMemory(), prompts: prompts).words(of: request)
    }

    @Test func noWordIsRecordedUnlessWanted() {
        #expect(words(.none).isEmpty)
        #expect(words(.full) == ["prompt": "the secret of the company", "lyrics": "la la"])
    }

    @Test func aHashedWordIsKnownAgainOnlyWithTheKey() {
        let hashed = words(.hash(key: LockedBytes(copying: Self.key)))
        #expect(
            hashed == [
                "prompt_hmac":
                    "\(HMACSHA256.authenticate(Array("the secret of the company".utf8), key: Self.key).hex)",
                "lyrics_hmac": "\(HMACSHA256.authenticate(Array("la la".utf8), key: Self.key).hex)",
            ]
        )
        // A plain digest could be found by guessing.
        #expect(hashed["prompt_hmac"] != .string(SHA256.hash("the secret of the company").hex))
        let other = words(.hash(key: LockedBytes(randomCount: 32)))
        #expect(other["prompt_hmac"] != hashed["prompt_hmac"])
    }

    @Test func whereNothingIsRecordedNothingIsComputed() {
        var isComputed = false
        func fields() -> LogFields {
            isComputed = true
            return [:]
        }
        AuditLog.off("request", fields())
        #expect(!isComputed)
        #expect(!AuditLog.off.isOn)
    }

    @Test func aRecordIsALineWithItsEvent() {
        let memory = LogMemory()
        AuditLog(sink: memory, prompts: .none)("request", ["client": "game-team"])
        #expect(memory.messages == ["request"])
        #expect(memory.lines.first?.fields == ["client": "game-team"])
    }
}
