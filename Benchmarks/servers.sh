# Starts and stops what is measured. Sourced by `run`, which sets: work (a temporary folder), program.
# Only processes started here are ever signalled, each by its id.

pids=()

# keep PID: one of ours, from now on. Disowned, so that bash does not report a kill that is part of the measurement.
keep() {
  started=$1
  pids+=("$1")
  disown "$1"
}

# A loopback port nobody listens on.
free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 10000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  die "no free port found"
}

# http_status PORT PATH: the status of a GET, or 000. Without starting a program, so that it can be asked every millisecond.
http_status() {
  local line=
  {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || { echo 000; return; }
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
    IFS= read -r -t 2 line <&3 || true
    exec 3<&- 3>&-
  } 2>/dev/null
  set -- $line
  echo "${2:-000}"
}

# wait_for PORT PATH PID SECONDS: until it answers 200.
wait_for() {
  local end=$((SECONDS + $4))
  until [ "$(http_status "$1" "$2")" = 200 ]; do
    kill -0 "$3" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.002
  done
}

stop() {
  local pid=$1 signal=${2:-TERM} kept=() other end=$((SECONDS + 10))
  kill -"$signal" "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      note "process $pid did not stop within ten seconds and is killed"
      kill -KILL "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.01
  done
  for other in "${pids[@]}"; do [ "$other" = "$pid" ] || kept+=("$other"); done
  pids=("${kept[@]}")
}

stop_all() {
  local pid
  for pid in "${pids[@]}"; do stop "$pid"; done
}

# start_nginx NAME SERVER-BLOCK [HTTP-LINES]: leaves the process id in $started.
start_nginx() {
  local folder=$work/nginx-$1
  mkdir -p "$folder"
  {
    [ "$(id -u)" -ne 0 ] || echo 'user root;'  # its workers must reach the temporary folder
    cat <<CONF
daemon off;
worker_processes auto;
pid $folder/pid;
error_log $folder/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  default_type application/json;
  ${3:-}
  server { $2 }
}
CONF
  } >"$folder/nginx.conf"
  nginx -p "$folder" -e "$folder/error.log" -c "$folder/nginx.conf" &
  keep "$!"
}

# start_gateway STATE-FOLDER [LOG]: leaves the process id in $started; does not wait.
# With $storage its ledger is what that says, else a file in the folder; with $synthesizer it has that too.
start_gateway() {
  mkdir -p "$1"
  cat >"$1/soundgate.yaml" <<YAML
server:
  listen: 127.0.0.1:$gateway_port
storage:
  ${storage:-sqlite: { path: $1/soundgate.db \}}
assets:
  directory: $1/audio
# As nginx beside it: no line per request.
log: { level: notice }
providers:
  builtin: { enabled: ${synthesizer:-false} }
  # Few at a time, and each slow: the tasks queue, and a create is not mixed with the work of making a sound.
  sunoapi:
    base_url: http://127.0.0.1:$emulator_port/sunoapi
    credentials: [ { name: bench, key: bench, max_concurrent: 4 } ]
YAML
  "$program" serve --config "$1/soundgate.yaml" </dev/null >"${2:-/dev/null}" 2>&1 &
  keep "$!"
}

ready_gateway() {
  start_gateway "$@"
  wait_for "$gateway_port" /readyz "$started" 30 || die "the gateway did not become ready; try: $program serve"
}

start_emulator() {
  "$program" emulate --listen "127.0.0.1:$emulator_port" --speed 0.01 </dev/null >/dev/null 2>&1 &
  keep "$!"
}

# Resident memory of a process in KiB.
resident() {
  awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}
