import Postgres
import PostgresTestSupport
import Telemetry
import Testing

@Suite struct SecrecyTests {
    private static let secret = "hunter2-prompt"

    @Test(arguments: [
        ("22P02", "SELECT $1::integer"), ("22P02", "SELECT $1::json"), ("22007", "SELECT $1::timestamptz"),
        ("42P01", "SELECT $1::regclass"), ("42601", "SELECT $1::regtype"),
        ("42704", "SELECT current_setting($1)"),
        ("22P02", "SELECT ('{' || $1)::integer[]"), ("23505", "INSERT INTO note (body) VALUES ($1)"),
        ("23514", "INSERT INTO checked VALUES ($1)"), ("22001", "INSERT INTO short VALUES ($1)"),
        ("23503", "INSERT INTO tag VALUES ($1)"), ("P0001", "SELECT shout($1)"), ("42P01", "SELECT peek($1)"),
        ("22023", "SELECT set_config('work_mem', $1, false)"), ("22P02", "SELECT $1::kind"),
        ("23502", "INSERT INTO pair (a, b) VALUES ($1, NULL)"), ("08P01", "SELECT $1::text, $2::text"),
    ])
    func noValueGetsIntoAnErrorOrTheLog(_ code: String, _ sql: String) async throws {
        try await withNotes { fixture in
            let script = [
                "CREATE TABLE checked (body text CHECK (length(body) < 3))",
                "CREATE TABLE short (body varchar(3))",
                "CREATE TABLE tag (note text REFERENCES note (body))", "CREATE TYPE kind AS ENUM ('a')",
                "CREATE TABLE pair (a text, b text NOT NULL)",
                """
                CREATE FUNCTION shout(what text) RETURNS text LANGUAGE plpgsql AS $$
                BEGIN RAISE WARNING 'heard %', what; RAISE EXCEPTION 'no %', what USING HINT = what; END $$
                """,
                """
                CREATE FUNCTION peek(what text) RETURNS text LANGUAGE plpgsql AS $$
                BEGIN EXECUTE format('SELECT * FROM %I', what); RETURN what; END $$
                """,
            ]
            try await fixture.pool.run(script.map { PostgresStatement($0) })
            let values: [PostgresValue] = [.text(Self.secret)]
            if code == "23505" { try await fixture.pool.run([PostgresStatement(sql, values)]) }
            if code == "23503" { try await fixture.pool.run([Statements.note("another")]) }
            let error = try await failing { try await fixture.pool.query(sql, values) }
            #expect(error.sqlState == code)
            #expect(!error.isUnavailable)
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!dumped.contains("hunter2"))
            #expect(!"\(error)".contains("hunter2"))
            #expect(!"\(fixture.log.lines)".contains("hunter2"))
        }
    }

    @Test func whereAStatementIsWrongIsSaidInTheServersWords() async throws {
        try await withNotes { fixture in
            let error = try await failing { try await fixture.pool.query("SELECT colour FROM note") }
            #expect("\(error)" == "column \"colour\" does not exist (SQLSTATE 42703)")
        }
    }

    @Test func constraintsAreNamed() async throws {
        try await withNotes { fixture in
            try await fixture.pool.run([Statements.note("a")])
            let error = try await failing { try await fixture.pool.run([Statements.note("a")]) }
            #expect(error.isUniqueViolation("note_body_key"))
            #expect(error.isConstraint)
            #expect(error.table == "note")
            #expect(
                "\(error)"
                    == "a unique key is there already: constraint note_body_key, table note (SQLSTATE 23505)"
            )
            let missing = try await failing {
                try await fixture.pool.run([PostgresStatement("INSERT INTO note (body) VALUES (NULL)")])
            }
            #expect(missing.column == "body")
        }
    }

    @Test(arguments: [
        "postgresql://u:hunter2%zz@h/d", "postgresql://u:hunter2@h:port/d", "host=h password=hunter2 hunter2",
        "postgresql://u:p/hunter2@h/d", "postgresql://h,i:1,2,3/hunter2?hunter2=1",
        "postgresql://h:99999/hunter2",
    ])
    func aBadURLIsNotRepeated(_ url: String) async throws {
        let error = try await failing {
            try await PostgresServer.withPool(url, loops: 1) { try await $0.query("SELECT 1") }
        }
        #expect(error.kind == .configuration)
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test(arguments: ["hunter2@x.invalid", "x.invalid/hunter2?sslmode=hunter2", "u:hunter2@127.0.0.1:1/d"])
    func aURLThatLeadsNowhereIsNotRepeated(_ rest: String) async throws {
        let memory = LogMemory()
        let error = try await failing {
            try await PostgresServer.withPool(
                "postgresql://\(rest)",
                loops: 1,
                log: Log(level: .trace, sink: memory)
            ) {
                try await $0.query("SELECT 1")
            }
        }
        #expect(error.isUnavailable)
        #expect(!"\(error)".contains("hunter2"))
        #expect(!"\(memory.lines)".contains("hunter2"))
    }

    @Test func noticesGoIntoTheLog() async throws {
        try await withNotes { fixture in
            try await fixture.pool.run([
                PostgresStatement("CREATE TABLE IF NOT EXISTS note (id bigint)"),
                PostgresStatement("DO $$ BEGIN RAISE WARNING 'hunter2' USING ERRCODE = '42P07'; END $$"),
            ])
            let lines = fixture.log.lines.filter { $0.fields["sqlstate"] == "42P07" }
            #expect(lines.map(\.level) == [.debug, .warning])
            #expect(lines.first?.fields["notice"] == "relation \"note\" already exists, skipping")
            #expect(!"\(lines)".contains("hunter2"))
        }
    }
}
