# The measurements and the table. Sourced by `run`.

print_machine() {
  echo "machine:  $(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"
  echo "versions: $(nginx -v 2>&1), $(wrk -v 2>&1 | awk '/^wrk/ { print $1, $2, $3; exit }'), $(swift --version 2>/dev/null | grep -o 'Swift version [0-9.]*' | head -n 1)"
  $nginx_only || echo "database: $("$postgres_programs/postgres" --version), SQLite $(sqlite3 --version 2>/dev/null | cut -d ' ' -f 1 || true)"
  $nginx_only || echo "gateway:  $("$program" version 2>/dev/null | head -n 1), commit $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"
  echo "load:     wrk -t$threads -c$connections -d${seconds}s, median of $rounds rounds, all on loopback and on the same cores"
}

wait_for_emulator() {
  # Any answer will do: what the emulator says at / is its own affair.
  local end=$((SECONDS + 10))
  until [ "$(http_status "$emulator_port" /)" != 000 ]; do
    [ "$SECONDS" -lt "$end" ] || die "the emulator did not start; try: $program emulate"
    sleep 0.05
  done
}

# One round of every rate. A gateway of its own per round, on an empty store: tasks of one round do not weigh on the next.
measure_rates() {
  load nginx-static "http://127.0.0.1:$static_port/healthz"
  load nginx-proxy "http://127.0.0.1:$proxy_port/v1/sounds" create
  $nginx_only && return

  local state=$work/state-$round gateway task base=http://127.0.0.1:$gateway_port
  cp -r "$work/seed" "$state"
  ready_gateway "$state"
  gateway=$started
  sleep 1
  resident "$gateway" >>"$work/idle"
  load healthz "$base/healthz"
  ratio healthz nginx-static

  task=$(create '{"prompt":"soft rain"}')
  load task-get "$base/v1/sounds/$task"
  ratio task-get nginx-static

  load ended-get "$base/v1/sounds/$sqlite_ended"
  ratio ended-get nginx-static

  load create "$base/v1/sounds" create
  ratio create nginx-proxy
  load create-half "$base/v1/sounds" create "rate=$(($(last create.rate) / 2))"
  stop "$gateway"
  rm -rf "$state"
}

# create BODY [HEADER]: asks for a sound and prints its id.
create() {
  curl -sS --fail-with-body "http://127.0.0.1:$gateway_port/v1/sounds" -H 'Content-Type: application/json' -H "${2:-Accept: */*}" -d "$1" |
    grep -o '"id": *"snd_[^"]*"' | head -n 1 | cut -d '"' -f 4 || die "the gateway refused a create"
}

# A store in which one task has ended, to begin each round with: who asks for that task is answered from the store, for
# the gateway that has ended it is gone.
seed() {
  local synthesizer=true
  ready_gateway "$1"
  ended=$(create '{"prompt":"soft rain","duration":0.5,"provider":"builtin"}' 'Prefer: wait=30')
  stop "$started"
}

seed_stores() {
  seed "$work/seed"
  sqlite_ended=$ended
  sql 'CREATE DATABASE seed' >/dev/null
  storage="postgres: { url: \"$(postgres_url seed)\" }"
  seed "$work/seed-postgres"
  storage=
  postgres_ended=$ended
}

# The same over PostgreSQL, beside what PostgreSQL itself commits of such rows.
measure_postgres() {
  local state=$work/state-postgres base=http://127.0.0.1:$gateway_port gateway
  sql "CREATE DATABASE round_$round TEMPLATE seed" >/dev/null
  cp -r "$work/seed-postgres" "$state"
  storage="postgres: { url: \"$(postgres_url "round_$round")\" }"
  ready_gateway "$state"
  storage=
  gateway=$started
  load postgres-ended-get "$base/v1/sounds/$postgres_ended"
  ratio postgres-ended-get nginx-static
  load postgres-create "$base/v1/sounds" create
  load postgres-create-half "$base/v1/sounds" create "rate=$(($(last postgres-create.rate) / 2))"
  stop "$gateway"
  rm -rf "$state"
  sql "DROP DATABASE round_$round" >/dev/null

  load_pgbench pgbench "$connections"
  load_pgbench pgbench-few "$postgres_connections"
  ratio postgres-create pgbench
  ratio postgres-create create over-sqlite
}

# milliseconds FROM: since $EPOCHREALTIME was FROM.
milliseconds() { echo $(((${EPOCHREALTIME/./} - ${1/./}) / 1000)); }

# From the start of the process to 200 on /readyz, on a store that exists; the first, which makes it, does not count.
measure_start() {
  local state=$work/state-start time count
  note "start, ten times"
  for ((count = 0; count <= 10; count++)); do
    time=$EPOCHREALTIME
    ready_gateway "$state"
    [ "$count" -eq 0 ] || milliseconds "$time" >>"$work/start"
    stop "$started"
  done
}

# Many unfinished tasks: what they weigh, and how long they take to be back after a kill.
measure_memory_and_recovery() {
  local state=$work/state-recovery log=$work/recovery.log gateway before time end
  note "$tasks tasks in flight"
  ready_gateway "$state"
  gateway=$started
  sleep 1
  before=$(resident "$gateway")
  wrk -t1 -c$connections -d120s -s "$here/load.lua" "http://127.0.0.1:$gateway_port/v1/sounds" -- create "count=$tasks" |
    grep '^RESULT' >"$work/fill"
  made=$(awk '{ print $2 - $6 }' "$work/fill")
  sleep 2
  awk -v a="$before" -v b="$(resident "$gateway")" -v n="$made" 'BEGIN { printf "%.2f\n", (b - a) / 1024 / n * 1000 }' >"$work/per-thousand"
  stop "$gateway" KILL

  note "recovery"
  time=$EPOCHREALTIME
  ready_gateway "$state" "$log"
  milliseconds "$time" >"$work/recovery-ready"
  # The line that says how many tasks are back, with a field `recovered`.
  end=$((SECONDS + 30))
  until grep -q recovered "$log"; do
    [ "$SECONDS" -lt "$end" ] || { note "the log never said how many tasks were recovered"; break; }
    sleep 0.005
  done
  milliseconds "$time" >"$work/recovery-all"
  recovered=$(grep -m 1 recovered "$log" | sed -nE 's/.*"?recovered"?[=:] *"?([0-9]+).*/\1/p')
  stop "$started"
}

mebibytes() { awk -v k="$1" 'BEGIN { printf "%.1f", k / 1024 }'; }

print_reference() {
  echo
  echo "nginx, return 200:  $(median nginx-static.rate)/s, p99 $(median nginx-static.p99) ms"
  echo "nginx, proxy_pass:  $(median nginx-proxy.rate)/s, p99 $(median nginx-proxy.p99) ms"
}

print_table() {
  print_reference
  echo "gateway:            healthz $(median healthz.rate)/s, task GET $(median task-get.rate)/s, create $(median create.rate)/s (half load: $(median create-half.rate)/s)"
  echo "gateway, ended GET: $(median ended-get.rate)/s from SQLite, $(median postgres-ended-get.rate)/s from PostgreSQL"
  echo "over PostgreSQL:    create $(median postgres-create.rate)/s (half load: $(median postgres-create-half.rate)/s)"
  echo "pgbench:            $(median pgbench.rate) commits/s of $connections clients (p50 $(median pgbench.p50), p99 $(median pgbench.p99) ms), $(median pgbench-few.rate)/s of $postgres_connections"
  echo "recovery:           $made tasks made, ${recovered:-an unknown number of} tasks recovered"
  echo
  row "GET /healthz, of nginx's static rate" "$(median healthz.ratio)" "" at-least 0.6
  row "GET /v1/sounds/{id}, of nginx's static rate" "$(median task-get.ratio)" "" at-least 0.4
  row "durable create, of nginx's proxy_pass rate" "$(median create.ratio)" "" at-least 0.25
  row "create p99 at full load (p50 $(median create.p50))" "$(median create.p99)" ms at-most 15
  row "create p99 at half load (p50 $(median create-half.p50))" "$(median create-half.p99)" ms at-most 5
  row "GET of an ended task, of nginx's static rate" "$(median ended-get.ratio)" "" at-least 0.1
  row "the same from PostgreSQL" "$(median postgres-ended-get.ratio)" "" at-least 0.05
  row "create over PostgreSQL, of pgbench's commits" "$(median postgres-create.ratio)" "" at-least 0.25
  row "the same, of SQLite's creates" "$(median postgres-create.over-sqlite)" "" at-least 0.1
  row "its p99 at full load (p50 $(median postgres-create.p50))" "$(median postgres-create.p99)" ms at-most 50
  row "its p99 at half load (p50 $(median postgres-create-half.p50))" "$(median postgres-create-half.p99)" ms at-most 25
  row "resident when idle" "$(mebibytes "$(median idle)")" MiB at-most 30
  row "resident per 1,000 tasks in flight" "$(cat "$work/per-thousand")" MiB at-most 3
  row "start to ready" "$(median start)" ms at-most 150
  row "$made tasks: kill -9 to ready" "$(cat "$work/recovery-ready")" ms at-most 3000
  row "$made tasks: kill -9 to all recovered" "$(cat "$work/recovery-all")" ms at-most 3000
}
