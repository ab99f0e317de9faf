import SQLite
import Testing

@Suite struct ConnectionTests {
    private func withConnection(_ body: (Connection) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        try body(try Connection(path: directory.path + "/plain.db", mode: .readWrite))
    }

    @Test(
        arguments: [
            .null, .integer(.min), .integer(.max), .real(0.1), .real(-.infinity), .text(""), .text("a\0b"),
            .text("é🎵'\""),
            .blob([]), .blob([0, 255, 0]), .text(String(repeating: "long ", count: 10_000)),
        ] as [SQLiteValue]
    )
    func everyKindOfValueComesBack(_ value: SQLiteValue) throws {
        try withConnection { connection in
            try connection.execute("CREATE TABLE t (v)")
            #expect(try connection.run("INSERT INTO t VALUES (?)", [value]) == 1)
            #expect(try connection.first("SELECT v FROM t", [], { $0.value(0) }) == value)
            #expect(try connection.first("SELECT v IS NULL FROM t", [], { $0.bool(0) }) == (value == .null))
        }
    }

    @Test func optionalAccessorsTellNullFromEmpty() throws {
        try withConnection { connection in
            try connection.first("SELECT NULL, '', x'', 0, 0.0") { row in
                #expect(row.count == 5)
                #expect(row.optionalText(0) == nil && row.text(0) == "")
                #expect(
                    row.optionalBlob(0) == nil && row.optionalInt64(0) == nil && row.optionalDouble(0) == nil
                )
                #expect(row.optionalText(1) == "")
                #expect(row.optionalBlob(2) == [])
                #expect(row.optionalInt(3) == 0)
                #expect(row.optionalDouble(4) == 0)
                #expect(row.value(9) == .null)
            }
        }
    }

    @Test func statementsAreCompiledOnce() throws {
        try withConnection { connection in
            try connection.execute("CREATE TABLE t (v)")
            for number in 0..<100 { try connection.run("INSERT INTO t VALUES (?)", [SQLiteValue(number)]) }
            #expect(connection.cachedStatementCount == 1)
            for number in 0..<1000 { _ = try connection.first("SELECT \(number)") { $0.int(0) } }
            #expect(connection.cachedStatementCount <= 256)
        }
    }

    @Test func theSameTextMayRunInsideItsOwnRows() throws {
        try withConnection { connection in
            let sql =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n"
            let pairs = try connection.query(sql) { outer in
                let first = outer.int(0)
                return try connection.query(sql) { first * 10 + $0.int(0) }
            }
            #expect(pairs == [[11, 12, 13], [21, 22, 23], [31, 32, 33]])
        }
    }

    @Test func aClosureThatThrowsLeavesTheStatementReusable() throws {
        try withConnection { connection in
            #expect(throws: Refused()) {
                try connection.forEach("SELECT 1") { (_) throws in throw Refused() }
            }
            let rows = try connection.query("SELECT 1") { $0.int(0) }
            #expect(rows == [1])
        }
    }

    @Test func errorsNameTheStatementButNotTheValues() throws {
        try withConnection { connection in
            try connection.execute("CREATE TABLE t (v TEXT UNIQUE)")
            try connection.run("INSERT INTO t VALUES (?)", ["secret"])
            let error = try #require(throws: SQLiteError.self) {
                try connection.run("INSERT INTO t VALUES (?)", ["secret"])
            }
            #expect(error.isConstraint && error.isUnique && !error.isBusy && !error.isFull)
            #expect("\(error)".contains("INSERT INTO t") && !"\(error)".contains("secret"))
        }
    }

    @Test func wrongUseIsAnErrorAndNoTrap() throws {
        try withConnection { connection in
            #expect(throws: SQLiteError.self) { try connection.run("SELEKT") }
            #expect(throws: SQLiteError.self) { try connection.run("") }
            #expect(throws: SQLiteError.self) { try connection.run("SELECT ?", []) }
            #expect(throws: SQLiteError.self) { try connection.run("SELECT ?", [1, 2]) }
        }
        #expect(throws: SQLiteError.self) { _ = try Connection(path: "/nonexistent/x.db", mode: .readOnly) }
    }

    @Test func savepointsNestAndUndoOnlyTheirOwn() throws {
        try withConnection { connection in
            try connection.execute("CREATE TABLE t (v); BEGIN")
            try connection.savepoint {
                try connection.run("INSERT INTO t VALUES (1)")
                #expect(throws: Refused()) {
                    try connection.savepoint {
                        try connection.run("INSERT INTO t VALUES (2)")
                        throw Refused()
                    }
                }
                try connection.run("INSERT INTO t VALUES (3)")
            }
            try connection.execute("COMMIT")
            #expect(try connection.query("SELECT v FROM t") { $0.int(0) } == [1, 3])
        }
    }
}
