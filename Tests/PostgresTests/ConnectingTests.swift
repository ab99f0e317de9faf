import Glibc
import Postgres
import PostgresTestSupport
import TLSTestSupport
import Telemetry
import Testing
import Threads

@Suite struct ConnectingTests {
    /// A port of 127.0.0.1; whoever connects is never answered while this lives.
    private final class DeafPort: Sendable {
        let descriptor: Int32
        let port: Int

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let code = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                        && getsockname(descriptor, address, &length) == 0
                }
            }
            guard code else { throw SystemError("bind") }
            port = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(descriptor) }

        /// A port that nobody listens on, for now.
        static func free() throws -> Int { try DeafPort().port }
    }

    private func ask(_ url: String, _ change: (inout PostgresPool.Options) -> Void = { _ in }) async throws
        -> String
    {
        try await PostgresServer.withPool(url, loops: 1, change) {
            try await $0.query("SELECT current_setting('data_directory')").first?.text(0) ?? ""
        }
    }

    @Test func theServerThatWritesIsFoundAmongOthers() async throws {
        let reader = try PostgresServer(settings: ["default_transaction_read_only = on"])
        let writer = try PostgresServer(settings: [])
        let url =
            "postgresql:///postgres?host=\(reader.folder)/nowhere,\(reader.folder),\(writer.folder)"
            + "&user=postgres&target_session_attrs=read-write"
        let folder = try await ask(url)
        #expect(folder == "\(writer.folder)/data")
        writer.stop()
        let error = try await failing { try await ask(url) }
        #expect(error.isUnavailable)
    }

    @Test func aServerThatOnlyReadsIsSaidToBeUnavailable() async throws {
        let reader = try PostgresServer(settings: ["default_transaction_read_only = on"])
        let error = try await failing {
            try await ask(reader.url("postgres", ["target_session_attrs=read-write"]))
        }
        #expect("\(error)" == "no connection to PostgreSQL: the server only reads")
        let late = try await failing {
            try await PostgresServer.withPool(reader.url(), loops: 1) {
                try await $0.query("CREATE TABLE t ()")
            }
        }
        #expect(late.isReadOnly)
        #expect(late.isUnavailable)
    }

    @Test func eachAddressHasItsTime() async throws {
        let deaf = try DeafPort()
        let port = try DeafPort.free()
        let server = try PostgresServer(port: port)
        let hosts = "127.0.0.1:\(deaf.port),localhost:\(port)"
        let folder = try await ask("postgresql://postgres@\(hosts)/postgres") {
            $0.connectTimeout = .milliseconds(300)
        }
        #expect(folder == "\(server.folder)/data")
        let error = try await failing {
            try await ask("postgresql://postgres@127.0.0.1:\(deaf.port)/postgres") {
                $0.connectTimeout = .milliseconds(50)
            }
        }
        #expect("\(error)" == "no connection to PostgreSQL: no answer in time")
    }

    @Test(arguments: [
        ("postgresql://nowhere.invalid/d", "its name cannot be resolved"),
        ("postgresql://127.0.0.1:1/d", "connection refused"),
        ("postgresql:///d?host=/nowhere", "there is no such socket"),
    ])
    func whyThereIsNoConnectionIsSaid(_ url: String, _ reason: String) async throws {
        let error = try await failing { try await ask(url) }
        #expect("\(error)" == "no connection to PostgreSQL: \(reason)")
    }

    @Test func aWrongDatabaseIsTheServersRefusal() async throws {
        let server = try PostgresServer.shared.server()
        let error = try await failing { try await ask(server.url("nowhere")) }
        #expect(error.sqlState == "3D000")
        #expect("\(error)" == "no connection to PostgreSQL: there is no such database (SQLSTATE 3D000)")
    }

    @Test func aPasswordIsAskedForAndChecked() async throws {
        let server = try PostgresServer()
        _ = try await server.administer { pool in
            try await pool.run([PostgresStatement("CREATE ROLE guarded LOGIN PASSWORD 'open sesame'")])
        }
        server.stop()
        try server.demandPasswords()
        try server.start()
        let url = "postgresql://guarded:PASSWORD@/postgres?host=\(server.folder)"
        let user = try await PostgresServer.withPool(
            url.replacing("PASSWORD", with: "open%20sesame"),
            loops: 1
        ) {
            try await $0.query("SELECT current_user").first?.text(0)
        }
        #expect(user == "guarded")
        let wrong = try await failing { try await ask(url.replacing("PASSWORD", with: "hunter2")) }
        #expect(wrong.sqlState == "28P01")
        let none = try await failing { try await ask(url.replacing(":PASSWORD", with: "")) }
        #expect("\(none)" == "no connection to PostgreSQL: the server asks for a password, and there is none")
    }

    @Test func tlsIsSpokenAndTheCertificateChecked() async throws {
        let authority = TestAuthority()
        let identity = authority.identity(.loopback)
        let folder = try TestFolder()
        let roots = try folder.write(authority.pem, to: "roots.pem")
        let others = try folder.write(TestAuthority("Another").pem, to: "others.pem")
        let port = try DeafPort.free()
        let server = try PostgresServer(
            port: port,
            settings: ["ssl = on"],
            files: ["server.crt": identity.certificate, "server.key": identity.key]
        )
        let url = "postgresql://postgres@localhost:\(port)/postgres?sslmode=verify-full&sslrootcert="
        try await PostgresServer.withPool(url + roots, loops: 1) { pool in
            let rows = try await pool.query(
                "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            )
            #expect(rows.first?.bool(0) == true)
            #expect(rows.first?.text(1) == "TLSv1.3")
            // More than a record, both ways.
            let blob = [UInt8](repeating: 7, count: 1 << 20)
            let large = try await pool.query("SELECT $1::bytea", [.blob(blob)])
            #expect(large.first?.blob(0) == blob)
        }
        let error = try await failing { try await ask(url + others) }
        #expect("\(error)" == "no connection to PostgreSQL: its certificate is not to be trusted")
        withExtendedLifetime((server, folder)) {}
    }
}
