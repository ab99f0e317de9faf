import CLinux
import Glibc
import Threads

/// A DNS server on loopback's port 53, that may change its mind between two questions.
final class NameServer: Sendable {
    /// Names that begin with their own address: `10.0.0.1.wildcard.test`.
    private static let wildcard = ".wildcard.test"

    /// What each name has; the last entry stays.
    private static let zone: [String: [[String]]] = [
        "public.test": [["93.184.215.14"]], "inside.test": [["10.0.0.5"]], "nowhere.test": [["0.0.0.0"]],
        "metadata.google.internal": [["169.254.169.254"]], "azure.test": [["168.63.129.16"]],
        "six.test": [["::1"]], "unique.test": [["fd00::5"]], "mapped.test": [["::ffff:10.0.0.5"]],
        "nat64.test": [["64:ff9b::a00:5"]], "tunnel.test": [["2002:a00:5::1"]],
        "fallback.test": [["93.184.215.14", "10.0.0.5"]],
        "rebind.test": [["93.184.215.14"], ["127.0.0.1"]],
        "rebind-late.test": [["93.184.215.14"], ["93.184.215.14"], ["10.0.0.5"]],
    ]

    private let asked = Guarded<[String: Int]>([:])

    /// Starts a thread that answers for as long as the process lives.
    init() throws {
        let descriptor = try retryingSystemCall("socket") {
            socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try retryingSystemCall("bind", subject: "127.0.0.1:53") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        _ = try Thread(name: "names") { [self] in
            while true { answerOne(descriptor) }
        }
    }

    /// How often a name's IPv4 addresses were asked for.
    func questions(for name: String) -> Int { asked.withLock { $0[name, default: 0] } }

    private func answerOne(_ descriptor: Int32) {
        var query = [UInt8](repeating: 0, count: 512)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                let count = recvfrom(descriptor, &query, query.count, 0, peer, &length)
                guard count > 12, let answer = answer(to: Array(query[..<count])) else { return }
                sendto(descriptor, answer, answer.count, 0, peer, length)
            }
        }
    }

    private func answer(to query: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var offset = 12
        while offset < query.count, query[offset] != 0 {
            let end = offset + 1 + Int(query[offset])
            guard end < query.count else { return nil }
            labels.append(String(decoding: query[offset + 1..<end], as: UTF8.self).lowercased())
            offset = end
        }
        guard offset + 5 <= query.count else { return nil }
        let type = query[offset + 2]
        let question = query[12..<offset + 5]
        let name = labels.joined(separator: ".")
        var records: [[UInt8]] = []
        if name == "alias.test" {
            // CNAME inside.test; whoever asked asks on by itself, or takes the address that comes with it.
            let target: [UInt8] = [6] + Array("inside".utf8) + [4] + Array("test".utf8) + [0]
            records.append(record(type: 5, target))
            if type == 1 {
                let tail: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 5]
                records.append(target + tail)
            }
        } else {
            for bytes in addresses(of: name, type).compactMap(bytes(of:)) {
                guard bytes.count == (type == 28 ? 16 : 4), type == 1 || type == 28 else { continue }
                records.append(record(type: type, bytes))
            }
        }
        let isKnown = !records.isEmpty || Self.zone[name] != nil
        let head: [UInt8] = [0x85, isKnown ? 0x80 : 0x83, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
        return Array(query[0..<2]) + head + Array(question) + records.flatMap { $0 }
    }

    /// A record of the name in the question, which nobody may remember.
    private func record(type: UInt8, _ data: [UInt8]) -> [UInt8] {
        [0xC0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, UInt8(data.count)] + data
    }

    private func addresses(of name: String, _ type: UInt8) -> [String] {
        if name.hasSuffix(Self.wildcard) { return [String(name.dropLast(Self.wildcard.count))] }
        guard let answers = Self.zone[name] else { return [] }
        let number = asked.withLock { asked in
            guard type == 1 else { return asked[name, default: 0] }
            asked[name, default: 0] += 1
            return asked[name, default: 0] - 1
        }
        return answers[min(number, answers.count - 1)]
    }

    private func bytes(of text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}
