package import Postgres

/// The ledger's tables on PostgreSQL; they have the names of those in SQLite's file.
///
/// Keys compare by bytes (`COLLATE "C"`), as in SQLite: pages of lists and claims go by them. Counts are `bigint`
/// throughout, times milliseconds since 1970. Migrations are named, ordered and never edited: a change is a new one at
/// the end, and since older replicas may still run beside it, one that only adds.
package let postgresMigrations: [PostgresMigration] = [
    PostgresMigration(
        "2026-11-21 tasks",
        sql: """
            -- Ends a transaction of which a condition does not hold: nothing of it is left.
            CREATE FUNCTION soundgate_refuse(code text) RETURNS bigint LANGUAGE plpgsql AS $body$
            BEGIN
                RAISE EXCEPTION 'refused' USING ERRCODE = code;
            END
            $body$;

            -- Who works. A task is its holder's as long as the holder's row is here.
            CREATE TABLE holders (
                name text COLLATE "C" PRIMARY KEY,
                lease_until bigint NOT NULL
            ) WITH (fillfactor = 50);

            -- A row is changed some six times: most changes touch no indexed column and find room on their own page, so
            -- that no index grows by them. Nobody's holder is the empty one. `claim` names the claim that the holder has
            -- it from.
            CREATE TABLE tasks (
                created_at bigint NOT NULL,
                deadline bigint NOT NULL,
                started_at bigint,
                ended_at bigint,
                revision bigint NOT NULL,
                cost_amount double precision,
                cancel_requested boolean NOT NULL DEFAULT false,
                id text COLLATE "C" PRIMARY KEY,
                client text COLLATE "C",
                type text COLLATE "C" NOT NULL,
                status text COLLATE "C" NOT NULL,
                provider text COLLATE "C",
                lease_holder text COLLATE "C" NOT NULL DEFAULT '',
                claim text COLLATE "C",
                cost_unit text,
                cost_kind text,
                error text,
                waiting text NOT NULL,
                charge text COLLATE "C" NOT NULL DEFAULT '{}',
                usage text COLLATE "C" NOT NULL DEFAULT '[]',
                request_id text,
                traceparent text,
                parent_span text,
                tracestate text,
                request text NOT NULL,
                routes text NOT NULL
            ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
            -- What is claimed, canceled and watched is found among the unfinished, however many have ended.
            CREATE INDEX unfinished_tasks ON tasks (lease_holder, id) WHERE ended_at IS NULL;
            CREATE INDEX canceled_tasks ON tasks (lease_holder, id) WHERE ended_at IS NULL AND cancel_requested;
            CREATE INDEX ended_tasks ON tasks (ended_at, id) WHERE ended_at IS NOT NULL;
            CREATE INDEX tasks_by_client ON tasks (client, id);
            CREATE INDEX tasks_by_status ON tasks (status, id);

            CREATE TABLE attempts (
                number bigint NOT NULL,
                route bigint NOT NULL,
                started_at bigint NOT NULL,
                ended_at bigint,
                takes bigint,
                tries bigint NOT NULL,
                cost_amount double precision,
                task text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                provider text COLLATE "C" NOT NULL,
                operation text NOT NULL,
                credential text,
                state text NOT NULL,
                provider_task_id text COLLATE "C",
                callback_token text COLLATE "C",
                cost_unit text,
                cost_kind text,
                error text,
                PRIMARY KEY (task, number)
            ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
            -- Whom a callback means.
            CREATE INDEX attempts_by_token ON attempts (callback_token)
                WHERE callback_token IS NOT NULL AND ended_at IS NULL;
            CREATE INDEX attempts_by_job ON attempts (provider_task_id, provider)
                WHERE provider_task_id IS NOT NULL AND ended_at IS NULL;

            CREATE TABLE outputs (
                number bigint NOT NULL,
                attempt bigint NOT NULL,
                bytes bigint,
                duration double precision,
                ready_at bigint,
                task text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                status text NOT NULL,
                provider_key text,
                source_url text,
                sha256 text COLLATE "C",
                format text,
                title text,
                cover_url text,
                error text,
                lyrics text,
                timed_lyrics text,
                PRIMARY KEY (task, number)
            ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
            CREATE INDEX outputs_by_content ON outputs (sha256) WHERE sha256 IS NOT NULL;

            -- A client without a name has the empty one.
            CREATE TABLE first_answers (
                created_at bigint NOT NULL,
                status bigint NOT NULL,
                client text COLLATE "C" NOT NULL,
                key text COLLATE "C" NOT NULL,
                fingerprint text NOT NULL,
                task text COLLATE "C" NOT NULL,
                body bytea NOT NULL,
                PRIMARY KEY (client, key)
            ) WITH (fillfactor = 80);
            CREATE INDEX first_answers_by_age ON first_answers (created_at);

            -- `is_next` marks the first pending message of each task: what waits behind it, and all that is settled, is in
            -- no index that claims look at.
            CREATE TABLE messages (
                place bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
                number bigint NOT NULL,
                created_at bigint NOT NULL,
                due_at bigint NOT NULL,
                settled_at bigint,
                lease_until bigint,
                tries bigint NOT NULL,
                last_status bigint,
                is_next boolean NOT NULL,
                id text COLLATE "C" NOT NULL UNIQUE,
                task text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                state text COLLATE "C" NOT NULL,
                host text COLLATE "C" NOT NULL,
                lease_holder text COLLATE "C",
                client text COLLATE "C",
                type text NOT NULL,
                last_error text,
                url text NOT NULL,
                body bytea NOT NULL,
                UNIQUE (task, number)
            ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
            CREATE INDEX waiting_messages ON messages (host, due_at) WHERE is_next AND lease_holder IS NULL;
            CREATE INDEX leased_messages ON messages (lease_until) WHERE lease_holder IS NOT NULL;
            CREATE INDEX unsettled_messages ON messages (place) WHERE state <> 'delivered';

            -- What clients have taken of their quotas, in millionths. The provider of a count of tasks is empty. What is
            -- counted together stands in several rows (`shard`), so that creates of one client do not wait for each other.
            CREATE TABLE tallies (
                day bigint NOT NULL,
                amount bigint NOT NULL,
                shard bigint NOT NULL DEFAULT 0,
                client text COLLATE "C" NOT NULL,
                provider text COLLATE "C" NOT NULL,
                unit text COLLATE "C" NOT NULL,
                PRIMARY KEY (client, day, provider, unit, shard)
            ) WITH (fillfactor = 50);

            -- What tasks come to, by client and by the hour in which they were created. Rows with a unit hold costs, in
            -- millionths, and nothing else; the others hold everything but costs.
            CREATE TABLE usage (
                hour bigint NOT NULL,
                shard bigint NOT NULL DEFAULT 0,
                tasks bigint NOT NULL,
                succeeded bigint NOT NULL,
                failed bigint NOT NULL,
                canceled bigint NOT NULL,
                attempts bigint NOT NULL,
                outputs bigint NOT NULL,
                audio_ms bigint NOT NULL,
                estimated bigint NOT NULL,
                actual bigint NOT NULL,
                total bigint NOT NULL,
                client text COLLATE "C" NOT NULL,
                provider text COLLATE "C" NOT NULL,
                operation text COLLATE "C" NOT NULL,
                unit text COLLATE "C" NOT NULL,
                PRIMARY KEY (client, hour, provider, operation, unit, shard)
            ) WITH (fillfactor = 50);
            CREATE INDEX usage_by_hour ON usage (hour);

            CREATE TABLE probes (id bigint PRIMARY KEY, count bigint NOT NULL) WITH (fillfactor = 10);
            INSERT INTO probes VALUES (1, 0);

            -- How far a ledger has been copied into this one, and from where.
            CREATE TABLE copies (
                part text COLLATE "C" PRIMARY KEY,
                source text NOT NULL,
                is_done boolean NOT NULL,
                upto text NOT NULL
            );
            """
    ),
    // What gateways may do with keys, and let clients do, all together.
    PostgresMigration("2026-11-21 shared limits", sql: PostgresKeyLimits.schema),
    PostgresMigration(
        "2026-11-21 unfinished tasks of a client",
        sql:
            "CREATE INDEX unfinished_by_client ON tasks (client) WHERE ended_at IS NULL AND client IS NOT NULL"
    ),
]
