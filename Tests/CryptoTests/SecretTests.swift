import Crypto
import Glibc
import Testing

@Suite struct SecretTests {
    @Test(arguments: ["", "k", "a key longer than any small string", "schlüssel\n🔑"])
    func aSecretIsTheSameAgain(_ text: String) {
        #expect(Secret(text).reveal { $0 } == text)
        #expect(Secret(Array(text.utf8)).reveal { $0 } == Array(text.utf8))
    }

    @Test func aSecretShowsNowhere() {
        let secret = Secret("s3cret-s3cret-s3cret")
        let locked = LockedBytes(copying: Array("s3cret-s3cret-s3cret".utf8))
        var dumped = ""
        dump(secret, to: &dumped)
        dump(locked, to: &dumped)
        let printed = [
            "\(secret)", String(reflecting: secret), "\(locked)", String(reflecting: locked), dumped,
        ]
        #expect(printed.allSatisfy { !$0.contains("s3cret") })
        #expect(printed[0] == "<redacted>")
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(Mirror(reflecting: locked).children.isEmpty)
    }

    @Test func secretsAreEqualWhenTheirBytesAre() {
        #expect(Secret("one") == Secret("one"))
        #expect(Secret("one") != Secret("two"))
        #expect(Secret("one") != Secret("one "))
        #expect(Secret("") == Secret(""))
    }

    @Test func lockedBytesAreWholePagesOfTheirOwn() throws {
        let bytes = LockedBytes(randomCount: 5000)
        #expect(bytes.count == 5000)
        #expect(bytes.withBytes { $0.byteCount } == 5000)
        #expect(bytes != LockedBytes(randomCount: 5000))
        let flags = try #require(Self.flags(of: bytes))
        #expect(flags.contains("dd"), "not kept out of core dumps: \(flags)")
        // Sanitizers make mlock do nothing and say that it worked.
        let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
        let isLocked = flags.contains("lo") || LockedBytes.unlockedCount > 0 || isSanitized
        #expect(isLocked, "not locked: \(flags)")
    }

    /// What the kernel says of the pages: `VmFlags` in `/proc/self/smaps`, `lo` for locked, `dd` for not dumped.
    private static func flags(of bytes: LockedBytes) -> [Substring]? {
        let address = bytes.withBytes { span in
            span.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        }
        guard let file = fopen("/proc/self/smaps", "r") else { return nil }
        defer { fclose(file) }
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&block, 1, block.count, file), count > 0 {
            text += block[..<count]
        }
        var isWithin = false
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if let range = words.first?.split(separator: "-"), range.count == 2,
                let from = UInt(range[0], radix: 16), let to = UInt(range[1], radix: 16)
            {
                isWithin = (from..<to).contains(address)
            } else if isWithin, words.first == "VmFlags:" {
                return Array(words.dropFirst())
            }
        }
        return nil
    }
}
