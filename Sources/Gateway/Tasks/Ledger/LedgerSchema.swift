package import SQLite

/// The ledger's tables.
///
/// Migrations are named, ordered and never edited: a change is a new one at the end.
package let ledgerMigrations: [Migration] = [
    Migration(
        "2026-11-21 tasks",
        sql: """
            CREATE TABLE tasks (
                id TEXT PRIMARY KEY NOT NULL,
                client TEXT,
                type TEXT NOT NULL,
                status TEXT NOT NULL,
                provider TEXT,
                created_at INTEGER NOT NULL,
                started_at INTEGER,
                ended_at INTEGER,
                deadline INTEGER NOT NULL,
                request TEXT NOT NULL,
                routes TEXT NOT NULL,
                cost_amount REAL,
                cost_unit TEXT,
                cost_kind TEXT,
                error TEXT,
                revision INTEGER NOT NULL,
                lease_holder TEXT,
                lease_until INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX unfinished_tasks ON tasks (id) WHERE ended_at IS NULL;
            CREATE INDEX tasks_by_client ON tasks (client, id);
            CREATE INDEX tasks_by_status ON tasks (status, id);
            CREATE TABLE attempts (
                task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                route INTEGER NOT NULL,
                provider TEXT NOT NULL,
                operation TEXT NOT NULL,
                credential TEXT,
                state TEXT NOT NULL,
                provider_task_id TEXT,
                started_at INTEGER NOT NULL,
                ended_at INTEGER,
                error TEXT,
                PRIMARY KEY (task, number)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE outputs (
                task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                attempt INTEGER NOT NULL,
                status TEXT NOT NULL,
                provider_key TEXT,
                source_url TEXT,
                sha256 TEXT,
                format TEXT,
                bytes INTEGER,
                duration REAL,
                title TEXT,
                lyrics TEXT,
                timed_lyrics TEXT,
                cover_url TEXT,
                error TEXT,
                PRIMARY KEY (task, number)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX outputs_by_content ON outputs (sha256) WHERE sha256 IS NOT NULL;
            CREATE TABLE probes (id INTEGER PRIMARY KEY NOT NULL, count INTEGER NOT NULL) STRICT;
            INSERT INTO probes VALUES (1, 0);
            """
    ),
    // Several calls for one task, each with a cost and an address for callbacks of its own.
    Migration(
        "2026-11-21 calls",
        sql: """
            ALTER TABLE tasks ADD COLUMN waiting TEXT NOT NULL DEFAULT '[]';
            UPDATE tasks SET waiting = '[{"id":1,"route":0,"takes":null,"tries":1}]'
                WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM attempts WHERE task = tasks.id);
            ALTER TABLE attempts ADD COLUMN takes INTEGER;
            ALTER TABLE attempts ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;
            ALTER TABLE attempts ADD COLUMN callback_token TEXT;
            ALTER TABLE attempts ADD COLUMN cost_amount REAL;
            ALTER TABLE attempts ADD COLUMN cost_unit TEXT;
            ALTER TABLE attempts ADD COLUMN cost_kind TEXT;
            UPDATE attempts SET tries = number;
            """
    ),
    // A client without a name has the empty one.
    Migration(
        "2026-11-21 idempotency keys",
        sql: """
            CREATE TABLE first_answers (
                client TEXT NOT NULL,
                key TEXT NOT NULL,
                fingerprint TEXT NOT NULL,
                task TEXT NOT NULL,
                status INTEGER NOT NULL,
                body BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (client, key)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX first_answers_by_age ON first_answers (created_at);
            """
    ),
    Migration(
        "2026-11-21 when takes were ready",
        sql: """
            ALTER TABLE outputs ADD COLUMN ready_at INTEGER;
            UPDATE outputs SET ready_at = (
                SELECT COALESCE(ended_at, started_at, created_at) FROM tasks WHERE id = outputs.task)
                WHERE status = 'ready';
            """
    ),
    // What webhook addresses are to be told. `is_next` marks the first pending message of each task: what waits behind
    // it, and all that is settled, is in no index that claims look at. The body comes last, so that the columns before
    // it are read without its pages.
    Migration(
        "2026-11-21 messages",
        sql: """
            CREATE TABLE messages (
                place INTEGER PRIMARY KEY NOT NULL,
                id TEXT NOT NULL UNIQUE,
                task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                state TEXT NOT NULL,
                is_next INTEGER NOT NULL,
                host TEXT NOT NULL,
                due_at INTEGER NOT NULL,
                tries INTEGER NOT NULL,
                lease_holder TEXT,
                lease_until INTEGER,
                client TEXT,
                type TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                settled_at INTEGER,
                last_status INTEGER,
                last_error TEXT,
                url TEXT NOT NULL,
                body BLOB NOT NULL,
                UNIQUE (task, number)
            ) STRICT;
            CREATE INDEX waiting_messages ON messages (host, due_at) WHERE is_next = 1 AND lease_holder IS NULL;
            CREATE INDEX leased_messages ON messages (lease_until) WHERE lease_holder IS NOT NULL;
            CREATE INDEX unsettled_messages ON messages (place) WHERE state <> 'delivered';
            """
    ),
    Migration(
        "2026-11-21 when tasks ended",
        sql: "CREATE INDEX ended_tasks ON tasks (ended_at) WHERE ended_at IS NOT NULL;"
    ),
    // One row is renewed for all tasks of a process, however many there are.
    Migration(
        "2026-11-21 leases of holders",
        sql: """
            CREATE TABLE holders (name TEXT PRIMARY KEY NOT NULL, lease_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
            ALTER TABLE tasks DROP COLUMN lease_until;
            """
    ),
    // What clients have taken of their quotas, in millionths, and beside each task what it takes. Tasks of before count
    // for nothing until they change. The provider of a count of tasks is empty; tallies outlive their tasks.
    Migration(
        "2026-11-21 tallies",
        sql: """
            ALTER TABLE tasks ADD COLUMN charge TEXT NOT NULL DEFAULT '{}';
            CREATE TABLE tallies (
                client TEXT NOT NULL,
                day INTEGER NOT NULL,
                provider TEXT NOT NULL,
                unit TEXT NOT NULL,
                amount INTEGER NOT NULL,
                PRIMARY KEY (client, day, provider, unit)
            ) STRICT, WITHOUT ROWID;
            """
    ),
    // Which request a task came with, and where its spans belong.
    Migration(
        "2026-11-21 where tasks came from",
        sql: """
            ALTER TABLE tasks ADD COLUMN request_id TEXT;
            ALTER TABLE tasks ADD COLUMN traceparent TEXT;
            ALTER TABLE tasks ADD COLUMN parent_span TEXT;
            ALTER TABLE tasks ADD COLUMN tracestate TEXT;
            """
    ),
    // What tasks come to, by client and by the hour in which they were created, and beside each task what has been entered
    // of it: nothing yet where that is null. Rows with a unit hold costs, in millionths, and nothing else; the others hold
    // everything but costs. Clients without a name have the empty one. Usage outlives the tasks.
    Migration(
        "2026-11-21 usage",
        sql: """
            ALTER TABLE tasks ADD COLUMN usage TEXT;
            CREATE INDEX uncounted_tasks ON tasks (id) WHERE usage IS NULL;
            CREATE TABLE usage (
                client TEXT NOT NULL,
                hour INTEGER NOT NULL,
                provider TEXT NOT NULL,
                operation TEXT NOT NULL,
                unit TEXT NOT NULL,
                tasks INTEGER NOT NULL,
                succeeded INTEGER NOT NULL,
                failed INTEGER NOT NULL,
                canceled INTEGER NOT NULL,
                attempts INTEGER NOT NULL,
                outputs INTEGER NOT NULL,
                audio_ms INTEGER NOT NULL,
                estimated INTEGER NOT NULL,
                actual INTEGER NOT NULL,
                total INTEGER NOT NULL,
                PRIMARY KEY (client, hour, provider, operation, unit)
            ) STRICT, WITHOUT ROWID;
            """
    ),
    // What another holder of the ledger asks of a task's. The file has one process, so nothing is looked for by it and no
    // index is paid for.
    Migration(
        "2026-11-21 canceled by others",
        sql: "ALTER TABLE tasks ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;"
    ),
]
