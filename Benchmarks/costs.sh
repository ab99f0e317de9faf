# What a task costs: the measurements and the tables. Sourced by `cost`.

print_machine() {
  echo "machine:  $(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"
  echo "database: $("$postgres_programs/postgres" --version)"
  echo "gateway:  $("$program" version 2>/dev/null | head -n 1), commit $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"
  echo "tasks:    $count of each kind, $connections clients, each asking as soon as it has its answer"
}

# start_doubles SPEED: of all vendors. Equal requests give equal audio, or its rendering would be what is waited for.
start_doubles() {
  "$program" emulate --listen "127.0.0.1:$emulator_port" --speed "$1" --retention 20000 </dev/null >/dev/null 2>&1 &
  keep "$!"
  doubles=$started
  wait_for "$emulator_port" /healthz "$doubles" 10 || die "the doubles did not become ready"
  control '{"vendor":"sunoapi","repeat_audio":true}'
  control '{"vendor":"elevenlabs","repeat_audio":true}'
  control '{"vendor":"elevenlabs","maximum_concurrent_requests":1000}'
}

control() {
  curl -sf -o /dev/null "http://127.0.0.1:$emulator_port/_control/settings" -H 'Content-Type: application/json' -d "$1" ||
    die "the doubles refused $1"
}

# start_costed STORAGE PLACES FIRST CEILING: a gateway on an empty store, with PLACES at each vendor.
start_costed() {
  state=$work/state
  rm -rf "$state"
  mkdir -p "$state"
  cat >"$state/soundgate.yaml" <<YAML
server:
  listen: 127.0.0.1:$gateway_port
  limits: { waits_per_client: 100000 }
storage: { $1 }
assets: { directory: $state/audio }
log: { level: notice, format: json }
webhooks: { allow: [ 127.0.0.1 ] }
providers:
  sunoapi:
    base_url: http://127.0.0.1:$emulator_port/sunoapi
    credentials: [ { name: cost, key: cost, max_concurrent: $2 } ]
    polling: { first: $3, ceiling: $4 }
  elevenlabs:
    base_url: http://127.0.0.1:$emulator_port/elevenlabs
    credentials: [ { name: cost, key: cost, max_concurrent: $2 } ]
YAML
  "$program" serve --config "$state/soundgate.yaml" </dev/null >/dev/null 2>"$work/gateway.log" &
  keep "$!"
  gateway=$started
  wait_for "$gateway_port" /readyz "$gateway" 30 || die "the gateway did not become ready: $(tail -n 3 "$work/gateway.log")"
}

# storage_of LEDGER: an empty one. For PostgreSQL a database of its own, so that its counters are this run's.
storage_of() {
  [ "$1" = postgres ] || { echo "sqlite: { path: $work/state/soundgate.db }"; return; }
  sql 'DROP DATABASE IF EXISTS cost' >/dev/null 2>&1
  sql 'CREATE DATABASE cost' >/dev/null
  echo "postgres: { url: \"$(postgres_url cost)\" }"
}

# cpu PID: milliseconds of CPU that a process has used.
ticks=$(getconf CLK_TCK)
cpu() { sed 's/.*) //' "/proc/$1/stat" | awk -v t="$ticks" '{ printf "%d\n", ($12 + $13) * 1000 / t }'; }
# As `cpu`, of PostgreSQL: its processes, and those it has had.
cpu_of_postgres() {
  local child
  {
    sed 's/.*) //' "/proc/$postgres_pid/stat" | awk '{ print $12 + $13 + $14 + $15 }'
    for child in $(pgrep -P "$postgres_pid"); do
      sed 's/.*) //' "/proc/$child/stat" 2>/dev/null | awk '{ print $12 + $13 }'
    done
  } | awk -v t="$ticks" '{ sum += $1 } END { printf "%d\n", sum * 1000 / t }'
}

# metric NAME: the sum over all of its series.
metric() {
  curl -sf "$base/metrics" | awk -v name="$1" '{ split($1, parts, "{") } parts[1] == name { sum += $2 } END { printf "%.0f\n", sum }'
}

body_of() {
  case $1 in
    polled) echo '{"prompt":"soft rain with distant thunder, 1 second long","provider":"sunoapi","variations":1}' ;;
    webhooks) echo "{\"prompt\":\"soft rain with distant thunder, 1 second long\",\"provider\":\"sunoapi\",\"variations\":1,\"webhook_url\":\"http://127.0.0.1:$hook_port/\"}" ;;
    streamed) echo '{"prompt":"soft rain with distant thunder","provider":"elevenlabs","duration":0.5}' ;;
    synthesized) echo '{"prompt":"soft rain with distant thunder","provider":"builtin","duration":0.5,"seed":7}' ;;
  esac
}

# ask COUNT BODY: so many creates, all of which must be answered with 202.
ask() {
  local failures
  failures=$(wrk -t1 -c"$connections" -d300s --timeout 60s -s "$here/load.lua" "$base/v1/sounds" -- "count=$1" "body=$2" |
    awk '/^RESULT/ { print $6 }')
  [ "${failures:-none}" = 0 ] || die "of $1 creates ${failures:-all} failed: $(tail -n 3 "$work/gateway.log")"
}

# Until every task has ended, and every webhook has been told.
drain() {
  local end=$((SECONDS + 300))
  until [ "$(metric soundgate_tasks)" = 0 ] &&
    curl -sf "$base/v1/webhooks?state=pending&limit=1" | grep -q '"data":\[\]'; do
    kill -0 "$gateway" 2>/dev/null || die "the gateway has ended: $(tail -n 3 "$work/gateway.log")"
    [ "$SECONDS" -lt "$end" ] || die "the tasks do not end"
    sleep 0.2
  done
}

# per VALUE [DIGITS]: divided by the tasks.
per() { awk -v v="$1" -v n="$count" -v d="${2:-2}" 'BEGIN { printf "%.*f", d, v / n }'; }

# What is counted up, in $work/NAME.before or .after: a name and a number on each line.
counters() {
  echo "milliseconds $((${EPOCHREALTIME/./} / 1000))"
  echo "cpu $(cpu "$gateway")"
  echo "calls $(metric soundgate_upstream_request_duration_seconds_count)"
  echo "changes $(metric soundgate_ledger_batch_size_sum)"
  echo "commits $(metric soundgate_ledger_commit_duration_seconds_count)"
  echo "ended $(metric soundgate_tasks_ended_total)"
  echo "succeeded $(curl -sf "$base/metrics" | awk '/^soundgate_tasks_ended_total\{.*succeeded/ { sum += $2 } END { print sum + 0 }')"
  # By the names of the threads: one that is always busy is the end of what the process can do.
  sed -E 's/^[0-9]+ \(([^)]*)\) /\1 /' /proc/"$gateway"/task/*/stat 2>/dev/null |
    awk -v t="$ticks" '{ sum[$1] += $13 + $14 } END { for (name in sum) print "thread_" name, sum[name] * 1000 / t }'
  awk '/^write_bytes/ { print "written", $2 }' "/proc/$gateway/io"
  [ "$1" = postgres ] || return 0
  echo "server_cpu $(cpu_of_postgres)"
  # A backend tells of what it has done when it has been idle for a second.
  sleep 1.5
  sql "SELECT 'wal ' || (pg_current_wal_lsn() - '0/0')::bigint;
    SELECT 'transactions ' || xact_commit FROM pg_stat_database WHERE datname = 'cost';
    SELECT 'syncs ' || wal_sync FROM pg_stat_wal;
    SELECT 'updates ' || sum(n_tup_upd) || E'\\nhot ' || sum(n_tup_hot_upd) || E'\\ndead ' || sum(n_dead_tup)
      FROM pg_stat_user_tables" cost
  sql "SELECT 'rows ' || (SELECT count(*) FROM tasks) + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM outputs)
      + (SELECT count(*) FROM messages) + (SELECT count(*) FROM first_answers);
    SELECT 'bytes ' || sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables;
    SELECT 'task_bytes ' || pg_total_relation_size('tasks')" cost
}

# measure_kind KIND LEDGER: many tasks of one kind from create to end, as fast as they go.
measure_kind() {
  local kind=$1 ledger=$2 name=$2-$1
  start_costed "$(storage_of "$ledger")" 50 100ms 500ms
  # What is made with the first tasks is not the next one's cost.
  ask 50 "$(body_of "$kind")"
  drain
  counters "$ledger" >"$work/$name.before"
  ask "$count" "$(body_of "$kind")"
  drain
  counters "$ledger" >"$work/$name.after"
  if [ "$ledger" = postgres ]; then
    echo "connections $(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = 'cost'")" >>"$work/$name.after"
    sql 'SELECT relname, n_live_tup, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_dead_tup, pg_total_relation_size(relid)
      FROM pg_stat_user_tables WHERE n_tup_ins > 0 ORDER BY 7 DESC' cost >"$work/$name.tables"
  fi
  stop "$gateway"
  # At its end the gateway copies the write-ahead log into the file, so all of it is there.
  [ "$ledger" = postgres ] ||
    echo "bytes_each $(awk -v all="$(stat -c %s "$state/soundgate.db")" -v empty="$sqlite_empty" -v n="$(value "$name" ended)" 'BEGIN { printf "%.0f", (all - empty) / n }')" >>"$work/$name.after"
  [ "$(grown "$name" succeeded)" = "$(grown "$name" ended)" ] ||
    note "$name: of $(grown "$name" ended) tasks $(grown "$name" succeeded) succeeded: their figures do not count for much"
  note "$name: $(per "$name" cpu 2) ms ($(busiest "$name")), $(per "$name" server_cpu 2) ms at the server"
}

# grown NAME COUNTER: by how much, from before the tasks to after them; 0 for what is not counted there.
grown() { awk -v name="$2" '$1 == name { value[FILENAME] = $2 } END { printf "%.0f", value[ARGV[2]] - value[ARGV[1]] }' "$work/$1.before" "$work/$1.after"; }
# per NAME COUNTER DIGITS: the same for each task.
per() { awk -v v="$(grown "$1" "$2")" -v n="$(grown "$1" ended)" -v d="$3" 'BEGIN { printf "%.*f", d, v / n }'; }
# busiest NAME: the thread that had most to do, and its CPU for each task.
busiest() {
  awk -v n="$(grown "$1" ended)" '
    FILENAME == ARGV[1] { before[$1] = $2; next }
    /^thread_/ { used = $2 - before[$1]; if (used > most) { most = used; name = substr($1, 8) } }
    END { printf "%s %.2f ms", name, most / n }' "$work/$1.before" "$work/$1.after"
}
# value NAME COUNTER: as it was in the end.
value() { awk -v name="$2" '$1 == name { print $2 }' "$work/$1.after"; }

empty_sqlite() {
  start_costed "$(storage_of sqlite)" 50 100ms 500ms
  stop "$gateway"
  sqlite_empty=$(stat -c %s "$state/soundgate.db")
}

print_kinds() {
  local kind name
  echo
  echo "| SQLite | tasks/s | gateway's CPU | busiest thread | vendor calls | changes | commits | bytes kept | bytes written |"
  echo "|---|---|---|---|---|---|---|---|---|"
  for kind in $kinds; do
    name=sqlite-$kind
    printf '| %s | %.0f | %s ms | %s | %s | %s | %s | %s | %s |\n' "$kind" "$(rate_of "$name")" "$(per "$name" cpu 2)" "$(busiest "$name")" \
      "$(per "$name" calls 1)" "$(per "$name" changes 1)" "$(per "$name" commits 2)" "$(value "$name" bytes_each)" "$(per "$name" written 0)"
  done
  echo
  echo "| PostgreSQL | tasks/s | gateway's CPU | busiest thread | server's CPU | changes | transactions | syncs | WAL bytes | rows | bytes kept | updates | of them HOT | dead rows | connections |"
  echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
  for kind in $kinds; do
    name=postgres-$kind
    printf '| %s | %.0f | %s ms | %s | %s ms | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$kind" "$(rate_of "$name")" \
      "$(per "$name" cpu 2)" "$(busiest "$name")" "$(per "$name" server_cpu 2)" "$(per "$name" changes 1)" "$(per "$name" transactions 1)" \
      "$(per "$name" syncs 2)" "$(per "$name" wal 0)" "$(per "$name" rows 1)" "$(per "$name" bytes 0)" \
      "$(per "$name" updates 1)" "$(per "$name" hot 1)" "$(per "$name" dead 2)" "$(value "$name" connections)"
  done
  echo
  echo "Tables after the run \"webhooks\" ($(value postgres-webhooks ended) tasks): table, live rows, inserts, updates, of them HOT, dead rows, bytes with indexes"
  cat "$work/postgres-webhooks.tables"
}
rate_of() { awk -v n="$(grown "$1" ended)" -v t="$(grown "$1" milliseconds)" 'BEGIN { print n * 1000 / t }'; }

# measure_resting LEDGER: tasks that vendors have and that nothing happens to but a question every half minute.
measure_resting() {
  local ledger=$1 before used calls begin end=$((SECONDS + 120)) id
  start_costed "$(storage_of "$ledger")" 100000 30s 30s
  sleep 1
  before=$(resident "$gateway")
  ask "$resting" "$(body_of polled)"
  until [ "$(metric soundgate_provider_places_used)" -ge "$resting" ]; do
    [ "$SECONDS" -lt "$end" ] || die "the vendor's double does not take $resting tasks"
    sleep 0.2
  done
  sleep 3
  awk -v a="$before" -v b="$(resident "$gateway")" -v n="$(metric soundgate_tasks)" 'BEGIN { printf "%.2f\n", (b - a) / n }' >"$work/$ledger.resting"
  # Over two whole rounds of questions.
  used=$(cpu "$gateway") calls=$(metric soundgate_upstream_request_duration_seconds_count)
  sleep "$question_seconds"
  calls=$(($(metric soundgate_upstream_request_duration_seconds_count) - calls))
  awk -v cpu="$(($(cpu "$gateway") - used))" -v calls="$calls" 'BEGIN { printf "%.3f %d\n", cpu / calls, calls }' >"$work/$ledger.question"
  id=$(curl -sf "$base/v1/sounds?limit=1" | grep -o '"id": *"snd_[^"]*"' | head -n 1 | cut -d '"' -f 4)
  before=$(resident "$gateway")
  wrk -t1 -c"$streams" -d8s "$base/v1/sounds/$id/events" >/dev/null &
  local load=$!
  sleep 6
  used=$(metric soundgate_http_waits)
  awk -v a="$before" -v b="$(resident "$gateway")" -v n="$used" 'BEGIN { printf "%.2f %d\n", (b - a) / n, n }' >"$work/$ledger.stream"
  wait "$load"
  stop "$gateway"
}

print_resting() {
  local ledger
  echo
  echo "| in flight | resident for each task | CPU for each question to its vendor | resident for each event stream |"
  echo "|---|---|---|---|"
  for ledger in sqlite postgres; do
    printf '| %s | %s KiB of %s tasks | %s ms of %s questions | %s KiB of %s streams |\n' "$ledger" "$(cat "$work/$ledger.resting")" \
      "$resting" $(cat "$work/$ledger.question") $(cat "$work/$ledger.stream")
  done
}
