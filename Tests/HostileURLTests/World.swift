import CLinux
import Glibc
import Threads

/// Somebody at every address there is, who takes down who came and to which.
final class World: Sendable {
    /// One connection: the address at which it arrived, and what was asked there.
    struct Visit: Sendable, Equatable {
        let address: String
        let port: UInt16
        let head: String
    }

    let names: NameServer
    let hasIPv6: Bool
    private let book = Guarded(Book())

    private struct Book {
        var visits: [(number: Int, visit: Visit)] = []
        var last = 0
        var reading = 0
    }

    static let shared = Result { try World() }

    private init() throws {
        try Routes.leadHome()
        names = try NameServer()
        let probe = World.listener(AF_INET6, 80)
        if let probe { close(probe) }
        hasIPv6 = probe != nil
        for port: UInt16 in [80, 443, 8080, 3128] {
            try listen(AF_INET, port)
            if hasIPv6 { try listen(AF_INET6, port) }
        }
        try listen(AF_INET, 8081, at: 0x0A00_0005)
    }

    /// Who came since the last question.
    func visits() -> [Visit] {
        book.withLock { book in
            defer { book.visits = [] }
            return book.visits.map(\.visit)
        }
    }

    /// Whether so many have come and all have said what they want.
    func hasHeard(_ count: Int) -> Bool {
        book.withLock { $0.visits.count >= count && $0.reading == 0 }
    }

    // MARK: Listening

    private func listen(_ family: Int32, _ port: UInt16, at address: UInt32 = 0) throws {
        guard let listener = World.listener(family, port, at: address) else {
            throw SystemError("bind", subject: "port \(port)")
        }
        _ = try Thread(name: "port-\(port)") { [self] in
            while true {
                let descriptor = accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
                if descriptor >= 0 { receive(descriptor, port) }
            }
        }
    }

    private static func listener(_ family: Int32, _ port: UInt16, at address: UInt32 = 0) -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var one: Int32 = 1
        for option in [SO_REUSEADDR, SO_REUSEPORT] {
            setsockopt(descriptor, SOL_SOCKET, option, &one, 4)
        }
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4) }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            bytes.storeBytes(of: address.bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        let length = socklen_t(
            family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        )
        let isBound = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard isBound, Glibc.listen(descriptor, 64) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func receive(_ descriptor: Int32, _ port: UInt16) {
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // Before anything is read: who only connects has come too.
        let address = Self.localAddress(of: descriptor)
        let number = book.withLock { book in
            book.last += 1
            book.reading += 1
            book.visits.append((book.last, Visit(address: address, port: port, head: "")))
            return book.last
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]), bytes.first.map({ $0 >= 0x20 }) ?? true {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            bytes += piece[..<count]
            // A webhook's body may come with its head.
            if String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") { break }
        }
        let head = String(decoding: bytes, as: UTF8.self)
        book.withLock { book in
            book.reading -= 1
            guard let place = book.visits.firstIndex(where: { $0.number == number }) else { return }
            book.visits[place].visit = Visit(address: address, port: port, head: head)
        }
        let answer = Array(Self.answer(to: head).utf8)
        send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        while recv(descriptor, &piece, piece.count, 0) > 0 {}
    }

    /// `/to/N` points to the N-th hostile URL, `/rebind` to the name that is about to change; all else is text.
    private static func answer(to head: String) -> String {
        let path = head.split(separator: " ").dropFirst().first ?? ""
        var target: String?
        if path.hasPrefix("/to/"), let index = Int(path.dropFirst(4)), HostileURL.all.indices ~= index {
            target = HostileURL.all[index].url
        } else if path == "/rebind" {
            target = "http://rebind-late.test/"
        }
        guard let target else {
            return
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"
        }
        return "HTTP/1.1 302 Found\r\nLocation: \(target)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    }

    private static func localAddress(of descriptor: Int32) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = getsockname(descriptor, address, &length)
                _ = getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
