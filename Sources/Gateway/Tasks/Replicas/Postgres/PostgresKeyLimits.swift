package import Postgres
package import Timing

/// The limits of keys and clients that gateways share, as rows of the database that they share.
///
/// One question is one transaction, alone for its key by an advisory lock: no row is touched for each single call.
/// Whoever holds places counts as long as its lease holds or tasks of it are left: vendors are at work for those.
package struct PostgresKeyLimits: KeyLimits {
    /// The tables, for the ledger's migrations.
    package static let schema = """
        CREATE TABLE key_shares (
            provider text NOT NULL,
            credential text NOT NULL,
            holder text NOT NULL,
            places integer NOT NULL,
            wanted integer NOT NULL,
            PRIMARY KEY (provider, credential, holder)
        ) WITH (fillfactor = 50);
        CREATE TABLE key_starts (
            provider text NOT NULL,
            credential text NOT NULL,
            starts bigint[] NOT NULL,
            PRIMARY KEY (provider, credential)
        ) WITH (fillfactor = 50);
        CREATE TABLE client_rates (
            client text PRIMARY KEY NOT NULL,
            quiet_at bigint NOT NULL
        ) WITH (fillfactor = 50);
        """

    /// Enters the places that jobs of tasks just claimed take, for the transaction that claims: `$1` is the claimer, `$2`
    /// the ids.
    ///
    /// The locks are taken in the order of the keys, so that claimers never wait for each other in a circle.
    package static let takeOver = [
        """
        SELECT pg_advisory_xact_lock(\(lock("key.provider", "key.credential"))) FROM (
            SELECT DISTINCT provider, credential FROM attempts
            WHERE task = ANY ($2::text[]) AND credential IS NOT NULL AND state IN ('intended', 'accepted')
            ORDER BY provider, credential) AS key WHERE $1::text IS NOT NULL
        """,
        """
        INSERT INTO key_shares (provider, credential, holder, places, wanted)
            SELECT provider, credential, $1, count(*), 0 FROM attempts
            WHERE task = ANY ($2::text[]) AND credential IS NOT NULL AND state IN ('intended', 'accepted')
            GROUP BY provider, credential
        ON CONFLICT (provider, credential, holder) DO UPDATE SET places = key_shares.places + excluded.places
        """,
    ]

    private static func lock(_ provider: String, _ credential: String) -> String {
        "hashtextextended(\(provider) || '/' || \(credential), 7461)"
    }

    private static let microsecondsNow = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

    private let pool: PostgresPool

    /// Limits in the database of a pool.
    package init(_ pool: PostgresPool) { self.pool = pool }

    package func share(
        of key: KeyName,
        capacity: Int,
        using: Int,
        wanting: Int,
        holder: LeaseHolder
    ) async throws(LedgerError) -> KeyShare {
        let names: [PostgresValue] = [.text(key.provider), .text(key.credential ?? "")]
        return try await transaction { transaction in
            let stakes = try await transaction.run([
                PostgresStatement(
                    "SELECT pg_advisory_xact_lock(\(Self.lock("$1::text", "$2::text")))",
                    names
                ),
                PostgresStatement(
                    """
                    DELETE FROM key_shares WHERE provider = $1 AND credential = $2
                        AND holder NOT IN (SELECT name FROM holders)
                        AND NOT EXISTS (SELECT 1 FROM tasks WHERE lease_holder = holder AND ended_at IS NULL)
                    """,
                    names
                ),
                PostgresStatement(
                    "SELECT holder, places, wanted FROM key_shares WHERE provider = $1 AND credential = $2",
                    names
                ),
            ])[2].rows.map { ($0.text(0), KeyDivision.Stake(places: $0.int(1), wanted: $0.int(2))) }
            let share = KeyDivision.share(
                of: capacity,
                before: stakes.first { $0.0 == holder.name }?.1.places ?? 0,
                using: using,
                wanting: wanting,
                others: stakes.filter { $0.0 != holder.name }.map(\.1)
            )
            try await transaction.run([
                share.places == 0 && wanting == 0
                    ? PostgresStatement(
                        "DELETE FROM key_shares WHERE provider = $1 AND credential = $2 AND holder = $3",
                        names + [.text(holder.name)]
                    )
                    : PostgresStatement(
                        """
                        INSERT INTO key_shares (provider, credential, holder, places, wanted)
                            VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (provider, credential, holder)
                            DO UPDATE SET places = excluded.places, wanted = excluded.wanted
                        """,
                        names + [.text(holder.name), .integer(Int64(share.places)), .integer(Int64(wanting))]
                    )
            ])
            return share
        }
    }

    package func reserveStarts(with key: KeyName, count: Int, per: Duration, wanting: Int)
        async throws(LedgerError)
        -> [Duration]
    {
        let names: [PostgresValue] = [.text(key.provider), .text(key.credential ?? "")]
        return try await transaction { transaction in
            let known = try await transaction.run([
                PostgresStatement(
                    "SELECT pg_advisory_xact_lock(\(Self.lock("$1::text", "$2::text")))",
                    names
                ),
                PostgresStatement(
                    """
                    SELECT \(Self.microsecondsNow), starts FROM (SELECT 1) AS one
                        LEFT JOIN key_starts ON provider = $1 AND credential = $2
                    """,
                    names
                ),
            ])[1].rows.first
            let now = known?.int64(0) ?? 0
            let taken = known.map { $0.isNull(1) ? [] : $0.integers(1) } ?? []
            let starts = KeyDivision.starts(
                wanting,
                count: count,
                per: Int64(per / .microseconds(1)),
                hold: Int64(KeyStart.hold(per: per) / .microseconds(1)),
                after: taken.suffix(count),
                now: now
            )
            try await transaction.run([
                PostgresStatement(
                    """
                    INSERT INTO key_starts (provider, credential, starts) VALUES ($1, $2, $3)
                    ON CONFLICT (provider, credential) DO UPDATE SET starts = excluded.starts
                    """,
                    names + [.integers((taken + starts).suffix(count))]
                )
            ])
            return starts.map { .microseconds($0 - now) }
        }
    }

    package func takeRequests(of client: String, pace: Pace, wanting: Int) async throws(LedgerError)
        -> RequestBlock
    {
        try await transaction { transaction in
            let known = try await transaction.run([
                // What is lost with a crash of the database is a moment's requests.
                PostgresStatement("SET LOCAL synchronous_commit = off"),
                PostgresStatement(
                    "SELECT pg_advisory_xact_lock(\(Self.lock("$1::text", "'client'")))",
                    [.text(client)]
                ),
                PostgresStatement(
                    """
                    SELECT \(Self.microsecondsNow), quiet_at FROM (SELECT 1) AS one
                        LEFT JOIN client_rates ON client = $1
                    """,
                    [.text(client)]
                ),
            ])[2].rows.first
            let now = UInt64(max(known?.int64(0) ?? 0, 0)) * 1000
            var quietAt = UInt64(max(known?.optionalInt64(1) ?? 0, 0)) * 1000
            var count = 0
            var standing = pace.look(quietAt, at: now)
            while count < wanting {
                standing = pace.take(quietAt, at: now)
                guard standing.wait == nil else { break }
                quietAt = standing.quietAt
                count += 1
            }
            try await transaction.run([
                PostgresStatement(
                    """
                    INSERT INTO client_rates (client, quiet_at) VALUES ($1, $2)
                    ON CONFLICT (client) DO UPDATE SET quiet_at = excluded.quiet_at
                    """,
                    [.text(client), .integer(Int64(clamping: quietAt / 1000))]
                )
            ])
            return RequestBlock(
                count: count,
                remaining: standing.remaining,
                reset: standing.reset,
                wait: count == 0 ? standing.wait : nil
            )
        }
    }

    private func transaction<Result: Sendable>(
        _ body: (PostgresTransaction) async throws -> Result
    ) async throws(LedgerError) -> Result {
        do {
            return try await pool.transaction(body)
        } catch let error as PostgresError {
            throw .unavailable("\(error)")
        } catch {
            throw .unavailable("the shared limits cannot be asked for: \(error)")
        }
    }
}
