import CPostgres
import Glibc

/// What a URL says of the servers and of how to log in, read by libpq itself.
///
/// The hosts are taken apart, for libpq would look up names on the loop, and its asynchronous calls keep no time: each
/// address is one attempt of ours.
@safe struct ConnectionURL: Sendable {
    /// One of the servers that may be the right one.
    struct Host: Sendable, Equatable {
        /// A name, an address, or the folder of a Unix socket; `nil` is libpq's own default.
        var name: String?
        /// The address to use instead of looking up the name.
        var address: String?
        var port: String?

        /// The name to look up; `nil` where there is nothing to look up.
        var nameToLookUp: String? {
            guard address == nil, let name, !name.hasPrefix("/"), !name.hasPrefix("@") else { return nil }
            return name
        }
    }

    let hosts: [Host]
    /// Whether a server that only reads is not what the URL asks for.
    var wantsWriter: Bool {
        settings.contains {
            $0.keyword == "target_session_attrs" && ["read-write", "primary"].contains($0.value)
        }
    }

    /// All that is not about hosts, with what we add to it.
    let settings: [(keyword: String, value: String)]

    /// Reads a URL, or a line of `keyword=value`.
    ///
    /// What is wrong with it is not repeated: libpq's words quote it, password and all.
    init(_ url: String) throws(PostgresError) {
        var given: [String: String] = [:]
        guard let options = unsafe PQconninfoParse(url, nil) else {
            throw PostgresError(.configuration, "the URL of PostgreSQL cannot be read as one")
        }
        defer { unsafe PQconninfoFree(options) }
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val, unsafe value.pointee != 0 {
                unsafe given[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        // Left to libpq, it would look names up on the loop.
        if given["host"] == nil, given["hostaddr"] == nil {
            given["host"] = Self.environment("PGHOST")
            given["hostaddr"] = Self.environment("PGHOSTADDR")
        }
        given["port"] = given["port"] ?? Self.environment("PGPORT")
        hosts = try Self.hosts(of: given)
        for place in ["host", "hostaddr", "port", "connect_timeout"] { given[place] = nil }
        let settings = given.merging(Self.defaults) { given, _ in given }.merging(Self.fixed) { $1 }
        self.settings = settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What holds unless the URL says otherwise.
    private static let defaults = [
        "fallback_application_name": "soundgate",
        // A server that vanished is found out in a minute instead of in two hours.
        "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
        "tcp_user_timeout": "60000",
        // Looking for Kerberos tickets may wait for other machines.
        "gssencmode": "disable",
    ]

    private static let fixed = ["client_encoding": "UTF8"]

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
        return unsafe String(cString: value)
    }

    private static func hosts(of given: [String: String]) throws(PostgresError) -> [Host] {
        let names = list(given["host"])
        let addresses = list(given["hostaddr"])
        let ports = list(given["port"])
        let count = max(names.count, addresses.count, 1)
        guard [0, count].contains(names.count), [0, count].contains(addresses.count),
            [0, 1, count].contains(ports.count)
        else {
            throw PostgresError(.configuration, "the URL of PostgreSQL has lists of different lengths")
        }
        let numbers = ports.compactMap(\.self)
        guard numbers.allSatisfy({ (1...65_535).contains(Int($0) ?? 0) }) else {
            throw PostgresError(.configuration, "the URL of PostgreSQL has a port that is none")
        }
        return (0..<count).map { index in
            Host(
                name: names.isEmpty ? nil : names[index],
                address: addresses.isEmpty ? nil : addresses[index],
                port: ports.isEmpty ? nil : ports[ports.count == 1 ? 0 : index]
            )
        }
    }

    private static func list(_ text: String?) -> [String?] {
        guard let text else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.isEmpty ? nil : String($0)
        }
    }
}
