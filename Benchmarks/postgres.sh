# PostgreSQL for the measurements: a server of our own in a temporary folder, on a Unix socket. Sourced by `run` and `cost`,
# which have sourced `servers.sh`. It is Debian's PostgreSQL 15 as it comes, fsync and all: a commit is on the disk.

postgres_programs=/usr/lib/postgresql/15/bin
postgres_folder=
postgres_pid=

# Whom it runs as, for it refuses root; it ends when this script does, however that ends.
become_postgres=(setpriv --pdeathsig INT)
if [ "$(id -u)" -eq 0 ]; then
  postgres_user=$(id -un postgres 2>/dev/null || echo nobody)
  become_postgres=(setpriv --reuid="$postgres_user" --regid="$(id -g "$postgres_user")" --clear-groups --pdeathsig INT)
fi

start_postgres() {
  [ -x "$postgres_programs/postgres" ] || die "no PostgreSQL 15; its package is postgresql-15"
  # A folder of its own, for nobody else can enter $work.
  postgres_folder=$(mktemp -d)
  [ "$(id -u)" -ne 0 ] || chown "$postgres_user" "$postgres_folder"
  (cd / && exec "${become_postgres[@]}" "$postgres_programs/initdb" -D "$postgres_folder/data" -U postgres -A trust \
    -E UTF8 --locale=C) >"$work/initdb.log" 2>&1 || die "initdb: $(cat "$work/initdb.log")"
  # More connections than clients of pgbench; nothing else is changed.
  (cd / && exec "${become_postgres[@]}" "$postgres_programs/postgres" -D "$postgres_folder/data" -k "$postgres_folder" \
    -c listen_addresses= -c max_connections=200 -c lc_messages=C) </dev/null >"$work/postgres.log" 2>&1 &
  postgres_pid=$!
  disown "$postgres_pid"
  local end=$((SECONDS + 20))
  until sql 'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$postgres_pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ] ||
      die "PostgreSQL did not start: $(cat "$work/postgres.log")"
    sleep 0.05
  done
}

# Last of all: it ends the connections of whoever still has one.
stop_postgres() {
  local end=$((SECONDS + 20))
  [ -n "$postgres_folder" ] || return 0
  if [ -n "$postgres_pid" ]; then
    kill -INT "$postgres_pid" 2>/dev/null || true
    while kill -0 "$postgres_pid" 2>/dev/null; do
      [ "$SECONDS" -lt "$end" ] || { kill -QUIT "$postgres_pid" 2>/dev/null || true; break; }
      sleep 0.02
    done
  fi
  rm -rf "$postgres_folder"
  postgres_folder=
}

# sql TEXT [DATABASE]: the rows, columns parted by spaces.
sql() {
  psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -h "$postgres_folder" -U postgres -d "${2:-postgres}" -c "$1"
}

# postgres_url DATABASE: as the gateway takes it.
postgres_url() { echo "postgresql:///$1?host=$postgres_folder&user=postgres"; }

# What a task's row is to PostgreSQL, without its indexes: as many bytes, and an id that grows.
make_rows_of_pgbench() {
  sql 'CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, created_at bigint NOT NULL,
       status text NOT NULL, request text NOT NULL)' >/dev/null
  cat >"$work/insert.sql" <<'SQL'
INSERT INTO orders (created_at, status, request) VALUES (:client_id, 'queued', :request);
SQL
}

# load_pgbench NAME CLIENTS: commits one row after another. Appends its figures to $work/NAME.{rate,p50,p99}.
load_pgbench() {
  local name=$1 clients=$2 folder=$work/pgbench rate
  rm -rf "$folder"
  mkdir "$folder"
  sql 'TRUNCATE orders' >/dev/null
  rate=$(cd "$folder" && pgbench -h "$postgres_folder" -U postgres -n -M prepared -c "$clients" -j "$threads" -T "$seconds" \
    -D "request=$(printf 'x%.0s' {1..1500})" -l -f "$work/insert.sql" postgres 2>"$folder/errors" |
    awk '/^tps/ { printf "%.0f", $3 }')
  [ -n "$rate" ] || die "pgbench: $(cat "$folder/errors")"
  echo "$rate" >>"$work/$name.rate"
  # The third column is the time of a transaction in microseconds.
  cat "$folder"/pgbench_log.* | awk '{ print $3 }' | sort -n | awk -v half="$work/$name.p50" -v most="$work/$name.p99" '
    { time[NR] = $1 }
    END { printf "%.3f\n", time[int((NR + 1) / 2)] / 1000 >>half; printf "%.3f\n", time[int(NR * 0.99) + 1] / 1000 >>most }'
  note "$name: $rate/s, p50 $(tail -n 1 "$work/$name.p50") ms, p99 $(tail -n 1 "$work/$name.p99") ms"
}
