import Glibc
import HTTP
import HTTPClient
import Webhooks

extension FuzzTarget {
    /// The addresses that the C library takes a host for without asking anybody.
    private static func addresses(of host: String, port: UInt16) -> [PeerAddress] {
        // The C library would end at a NUL.
        guard !host.utf8.contains(0) else { return [] }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(bare, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [PeerAddress] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: 64)
            let code = getnameinfo(
                entry.ai_addr,
                entry.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if code == 0, let address = PeerAddress(name, port: port) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }

    /// A URL is the same when it is written again, and one that names an address by any spelling that the C library
    /// knows is refused unless that address is public.
    static let url = FuzzTarget("URL") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let url = HTTPURL(text) else { return }
        precondition(HTTPURL(url.description) == url, "\(url) is another URL when it is written")
        precondition(HTTPURL(url.origin) != nil, "an origin that is no URL: \(url.origin)")
        precondition(HTTPURL(url.appending(path: "x").description) != nil, "no path can be added to \(url)")
        let policy = DestinationPolicy()
        for address in addresses(of: url.host, port: url.port) where !address.isPublic {
            precondition(policy.refuses(url), "\(url.host) is \(address.bytes), which is not public")
        }
        if let mapped = PeerAddress(host: url.host, port: url.port)?.mappedIPv4, !mapped.isPublic {
            precondition(policy.refuses(url), "\(url.host) holds an IPv4 address that is not public")
        }
    }
}
