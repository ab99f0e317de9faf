import EventLoop

extension PostgresPool {
    /// What can be chosen for connections.
    package struct Options: Sendable {
        /// `postgresql://user:password@host:port,host:port/database?sslmode=verify-full&target_session_attrs=read-write`,
        /// or any other form that libpq takes.
        ///
        /// What it does not say comes from libpq's own variables and files: `PGPASSWORD`, `PGSSLMODE`, `~/.pgpass`, ….
        package var url: String
        /// Connections that each loop has at most; they are opened as they are needed.
        package var connectionsPerLoop = 4
        /// Batches under way on one connection at the same time.
        package var batchesPerConnection = 4
        /// Calls of each loop that wait for a connection at most; more are refused.
        package var longestQueue = 1000
        /// How long a call waits for a connection at most.
        package var longestWait: Duration = .seconds(10)
        /// The time that each address has to let us in; a name's look-up has the same.
        package var connectTimeout: Duration = .seconds(5)
        /// The time that each statement may take, and that a transaction may be idle between two.
        package var statementTimeout: Duration = .seconds(30)
        /// The wait before the second attempt to connect; it doubles with each one.
        package var firstRetry: Duration = .milliseconds(100)
        /// The longest wait between two attempts to connect.
        package var slowestRetry: Duration = .seconds(5)
        /// Texts of statements that each connection keeps prepared; others are parsed each time.
        package var keptStatements = 256
        /// How often a connection that only listens asks the server whether it is still there.
        package var heartbeat: Duration = .seconds(30)

        /// The defaults.
        package init(url: String) { self.url = url }

        /// What each session is told at its beginning.
        var sessionSettings: PostgresStatement {
            let time = PostgresValue.text("\(max(1, statementTimeout.wholeNanoseconds / 1_000_000))")
            return PostgresStatement(
                """
                SELECT set_config('statement_timeout', $1, false),
                    set_config('idle_in_transaction_session_timeout', $1, false),
                    set_config('bytea_output', 'hex', false), set_config('DateStyle', 'ISO', false),
                    set_config('IntervalStyle', 'postgres', false), set_config('TimeZone', 'UTC', false),
                    set_config('default_transaction_isolation', 'read committed', false)
                """,
                [time]
            )
        }

        var backoff: Backoff { Backoff(first: firstRetry, ceiling: slowestRetry) }
    }
}
